// Adds to htmx: follows the page's events, keeps what an operator has begun, and small comforts.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  // --- Live: the events say that the page is out of date; htmx asks for it again.
  const live = () => document.querySelector("#live[data-events]");
  const connection = () => document.getElementById("connection");
  const refresh = () => { if (live()) htmx.trigger(live(), "changed"); };
  const changed = (seen) => { if (live() && live().dataset.seen !== seen) refresh(); };
  const connected = (is) => { connection().hidden = is; };

  // One stream for all pages of the browser, where it can share a worker; else one of the page's own.
  function shared() {
    const worker = new SharedWorker(live().dataset.worker);
    const say = (message) => worker.port.postMessage(message);
    const follow = () => {
      const { events, topic, seen } = live().dataset;
      say({ events: new URL(events, location.href).href, topic, seen });
    };
    worker.port.onmessage = ({ data }) => {
      if (data.changed) changed(data.changed);
      if ("connected" in data) connected(data.connected);
    };
    worker.onerror = () => {
      if (stream && stream.worker === worker) stream = own();
    };
    const beat = setInterval(() => { if (live()) follow(); }, 15000);
    follow();
    return { worker, follow, rest: () => { clearInterval(beat); say({}); } };
  }

  function own() {
    let source = null;
    let again = null;
    const rest = () => {
      clearTimeout(again);
      if (source) source.close();
    };
    const open = () => {
      rest();
      const { events, topic, seen } = live().dataset;
      source = new EventSource(events + "?" + topic + "&seen=" + encodeURIComponent(seen));
      source.addEventListener("changed", (event) => changed(event.data));
      source.onopen = () => connected(true);
      source.onerror = () => {
        connected(false);
        if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 2000);
      };
    };
    open();
    return { follow: () => {}, rest };
  }

  let stream = null;
  function follow() {
    if (!live()) return;
    if (stream) return stream.follow();
    try {
      stream = "SharedWorker" in window ? shared() : own();
    } catch {
      stream = own();
    }
  }

  function rest() {
    if (stream) stream.rest();
    stream = null;
  }

  // Pages that nobody sees are not followed.
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", follow);
  // What the page lacks beside what it follows is asked for again.
  let repeat = null;
  function settled() {
    clearTimeout(repeat);
    if (live() && live().dataset.seen === "0") repeat = setTimeout(refresh, 3000);
    if (stream) stream.follow();
  }
  document.addEventListener("htmx:afterSettle", settled);
  settled();

  // --- A refreshed part keeps what an operator has typed, ticked and opened.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
    if (name === "open" || name === "checked") return false;
    if (name === "value") return node.type === "hidden" || node.type === "checkbox";
    return true;
  };
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) =>
    !(old.classList && old.classList.contains("result") && old.childElementCount > 0 && fresh.childElementCount === 0);

  document.addEventListener("htmx:sendError", () => connected(false));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) connected(true); });

  // --- Ages go on.
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
      const [size, unit] = units.find(([size]) => seconds >= size) || units[3];
      const text = Math.floor(seconds / size) + " " + unit;
      if (time.textContent !== text) time.textContent = text;
    }
  }, 1000);

  // --- Copies; where the page has no right to the clipboard (plain HTTP), by a selection.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => bySelection(text));
    return bySelection(text);
  }

  function bySelection(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const done = await copy(button.dataset.copy);
    button.focus();
    button.classList.add(done ? "copied" : "uncopied");
    setTimeout(() => button.classList.remove("copied", "uncopied"), 1500);
  });
})();
