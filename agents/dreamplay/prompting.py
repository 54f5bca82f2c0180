"""The one place where a prompt is put together. Pure: the same values give the same prompt.

Every prompt has one layout: a shared prefix, then a private tail. The prefix (rule, public sheets, and the script
as everyone present witnessed it) is the same for all who are in the scene and only ever grows, so that an engine
reads each line once for the whole cast. Private words stand in the tail alone, and so never in the prompt of
somebody else; so does what a speaker has just perceived and somebody present has not. At the end of a scene, old
scenes give way to recaps where the window would not hold them.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Any, Literal

from pydantic import ConfigDict

from dreamplay import library, recap
from dreamplay.recap import Circle, Retelling
from dreamplay.script import PROLOGUE, UNTOLD, Cue, Event, Pooled, Recalled, Script, away, neutral, present
from dreamplay.story import VISITOR, Cast, Choice, Scene, Story, Value

WINDOW = 8192
"""Tokens, prompt and reply together, that a model is taken to have room for unless the settings say otherwise. A
whole story of default length stays well inside.
"""
RESERVE = 800
"""Tokens of the window that are kept free for tail and reply."""
MARKS = 5
"""A character marks what she thinks of another with a whole number from minus this to this: one token, where a
fraction takes three.
"""
_BYTES_A_TOKEN = 3.5
"""English has about 4.2 bytes in a token, Russian 4 and Chinese 4 to 5: an estimate that is on the safe side."""
_LINE = 40
"""Tokens that a turn adds to the script, with its share of what is narrated; most lines take about 25."""
_TOLD = 300
"""Tokens that a dream, or stances and an ending, add to the script."""
_APART = 4
"""Events at most that a speaker is reminded of because not everybody present perceived them."""
_BACK = 30
"""Events that are looked through for them."""
_NEWEST = 8
"""Events that stay in a prompt whatever else has to go."""


class Prompt(Value):
    """What a model is asked, in the four parts of the layout."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a newline is a stop word, and ends each part

    kind: Literal["line", "dream", "stance", "reflection", "recap", "epilogue", "judge", "persona"]
    system: str
    script: str
    tail: str
    ask: str = ""
    """Added to the tail for an engine that cannot be made to begin with `opener`."""
    opener: str = ""
    """What the reply begins with («Leo:»), put in the model's mouth where the engine continues it."""
    shape: dict[str, Any] | None = None
    """JSON schema of the reply, if it is to be JSON."""
    fresh: bool = False
    """Whether the reply should not repeat the prompt's wording; engines that can are told to hold it to that."""
    max_tokens: int
    stop: tuple[str, ...] = ()

    def messages(self, *, prefill: bool) -> list[dict[str, str]]:
        """The chat messages, with the opener as the beginning of the reply where the engine continues it."""
        tail = self.tail if prefill or not self.ask else f"{self.tail}\n{self.ask}"
        chat = [{"role": "system", "content": self.system}, {"role": "user", "content": f"{self.script}{tail}"}]
        if prefill and self.opener:
            chat.append({"role": "assistant", "content": self.opener})
        return chat

    @property
    def digest(self) -> str:
        """SHA-256 of the whole prompt, kept with the event that answers it."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Desk:
    """Writes the prompts of one run. The system message is rendered once and stays the same all run long."""

    story: Story
    cast: Cast
    sheets: bool = False
    """Whether the tail of a line carries the private sheet: room that larger models use and small ones do not."""
    window: int = WINDOW
    """Tokens, prompt and reply together, that no prompt goes beyond."""
    _told: dict[int, tuple[Event, str, float]] = field(default_factory=dict, repr=False, compare=False)
    _counted: tuple[list[Event], list[float]] = field(default_factory=lambda: ([], []), repr=False, compare=False)
    """The events of the last prompt, and the tokens of each."""

    @property
    def memories(self) -> int:
        """How many memories the tail has room for: small models get lost in more than one."""
        return 3 if self.sheets else 1

    def shown(self, script: Script, scene: Scene, role: str) -> list[Event]:
        """The events that stand in somebody's prompt, the newest last: what all present witnessed, as far as the window
        holds it, and what she has just perceived and somebody present has not.
        """
        standing = self._held(script.standing(*present(script, scene)), RESERVE)
        common = [event for event in standing if event.kind not in UNTOLD]
        return sorted([*common, *self._apart(script, scene, role)], key=lambda event: event.id)

    def line(
        self, script: Script, scene: Scene, role: str, cue: Cue, wrong: str = "", recalled: Sequence[Recalled] = ()
    ) -> Prompt:
        """Ask for what a character says next; `wrong` says what was wrong with the try before."""
        persona = self.cast.personas[role]
        apart = " ".join(map(self._noted, self._apart(script, scene, role)))
        tail = self._render(
            "line.jinja",
            persona=persona,
            cue=self._cued(cue),
            wrong=wrong,
            sheet=self.sheets,
            apart=apart,
            recalled=recalled,
        )
        return self._prompt(
            "line", script, present(script, scene), tail, max_tokens=72, stop=("\n",),
            opener=f"{persona.name}:", ask=self._render("ask.jinja", name=persona.name),
        )  # fmt: skip

    def dream(self, script: Script, scene: Scene, pooled: Sequence[Pooled], *, again: bool, wrong: str = "") -> Prompt:
        """Pool the dreamers' hidden fears and wishes into one prompt. Ledger and prompt hold the same entries; of
        whom nothing hidden is known, the prompt says that.
        """
        here = present(script, scene)
        dreamers = [role for role in self.cast.roles if role in here]
        known = {entry.role for entry in pooled}
        unknown = [self.cast.name(role) for role in dreamers if role not in known]
        tail = self._render(
            "dream.jinja", pooled=pooled, unknown=unknown, again=again, cast=self.cast.personas, wrong=wrong
        )
        opener = f"{self.cast.listed(dreamers)} are in"
        return self._prompt("dream", script, here, tail, max_tokens=140, opener=opener, fresh=True)

    def stance(
        self, script: Script, scene: Scene, role: str, choices: Sequence[Choice], wrong: str = "",
        recalled: Sequence[Recalled] = (),
    ) -> Prompt:  # fmt: skip
        """Ask a character to decide, as JSON: the reason first, so that the choice follows from it."""
        persona = self.cast.personas[role]
        tail = self._render("stance.jinja", persona=persona, choices=choices, wrong=wrong, recalled=recalled)
        shape = {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "minLength": 20, "maxLength": 200},
                "choice": {"type": "string", "enum": [self.cast.fill(choice.text) for choice in choices]},
            },
            "required": ["reason", "choice"],
            "additionalProperties": False,
        }
        return self._prompt("stance", script, present(script, scene), tail, max_tokens=120, shape=shape)

    def reflection(self, script: Script, scene: Scene, role: str, wrong: str = "") -> Prompt:
        """Ask a character what a scene has meant to her, and what she now thinks of each of the others, as JSON.

        All present are asked in the same words up to the last few, which say who answers, and in few words, since they
        are asked after every scene.
        """
        here = present(script, scene)
        others = [self.cast.name(other) for other in here if other != role]
        apart = " ".join(map(self._noted, self._apart(script, scene, role)))
        lead = self._render("reflection.jinja", marks=MARKS)
        own = self._render("thinks.jinja", name=self.cast.name(role), apart=apart, wrong=wrong)
        mark = {"type": "integer", "enum": list(range(-MARKS, MARKS + 1))}
        shape = {
            "type": "object",
            "properties": {"thought": {"type": "string", "minLength": 15, "maxLength": 120}}
            | dict.fromkeys(others, mark),
            "required": ["thought", *others],
            "additionalProperties": False,
        }
        return self._prompt("reflection", script, here, f"{lead}\n{own}", max_tokens=45 + 12 * len(others), shape=shape)

    def epilogue(self, script: Script, scene: Scene, tally: str, ending: str, wrong: str = "") -> Prompt:
        """Ask the narrator for the end, told from the stances that were taken."""
        here = present(script, scene)
        tail = self._render(
            "epilogue.jinja",
            opening=scene.opening,
            tally=tally,
            ending=ending,
            names=self.cast.listed(here),
            wrong=wrong,
        )
        return self._prompt("epilogue", script, here, tail, max_tokens=130, opener=self.cast.name(here[0]), fresh=True)

    def recap(self, script: Script, retelling: Retelling, wrong: str = "") -> Prompt:
        """Ask the narrator to retell what a circle witnessed. Nothing else stands in the prompt."""
        names = self.cast.listed([role for role in self.cast.roles if role in retelling.circle])
        events = retelling.events(script)
        tail = self._render("recap.jinja", names=names, wrong=wrong)
        return self._fitted("recap", events, tail, max_tokens=recap.LENGTH, opener=f"So far, {names}", fresh=True)

    def recaps(self, script: Script, scene: Scene) -> list[Retelling]:
        """The recaps that have to be made before a scene can be played; none while everything fits."""
        gone = {VISITOR} if away(script) else set()
        stages = dict.fromkeys(
            Circle(scene.there(turns)) - gone for turns in (0, *(move.after for move in scene.moves))
        )
        told = " ".join([scene.opening, *scene.pressures, *(move.text for move in scene.moves)])
        growth = tokens(told) + scene.turns.max * _LINE + _TOLD
        room = self.window - RESERVE - tokens(self._system)
        return recap.due(script, stages, self._size, room=room, growth=growth)

    def tally(self, stances: Sequence[Event]) -> str:
        """The stances in words: who chose what."""
        sides = [
            (choice.text, [s.speaker for s in stances if s.speaker and s.choice == choice.id])
            for choice in self.story.choices
        ]
        taken = [(text, self.cast.listed(roles)) for text, roles in sides if roles]
        return " ".join(self._render("tally.jinja", sides=taken).split())

    def ending(self, stances: Sequence[Event]) -> str:
        """What comes of the stances, as facts: of the choice that most took, or of the tie between several."""
        if not stances:
            return ""
        votes = {choice: sum(s.choice == choice.id for s in stances) for choice in self.story.choices}
        winners = [choice for choice, count in votes.items() if count == max(votes.values())]
        if len(winners) == 1:
            return self.cast.fill(winners[0].ending)
        return self.cast.fill(self.story.tie or " ".join(choice.ending for choice in winners))

    def _prompt(self, kind: Any, script: Script, here: Sequence[str], tail: str, **rest: Any) -> Prompt:
        """The one layout: the prefix is what everyone present witnessed, and everything else is tail."""
        return self._fitted(kind, script.standing(*here), tail, **rest)

    def _fitted(self, kind: Any, events: Sequence[Event], tail: str, *, max_tokens: int, **rest: Any) -> Prompt:
        """A prompt that the window holds. What a scene says beyond that, before its end brings a recap, pushes out
        the oldest lines: a quarter of the room at once, so that the prefix seldom shifts.
        """
        taken = max(RESERVE, tokens(tail) + tokens(rest.get("ask", "")) + max_tokens)
        script = "".join(map(self._spoken, self._held(events, taken)))
        return Prompt(kind=kind, system=self._system, script=script, tail=tail, max_tokens=max_tokens, **rest)

    def _held(self, events: Sequence[Event], taken: float) -> Sequence[Event]:
        """The events that the window holds when so many tokens of it are taken."""
        room = self.window - taken - tokens(self._system)
        sizes = self._sizes(events)
        if (excess := sum(sizes) - room) <= 0:
            return events
        step = room / 4
        return _shortened(events, sizes, math.ceil(excess / step) * step)

    def _apart(self, script: Script, scene: Scene, role: str) -> list[Event]:
        """What the speaker perceived in this scene of late, and somebody present did not. What was earlier is for
        memory to bring back.
        """
        here = Circle(present(script, scene))
        mine = [
            event
            for event in script.visible_to(role)[-_BACK:]
            if event.scene == scene.id and event.kind not in UNTOLD and not here <= Circle(event.witnesses)
        ]
        return mine[-_APART:]

    def _noted(self, event: Event) -> str:
        whisper = bool(event.cue and event.cue.hears and event.speaker)
        text = self._spoken(event).strip()
        return text.replace(":", " whispered:", 1) if whisper else text

    @cached_property
    def _system(self) -> str:
        public = [{"name": p.name, "who": p.who, "voice": p.voice} for p in self.cast.personas.values()]
        return self._render("system.jinja", premise=self.story.premise, cast=public)

    def _sizes(self, events: Sequence[Event]) -> Sequence[float]:
        """Tokens of each event. Those that the last prompt began with as well are not counted again."""
        known, sizes = self._counted
        same = len(known) if known == list(events[: len(known)]) else 0
        del known[same:], sizes[same:]
        known.extend(events[same:])
        sizes.extend(map(self._size, events[same:]))
        return sizes

    def _size(self, event: Event) -> float:
        """Tokens of an event in the script."""
        return self._put(event)[2]

    def _spoken(self, event: Event) -> str:
        """An event as it stands in the script."""
        return self._put(event)[1]

    def _put(self, event: Event) -> tuple[Event, str, float]:
        """An event, its words and their tokens, put into words only once: a long play costs no more a turn."""
        known = self._told.get(event.id)
        if known is None or known[0] is not event:
            text = self._worded(event)
            known = self._told[event.id] = (event, text, tokens(text))
        return known

    def _worded(self, event: Event) -> str:
        """An event in words. One line each: no text can pass for another event."""
        text = neutral(event.text) if event.provenance.by == "person" else " ".join(event.text.split())
        name = self.cast.name(event.speaker) if event.speaker else ""
        match event.kind:
            case "line" if event.beat == PROLOGUE and event.cue:
                return f"[{self._cued(event.cue)}]\n{name}: {text}\n"
            case "line":
                return f"{name}: {text}\n"
            case "action":
                return f"({name} {text})\n"
            case "stance":
                return f"{name} decides: {text}\n"
            case "silence" | "reflection" | "fear" | "hand":
                return ""
            case _:
                return f"\n{text}\n"

    def _cued(self, cue: Cue) -> str:
        """A cue as this model reads it: in a small one, words on the manner crowd out the matter, and lines come back
        that were said before.
        """
        return cue.text if self.sheets else cue.bare

    def _render(self, template: str, **values: object) -> str:
        return self.cast.fill(library.render(template, **values))


def tokens(text: str) -> float:
    """How many tokens a text takes at most, by its length alone."""
    return len(text.encode()) / _BYTES_A_TOKEN


def _lasting(events: Sequence[Event]) -> int:
    """How many of the events a script begins with outlast its oldest lines: the prologue, which shows the voices, and
    the recaps.
    """
    lasting = takewhile(lambda event: event.beat == PROLOGUE or event.kind == "recap", events)
    return sum(1 for _ in lasting)


def _shortened(events: Sequence[Event], sizes: Sequence[float], excess: float) -> list[Event]:
    """A script without as many of its oldest lines as it takes, and, if need be, without what it begins with, and at
    last without its newest.
    """
    lasting = _lasting(events)
    newest = max(lasting, len(events) - _NEWEST)
    kept = []
    for start, end in ((lasting, newest), (0, lasting), (newest, len(events))):
        freed = list(accumulate(sizes[start:end]))
        gone = min(bisect_left(freed, excess) + 1, len(freed)) if excess > 0 else 0
        excess -= freed[gone - 1] if gone else 0
        kept.append(events[start + gone : end])
    told, first, last = kept
    return [*first, *told, *last]
