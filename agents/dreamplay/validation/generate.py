"""Generating: ask a model, check what it answers, and ask again. Nothing here ever writes an answer itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dreamplay.models.base import Reply
from dreamplay.schema.provenance import RejectedCandidate, Usage
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

T = TypeVar("T")

OUTDONE = "another was better"
"""Why a candidate that could have stood is not the line."""


class CandidateRejectedError(Exception):
    """A candidate that cannot be used, or, with a `fallback`, one that is used only if nothing better comes."""

    def __init__(self, refusal: RejectedCandidate, advice: str, fallback: Any = None) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
        self.advice = advice
        """What the model is told when it is asked again."""
        self.fallback = fallback
        """What a check would have returned; None if it may not be used at all."""


@dataclass(frozen=True)
class Generation(Generic[T]):
    """What came of asking: a value, or None, with every candidate that was rejected on the way and the cost."""

    value: T | None
    number: int
    """Of the attempt that brought the value, from 0; of the last one if none did."""
    refused: tuple[RejectedCandidate, ...]
    usage: Usage

    @property
    def last_reason(self) -> str:
        """Why the last candidate was rejected; empty if none was."""
        return self.refused[-1].reason if self.refused else ""


async def generate(
    ask: Callable[[int, str], Awaitable[Reply]],
    check: Callable[[Reply], T],
    *,
    attempts: int,
    blind: int = 0,
    merit: Callable[[T], float] = lambda value: 0.0,
) -> Generation[T]:
    """Ask a model until an answer passes its check, telling it each time what was wrong with the answer before.

    Args:
        ask: calls the model with the number of the attempt, from 0, and the advice on the last answer; empty: none.
        check: returns the value of an answer that can be used, or raises CandidateRejectedError.
        attempts: calls at most, at least 1; each may bring several candidates.
        blind: calls after the first in which the model is not told what was wrong. An engine that still holds the
            prompt then reads next to nothing.
        merit: of the candidates of one call that passed, the one with the highest merit is used; if none passed in
            any call, the fallback with the highest merit.

    Raises:
        ModelError: the model gave up. Asking again is then not for this function to do.
    """
    refused: list[RejectedCandidate] = []
    fallbacks: list[tuple[T, int]] = []
    usage, advice = Usage(), ""
    for number in range(attempts):
        reply = await ask(number, advice if number > blind else "")
        usage += reply.usage
        passed: list[tuple[T, str]] = []
        errors: list[CandidateRejectedError] = []
        for candidate in (reply, *reply.alternatives):
            try:
                value = check(_spoken(candidate))
            except CandidateRejectedError as error:
                errors.append(error)
                refused.append(error.refusal)
                if error.fallback is not None:
                    fallbacks.append((error.fallback, number))
            else:
                passed.append((value, value if isinstance(value, str) else candidate.text))
        if passed:
            best, text = max(passed, key=lambda each: merit(each[0]))
            refused += [RejectedCandidate(text=other, reason=OUTDONE) for _, other in passed if other != text]
            return Generation(best, number, tuple(refused), usage)
        advice = errors[0].advice
    if fallbacks:
        value, number = max(fallbacks, key=lambda each: merit(each[0]))
        return Generation(value, number, tuple(refused), usage)
    return Generation(None, attempts - 1, tuple(refused), usage)


def _spoken(reply: Reply) -> Reply:
    """A reply in which something is said.

    Raises:
        CandidateRejectedError: the model has only thought.
    """
    if reply.thought and not reply.text.strip():
        raise CandidateRejectedError(RejectedCandidate(text="", reason=THOUGHT_ONLY), "The last answer was empty.")
    return reply


def judged(judge: LineChecker, reply: Reply) -> str:
    """The clean line, if it can stand.

    Raises:
        CandidateRejectedError: it cannot.
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
        CandidateRejectedError: nothing is left, or the model talks of itself.
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
