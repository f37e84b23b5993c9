// Lists: rows by keys, selecting, and what the page counts of it. Everything works without this.
"use strict";

const rowsOf = () => [...document.querySelectorAll("tr[data-href]")];
const picks = () => [...document.querySelectorAll('.rows input[name="id"]')];

// How many are selected, where the toolbar says it.
const countPicks = () => {
  const all = picks();
  const chosen = all.filter((pick) => pick.checked).length;
  const said = document.querySelector("[data-selected]");
  if (said) {
    said.textContent = said.dataset.selected.replace("#", chosen);
  }
  const head = document.querySelector("[data-all]");
  if (head) {
    head.hidden = false;
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
};

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    picks().forEach((pick) => {
      pick.checked = event.target.checked;
    });
  }
  if (event.target.matches('[data-all], .rows input[name="id"]')) {
    countPicks();
  }
});

const moveRow = (step) => {
  const rows = rowsOf();
  const at = rows.findIndex((row) => row.classList.contains("now"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  if (!next) {
    return;
  }
  rows[at]?.classList.remove("now");
  next.classList.add("now");
  next.scrollIntoView({ block: "nearest" });
  (next.querySelector("td.key a") ?? next.querySelector("a"))?.focus({ preventScroll: true });
};

const KEYS = {
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => document.querySelector('tr.now input[name="id"]')?.click(),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest(
    'input:not([type="checkbox"]), textarea, select, [contenteditable], [popover]',
  );
  const act = KEYS[event.key.toLowerCase()];
  if (!act || isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  event.preventDefault();
  act();
});

// A focused row is the one that X and Enter mean, however it was reached.
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row) {
    document.querySelector("tr.now")?.classList.remove("now");
    row.classList.add("now");
  }
});

// After a part of the page was replaced: count anew, and stand where the page wants somebody to be.
document.addEventListener("htmx:after:swap", () => {
  countPicks();
  document.querySelector("#list [autofocus]")?.focus();
});
countPicks();
