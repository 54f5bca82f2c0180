"""The shared dream: the dreamers' hidden fears and wishes go into ONE prompt, and one dream comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from dreamplay.errors import ModelError
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.summarization import SummaryRequest
from dreamplay.schema.event import DreamContribution, DreamEvent, NarrationEvent, StanceEvent, sanitize
from dreamplay.schema.provenance import Provenance, RejectedCandidate
from dreamplay.schema.story import VISITOR, Scene
from dreamplay.schema.view import View
from dreamplay.validation import normalize
from dreamplay.validation.checks import SHORTEST, brought_up
from dreamplay.validation.generate import CandidateRejectedError, generate, prose
from dreamplay.validation.ngrams import runs, words

_TRIES = 4
_DREAMERS = 0.5
"""Share of the dreamers whom a dream has to show."""
_LISTED = 3
"""Words of fearing, wishing and dreaming that something is, from which on a dream has become the list that it was told
from."""
_EXPLAINED = re.compile(r"\b(fears?|afraid|wish(es)?|hidden|dreams? (is|that|shows))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Narrator:
    """Tells what no character says: the dreams, what has happened so far, and how the story ends."""

    desk: PromptBuilder
    model: Model
    seed: int

    async def dream(
        self, view: View, scene: Scene, given: str, on_token: OnToken
    ) -> tuple[str, tuple[DreamContribution, ...], Provenance]:
        """Dream the pooled fears and wishes of all dreamers present, and keep the ledger of what went in. `view` is
        their common ground, and `given` a fear that the visitor has given in the course of the play.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        ledger = pool(self.desk, view.roles, given)
        again = bool(view.of_kind(DreamEvent))
        first = self.desk.dream(view, ledger, again=again)
        text, made = await self._tell(
            (scene.id, "narrator"),
            lambda wrong: self.desk.dream(view, ledger, again=again, wrong=wrong) if wrong else first,
            [event.text for event in view.events],
            on_token,
            read=[event.text for event in view.of_kind(NarrationEvent)],
            # A larger model may well show them all in words of its own, and speak of fear among other things. The
            # words that we begin with show nobody.
            lacks=lambda text: (
                lack(text.removeprefix(first.opener), ledger) if "strict" in self.model.profile.checks else None
            ),
            merit=lambda text: shown(text.removeprefix(first.opener), ledger) + variety(text),
        )
        return text, ledger, made

    async def recap(self, view: View, scene: Scene, retelling: SummaryRequest) -> tuple[str, Provenance]:
        """Retell what a circle has witnessed so far. Its words may be those of the script: they take their place.

        Raises:
            ModelError: the model gave up, or told nothing that can stand.
        """
        place = (scene.id, "recap", *sorted(retelling.circle), retelling.last)
        return await self._tell(place, lambda wrong: self.desk.recap(view, retelling, wrong), [], lambda text: None)

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
            merit=lambda text: len(self.desk.cast.mentioned(text)) + brought_up(text, " ".join(scene.material)),
        )

    async def _tell(
        self,
        place: tuple[object, ...],
        write: Callable[[str], Prompt],
        told: Sequence[str],
        on_token: OnToken,
        read: Sequence[str] = (),
        lacks: Callable[[str], tuple[str, str] | None] = lambda _: None,
        merit: Callable[[str], float] = lambda _: 0.0,
    ) -> tuple[str, Provenance]:
        """Ask until a text stands. `place` begins with the scene and gives each call its seed; `told` is what the
        text may not copy, and `read` what it may not end with; one that `lacks` something, said as a reason and what to
        tell the model, waits for a better one.
        """
        first = write("")

        async def call(number: int, wrong: str) -> Reply:
            on_token("")
            seed = call_seed(self.seed, *place, number)
            return await self.model.complete(write(wrong) if wrong else first, seed=seed, on_token=on_token)

        names = [name for role in self.desk.cast.roles for name in self.desk.cast.names(role)]

        def check(reply: Reply) -> str:
            text = normalize.without_coda(prose(reply, told, names), read, SHORTEST)
            if fault := lacks(text):
                raise CandidateRejectedError(RejectedCandidate(text=text, reason=fault[0]), fault[1], text)
            return text

        take = await generate(call, check, attempts=_TRIES, blind=self.model.profile.blind_retries, merit=merit)
        if take.value is None:
            raise ModelError(
                f"the narrator told nothing that can stand in scene {place[0]} ({take.last_reason}); "
                "try another `seed` or `model`"
            )
        seed = call_seed(self.seed, *place, take.number)
        made = Provenance(by="narrator", prompt=first.digest, seed=seed, refused=take.refused, usage=take.usage)
        return take.value, made


def shown(text: str, ledger: Sequence[DreamContribution]) -> float:
    """How much of the pool a dream shows: the share of the dreamers of whose sheet two content words come up that stand
    in nobody else's.
    """
    told = set(words(text))
    sheets = [{word for word in words(f"{e.fear} {e.wish}") if len(word) > 4} for e in ledger]
    own = [sheet.difference(*(other for other in sheets if other is not sheet)) for sheet in sheets]
    return sum(len(sheet & told) >= min(2, len(sheet)) for sheet in own) / max(len(own), 1)


def lack(text: str, ledger: Sequence[DreamContribution]) -> tuple[str, str] | None:
    """Why a dream, though it could stand, should give way to a better one, and what to tell the model."""
    if shown(text, ledger) < _DREAMERS:
        return "leaves most of them out", "Each of them is in it."
    if len(_EXPLAINED.findall(text)) >= _LISTED:
        return "lists the fears", "Tell what is seen there; nobody says what it means."
    return None


def variety(text: str) -> float:
    """The share of a dream's runs of three words that it does not repeat, less something for each time it speaks of
    fears and wishes in place of showing them.
    """
    said = runs(text)
    return len(set(said)) / max(len(said), 1) - 0.2 * min(_LISTED, len(_EXPLAINED.findall(text)))


def pool(desk: PromptBuilder, here: Collection[str], given: str = "") -> tuple[DreamContribution, ...]:
    """The hidden fears and wishes of the dreamers present who have any, in the order of the cast. A fear that the
    visitor has given in the course of the play stands for her sheet, and first: of what a small model is given, that is
    the most sure to be seen.
    """
    pooled = [
        DreamContribution(role=role, fear=desk.cast.fill(p.private.fear), wish=desk.cast.fill(p.private.wish))
        for role, p in desk.cast.personas.items()
        if role in here and p.private and not (given and role == VISITOR)
    ]
    hers = [DreamContribution(role=VISITOR, fear=sanitize(given), wish="")] if given and VISITOR in here else []
    return (*hers, *pooled)
