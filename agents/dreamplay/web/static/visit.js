// The visitor's box: what is asked, what waits to be said, and a draft that outlives a reload.
"use strict";

(() => {
  const visit = document.getElementById("visit");
  if (!visit) return;
  const part = (name) => document.getElementById(`visit-${name}`);
  const form = part("form"), line = part("line"), to = form.elements.to, listen = part("listen");
  const names = Object.fromEntries([...to.options].map((each) => [each.value, each.text]));
  const kept = `visit:${visit.dataset.run}`;
  const modes = [...form.querySelectorAll("input[name=act]")];
  let task = "line"; // a choice has a draft of its own
  let drafts = {};
  let refused = "null"; // what was told last, so that it is told once
  let waiting = [];
  let taken = [];

  // Fields of the form

  function read() {
    return { act: form.elements.act.value, line: line.value, to: to.value, choice: part("choices").querySelector(":checked")?.value || "" };
  }

  function put({ act, line: words = "", to: whom = "", choice = "" }) {
    form.elements.act.value = act;
    line.value = words;
    if (whom in names) to.value = whom;
    for (const each of part("choices").elements) each.checked = each.value === choice;
    show();
  }

  function show() {
    const mode = modes.find((each) => each.checked);
    part("label").textContent = mode.dataset.label;
    part("send").textContent = mode.dataset.send;
    part("to").hidden = mode.value !== "whisper";
    part("choices").hidden = mode.value !== "stance";
    part("modes").hidden = mode.value === "stance";
  }

  function keep() {
    drafts[task] = read();
    sessionStorage.setItem(kept, JSON.stringify({ drafts, refused }));
  }

  function turnTo(asked) {
    if (asked === task) return;
    keep();
    task = asked;
    put(drafts[task] || { act: task === "stance" ? "stance" : "say" });
  }

  function fill(select, roles) {
    const before = select.value;
    if (roles.join() !== [...select.options].map((each) => each.value).join())
      select.replaceChildren(...roles.map((role) => new Option(names[role], role)));
    if (roles.includes(before)) select.value = before;
  }

  // What the play tells

  function told(now) {
    visit.hidden = !now;
    if (now) tell(now);
    document.dispatchEvent(new CustomEvent("dreamplay:grown")); // the stage keeps its end in sight
  }

  function tell(now) {
    visit.classList.toggle("asked", now.asked);
    part("title").textContent = now.own ? `You are ${visit.dataset.visitor}` : `You speak for ${now.name}`;
    if (part("asked").textContent !== now.question) part("asked").textContent = now.question;
    turnTo(now.task);
    listen.hidden = !now.asked;
    if (now.task === "stance") listen.textContent = now.own ? "Take no stance" : `Let ${now.name} decide`;
    else if (!now.own) listen.textContent = "Silence";
    else listen.textContent = now.away ? "Let them go on" : "Listen";
    const fear = modes.find((each) => each.value === "fear");
    fear.parentElement.hidden = !now.own;
    if (fear.checked && !now.own) put({ ...read(), act: "say" });
    fill(to, Object.keys(names).filter((role) => role !== now.role && (!now.here?.length || now.here.includes(role))));
    deeds(now);
    waiting = now.waiting;
    part("waiting").querySelector("ol").replaceChildren(
      ...waiting.map((each) => Object.assign(document.createElement("li"), { textContent: each.words })));
    part("waiting").hidden = !waiting.length;
    refuse(now.refused);
    keep();
  }

  function deeds(now) {
    const held = now.held.map((each) => each.role), free = now.free.map((each) => each.role);
    const open = {
      go: now.own && !now.away, come: now.own && now.away, undo: true, play: now.own && free.length,
      hand_back: held.length,
    };
    for (const each of part("more").querySelectorAll("[data-deed]")) {
      each.hidden = !open[each.dataset.deed];
      if (each.dataset.deed === "play") fill(each.elements.to, free);
      if (each.dataset.deed === "hand_back") fill(each.elements.to, held);
    }
    if (open.come) part("more").open = true;
  }

  function refuse(what) {
    const now = JSON.stringify(what);
    if (now === refused) return;
    refused = now;
    part("refused").textContent = what ? what.why : "";
    if (what) back(what);
  }

  // What could not be said, or was taken back, stands in the box again, if nothing else does.
  function back(what) {
    const fits = modes.some((each) => each.value === what.act) && (what.act === "stance") === (task === "stance");
    if (fits && !line.value) put(what);
  }

  document.addEventListener("dreamplay:moment", (event) => told(event.detail.visit));

  // What the visitor does

  form.addEventListener("input", () => {
    show();
    keep();
  });
  form.addEventListener("said", (event) => {
    part("refused").replaceChildren();
    if (event.target !== form) return;
    // A whisper is for once: what is typed next is not whispered unawares.
    put({ ...read(), act: task === "stance" ? "stance" : "say", line: "", choice: "" });
    keep();
  });
  part("waiting").addEventListener("htmx:beforeRequest", () => (taken = waiting));
  part("waiting").addEventListener("withdrawn", () => {
    if (taken.length) back(taken[0]);
    keep();
    line.focus();
  });
  line.addEventListener("keydown", (event) => {
    if (event.key === "Escape") line.blur();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (line.value.trim()) form.requestSubmit();
    else if (!listen.hidden && task === "line") listen.click();
  });
  document.addEventListener("keydown", (event) => {
    const types = event.target.closest("input, textarea, select, [contenteditable], dialog");
    const off = localStorage.getItem("dreamplay.keys") === "off";
    if (event.key !== "t" || event.ctrlKey || event.metaKey || event.altKey || types || off || visit.hidden) return;
    event.preventDefault();
    line.focus();
  });
  window.addEventListener("pagehide", () => sessionStorage.setItem(`${kept}:typing`, String(document.activeElement === line)));

  // Other eyes may see more than the visitor may know, which nobody can forget again.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.viewpoint") || "beyond" in visit.dataset) return;
    const more = event.target.elements.view.value !== "visitor";
    if (more && !confirm(`This shows what ${visit.dataset.visitor} may not know. Show it?`)) event.preventDefault();
  });

  // As it was before a reload

  const before = JSON.parse(sessionStorage.getItem(kept) || "{}");
  drafts = before.drafts || {};
  if (drafts.line) put(drafts.line);
  refused = before.refused || "null";
  part("refused").textContent = JSON.parse(refused)?.why || "";
  if (sessionStorage.getItem(`${kept}:typing`) === "true")
    document.addEventListener("dreamplay:moment", () => line.focus({ preventScroll: true }), { once: true });
})();
