"""Builds the prompts of a run. Pure: the same values give the same prompt.

Every prompt has one layout: a shared prefix, then a private tail. The prefix (rule, public sheets, and the script as
everybody present witnessed it) is the same for all who are in the scene and only ever grows, so an engine that caches
prefixes reads each line once for the whole cast. Private text is in the tail alone, and so never in the prompt of
another role. The tail also holds what the speaker has just perceived and somebody present has not. At the end of a
scene, old scenes are replaced by summaries if the window would not hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dreamplay import languages
from dreamplay.languages.language import Language
from dreamplay.languages.move_note import MoveNote
from dreamplay.library import templates
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.tokens import tokens
from dreamplay.prompting import reflection, summarization
from dreamplay.prompting.apart import earlier, just_now
from dreamplay.prompting.brief import Brief, brief, wanted
from dreamplay.prompting.context_window import RESERVE, fit_events
from dreamplay.prompting.event_text import EventText
from dreamplay.prompting.past import Past
from dreamplay.prompting.summarization import Circle, SummaryRequest
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, DreamContribution, Event, OutcomeEvent, StanceEvent
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.scene import Outcome, Scene
from dreamplay.schema.story import Choice, Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from dreamplay.threads.ledger import Ledgers

UNDECIDED = "still open"
"""What a model answers as long as nothing has decided an outcome. No id of an answer has a blank in it."""
_LINE = 40
"""Tokens that a turn adds to the script, with its share of what is narrated; most lines take about 25."""
_TOLD = 300
"""Tokens that a dream, or stances and an ending, add to the script."""
_FREELY = 140
"""Tokens of a line at most that is not led: three sentences and a gesture."""
_THOUGHT = 80
"""Tokens of the thought before it."""


@dataclass(frozen=True)
class PromptBuilder:
    """Writes the prompts of one run. The system message is rendered once and stays the same all run long."""

    story: Story
    cast: Cast
    profile: ModelProfile
    """Of the model that is asked: how long a prompt may be and what it carries."""

    def shown(self, turn: Turn, view: View) -> list[Event]:
        """The events in the prompt of a role, the newest last: what everybody present witnessed, as far as the window
        holds it, and what the role has just perceived and somebody present has not."""
        standing = self._held(self._told(view.common), RESERVE)
        known = {event.id: event for event in (*standing, *just_now(turn, view)) if event.in_prompts}
        return [known[number] for number in sorted(known)]

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
            want=wanted(persona.name, persona.private.want) if persona.private else "",
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
        return brief(self.story, self.cast, turn, view, self._ledgers.of(view.events, reader=view.roles), recalled)

    def affordable(self, turn: Turn, view: View, recalled: Sequence[RetrievedMemory]) -> tuple[RetrievedMemory, ...]:
        """The first of some memories, as many as the prompt of a turn has room for."""
        if turn.task != "line" or self.profile.direction == "led":
            return tuple(recalled)
        return self._fitting(turn, view, recalled).recalled

    def matter(self, turn: Turn) -> str:
        """What a turn is about, for the memory: what its cue says, or what is spoken of. Empty: nothing."""
        cue = turn.cue
        if cue is None or self.profile.direction == "led":
            return self.cast.fill(cue.material) if cue else ""
        return next((self.cast.fill(topic.about) for topic in turn.scene.topics if topic.id == cue.topic), "")

    def _fitting(self, turn: Turn, view: View, recalled: Sequence[RetrievedMemory]) -> Brief:
        return self.brief(turn, view, recalled).within(self.profile.brief_tokens, self._wording.size)

    def _free(self, turn: Turn, view: View, wrong: str, recalled: Sequence[RetrievedMemory]) -> Prompt:
        """Ask for a line with the whole brief."""
        think, name = self.profile.think, self.cast.name(turn.speaker)
        tail = self._render(
            "brief.jinja",
            brief=self._fitting(turn, view, recalled),
            guided=self.profile.direction == "guided",
            wrong=wrong,
            said=self._said,
            regard=_regard,
        )
        ask = self._render("ask.jinja", name=name, led=False, may_leave=turn.may_leave)
        return self._prompt(
            "line", view, f"{tail}\n{ask}",
            max_tokens=_FREELY + think * _THOUGHT, prefill="" if think else f"{name}:",
        )  # fmt: skip

    def note(self, cue: Cue) -> MoveNote | None:
        """The move of a topic that a cue gives, taken apart; None if it gives none."""
        return self._wording.note(cue)

    def dream(self, view: View, pooled: Sequence[DreamContribution], *, again: bool, wrong: str = "") -> Prompt:
        """Pool the dreamers' hidden fears and wishes into one prompt. Ledger and prompt hold the same entries; of
        whom nothing hidden is known, the prompt says that.
        """
        dreamers = [role for role in self.cast.roles if role in view.roles]
        known = {entry.role for entry in pooled}
        unknown = [self.cast.name(role) for role in dreamers if role not in known]
        tail = self._render(
            "dream.jinja", pooled=pooled, unknown=unknown, again=again, cast=self.cast.personas, wrong=wrong
        )
        # After "are in", models go on with "a dream" and say whose image is whose; after "stand in" they name a place.
        prefill = f"{self.cast.listed(dreamers)} stand in"
        return self._prompt("dream", view, tail, max_tokens=140, prefill=prefill, penalize_repetition=True)

    def stance(
        self,
        turn: Turn,
        view: View,
        choices: Sequence[Choice],
        wrong: str = "",
        recalled: Sequence[RetrievedMemory] = (),
    ) -> Prompt:
        """Ask a character to decide, as JSON: the reason first, so that the choice follows from it."""
        persona = self.cast.personas[turn.speaker]
        tail = self._render("stance.jinja", persona=persona, choices=choices, wrong=wrong, recalled=recalled)
        schema = {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "minLength": 20, "maxLength": 200},
                "choice": {"type": "string", "enum": [self.cast.fill(choice.text) for choice in choices]},
            },
            "required": ["reason", "choice"],
            "additionalProperties": False,
        }
        return self._prompt("stance", view, tail, max_tokens=120, json_schema=schema)

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
            earlier=earlier(turn, view, self.cast, self._places) if detailed else (),
            apart=self._said(just_now(turn, view)),
            said=self._said,
            others=self.cast.listed(roles) if detailed and roles else "",
            wrong=wrong,
        )
        form = reflection.form(persona.name, others, detailed=detailed)
        room = reflection.length(others, detailed=detailed)
        return self._prompt("reflection", view, f"{lead}\n{own}", max_tokens=room, json_schema=form)

    def outcome(self, view: View, outcome: Outcome) -> Prompt:
        """Ask the narrator what came of a scene, as JSON: one of the answers, or that it is still open."""
        tail = self._render("outcome.jinja", question=outcome.question, answers=outcome.answers, undecided=UNDECIDED)
        answer = {"type": "string", "enum": [*outcome.answers, UNDECIDED]}
        schema = {
            "type": "object",
            "properties": {"answer": answer},
            "required": ["answer"],
            "additionalProperties": False,
        }
        return self._prompt("outcome", view, tail, max_tokens=20, json_schema=schema)

    def epilogue(self, view: View, scene: Scene, tally: str, ending: str, wrong: str = "") -> Prompt:
        """Ask the narrator for the end, told from the stances that were taken."""
        tail = self._render(
            "epilogue.jinja",
            opening=scene.opening,
            things=scene.material,
            tally=tally,
            ending=ending,
            outcomes=[event.text for event in view.of_kind(OutcomeEvent)],
            names=self.cast.listed(view.roles),
            wrong=wrong,
        )
        told: Sequence[Event] = view.summarized
        if self.profile.epilogue_scope == "last_beat":
            told = [event for event in told if event.beat == told[-1].beat]
        # Begun so, it goes on in the simple present, and with things that are done.
        prefill = f"{self.cast.name(view.roles[0])} gets up and"
        return self._fitted("epilogue", told, tail, max_tokens=130, prefill=prefill, penalize_repetition=True)

    def ahead(self, view: View) -> Prompt:
        """What the prompt for the next line will begin with, whoever of those present it asks."""
        return self._prompt("line", view, "", max_tokens=1)

    def recap(self, view: View, retelling: SummaryRequest, wrong: str = "") -> Prompt:
        """Ask the narrator to summarize what a group witnessed. Nothing else is in the prompt."""
        names = self.cast.listed([role for role in self.cast.roles if role in retelling.circle])
        events = retelling.events(view)
        tail = self._render("recap.jinja", names=names, wrong=wrong)
        return self._fitted(
            "recap", events, tail, max_tokens=summarization.LENGTH, prefill=f"So far, {names}", penalize_repetition=True
        )

    def recaps(
        self, common: Callable[[Circle], View], ends: Sequence[int], stages: Collection[Circle], scene: Scene
    ) -> list[SummaryRequest]:
        """The recaps that have to be made before a scene can be played; none while everything fits. See `due`."""
        told = " ".join([scene.opening, *(each.text for each in scene.pressures), *(move.text for move in scene.moves)])
        growth = tokens(told) + scene.turns.max * _LINE + _TOLD
        room = self.profile.context_window - RESERVE - tokens(self._system)
        shortened = [self._told(common(stage)) for stage in stages] if self._short else []
        if shortened and all(sum(self._wording.sizes(events)) + growth <= room for events in shortened):
            return []
        return summarization.due(common, ends, stages, self._wording.size, room=room, growth=growth)

    def tally(self, stances: Sequence[StanceEvent]) -> str:
        """The stances in words: who chose what."""
        sides = [(choice.text, [s.speaker for s in stances if s.choice == choice.id]) for choice in self.story.choices]
        taken = [(text, self.cast.listed(roles)) for text, roles in sides if roles]
        return " ".join(self._render("tally.jinja", sides=taken).split())

    def ending(self, stances: Sequence[StanceEvent]) -> str:
        """What comes of the stances, as facts: of the choice that most took, or of the tie between several."""
        if not stances:
            return ""
        votes = {choice: sum(s.choice == choice.id for s in stances) for choice in self.story.choices}
        winners = [choice for choice, count in votes.items() if count == max(votes.values())]
        if len(winners) == 1:
            return self.cast.fill(winners[0].ending)
        return self.cast.fill(self.story.tie or " ".join(choice.ending for choice in winners))

    def _prompt(self, kind: Any, view: View, tail: str, **rest: Any) -> Prompt:
        """The one layout: the prefix is what everyone present witnessed, and everything else is tail."""
        return self._fitted(kind, self._told(view.common), tail, **rest)

    def _fitted(self, kind: Any, events: Sequence[Event], tail: str, *, max_tokens: int, **rest: Any) -> Prompt:
        """A prompt that the window holds. What a scene says beyond that, before its end brings a recap, pushes out
        the oldest lines.
        """
        taken = max(RESERVE, tokens(tail) + tokens(rest.get("ask", "")) + max_tokens)
        script = "".join(map(self._wording.spoken, self._held(events, taken)))
        return Prompt(kind=kind, system=self._system, script=script, tail=tail, max_tokens=max_tokens, **rest)

    def _held(self, events: Sequence[Event], taken: float) -> Sequence[Event]:
        """The events that the window holds when so many tokens of it are taken."""
        return fit_events(
            events, self._wording.sizes(events), self.profile.context_window - taken - tokens(self._system)
        )

    def _told(self, view: View) -> Sequence[Event]:
        """The script of a prompt: what all of these witnessed, with earlier scenes as this model is told of them."""
        return self._past.shortened(view.summarized) if self._short else view.summarized

    def _said(self, events: Sequence[Event]) -> str:
        """Events on one line."""
        return " ".join(self._wording.noted(event) for event in events)

    @property
    def _short(self) -> bool:
        return self.profile.earlier_scenes == "short"

    @cached_property
    def _past(self) -> Past:
        return Past()

    @cached_property
    def _places(self) -> dict[str, str]:
        """The place of each scene, by its id."""
        return {scene.id: self.cast.fill(scene.place) for _, scene in self.story.scenes}

    @cached_property
    def _ledgers(self) -> Ledgers:
        return Ledgers(self.cast, self._language, self.story)

    @cached_property
    def _language(self) -> Language:
        return languages.get(self.story.language)

    @cached_property
    def _wording(self) -> EventText:
        return EventText(self.cast, self.profile.cue_manner, self.profile.direction == "led", self._language)

    @cached_property
    def _system(self) -> str:
        told = ("name", "called", "who", "voice")
        public = [{word: getattr(p, word) for word in told} for p in self.cast.personas.values()]
        led, think = self.profile.direction == "led", self.profile.think
        return self._render("system.jinja", premise=self.story.premise, cast=public, led=led, think=think)

    def _render(self, template: str, **values: object) -> str:
        return self.cast.fill(templates.render(template, **values))


def _regard(attitude: float) -> str:
    """An attitude from -1 to 1 in words that follow "sees Leo as"."""
    words = ("an enemy", "somebody to beware of", "neither friend nor enemy", "a friend", "a close friend")
    return words[min(int((attitude + 1) * len(words) / 2), len(words) - 1)]
