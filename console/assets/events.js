// A worker that all pages of a browser share: one event stream tells them all that they are out of date. A browser
// opens six connections to one server, and each stream takes one.
(() => {
  "use strict";
  const MOST_PAGES = 32;
  const SILENT = 60000;
  // What each page shows, by its port; the newest last.
  const pages = new Map();
  let source = null;
  let reopen = null;

  onconnect = ({ ports: [port] }) => {
    port.onmessage = ({ data }) => {
      const known = pages.get(port);
      if (!data.topic) pages.delete(port);
      else pages.set(port, { ...data, at: Date.now() });
      if (known && known.topic === data.topic) return;
      clearTimeout(reopen);
      reopen = setTimeout(open, 20);
    };
  };

  function open() {
    if (source) source.close();
    source = null;
    for (const [port, page] of pages) if (Date.now() - page.at > SILENT) pages.delete(port);
    const followed = [...pages].slice(-MOST_PAGES);
    if (followed.length === 0) return;
    const query = followed.map(([, page], number) =>
      "page" + number + "=" + encodeURIComponent(page.topic + "&seen=" + page.seen));
    const tell = (message) => followed.forEach(([port]) => port.postMessage(message));
    source = new EventSource(followed[0][1].events + "?" + query.join("&"));
    source.addEventListener("changed", ({ data }) => {
      const [number, seen] = data.split(" ");
      followed[number][0].postMessage({ changed: seen });
    });
    source.onopen = () => tell({ connected: true });
    source.onerror = () => {
      tell({ connected: false });
      if (source.readyState === EventSource.CLOSED) reopen = setTimeout(open, 2000);
    };
  }
})();
