"""The narrator. For a shared dream, the hidden fears and wishes of all dreamers go into one prompt, and one dream comes
back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile

from dreamplay.errors import ModelError
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.prompting import dream_parts
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.dream_parts import DreamFear, DreamPart
from dreamplay.prompting.summarization import SummaryRequest
from dreamplay.schema.event import DreamContribution, DreamEvent, NarrationEvent, StanceEvent, sanitize
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.schema.scene import Scene
from dreamplay.schema.view import View
from dreamplay.sentences import sentences
from dreamplay.validation import structured_output
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.checks import shown
from dreamplay.validation.generate import CandidateRejectedError, Generation, generate
from dreamplay.validation.ngrams import brought_up, grams, runs, words
from dreamplay.validation.pipeline import Pipeline

_TRIES = 4
_TRIES_A_PART = 2
_SPEECH = re.compile(r"""["“”«»]|(?<!\w)['\u2018](?=\w)""")
_SENTENCE = 4
"""Words below which a sentence of a dream has not been told."""
_SENTENCES = 2
"""Sentences at most in which a fear is told."""


@dataclass(frozen=True)
class Narrator:
    """Tells what no character says: dreams, summaries and endings."""

    desk: PromptBuilder
    model: Model
    seed: int
    pipeline: Pipeline = field(default_factory=Pipeline)

    async def dream(
        self, view: View, scene: Scene, given: str, on_token: OnToken
    ) -> tuple[str, tuple[DreamContribution, ...], Provenance]:
        """Make one dream from the fears and wishes of all dreamers present, and record what went into it. `view` is
        what all of them have witnessed, and `given` a fear that the visitor has named during the play.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        ledger = pool(self.desk, view.roles, given)
        if ledger and self.model.profile.dream_parts:
            text, made = await self._in_parts(view, scene, ledger, on_token)
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
        self, view: View, scene: Scene, ledger: Sequence[DreamContribution], on_token: OnToken
    ) -> tuple[str, Provenance]:
        """Make a dream a part at a time. A fear that a part leaves out begins the next one, unless the part began with
        it: of such a fear nothing can be told.
        """
        # A part that tells none of its fears waits for a better one.
        strict = {"shortest_telling": _SENTENCE, "dreamers_shown": 1 / dream_parts.AT_ONCE}
        pipeline = replace(self.pipeline, config=self.pipeline.config.model_copy(update=strict))
        earlier = [event.text for event in view.of_kind(DreamEvent)]
        told, takes = "", list[tuple[str, Generation[str]]]()
        part: DreamPart | None = self.desk.dream_place(view)
        asked = list[DreamFear]()
        left = self.desk.dream_fears(view, ledger)
        while part:
            write = partial(self.desk.dream_part, view, ledger, part, told)
            heard = Heard.of([told, *earlier])
            context = CheckContext(cast=self._names, heard=heard, dreamers=part.fears, opener=part.begun)
            question = "" if part.fears else write("").tail.splitlines()[-1]
            check = partial(_goes_on, pipeline=pipeline, context=context, told=told, asked=question)
            place, merit = (scene.id, "narrator", len(takes)), partial(_fear_or_place, fears=" ".join(part.fears))
            take = await self._ask(place, write, check, on_token, attempts=_TRIES_A_PART, merit=merit)
            takes.append((write("").digest, take))
            added = take.value or ""
            told = f"{told} {added}".strip()
            seen = shown(added.removeprefix(part.begun), part.fears, pipeline.config.shown_in_meaning)
            left = [fear for fear, is_told in list(zip(asked, seen, strict=True))[1:] if not is_told] + left
            asked, left = left[: dream_parts.AT_ONCE], left[dream_parts.AT_ONCE :]
            part = dream_parts.part(asked) if asked else None
        if len(words(told)) < self.pipeline.config.shortest_telling:
            raise self._nothing(scene.id, takes[-1][1])
        refused = tuple(refusal for _, take in takes for refusal in take.refused)
        seed = call_seed(self.seed, scene.id, "narrator", 0, takes[0][1].number)
        return told, Provenance(
            by="narrator",
            prompt=takes[0][0],
            seed=seed,
            refused=refused,
            usage=sum((take.usage for _, take in takes), Usage()),
        )

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
        stances = view.of_kind(StanceEvent)
        tally, ending = self.desk.tally(stances), self.desk.ending(stances)
        return await self._tell(
            (scene.id, "narrator"),
            lambda wrong: self.desk.epilogue(view, scene, tally, ending, wrong),
            [event.text for event in view.events],
            on_token,
            read=[*(event.text for event in view.of_kind(NarrationEvent)), tally, ending],
            merit=lambda text: (
                len(self.desk.cast.mentioned(text))
                + brought_up(text, " ".join(scene.material))
                - bool(_SPEECH.search(text))  # nobody speaks in it
            ),
        )

    async def outcome(self, view: View, scene: Scene, turns: int) -> tuple[str | None, Provenance]:
        """Ask once whether the outcome of a scene is decided by what all of those present have witnessed.

        Returns:
            The id of the answer, or None if it is still open, or if the model's answer is none of those asked for; and
            what the question cost.

        Raises:
            ModelError: the model gave up.
        """
        assert scene.outcome
        prompt = self.desk.outcome(view, scene.outcome)
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
        context = CheckContext(cast=self._names, heard=Heard.of(told), dreamers=dreamers, opener=first.prefill)
        check = partial(self.pipeline.telling, context=context, read=read)
        take = await self._ask(place, write, check, on_token, attempts=_TRIES, merit=merit)
        if take.value is None:
            raise self._nothing(place[0], take)
        seed = call_seed(self.seed, *place, take.number)
        made = Provenance(by="narrator", prompt=first.digest, seed=seed, refused=take.refused, usage=take.usage)
        return take.value, made

    async def _ask(
        self,
        place: tuple[object, ...],
        write: Callable[[str], Prompt],
        check: Callable[[Reply], str],
        on_token: OnToken,
        *,
        attempts: int,
        merit: Callable[[str], float],
    ) -> Generation[str]:
        first = write("")

        async def call(number: int, wrong: str) -> Reply:
            on_token("")
            seed = call_seed(self.seed, *place, number)
            return await self.model.complete(write(wrong) if wrong else first, seed=seed, on_token=on_token)

        return await generate(call, check, attempts=attempts, blind=self.model.profile.blind_retries, merit=merit)

    def _nothing(self, scene: object, take: Generation[str]) -> ModelError:
        return ModelError(
            f"the narrator told nothing that can stand in scene {scene} ({take.last_reason}); "
            "try another `seed` or `model`"
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for role in self.desk.cast.roles for name in self.desk.cast.names(role))


def _fear_or_place(text: str, *, fears: str) -> float:
    """The merit of a part of a dream: how much of its fears it tells, and of a place how few words it takes: with more,
    it tells what is to come.
    """
    return brought_up(text, fears) if fears else -float(len(words(text)))


def _goes_on(reply: Reply, *, pipeline: Pipeline, context: CheckContext, told: str, asked: str) -> str:
    """What a reply adds to what was `told`, as far as nobody speaks in it, and not in the words in which it was `asked`
    for: a sentence for the place, and two for each fear.

    Raises:
        CandidateRejectedError: it cannot be used, or waits for a better one.
    """
    added = sentences(reply.text.removeprefix(told), capital=True)[: _SENTENCES * len(context.dreamers) or 1]
    silent = list(takewhile(lambda sentence: not _SPEECH.search(sentence), added))
    if added and not silent:
        refusal = RejectedCandidate(text=added[0].strip(), reason="somebody speaks in it")
        raise CandidateRejectedError(refusal, "Nobody speaks.")
    text = pipeline.telling(replace(reply, text=" ".join(silent)), context)
    if grams(text) & grams(asked):
        refusal = RejectedCandidate(text=text, reason="in the words of what was asked")
        raise CandidateRejectedError(refusal, "Say it in your own words.", text)
    return text


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
