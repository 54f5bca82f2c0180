"""Answers: what a model decides or thinks, sent as JSON, and why one cannot stand, or should wait for a better one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from dreamplay.models.base import Reply
from dreamplay.prompting.builder import MARKS
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.schema.scene import Outcome
from dreamplay.validation import json_reader, normalize
from dreamplay.validation.check import Candidate, CheckContext
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.json_reader import Scale, folded
from dreamplay.validation.pipeline import Pipeline

_LONGEST = 600
"""Characters of a reason or a thought; a longer one ends with the last sentence that ends within them."""
_NUMBERED = re.compile(r"\W*\d{1,2}[.)] ")


T = TypeVar("T")


ReplyText = Annotated[str, StringConstraints(min_length=10)]


class StanceReply(BaseModel):
    """A decision at the crossroads, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    reason: ReplyText
    choice: str


class ReflectionReply(BaseModel):
    """What somebody thinks at the end of a scene, and how they mark each of the others, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    thought: ReplyText
    marks: dict[str, Annotated[int, Scale(-MARKS, MARKS)]]
    """By name."""


def stance(reply: Reply, choices: Mapping[str, str], pipeline: Pipeline, context: CheckContext) -> StanceReply:
    """A valid stance, its choice by id. The model answers with the choice's words, which say more to it.

    Args:
        reply: as it came.
        choices: their words by their ids.
        pipeline: checks the reason.
        context: who decides.

    Raises:
        CandidateRejectedError: it is none, or waits for a better one.
    """
    taken = valid(reply, StanceReply.model_validate, ("reason", "choice"), what="stance")
    choice = _chosen(taken.choice, choices)
    if choice is None:
        reason = f"no such choice: {taken.choice[:80]!r}"
        raise _refused(reply, reason, "The last answer named none of the choices word for word.")
    taken = taken.model_copy(update={"reason": _shortened(taken.reason), "choice": choice})
    unchosen = [words for other, words in choices.items() if other != choice]
    about = replace(context, chosen=choices[choice], unchosen=unchosen)
    pipeline.require(Candidate(taken.reason), about, "stance", taken, raw=reply.text)
    return taken


def reflection(reply: Reply, names: Collection[str]) -> ReflectionReply:
    """A valid reflection, in which each of these is marked, and nobody else.

    Raises:
        CandidateRejectedError: it is none.
    """

    def make(answer: dict[str, Any]) -> ReflectionReply:
        # The model sends the marks beside the thought, one key a name: that is as short as it gets.
        marks = {name: answer[name] for name in names}
        return ReflectionReply.model_validate({"thought": answer["thought"], "marks": marks})

    thought = valid(reply, make, ("thought", *names), what="reflection")
    return thought.model_copy(update={"thought": _shortened(thought.thought)})


def outcome(reply: Reply, asked: Outcome) -> str | None:
    """The answer that a reply gives to the question of an outcome, by id; None if it says that it is open, or anything
    else."""
    try:
        answer = str(json_reader.read(reply.text, ("answer",))["answer"])
    except ValueError:
        return None
    return _chosen(answer, asked.answers)


def _chosen(answer: str, choices: Mapping[str, str]) -> str | None:
    """The id of the choice that an answer names, by its words or by its id."""
    named = {folded(choice): choice for choice in choices}
    named |= {folded(words): choice for choice, words in choices.items()}
    return named.get(folded(answer)) or named.get(folded(_NUMBERED.sub("", answer, count=1)))


def _shortened(text: str) -> str:
    """A text in one line, without what a limit cut off behind its last whole sentence. One without any stays as it is:
    it may only lack its end mark.
    """
    text = " ".join(text.split())
    return normalize.whole(text[:_LONGEST]) or text[:_LONGEST]


def valid(reply: Reply, make: Callable[[dict[str, Any]], T], wanted: Collection[str], *, what: str = "") -> T:
    """What is made of the JSON in a reply.

    Args:
        reply: as it came.
        make: makes the value from the wanted keys; it raises ValueError with one line that says what is wrong.
        wanted: the keys that the answer must have.
        what: how the record calls it: "stance".

    Raises:
        CandidateRejectedError: the reply is not such JSON, or nothing valid can be made of it.
    """
    try:
        return make(json_reader.read(reply.text, wanted))
    except ValidationError as error:
        fault = json_reader.fault(error)
    except ValueError as error:
        fault = str(error)
    reason = f"no valid {what}: {fault}" if what else fault
    raise _refused(reply, reason, f"The last answer was wrong ({fault}).")


def _refused(reply: Reply, reason: str, advice: str) -> CandidateRejectedError:
    return CandidateRejectedError(RejectedCandidate(text=reply.text.strip()[:500], reason=reason), advice)
