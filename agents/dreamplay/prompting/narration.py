"""The prompts of the narrator: dreams, what came of a scene, summaries and the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dreamplay.models.prompt import Prompt
from dreamplay.models.tokens import tokens
from dreamplay.prompting import dream_parts, ending_parts, summarization
from dreamplay.prompting.context_window import RESERVE
from dreamplay.prompting.dream_parts import DreamPart
from dreamplay.prompting.ending_parts import EndingPart
from dreamplay.prompting.layout import PromptLayout
from dreamplay.prompting.summarization import Circle, SummaryRequest
from dreamplay.schema.event import DreamContribution, DreamEvent, OutcomeEvent, StanceEvent
from dreamplay.schema.scene import Outcome, Scene
from dreamplay.schema.story import Choice
from dreamplay.schema.view import View

UNDECIDED = "still open"
"""What a model answers as long as nothing has decided an outcome. No id of an answer has a blank in it."""
_LINE = 40
"""Tokens that a turn adds to the script, with its share of what is narrated; most lines take about 25."""
_PART = 50
"""Tokens of a part of a dream or an ending."""
_TOLD = 300
"""Tokens that a dream, or stances and an ending, add to the script."""


@dataclass(frozen=True)
class NarratorPrompts(PromptLayout):
    """Writes what the narrator is asked, and what is told of stances without asking anybody."""

    def dream(self, view: View, pooled: Sequence[DreamContribution], *, again: bool, wrong: str = "") -> Prompt:
        """Pool the dreamers' hidden fears and wishes into one prompt. Ledger and prompt hold the same entries; of
        whom nothing hidden is known, the prompt says that.
        """
        dreamers = self._dreamers(view)
        known = {entry.role for entry in pooled}
        unknown = [self.cast.name(role) for role in dreamers if role not in known]
        tail = self._render(
            "dream.jinja", pooled=pooled, unknown=unknown, again=again, cast=self.cast.personas, wrong=wrong
        )
        # After "are in", models go on with "a dream" and say whose image is whose; after "stand in" they name a place.
        prefill = f"{self.cast.listed(dreamers)} stand in"
        return self._prompt("dream", view, tail, max_tokens=140, prefill=prefill, penalize_repetition=True)

    def dream_parts(
        self,
        view: View,
        pooled: Sequence[DreamContribution],
        dreamt: Mapping[str, Sequence[DreamEvent]] | None,
        to_come: Collection[str],
    ) -> tuple[DreamPart, ...]:
        """A dream in parts: see `dream_part`. `dreamt` is what each role has dreamt before, and in `to_come` are those
        who will dream again.
        """
        roles = self._dreamers(view)
        dreamers, listed = {role: self.cast.name(role) for role in roles}, self.cast.listed(roles)
        return dream_parts.parts(pooled, dreamers, listed, self._language, dreamt=dreamt, to_come=to_come)

    def dream_part(
        self, view: View, pooled: Sequence[DreamContribution], part: DreamPart, told: str, wrong: str = ""
    ) -> Prompt:
        """Ask for the next sentences of a dream that is told in parts. The first one is asked for with everything that
        was pooled.

        Args:
            view: what all dreamers have witnessed.
            pooled: the hidden fears and wishes of all of them.
            part: what they tell.
            told: the sentences before them.
            wrong: what was wrong with the try before.
        """
        again = bool(view.of_kind(DreamEvent))
        tail = self._render(
            "dream_part.jinja", pooled=pooled, part=part, again=again, cast=self.cast.personas, wrong=wrong
        )
        prefill = f"{told} {part.begun}".strip()
        # A small model tells of the place that stands in the script already. A fear it must be free to say again: kept
        # from the words of its note, it mixes up who is who.
        fresh = again and not part.fear
        return self._prompt("dream", view, tail, max_tokens=_PART, prefill=prefill, penalize_repetition=fresh)

    def _dreamers(self, view: View) -> list[str]:
        return [role for role in self.cast.roles if role in view.roles]

    def outcome(self, view: View, outcome: Outcome, *, last: bool) -> Prompt:
        """Ask the narrator what came of a scene, as JSON: one of the answers, or, unless this is its end (`last`), that
        it is still open."""
        otherwise = outcome.otherwise if last else UNDECIDED
        tail = self._render(
            "outcome.jinja", question=outcome.question, answers=outcome.answers, otherwise=otherwise, last=last
        )
        answer = {"type": "string", "enum": [*dict.fromkeys([*outcome.answers, otherwise])]}
        schema = {
            "type": "object",
            "properties": {"answer": answer},
            "required": ["answer"],
            "additionalProperties": False,
        }
        return self._prompt("outcome", view, tail, max_tokens=20, json_schema=schema)

    def epilogue(self, view: View, scene: Scene, tally: str, ending: str, wrong: str = "") -> Prompt:
        """Ask the narrator for the end, told from the stances that were taken. A small model, which is told the last
        beat again with stances and opening in it, gets a thing for each: what else is named here it mixes up.
        """
        short, things = self.profile.epilogue_scope == "last_beat", scene.material[: len(view.roles)]
        names = [self.cast.name(role) for role in view.roles] if short and things else []
        tail = self._render(
            "epilogue.jinja",
            short=short,
            given=list(zip_longest(names, things[: len(names)])),
            opening=scene.opening,
            things=scene.material,
            last=self._seen_last(view, scene) if short else self._won_picture(view),
            tally=tally,
            ending=ending,
            outcomes=[event.text for event in view.of_kind(OutcomeEvent)],
            names=self.cast.listed(view.roles),
            wrong=wrong,
        )
        told = self._scoped(view.summarized, self.profile.epilogue_scope)
        # Begun so, it goes on in the simple present, and with things that are done.
        prefill = f"{self.cast.name(view.roles[0])} gets up and"
        return self._fitted("epilogue", told, tail, max_tokens=130, prefill=prefill, penalize_repetition=True)

    def ending_parts(self, view: View, scene: Scene) -> tuple[EndingPart, ...]:
        """An ending in parts: see `ending_part`."""
        names, things = [self.cast.name(role) for role in view.roles], scene.material[: len(view.roles)]
        return ending_parts.parts(
            names, list(map(self.cast.fill, things)), self.cast.fill(self._seen_last(view, scene)), self._language
        )

    def ending_part(self, view: View, scene: Scene, part: EndingPart, wrong: str = "") -> Prompt:
        """Ask for a sentence of an ending that is told in parts. A small model is told nothing but how the scene
        begins and who chose what: what else has happened, and what others do, it puts into these hands as well.
        """
        shown = [event for event in view.summarized if event.scene == scene.id]
        tail = self._render("epilogue_part.jinja", part=part, wrong=wrong)
        return self._fitted("epilogue", shown, tail, max_tokens=_PART, prefill=part.begun)

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
        winners = self._winners(stances)
        if len(winners) == 1:
            return self.cast.fill(winners[0].ending)
        return self.cast.fill(self.story.tie or " ".join(choice.ending for choice in winners))

    def _winners(self, stances: Sequence[StanceEvent]) -> list[Choice]:
        """The choices that most took."""
        votes = {choice: sum(s.choice == choice.id for s in stances) for choice in self.story.choices}
        return [choice for choice, count in votes.items() if count == max(votes.values())]

    def _seen_last(self, view: View, scene: Scene) -> str:
        """What is seen last. Asked for what can be seen in the end, a small model invents somebody, so it is given."""
        more = len(scene.material) > len(view.roles)
        return self._won_picture(view) or (self._of_those_here(scene.material[-1], view) if more else "")

    def _won_picture(self, view: View) -> str:
        """What is seen last if what most have chosen has a picture of its own."""
        stances = view.of_kind(StanceEvent)
        winners = self._winners(stances) if stances else []
        return self._of_those_here(winners[0].seen_last or "", view) if len(winners) == 1 else ""

    def _of_those_here(self, picture: str, view: View) -> str:
        """A picture, or nothing if it names somebody who is not there."""
        return picture if set(self.cast.mentioned(self.cast.fill(picture))) <= set(view.roles) else ""
