// Comforts of the designer; every page works without them.
"use strict";

// Another type, or another sort of step, asks for its own fields at once.
document.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-refresh]");
  if (!select) {
    return;
  }
  select.form?.querySelector('button[name="do"][value="refresh"]')?.click();
});
