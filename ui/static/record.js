// Records: editors in their place, lookups that suggest, dialogs, keys. Everything works without it.
"use strict";

// --- editors in their place ---------------------------------------------------------------------

let edited = ""; // the field whose editor was opened last, to go back to it

document.addEventListener("click", (event) => {
  const cell = event.target.closest("dd.editable");
  if (!cell || cell.querySelector("form") || event.target.closest("a, button, input, label")) {
    return;
  }
  if (!window.getSelection()?.toString()) {
    cell.querySelector(".pen")?.click();
  }
});

const focusFirst = (root) => {
  const wanted =
    root.querySelector('[aria-invalid="true"]') ??
    root.querySelector("[autofocus]") ??
    root.querySelector("input:not([type=hidden]), select, textarea");
  wanted?.focus();
  if (wanted?.select && wanted.matches('input[type="text"], input.num')) {
    wanted.select();
  }
};

document.addEventListener("htmx:after:swap", () => {
  const inline = document.querySelector("form.inline");
  if (inline) {
    edited = inline.closest("dd")?.id ?? "";
    if (!inline.contains(document.activeElement)) {
      focusFirst(inline);
    }
  } else if (edited && !document.activeElement?.closest("#record, #fields, dialog")) {
    document.querySelector(`#${CSS.escape(edited)} .pen`)?.focus();
    edited = "";
  }
});

// A whole page that comes where a part was asked for tells that the record is gone or closed: the
// page itself says it best.
document.addEventListener("htmx:before:swap", (event) => {
  const { text, select } = event.detail.ctx;
  if (!select && /^\s*<!doctype/i.test(text ?? "")) {
    event.preventDefault();
    location.reload();
  }
});

// --- tabs ---------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tab]");
  if (tab && window.htmx) {
    tab.parentElement.querySelector("[aria-current]")?.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "true");
  }
});

// --- dialogs ------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    opener.closest("details")?.removeAttribute("open");
    dialog.showModal();
  }
  if (event.target.closest("[data-close]")) {
    event.target.closest("dialog").close();
  }
  for (const open of document.querySelectorAll("details.more[open]")) {
    if (!open.contains(event.target)) {
      open.removeAttribute("open");
    }
  }
});

// --- lookups ------------------------------------------------------------------------------------

const partsOf = (element) => {
  const box = element.closest("[data-lookup]");
  return {
    id: box.querySelector("[data-id]"),
    shown: box.querySelector("[data-shown]"),
    text: box.querySelector("[data-text]"),
    target: box.querySelector("[data-target]"),
    list: box.querySelector('[role="listbox"]'),
  };
};

const closeList = ({ list, text }) => {
  list.hidden = true;
  text.setAttribute("aria-expanded", "false");
  text.removeAttribute("aria-activedescendant");
};

const openList = ({ list, text }) => {
  list.hidden = false;
  text.setAttribute("aria-expanded", "true");
};

const choose = (option) => {
  const parts = partsOf(option);
  parts.id.value = option.dataset.id;
  parts.text.value = option.dataset.title;
  parts.shown.value = option.dataset.title;
  if (parts.target) {
    parts.target.value = option.dataset.object;
  }
  closeList(parts);
  parts.text.dispatchEvent(new Event("change", { bubbles: true }));
};

const moveTo = (parts, step) => {
  const options = [...parts.list.querySelectorAll("[data-id]")];
  const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const next = options[(at + step + options.length) % options.length];
  options[at]?.setAttribute("aria-selected", "false");
  next?.setAttribute("aria-selected", "true");
  next?.scrollIntoView({ block: "nearest" });
  if (next) {
    parts.text.setAttribute("aria-activedescendant", next.id);
  }
};

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-text]")) {
    openList(partsOf(event.target));
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-target]")) {
    const { id, shown, text } = partsOf(event.target);
    id.value = shown.value = text.value = "";
  }
});

// `mousedown`, because the text field loses the focus before a click is over.
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[data-lookup] [data-id][role]");
  if (option) {
    event.preventDefault();
    choose(option);
  }
});

document.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-text]")) {
    closeList(partsOf(event.target));
  }
});

const lookupKey = (event) => {
  const parts = partsOf(event.target);
  const chosen = parts.list.querySelector('[aria-selected="true"]');
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (parts.list.hidden) {
      openList(parts);
      parts.text.dispatchEvent(new Event("suggest"));
    } else {
      moveTo(parts, event.key === "ArrowDown" ? 1 : -1);
    }
    return true;
  }
  if (event.key === "Enter" && !parts.list.hidden && chosen) {
    event.preventDefault();
    choose(chosen);
    return true;
  }
  if (event.key === "Escape" && !parts.list.hidden) {
    event.preventDefault();
    closeList(parts);
    return true;
  }
  return false;
};

// --- keys ---------------------------------------------------------------------------------------

const isLeft = (form) =>
  [...form.elements].every((one) =>
    one.type === "checkbox" || one.type === "radio"
      ? one.checked === one.defaultChecked
      : one.options
        ? [...one.options].every((o) => o.selected === o.defaultSelected || !o.value)
        : one.type === "hidden" || one.value === one.defaultValue,
  );

document.addEventListener("keydown", (event) => {
  if (event.target.matches("[data-text]") && lookupKey(event)) {
    return;
  }
  const form = event.target.closest("form[data-form]") ?? document.querySelector("form.sheet[data-form]");
  if (!form) {
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
  const isCancel = event.key === "Escape" && !document.querySelector("dialog[open], :popover-open");
  if (isCancel && (form.matches(".inline") || isLeft(form))) {
    event.preventDefault();
    form.querySelector("[data-cancel]")?.click();
  }
});

// --- forms --------------------------------------------------------------------------------------

// What a native field cannot read never reaches the server, so the browser says it.
document.addEventListener(
  "submit",
  (event) => {
    const bad = [...event.target.elements].find((one) => one.validity?.badInput);
    if (bad) {
      event.preventDefault();
      event.stopImmediatePropagation();
      bad.reportValidity();
      return;
    }
    const button = event.submitter;
    if (event.target.matches("form.sheet") && button) {
      // After the form is read: a button that is off is not sent.
      setTimeout(() => button.setAttribute("disabled", ""));
    }
  },
  true,
);

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form.sheet button[disabled]").forEach((one) => {
    one.removeAttribute("disabled");
  });
});

for (const here of document.querySelectorAll(".step[aria-current], .tabs [aria-current]")) {
  const row = here.parentElement;
  row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.clientWidth) / 2;
}

const sheet = document.querySelector("form.sheet");
if (sheet) {
  const problems = document.querySelector("[data-problems]");
  const named = location.hash.startsWith("#f-")
    ? document.getElementById(location.hash.slice(1))
    : null;
  const wrong = sheet.querySelector('[aria-invalid="true"]');
  const first = named?.querySelector("input:not([type=hidden]), select, textarea");
  (wrong ?? first ?? problems ?? sheet.querySelector(".input, .tick"))?.focus();
}
