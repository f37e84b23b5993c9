// What every page shares: the token of forms for htmx, and the keys that work everywhere.
"use strict";

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf"]')?.content;
  const request = event.detail?.ctx?.request;
  if (token && request) {
    request.headers["X-CSRF-Token"] = token;
  }
});

// One handler for the whole page: an element with data-key is clicked by its key. Keys typed into
// a field are the field's own.
const isTyping = (target) =>
  target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const search = document.querySelector('[data-key="search"]');
    if (search) {
      event.preventDefault();
      search.click();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (wanted) {
    event.preventDefault();
    wanted.click();
  }
});

// A form that came back says what is wrong: reading goes on there, at the first wrong field or at the
// sentence itself. A page may have a better place of its own, which has the focus already.
document.addEventListener("DOMContentLoaded", () => {
  if (document.activeElement && document.activeElement !== document.body) {
    return;
  }
  const main = document.querySelector("main") ?? document.body;
  const wrong = main.querySelector('[aria-invalid="true"]') ?? main.querySelector('[role="alert"]');
  if (wrong && !wrong.matches("input, select, textarea, button, a[href]")) {
    wrong.tabIndex = -1;
  }
  wrong?.focus();
});
