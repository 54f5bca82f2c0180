// The stage: follows a live play by server-sent events. A tab that nobody looks at lets go of its stream, since a
// browser opens six connections to a server and no more; it takes it up again at the event where it stopped.
"use strict";

(() => {
  const script = document.getElementById("script");
  const address = script.dataset.events;
  if (!address) return;
  const spoken = document.getElementById("spoken");
  const state = document.getElementById("state");
  let last = -1;
  let source = null;

  const tell = (kind, detail) => document.dispatchEvent(new CustomEvent(`dreamplay:${kind}`, { detail }));
  const atEnd = () => window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;

  function show(html) {
    const follows = atEnd();
    const piece = document.createElement("template");
    piece.innerHTML = html; // made by the server, with all text escaped
    const added = [...piece.content.children];
    script.append(piece.content);
    for (const each of added) htmx.process(each);
    if (follows) window.scrollTo(0, document.body.scrollHeight);
  }

  function open() {
    source = new EventSource(`${address}&after=${last}`);
    source.addEventListener("event", (message) => {
      last = Number(message.lastEventId);
      spoken.hidden = true;
      spoken.textContent = "";
      const html = JSON.parse(message.data).html;
      if (html) show(html);
      tell("event", { event: last, shown: Boolean(html) });
    });
    source.addEventListener("token", (message) => {
      const token = JSON.parse(message.data);
      spoken.textContent = token.text ? (spoken.textContent || `${token.name}: `) + token.text : "";
      spoken.hidden = !spoken.textContent;
    });
    source.addEventListener("moment", (message) => {
      const moment = JSON.parse(message.data);
      state.textContent = moment.why ? `${moment.state}: ${moment.why}` : moment.state;
      document.body.dataset.state = moment.state;
      tell("moment", moment);
    });
    source.addEventListener("rewound", (message) => {
      const { event } = JSON.parse(message.data);
      for (const each of script.querySelectorAll("[data-event]"))
        if (Number(each.dataset.event) >= event) each.remove();
      last = event - 1;
    });
    source.addEventListener("again", () => location.reload());
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) open();
  });
  open();
})();
