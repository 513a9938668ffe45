// Sends the forms, and shows what came of it where no refresh removes it.
(() => {
  "use strict";
  const SHOWN = 12000;
  const MOST = 5;
  const notices = () => document.getElementById("notices");
  const live = () => document.getElementById("live");

  // --- Results: a region outside of the live part, in view wherever the page is scrolled to.
  function tell(outcome, word, text) {
    const notice = document.createElement("p");
    notice.className = "notice " + outcome;
    const strong = document.createElement("strong");
    strong.textContent = word + ": ";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet dismiss";
    close.textContent = "Dismiss";
    close.addEventListener("click", () => notice.remove());
    notice.append(strong, text + " ", close);
    notices().append(notice);
    while (notices().childElementCount > MOST) notices().firstElementChild.remove();
    if (outcome === "done") {
      const leave = () => (notice.matches(":hover, :focus-within") ? setTimeout(leave, SHOWN) : notice.remove());
      setTimeout(leave, SHOWN);
    }
  }

  async function send(form, button) {
    // A button named `action` hides the property of that name.
    const body = new URLSearchParams(new FormData(form, button));
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
      const kind = answer.headers.get("content-type") || "";
      if (kind.startsWith("application/json")) return await answer.json();
      const why = answer.status === 403 ? "this form is out of date. Load the page again and repeat."
        : "the console answered with status " + answer.status + ". Load the page before you repeat it.";
      return { outcome: "refused", word: "Not done", text: why };
    } catch {
      return { outcome: "refused", word: "No answer", offline: true,
        text: "the console could not be reached. Whether this was carried out is not known: check before you repeat it." };
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-send]");
    if (!form) return;
    event.preventDefault();
    // A second click does nothing; a disabled button would lose the focus.
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    const answer = await send(form, event.submitter || form.querySelector("button[type=submit]"));
    form.removeAttribute("aria-busy");
    tell(answer.outcome, answer.word, answer.text);
    if (answer.offline) document.getElementById("connection").hidden = false;
    if (answer.failed) keep(answer.failed);
    if (answer.outcome !== "done") return;
    const details = form.closest("details.action");
    if (details && details.contains(document.activeElement)) details.querySelector("summary").focus();
    if (details) details.open = false;
    for (const field of form.querySelectorAll("[name=amount]")) field.value = "";
  });

  // --- Ticks: they outlive a refresh, also one that removes the boxes for a while.
  const ticked = new Set();
  const boxes = () => [...document.querySelectorAll("input[name=selected]")];

  function keep(values) {
    ticked.clear();
    values.forEach((value) => ticked.add(value));
    boxes().forEach((box) => { box.checked = ticked.has(box.value); });
    count();
  }

  function count() {
    const all = boxes().filter((box) => box.checked);
    for (const button of document.querySelectorAll("#selection [data-of]")) {
      const of = all.filter((box) => box.hasAttribute("data-" + button.dataset.of)).length;
      const word = button.dataset.of === "retry" ? "Retry" : "Acknowledge";
      const text = all.length === 0 ? word + " selected" : of === all.length ? word + " " + of : word + " " + of + " of " + all.length;
      if (button.textContent !== text) button.textContent = text;
      button.disabled = of === 0;
    }
    const select = document.getElementById("select-all");
    if (select) {
      select.checked = all.length > 0 && all.length === boxes().length;
      select.indeterminate = all.length > 0 && !select.checked;
    }
  }

  document.addEventListener("change", ({ target }) => {
    if (target.id === "select-all") boxes().forEach((box) => { box.checked = target.checked; });
    else if (target.name !== "selected") return;
    boxes().forEach((box) => (box.checked ? ticked.add(box.value) : ticked.delete(box.value)));
    count();
  });

  // An action counts for the ticked boxes that it can be done to.
  document.addEventListener("formdata", ({ target, formData }) => {
    if (target.id !== "selection") return;
    const of = formData.get("action");
    const able = boxes().filter((box) => box.checked && box.hasAttribute("data-" + of)).map((box) => box.value);
    formData.delete("selected");
    able.forEach((value) => formData.append("selected", value));
  });

  // --- Focus: what is refreshed away hands it to what now stands in its place.
  let last = null;
  document.addEventListener("focusin", ({ target }) => {
    const row = target.closest("#live tbody tr");
    const rows = row ? [...row.parentElement.children] : [];
    last = live() && live().contains(target) ? { id: target.id, row: rows.indexOf(row) } : null;
  });

  function focus() {
    if (!last || document.activeElement !== document.body) return;
    const rows = document.querySelectorAll("#live tbody tr");
    const row = last.row >= 0 && rows.length > 0 ? rows[Math.min(last.row, rows.length - 1)] : null;
    const heading = document.querySelector("main h1");
    const next = (last.id && document.getElementById(last.id)) || (row && row.querySelector("a, button, summary")) || heading;
    if (next === heading) heading.tabIndex = -1;
    next.focus({ preventScroll: next === heading });
  }

  function settled() {
    boxes().forEach((box) => { if (ticked.has(box.value)) box.checked = true; });
    count();
    focus();
  }
  document.addEventListener("htmx:afterSettle", settled);
  settled();
})();
