"""The one place where a prompt is put together. Pure: the same values give the same prompt.

Every prompt has one layout: a shared prefix, then a private tail. The prefix (rule, public sheets, and the script
as everyone present witnessed it) is the same for all who are in the scene and only ever grows, so that an engine
reads each line once for the whole cast. Private words stand in the tail alone, and so never in the prompt of
somebody else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ConfigDict

from dreamplay import library
from dreamplay.script import PROLOGUE, Cue, Event, Pooled, Recalled, Script
from dreamplay.story import Cast, Choice, Scene, Story, Value


class Prompt(Value):
    """What a model is asked, in the four parts of the layout."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a newline is a stop word, and ends each part

    kind: Literal["line", "dream", "stance", "epilogue", "judge", "persona"]
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
    _told: dict[int, tuple[Event, str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def memories(self) -> int:
        """How many memories the tail has room for: small models get lost in more than one."""
        return 3 if self.sheets else 1

    def shown(self, script: Script, present: Sequence[str]) -> list[Event]:
        """The events that stand in the prompts of those present: what all of them witnessed."""
        return script.visible_to(*present)

    def line(
        self, script: Script, scene: Scene, role: str, cue: Cue, wrong: str = "", recalled: Sequence[Recalled] = ()
    ) -> Prompt:
        """Ask for what a character says next; `wrong` says what was wrong with the try before."""
        persona = self.cast.personas[role]
        tail = self._render(
            "line.jinja", persona=persona, cue=self._cued(cue), wrong=wrong, sheet=self.sheets, recalled=recalled
        )
        return self._prompt(
            "line", script, scene.present, tail, max_tokens=72, stop=("\n",),
            opener=f"{persona.name}:", ask=self._render("ask.jinja", name=persona.name),
        )  # fmt: skip

    def dream(self, script: Script, scene: Scene, pooled: Sequence[Pooled], *, again: bool, wrong: str = "") -> Prompt:
        """Pool the dreamers' hidden fears and wishes into one prompt. Ledger and prompt hold the same entries; of
        whom nothing hidden is known, the prompt says that.
        """
        dreamers = [role for role in self.cast.roles if role in scene.present]
        known = {entry.role for entry in pooled}
        unknown = [self.cast.name(role) for role in dreamers if role not in known]
        tail = self._render(
            "dream.jinja", pooled=pooled, unknown=unknown, again=again, cast=self.cast.personas, wrong=wrong
        )
        opener = f"{_listed([self.cast.name(role) for role in dreamers])} are in"
        return self._prompt("dream", script, scene.present, tail, max_tokens=140, opener=opener, fresh=True)

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
        return self._prompt("stance", script, scene.present, tail, max_tokens=120, shape=shape)

    def epilogue(self, script: Script, scene: Scene, tally: str, ending: str, wrong: str = "") -> Prompt:
        """Ask the narrator for the end, told from the stances that were taken."""
        names = _listed([self.cast.name(role) for role in scene.present])
        tail = self._render(
            "epilogue.jinja", opening=scene.opening, tally=tally, ending=ending, names=names, wrong=wrong
        )
        return self._prompt(
            "epilogue",
            script,
            scene.present,
            tail,
            max_tokens=130,
            opener=self.cast.name(scene.present[0]),
            fresh=True,
        )

    def tally(self, stances: Sequence[Event]) -> str:
        """The stances in words: who chose what."""
        sides = [
            (choice.text, _listed([self.cast.name(s.speaker) for s in stances if s.speaker and s.choice == choice.id]))
            for choice in self.story.choices
        ]
        return " ".join(self._render("tally.jinja", sides=[side for side in sides if side[1]]).split())

    def ending(self, stances: Sequence[Event]) -> str:
        """What comes of the stances, as facts: of the choice that most took, or of the tie between several."""
        if not stances:
            return ""
        votes = {choice: sum(s.choice == choice.id for s in stances) for choice in self.story.choices}
        winners = [choice for choice, count in votes.items() if count == max(votes.values())]
        if len(winners) == 1:
            return self.cast.fill(winners[0].ending)
        return self.cast.fill(self.story.tie or " ".join(choice.ending for choice in winners))

    def _prompt(self, kind: Any, script: Script, present: Sequence[str], tail: str, **rest: Any) -> Prompt:
        """The one layout: the prefix is what everyone present witnessed, and everything else is tail."""
        common = "".join(map(self._spoken, self.shown(script, present)))
        return Prompt(kind=kind, system=self._system, script=common, tail=tail, **rest)

    @property
    def _system(self) -> str:
        public = [{"name": p.name, "who": p.who, "voice": p.voice} for p in self.cast.personas.values()]
        return self._render("system.jinja", premise=self.story.premise, cast=public)

    def _spoken(self, event: Event) -> str:
        """An event as it stands in the script, put into words only once: a long play costs no more a turn."""
        known = self._told.get(event.id)
        if known is None or known[0] is not event:
            known = self._told[event.id] = (event, self._worded(event))
        return known[1]

    def _worded(self, event: Event) -> str:
        """An event in words. One line each: no text can pass for another event."""
        text = " ".join(event.text.split())
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
            case "silence":
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


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
