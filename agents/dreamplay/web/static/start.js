// The form of a new play: asks for the estimate anew when something changes, takes cards that are dropped on a role, and
// leads to the first field that has something wrong with it.
"use strict";

(() => {
  const form = document.getElementById("start");
  const again = () => htmx.trigger("#estimate", "again");

  form.addEventListener("change", (event) => {
    // The beats of another story are asked for first; a card is read first.
    if (event.target.name !== "story" && event.target.name !== "card") again();
  });

  form.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "estimate" && !event.target.matches(".tested")) again();
  });

  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form) return;
    let first = null;
    for (const said of form.querySelectorAll(".error[id]")) {
      const name = said.id.replace("wrong-", "");
      const field = form.querySelector(`[aria-describedby~="${said.id}"]`) ?? form.querySelector(`[name="${name}"]`);
      if (!field) continue;
      field.toggleAttribute("aria-invalid", false);
      if (said.textContent) {
        field.setAttribute("aria-invalid", "true");
        first ??= field;
      }
    }
    if (first?.matches("fieldset")) first = first.querySelector("input");
    first?.focus();
  });

  const dropped_on = (event) => event.target.closest?.(".role")?.querySelector('input[type="file"]');
  form.addEventListener("dragover", (event) => {
    const input = dropped_on(event);
    if (!input) return;
    event.preventDefault();
    input.closest(".card").classList.add("over");
  });
  form.addEventListener("dragleave", (event) => dropped_on(event)?.closest(".card").classList.remove("over"));
  form.addEventListener("drop", (event) => {
    const input = dropped_on(event);
    if (!input || !event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
