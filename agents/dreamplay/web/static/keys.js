// The stage by keyboard, the panel beside a line, and private words folded or unfolded.
"use strict";

(() => {
  const script = document.getElementById("script");
  const panel = document.getElementById("panel");
  const keys = document.getElementById("keys");
  const on = document.getElementById("keys-on");
  const fold = document.getElementById("fold");
  const press = (button) => button && !button.hidden && button.click();

  // What somebody has chosen is kept by the browser.
  const kept = (name) => localStorage.getItem(`dreamplay.${name}`);
  const keep = (name, value) => localStorage.setItem(`dreamplay.${name}`, value);

  let unfolded = kept("unfolded") === "yes";
  function unfold(elements) {
    for (const each of elements) for (const details of each.querySelectorAll(".private")) details.open = unfolded;
  }
  function folded() {
    fold.setAttribute("aria-pressed", String(unfolded));
    unfold([script]);
  }
  fold.addEventListener("click", () => {
    unfolded = !unfolded;
    keep("unfolded", unfolded ? "yes" : "no");
    folded();
  });
  document.addEventListener("dreamplay:added", (event) => unfolded && unfold(event.detail.added));
  if (unfolded) folded();

  let opened = null;
  script.addEventListener("click", (event) => (opened = event.target.closest(".line-menu") ?? opened));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === panel && !panel.contains(document.activeElement)) panel.focus();
  });
  function close() {
    if (!panel.childNodes.length) return;
    panel.replaceChildren();
    opened?.focus();
  }
  panel.addEventListener("click", (event) => event.target.closest("[data-close-panel]") && close());

  function go(step) {
    const lines = [...script.querySelectorAll("article")];
    const here = lines.indexOf(document.activeElement?.closest("article"));
    const next = here < 0 ? lines.at(-1) : lines[here + step];
    if (!next) return;
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const acts = {
    p: () => press(document.querySelector("[data-do=pause]:not([hidden]), [data-do=go]:not([hidden])")),
    n: () => press(document.querySelector("[data-do=step]")),
    x: () => press(document.querySelector("[data-do=close]")),
    j: () => go(1),
    k: () => go(-1),
    i: () => press(document.activeElement?.closest("article")?.querySelector(".line-menu")),
    u: () => fold.click(),
    e: () => press(document.querySelector("a[data-newest]")),
    "?": () => keys.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !keys.open) close();
    if (event.ctrlKey || event.altKey || event.metaKey || keys.open || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (!on.checked && event.key !== "?") return;
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.getElementById("help").addEventListener("click", () => keys.showModal());
  document.getElementById("keys-close").addEventListener("click", () => keys.close());
  on.checked = kept("keys") !== "off";
  on.addEventListener("change", () => keep("keys", on.checked ? "on" : "off"));
})();
