"""Generating: ask a model, check what it answers, and ask again. Nothing here ever writes an answer itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dreamplay.models.base import Reply
from dreamplay.schema.provenance import RejectedCandidate, Usage

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
    enough: float | None = None,
    shown: Callable[[T, Reply], str] = lambda value, reply: reply.text,
) -> Generation[T]:
    """Ask a model until an answer passes its check, telling it each time what was wrong with the answer before.

    Args:
        ask: calls the model with the number of the attempt, from 0, and the advice on the last answer; empty: none.
        check: returns the value of an answer that can be used, or raises CandidateRejectedError.
        attempts: calls at most, at least 1; each may bring several candidates.
        blind: calls after the first in which the model is not told what was wrong. An engine that still holds the
            prompt then reads next to nothing.
        merit: of the candidates that passed, the one with the highest merit is used; if none passed in any call, the
            fallback with the highest merit.
        enough: merit below which the best candidate of the first call waits for those of the second. None: it is used.
        shown: what is recorded of a value that passed and was not used, if it is no text itself.

    Raises:
        ModelError: the model gave up. Asking again is then not for this function to do.
    """
    refused: list[RejectedCandidate] = []
    passed: list[tuple[T, str, int]] = []
    fallbacks: list[tuple[T, int]] = []
    usage, advice = Usage(), ""
    for number in range(attempts):
        reply = await ask(number, advice if number > blind else "")
        usage += reply.usage
        advices: list[str] = []
        for candidate in (reply, *reply.alternatives):
            try:
                value = check(_spoken(candidate))
            except CandidateRejectedError as error:
                advices.append(error.advice)
                refused.append(error.refusal)
                if error.fallback is not None:
                    fallbacks.append((error.fallback, number))
            else:
                passed.append((value, value if isinstance(value, str) else shown(value, candidate), number))
        if passed:
            best, text, made = passed[0] if len(passed) == 1 else max(passed, key=lambda each: merit(each[0]))
            if enough is not None and number == 0 and attempts > 1 and merit(best) < enough:
                continue
            refused += [RejectedCandidate(text=other, reason=OUTDONE) for _, other, _ in passed if other != text]
            return Generation(best, made, tuple(refused), usage)
        advice = advices[0]
    if fallbacks:
        value, number = fallbacks[0] if len(fallbacks) == 1 else max(fallbacks, key=lambda each: merit(each[0]))
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
