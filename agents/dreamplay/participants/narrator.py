"""The narrator: tells dreams, summaries and endings, and says what came of a scene. A shared dream is made from the
hidden fears and wishes of all dreamers, in one prompt or a part at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from dreamplay.errors import ModelError
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.participants.in_parts import SPEECH, TRIES, DreamInParts, EndingInParts, InParts, P
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.summarization import SummaryRequest
from dreamplay.schema.event import DreamContribution, DreamEvent, NarrationEvent, StanceEvent, sanitize
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Scene
from dreamplay.schema.view import View
from dreamplay.validation import structured_output
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.checks import shown
from dreamplay.validation.generate import generate
from dreamplay.validation.ngrams import brought_up, length, runs
from dreamplay.validation.pipeline import Pipeline

_TRIES = 4


@dataclass(frozen=True)
class Narrator:
    """Tells what no character says."""

    desk: PromptBuilder
    model: Model
    seed: int
    pipeline: Pipeline = field(default_factory=Pipeline)

    async def dream(
        self,
        view: View,
        scene: Scene,
        given: str,
        on_token: OnToken,
        dreamt: Mapping[str, Sequence[DreamEvent]] | None = None,
        to_come: Collection[str] = (),
    ) -> tuple[str, tuple[DreamContribution, ...], Provenance]:
        """Make one dream from the fears and wishes of all dreamers present, and record what went into it.

        Args:
            view: what all of them have witnessed.
            scene: where they dream it.
            given: a fear that the visitor has named during the play.
            on_token: is told what the model says.
            dreamt: the dreams that each of them has dreamt before, by role, though not all of them together.
            to_come: the roles of those who will dream again.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        ledger = pool(self.desk, view.roles, given)
        if ledger and self.model.profile.dream_parts:
            earlier = [event.text for event in view.of_kind(DreamEvent)]
            dream = DreamInParts(self.desk.dream_parts(view, ledger, dreamt, to_come), self.pipeline, earlier=earlier)
            write, least = partial(self.desk.dream_part, view, ledger), self.pipeline.config.shortest_telling
            text, made = await self._in_parts(scene, dream, write, on_token, least)
            return text, ledger, made
        again = bool(view.of_kind(DreamEvent))
        first = self.desk.dream(view, ledger, again=again)
        hidden = [f"{entry.fear} {entry.wish}" for entry in ledger]
        close = self.pipeline.config.shown_in_meaning
        text, made = await self._tell(
            (scene.id, "narrator"),
            lambda wrong: self.desk.dream(view, ledger, again=again, wrong=wrong) if wrong else first,
            [event.text for event in view.events],
            on_token,
            read=[event.text for event in view.of_kind(NarrationEvent)],
            dreamers=hidden,
            merit=lambda text: (
                sum(shown(text.removeprefix(first.prefill), hidden, close)) / max(len(hidden), 1)
                + variety(text, self.pipeline)
            ),
        )
        return text, ledger, made

    async def _in_parts(
        self, scene: Scene, telling: InParts[P], write: Callable[[P, str, str], Prompt], on_token: OnToken, least: int
    ) -> tuple[str, Provenance]:
        """Tell something of at least so many words a part at a time."""
        while part := telling.part:
            if telling.given:
                telling = telling.after(telling.given)
                continue
            ask = partial(write, part, telling.told)
            check = partial(telling.check, prompt=ask(""), context=telling.context(self.desk.cast.all_names))
            place = (scene.id, "narrator", len(telling.made))
            text, made = await self._ask(
                place, ask, check, on_token, attempts=TRIES, merit=telling.merit, enough=telling.enough
            )
            telling = telling.after(text or "", made)
        if length(telling.told) < least:
            raise self._nothing(scene.id, telling.made[-1])
        return telling.told, telling.provenance

    async def recap(self, view: View, scene: Scene, retelling: SummaryRequest) -> tuple[str, Provenance]:
        """Summarize what a group of roles has witnessed so far. The summary may use the words of the script, which it
        replaces.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        place = (scene.id, "recap", *sorted(retelling.circle), retelling.last)
        # It is cut before it goes round, and says more in its words than a minute or a dream.
        narrator = replace(self, pipeline=self.pipeline.without(["goes_round"]))
        return await narrator._tell(place, lambda wrong: self.desk.recap(view, retelling, wrong), [], lambda text: None)

    async def epilogue(self, view: View, scene: Scene, on_token: OnToken) -> tuple[str, Provenance]:
        """Tell the end from the stances that those present took.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        if self.model.profile.epilogue_parts:
            parts, cast = self.desk.ending_parts(view, scene), self.desk.cast
            ending = EndingInParts(parts, self.pipeline, cast=cast, here=view.roles)
            return await self._in_parts(
                scene, ending, lambda part, _, wrong: self.desk.ending_part(view, scene, part, wrong), on_token, least=1
            )
        stances = view.of_kind(StanceEvent)
        tally, outcome = self.desk.tally(stances), self.desk.ending(stances)
        return await self._tell(
            (scene.id, "narrator"),
            lambda wrong: self.desk.epilogue(view, scene, tally, outcome, wrong),
            [event.text for event in view.events],
            on_token,
            read=[*(event.text for event in view.of_kind(NarrationEvent)), tally, outcome],
            merit=lambda text: (
                len(self.desk.cast.mentioned(text))
                + brought_up(text, " ".join(scene.material))
                - bool(SPEECH.search(text))  # nobody speaks in it
            ),
        )

    async def outcome(self, view: View, scene: Scene, turns: int, *, last: bool) -> tuple[str | None, Provenance]:
        """Ask once whether the outcome of a scene is decided by what all of those present have witnessed; if this is
        its end (`last`), which answer comes nearest to it.

        Returns:
            The id of the answer, or None if it is still open, or if the model's answer is none of those asked for; and
            what the question cost.

        Raises:
            ModelError: the model gave up.
        """
        assert scene.outcome
        prompt = self.desk.outcome(view, scene.outcome, last=last)
        seed = call_seed(self.seed, scene.id, "outcome", turns)
        reply = await self.model.complete(prompt, seed=seed)
        answer = structured_output.outcome(reply, scene.outcome)
        return answer, Provenance(by="narrator", prompt=prompt.digest, seed=seed, usage=reply.usage)

    async def _tell(
        self,
        place: tuple[object, ...],
        write: Callable[[str], Prompt],
        told: Sequence[str],
        on_token: OnToken,
        read: Sequence[str] = (),
        dreamers: Sequence[str] = (),
        merit: Callable[[str], float] = lambda _: 0.0,
    ) -> tuple[str, Provenance]:
        """Ask until a text passes the checks. `place` begins with the scene and gives each call its seed. `told` is
        what the text must not copy, `read` what it must not end with, and `dreamers` the hidden texts of each dreamer.
        """
        first = write("")
        context = CheckContext(
            cast=self.desk.cast.all_names, heard=Heard.of(told), dreamers=dreamers, opener=first.prefill
        )
        check = partial(self.pipeline.telling, context=context, read=read)
        text, made = await self._ask(place, write, check, on_token, attempts=_TRIES, merit=merit)
        if text is None:
            raise self._nothing(place[0], made)
        return text, made

    async def _ask(
        self,
        place: tuple[object, ...],
        write: Callable[[str], Prompt],
        check: Callable[[Reply], str],
        on_token: OnToken,
        *,
        attempts: int,
        merit: Callable[[str], float],
        enough: float | None = None,
    ) -> tuple[str | None, Provenance]:
        """What passes the check, or waited for something better; None if nothing can be used."""
        first = write("")

        async def call(number: int, wrong: str) -> Reply:
            on_token("")
            seed = call_seed(self.seed, *place, number)
            return await self.model.complete(write(wrong) if wrong else first, seed=seed, on_token=on_token)

        blind = self.model.profile.blind_retries
        take = await generate(call, check, attempts=attempts, blind=blind, merit=merit, enough=enough)
        seed = call_seed(self.seed, *place, take.number)
        made = Provenance(by="narrator", prompt=first.digest, seed=seed, refused=take.refused, usage=take.usage)
        return take.value, made

    def _nothing(self, scene: object, made: Provenance) -> ModelError:
        why = made.refused[-1].reason if made.refused else ""
        return ModelError(
            f"the narrator told nothing that can stand in scene {scene} ({why}); try another `seed` or `model`"
        )


def variety(text: str, pipeline: Pipeline) -> float:
    """The share of a dream's 3-grams that occur once, minus a penalty for each explicit mention of fears and wishes."""
    said, explains = runs(text), pipeline.language.explains_dream.findall(text)
    return len(set(said)) / max(len(said), 1) - 0.2 * min(pipeline.config.explained, len(explains))


def pool(desk: PromptBuilder, here: Collection[str], given: str = "") -> tuple[DreamContribution, ...]:
    """The hidden fears and wishes of the dreamers present who have any, in the order of the cast. A fear that the
    visitor has named during the play replaces that of their sheet and comes first, where a small model is most likely
    to use it."""
    visitor = desk.cast.visitor
    pooled = [
        DreamContribution(role=role, fear=desk.cast.fill(p.private.fear), wish=desk.cast.fill(p.private.wish))
        for role, p in desk.cast.personas.items()
        if role in here and p.private and not (given and role == visitor)
    ]
    own = (
        [DreamContribution(role=visitor, fear=sanitize(given), wish="")]
        if given and visitor and visitor in here
        else []
    )
    return (*own, *pooled)
