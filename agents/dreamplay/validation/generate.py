"""The editor: cleans a candidate, judges it, and asks again for one that cannot stand. It never writes one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dreamplay.models.base import Reply
from dreamplay.schema.event import RejectedCandidate, Usage
from dreamplay.validation import checks, normalize
from dreamplay.validation.checks import LineChecker
from dreamplay.validation.ngrams import grams

STRAYS = 0.25
"""Share of the cue's words below which a small model has left it: 5 of 96 lines had, and none of them was good."""

_RETOLD = 0.5
"""Share of a dream's or an ending's word 3-grams that may have been told before: the same fears come back in it."""

_KEPT = 2000
"""Characters of a refused reply that are recorded."""
THOUGHT_ONLY = "nothing but thought"
"""Why a reply in which a model only thinks is none."""

OUTDONE = "another was better"
"""Why a candidate that could have stood is not the line."""


class CandidateRejectedError(Exception):
    """A candidate that cannot stand; `spare` is its clean text if it may, should nothing better come."""

    def __init__(self, refusal: RejectedCandidate, advice: str, spare: str | None = None) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
        self.advice = advice
        self.spare = spare


@dataclass(frozen=True)
class Generation:
    """What came of asking: a text that stands, or None, with all that was refused on the way and what it cost."""

    text: str | None
    number: int
    """Of the try that brought the text, from 0; of the last one if none did."""
    refused: tuple[RejectedCandidate, ...]
    usage: Usage


async def ask(
    call: Callable[[int, str], Awaitable[Reply]],
    check: Callable[[Reply], str],
    *,
    tries: int,
    rolls: int = 1,
    merit: Callable[[str], float] = lambda text: 0.0,
) -> Generation:
    """Ask until an answer stands, telling the model what was wrong with the one before.

    Args:
        call: takes the number of the try, from 0, and what was wrong with the last one.
        check: returns the text that stands, or raises RefusedError.
        tries: calls at most; each may bring several candidates.
        rolls: of these, the ones in which nothing is said of what was wrong.
        merit: of the candidates of one call that can stand, the one with the most is kept, and in the end, where none
            could, of all those in spare.

    Raises:
        ModelError: the model gave up; that is not the editor's to mend.
    """
    refused: list[RejectedCandidate] = []
    usage, wrong = Usage(), ""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(tries),
        retry=retry_if_exception_type(CandidateRejectedError),
        retry_error_callback=lambda state: None,
    )

    text: str | None = None
    spares: dict[str, int] = {}
    number = 0
    async for attempt in retrying:
        with attempt:
            number = attempt.retry_state.attempt_number - 1
            reply = await call(number, wrong)
            usage += reply.usage
            standing: list[str] = []
            fault: CandidateRejectedError | None = None
            for candidate in (reply, *reply.others):
                try:
                    standing.append(check(_spoken(candidate)))
                except CandidateRejectedError as error:
                    refused.append(error.refusal)
                    if error.spare:
                        spares.setdefault(error.spare, number)
                    fault = fault or error
            if fault and not standing:
                wrong = fault.advice if number + 1 >= rolls else ""
                raise fault
            text = max(standing, key=merit)
            refused += [RejectedCandidate(text=other, reason=OUTDONE) for other in standing if other != text]
    if text is None and spares:
        text = max(spares, key=merit)
        number = spares[text]
    return Generation(text, number, tuple(refused), usage)


def _spoken(reply: Reply) -> Reply:
    """A reply in which something is said.

    Raises:
        RefusedError: the model has only thought.
    """
    if reply.thought and not reply.text.strip():
        raise CandidateRejectedError(RejectedCandidate(text="", reason=THOUGHT_ONLY), "The last answer was empty.")
    return reply


def judged(judge: LineChecker, reply: Reply) -> str:
    """The clean line, if it can stand.

    Raises:
        RefusedError: it cannot.
    """
    text = normalize.speech(reply.text, judge.speaker, judge.cast, strict=judge.strict, to=judge.to)
    if judge.strict:
        text = normalize.without_habit(text, judge.said, judge.cast)
    if fault := judge.fault(text, finished=reply.finished or normalize.ends(text)):
        raise CandidateRejectedError(RejectedCandidate(text=_raw(reply), reason=fault[0]), fault[1])
    if judge.calls_out(text):
        names = " and ".join(judge.hears or ())
        raise CandidateRejectedError(
            RejectedCandidate(text=text, reason="calls somebody who does not hear it"),
            f"Only {names} can hear {judge.speaker}.",
            text,
        )
    if judge.strict and checks.goes_round(text):
        raise CandidateRejectedError(
            RejectedCandidate(text=text, reason="goes round"), f"{judge.speaker} says it once.", text
        )
    if judge.strict and judge.follows(text) < STRAYS and not judge.remembers(text):
        raise CandidateRejectedError(
            RejectedCandidate(text=text, reason="leaves the cue"), f"{judge.speaker} speaks of this.", text
        )
    return text


def prose(reply: Reply, told: Sequence[str] = (), cast: Collection[str] = ()) -> str:
    """The narrator's clean paragraph, cut after its last whole sentence, before one of the cast speaks in it, and, if
    it is not to retell, before it goes round.
    One that mostly repeats what was told before is kept in spare: a story can do without a good dream sooner than
    without any.

    Raises:
        RefusedError: nothing is left, or the model talks of itself.
    """
    text = normalize.telling(reply.text, cast, again=not told)
    if fault := checks.of_telling(text, told):
        raise CandidateRejectedError(RejectedCandidate(text=_raw(reply), reason=fault[0]), fault[1])
    mine = grams(text)
    if mine and len(mine & set[tuple[str, ...]]().union(*map(grams, told))) / len(mine) > _RETOLD:
        refusal = RejectedCandidate(text=_raw(reply), reason="copies what was told")
        raise CandidateRejectedError(refusal, "Tell what nobody has told yet.", text)
    return text


def _raw(reply: Reply) -> str:
    """A refused reply as it came, in one line, and no more of it than anybody would read."""
    return " ".join(reply.text.split())[:_KEPT]
