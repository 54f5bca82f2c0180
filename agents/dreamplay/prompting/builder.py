"""The prompts of the characters: lines, stances and reflections. Pure: the same values give the same prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dreamplay.languages.move_note import MoveNote
from dreamplay.models.prompt import Prompt
from dreamplay.prompting import reflection
from dreamplay.prompting.apart import Apart, just_now
from dreamplay.prompting.brief import Brief, brief, standing, wanted
from dreamplay.prompting.in_mind import thought_last
from dreamplay.prompting.narration import NarratorPrompts
from dreamplay.schema.event import Cue, LineEvent
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Choice
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from dreamplay.threads.ledger import Ledgers

_FREELY = 140
"""Tokens of a line at most that is not led: three sentences and a gesture."""
_THOUGHT = 80
"""Tokens of the thought before it."""


@dataclass(frozen=True)
class PromptBuilder(NarratorPrompts):
    """Writes the prompts of one run: those of the characters, and those of the narrator."""

    def line(
        self,
        turn: Turn,
        view: View,
        wrong: str = "",
        recalled: Sequence[RetrievedMemory] = (),
        *,
        again: bool = False,
    ) -> Prompt:
        """Ask for what a character says next, as its model is directed: with the whole brief, or with a note.

        Args:
            turn: who speaks where, before whom, and with which cue.
            view: what the speaker may read.
            wrong: what was wrong with the try before.
            recalled: the memories that come up.
            again: whether it is asked for again. An engine that is led and continues what was begun for it then begins
                with the cue's first word: else it mostly says once more what it said before, an earlier line word for
                word.
        """
        if self.profile.direction != "led":
            return self._free(turn, view, wrong, recalled)
        persona, cue = self.cast.personas[turn.speaker], turn.cue
        assert cue
        begun = f" {self._wording.begun(cue, turn.speaker, again=again)}".rstrip()
        apart = self._said(just_now(turn, view))
        tail = self._render(
            "line.jinja",
            persona=persona,
            want=self.want(turn.speaker),
            cue=self._wording.cued(cue),
            wrong=wrong,
            sheet=self.profile.private_sheet,
            apart=apart,
            recalled=recalled,
        )
        return self._prompt(
            "line", view, tail, max_tokens=72, stop=("\n",),
            prefill=f"{persona.name}:{begun}", ask=self._render("ask.jinja", name=persona.name, led=True),
        )  # fmt: skip

    def brief(self, turn: Turn, view: View, recalled: Sequence[RetrievedMemory] = ()) -> Brief:
        """Everything that the speaker of a turn is given: see `prompting.brief`."""
        ledger = self._ledgers.of(view.events, reader=view.roles)
        earlier = self._apart.earlier(turn, view)
        return brief(self._standing(turn), self._places, self.cast, turn, view, ledger, earlier, recalled)

    def affordable(self, turn: Turn, view: View, recalled: Sequence[RetrievedMemory]) -> tuple[RetrievedMemory, ...]:
        """The first of some memories, as many as the prompt of a turn has room for."""
        if turn.task != "line" or self.profile.direction == "led":
            return tuple(recalled)
        return self._fitting(turn, view, tuple(recalled)).recalled

    def matter(self, turn: Turn) -> str:
        """What a turn is about, for the memory: what its cue says, or what is spoken of. Empty: nothing."""
        cue = turn.cue
        if cue is None or self.profile.direction == "led":
            return self.cast.fill(cue.material) if cue else ""
        return next((self.cast.fill(topic.about) for topic in turn.scene.topics if topic.id == cue.topic), "")

    def _fitting(self, turn: Turn, view: View, recalled: tuple[RetrievedMemory, ...]) -> Brief:
        """The brief of a turn, as far as there is room for it. It is asked for to see which memories it has room for,
        and again with those, and for each try."""
        known = self._last[0] if self._last else None
        if known is None or known[0] is not turn or known[1] is not view or known[2].recalled != recalled:
            whole = self.brief(turn, view, recalled)
            fitting = whole.within(self.profile.brief_tokens, self._wording.size)
            self._last[:] = [known := (turn, view, fitting)]
        return known[2]

    @cached_property
    def _last(self) -> list[tuple[Turn, View, Brief]]:
        """The brief of the last turn, if there is one, as far as there was room for it."""
        return []

    def _briefed(self, turn: Turn, view: View, recalled: tuple[RetrievedMemory, ...]) -> str:
        """The brief of a turn in words, which are the same for each try."""
        known = self._told_last[0] if self._told_last else None
        if known is None or known[0] is not turn or known[1] is not view or known[2] != recalled:
            brief = self._fitting(turn, view, recalled)
            guided = self.profile.direction == "guided"
            text = self._render("brief.jinja", **vars(brief), guided=guided, said=self._said, regard=_regard)
            self._told_last[:] = [known := (turn, view, recalled, text)]
        return known[3]

    @cached_property
    def _told_last(self) -> list[tuple[Turn, View, tuple[RetrievedMemory, ...], str]]:
        """The brief of the last turn in words, if there is one, and with which memories."""
        return []

    def _free(self, turn: Turn, view: View, wrong: str, recalled: Sequence[RetrievedMemory]) -> Prompt:
        """Ask for a line with the whole brief."""
        think, name = self.profile.think, self.cast.name(turn.speaker)
        tail = self._briefed(turn, view, tuple(recalled)) + (f"\n[{self.cast.fill(wrong)}]" if wrong else "")
        ask = self._render("ask.jinja", name=name, led=False, may_leave=turn.may_leave)
        return self._prompt(
            "line", view, f"{tail}\n{ask}",
            max_tokens=_FREELY + think * _THOUGHT, prefill="" if think else f"{name}:",
        )  # fmt: skip

    def note(self, cue: Cue) -> MoveNote | None:
        """The move of a topic that a cue gives, taken apart; None if it gives none."""
        return self._wording.note(cue)

    def stance(
        self,
        turn: Turn,
        view: View,
        choices: Sequence[Choice],
        wrong: str = "",
        recalled: Sequence[RetrievedMemory] = (),
    ) -> Prompt:
        """Ask a character to decide, as JSON: the reason first, so that the choice follows from it. A small model is
        shown what the character said of late in place of the story, and chooses first.

        Args:
            turn: whose decision it is.
            view: what they may read.
            choices: what they can choose, in the order in which they read it.
            wrong: what was wrong with the try before.
            recalled: what they remember.
        """
        persona, scope = self.cast.personas[turn.speaker], self.profile.stance_scope
        short = scope == "own_words"
        lines = [line for line in view.of_kind(LineEvent) if line.speaker == turn.speaker and line.beat == turn.beat]
        thought = {"reflected": "", "wants_now": ""} if short else thought_last(view, turn.speaker)
        tail = self._render(
            "stance.jinja", persona=persona, want=self.want(turn.speaker), choices=choices, wrong=wrong,
            recalled=recalled, short=short, said=[line.text for line in lines] if short else (),
            known=() if short else self._known(turn), **thought,
        )  # fmt: skip
        offered = [self.cast.fill(choice.text) for choice in choices]
        reason = {"reason": {"type": "string", "minLength": 20, "maxLength": 200}}
        choice = {"choice": {"type": "string", "enum": offered}}
        asked = choice | reason if short else reason | choice
        schema = {"type": "object", "properties": asked, "required": [*asked], "additionalProperties": False}
        told = () if scope == "own_words" else self._scoped(self._told(view.common), scope)
        return self._fitted("stance", told, tail, max_tokens=120, json_schema=schema)

    def reflection(self, turn: Turn, view: View, wrong: str = "") -> Prompt:
        """Ask a character what a scene means to them, and what they now think of each of the others, as JSON: see
        `prompting.reflection`."""
        persona, detailed = self.cast.personas[turn.speaker], self.profile.detailed_reflections
        roles = reflection.others(turn, view)
        others = [self.cast.name(role) for role in roles]
        lead = self._render("reflection.jinja", marks=reflection.MARKS, detailed=detailed)
        private = persona.private if detailed else None
        own = self._render(
            "thinks.jinja",
            name=persona.name,
            sheet=private,
            want=wanted(persona.name, private.want) if private else "",
            known=self._known(turn) if detailed else (),
            earlier=self._apart.earlier(turn, view) if detailed else (),
            apart=self._said(just_now(turn, view)),
            said=self._said,
            others=self.cast.listed(roles) if detailed and roles else "",
            wrong=wrong,
        )
        form = reflection.form(persona.name, others, detailed=detailed)
        room = reflection.length(others, detailed=detailed)
        return self._prompt("reflection", view, f"{lead}\n{own}", max_tokens=room, json_schema=form)

    def _known(self, turn: Turn) -> tuple[str, ...]:
        """What a role has known up to a scene that may come out, or could, as clauses that follow "that"."""
        stands = self._standing(turn)
        known: tuple[str, ...] = stands["reveals"] + stands["known"]
        return known

    def want(self, role: str) -> str:
        """What the persona of a role wants, as a sentence; empty if nothing of it is known."""
        persona = self.cast.personas[role]
        return wanted(persona.name, persona.private.want) if persona.private else ""

    def _standing(self, turn: Turn) -> Mapping[str, Any]:
        """What the brief of a role says all through a scene, put together once: see `prompting.brief`."""
        known = self._stood.get((turn.speaker, turn.scene.id))
        if known is None or known[0] is not turn.scene or known[1] != turn.beat:
            known = turn.scene, turn.beat, standing(self.story, self.cast, turn)
            self._stood[turn.speaker, turn.scene.id] = known
        return known[2]

    @cached_property
    def _stood(self) -> dict[tuple[str, str], tuple[Scene, str, Mapping[str, Any]]]:
        """What was put together of each role, by its name and the scene, with scene and beat."""
        return {}

    @cached_property
    def _apart(self) -> Apart:
        return Apart(self.cast, self._places)

    @cached_property
    def _ledgers(self) -> Ledgers:
        return Ledgers(self.cast, self._language, self.story)


def _regard(attitude: float) -> str:
    """An attitude from -1 to 1 in words that follow "sees Leo as"."""
    words = ("an enemy", "somebody to beware of", "neither friend nor enemy", "a friend", "a close friend")
    return words[min(int((attitude + 1) * len(words) / 2), len(words) - 1)]
