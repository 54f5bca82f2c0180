// The stage: follows a run by server-sent events. A tab that nobody looks at lets go of its stream, since a browser
// opens six connections to a server and no more; it takes it up again at the place where it stopped.
"use strict";

(() => {
  const script = document.getElementById("script");
  const spoken = document.getElementById("spoken");
  const heard = document.getElementById("heard");
  const follow = document.getElementById("follow");
  const controls = document.getElementById("controls");
  const AGAIN = 3000; // milliseconds before the server is asked again
  const ELSEWHERE = 10000; // the same for a run that another process plays
  const ANNOUNCED = 5; // lines that are read out of those that come at once
  let place = script.dataset.after;
  let live = "live" in script.dataset;
  let source = null;
  let timer = 0;
  let follows = live;
  let drawn = false;
  let height = 0;

  const tell = (kind, detail) => document.dispatchEvent(new CustomEvent(`dreamplay:${kind}`, { detail }));

  // Following: the newest line stays in sight, unless the reader scrolled up.
  const atEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 120;
  const toEnd = () => window.scrollTo(0, document.documentElement.scrollHeight);
  function keepUp() {
    if (!follows) follow.hidden = atEnd();
    if (drawn || !follows) return;
    drawn = true;
    requestAnimationFrame(() => {
      drawn = false;
      if (follows) toEnd();
    });
  }
  document.addEventListener("dreamplay:grown", () => follows && keepUp());
  window.addEventListener("scroll", () => {
    if (atEnd()) follows = true;
    else if (window.scrollY < height) follows = false; // nothing but the reader scrolls up
    height = window.scrollY;
    if (follows) follow.hidden = true;
  }, { passive: true });
  new ResizeObserver(() => follows && live && keepUp()).observe(script); // lines get their height as they come in sight
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-newest]")) return;
    event.preventDefault();
    follows = true;
    follow.hidden = true;
    const newest = [...script.querySelectorAll("article")].at(-1);
    if (newest) {
      newest.tabIndex = -1;
      newest.focus({ preventScroll: true });
    }
    toEnd();
  });

  // New lines are read out by a region of their own, without the buttons beside them.
  let announced = 0;
  function announce(article) {
    const said = article.querySelector(".said");
    if (!said || announced >= ANNOUNCED) return;
    announced += 1;
    setTimeout(() => (announced = 0), 500);
    const line = document.createElement("p");
    line.textContent = (said.querySelector("summary") ?? said).textContent.replace(/\s+/g, " ").trim();
    heard.append(line);
    while (heard.children.length > ANNOUNCED) heard.firstElementChild.remove();
  }

  function add(html, { aloud }) {
    const piece = document.createElement("template");
    piece.innerHTML = html; // made by the server, with all text escaped
    const added = [...piece.content.children];
    script.append(piece.content);
    for (const each of added) {
      htmx.process(each);
      if (aloud && each.matches("article")) announce(each);
    }
    tell("added", { added });
    keepUp();
  }

  let text = null;
  let name = "";
  function speak(token) {
    if (!token.text || !text) {
      spoken.replaceChildren();
      spoken.className = "event";
      text = null;
    }
    if (!token.text) return;
    if (!text) {
      name = token.name ? `${token.name}:` : "";
      if (token.voice) spoken.classList.add(`voice-${token.voice}`);
      const who = document.createElement("b");
      who.className = "name";
      who.textContent = token.name;
      text = document.createTextNode("");
      spoken.append(who, token.name ? ": " : "", text);
    }
    text.data += token.text;
    if (name && text.data.trimStart().startsWith(name)) text.data = text.data.trimStart().slice(name.length); // some models begin with it
    keepUp();
  }

  function stand(now) {
    controls.dataset.state = now.state;
    const state = document.getElementById("state");
    if (state.textContent !== now.words) state.textContent = now.words; // which a screen reader reads out
    const focused = document.activeElement;
    for (const button of controls.querySelectorAll("[data-do]")) button.hidden = !now.can.includes(button.dataset.do);
    document.getElementById("other").hidden = !now.can.includes("go");
    if (focused?.hidden) controls.querySelector("[data-do]:not([hidden])")?.focus({ preventScroll: true });
    where(now);
  }
  function where(now) {
    document.getElementById("where").textContent = now.where;
    const share = document.getElementById("share");
    share.hidden = now.share === null;
    share.value = now.share ?? 0;
  }

  const told = {
    event({ html, ...now }, number) {
      speak({ text: "" });
      if (html) add(html, { aloud: true });
      where(now);
      tell("event", { event: number, shown: Boolean(html) });
    },
    script({ html, ...now }, number) {
      speak({ text: "" });
      script.replaceChildren();
      add(html, { aloud: false });
      where(now);
      tell("event", { event: number, shown: true });
    },
    rewound({ event, ...now }) {
      speak({ text: "" });
      for (const each of script.querySelectorAll("[data-event]")) if (Number(each.dataset.event) >= event) each.remove();
      where(now);
      tell("event", { event: event - 1, shown: false });
    },
    token: speak,
    moment(moment) {
      stand(moment);
      live = moment.live;
      if (!live) {
        letGo();
        speak({ text: "" });
      }
      if (moment.state === "elsewhere") later(ELSEWHERE);
      tell("moment", moment);
    },
  };

  function letGo() {
    source?.close();
    source = null;
    clearTimeout(timer);
  }
  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(open, wait);
  }
  function open() {
    letGo();
    if (document.hidden) return;
    const here = new EventSource(`${script.dataset.events}&after=${encodeURIComponent(place)}`);
    source = here;
    for (const [kind, act] of Object.entries(told))
      here.addEventListener(kind, (message) => {
        if (kind !== "token" && kind !== "moment") place = message.lastEventId;
        act(JSON.parse(message.data), parseInt(place, 10));
      });
    here.addEventListener("error", () => {
      if (source !== here) return;
      letGo();
      speak({ text: "" });
      document.getElementById("state").textContent = "Not connected; trying again. If dreamplay was closed, start it with: dreamplay open. If it plays in many tabs, close some.";
      later(AGAIN);
    });
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? letGo() : open()));
  document.addEventListener("dreamplay:live", () => {
    follows = true;
    keepUp();
    open();
  });
  window.addEventListener("pagehide", letGo);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  if (live || controls.dataset.state === "elsewhere") {
    open();
    toEnd();
  }
})();
