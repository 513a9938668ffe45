// Adds to htmx: follows the page's events, keeps what an operator has begun, and small comforts.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  // --- Live: the events say that the page is out of date; htmx asks for it again.
  let source = null;
  const live = () => document.querySelector("#live[data-events]");
  const connection = () => document.getElementById("connection");

  function follow() {
    const part = live();
    if (!part || source) return;
    source = new EventSource(part.dataset.events + "&seen=" + encodeURIComponent(part.dataset.seen));
    source.addEventListener("changed", (event) => {
      const now = live();
      if (now && now.dataset.seen !== event.data) htmx.trigger(now, "changed");
    });
    source.onopen = () => { connection().hidden = true; };
    source.onerror = () => {
      connection().hidden = false;
      if (source && source.readyState === EventSource.CLOSED) {
        rest();
        setTimeout(follow, 2000);
      }
    };
  }

  function rest() {
    if (source) source.close();
    source = null;
  }

  // A browser opens few connections to one server: pages that nobody sees give theirs back.
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", follow);

  // --- A refreshed part keeps what an operator has typed, ticked and opened.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
    if (name === "open" || name === "checked") return false;
    if (name === "value") return node.type === "hidden" || node.type === "checkbox";
    return true;
  };
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) =>
    !(old.classList && old.classList.contains("result") && old.childElementCount > 0 && fresh.childElementCount === 0);

  // --- Refusals are pages as well: they are shown where the form wants its answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const kind = event.detail.xhr.getResponseHeader("content-type") || "";
    if (event.detail.xhr.status >= 400 && kind.startsWith("text/html")) {
      event.detail.shouldSwap = true;
    }
  });
  document.addEventListener("htmx:sendError", () => { connection().hidden = false; });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { successful, elt } = event.detail;
    if (successful) connection().hidden = true;
    const result = successful && elt.querySelector(":scope > .result");
    if (!result) return;
    result.replaceChildren();
    const amount = elt.querySelector("[name=amount]");
    if (amount) amount.value = "";
  });

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

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "select-all") return;
    for (const box of document.querySelectorAll("input[name=selected]")) box.checked = event.target.checked;
  });
})();
