"""Answers: what a model decides or thinks, sent as JSON, and why one cannot stand, or should wait for a better one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from dreamplay.models.base import Reply
from dreamplay.prompting.builder import MARKS
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.validation import json_reader, normalize
from dreamplay.validation.checks import half_told, in_first_person, told_by_name
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.json_reader import Scale, folded
from dreamplay.validation.ngrams import grams
from dreamplay.validation.refusals import out_of_role

_QUOTED = 4
"""Words in a row by which a reason is known to speak of a choice."""
_LONGEST = 600
"""Characters of a reason or a thought; a longer one ends with the last sentence that ends within them."""
_NUMBERED = re.compile(r"\W*\d{1,2}[.)] ")
_NO = re.compile(r"\b(no|not|never|nobody|nothing|cannot|than|instead|against|\w+n\Wt)\b", re.IGNORECASE)


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


def stance(reply: Reply, choices: Mapping[str, str], name: str) -> StanceReply:
    """A valid stance, its choice by id. The model answers with the choice's words, which say more to it.

    Args:
        reply: as it came.
        choices: their words by their ids.
        name: of whose stance it is.

    Raises:
        CandidateRejectedError: it is none.
    """
    taken = valid(reply, StanceReply.model_validate, ("reason", "choice"), what="stance")
    choice = _chosen(taken.choice, choices)
    if choice is None:
        reason = f"no such choice: {taken.choice[:80]!r}"
        raise _refused(reply, reason, "The last answer named none of the choices word for word.")
    reason = _shortened(taken.reason)
    if fault := out_of_role(reason):
        raise _refused(reply, f"the reason {fault}", f"{name} is a person in this story and decides.")
    if told_by_name(reason, name):
        advice = f"The last reason was told about {name}; {name} says «I»."
        raise _refused(reply, "the reason is told by name", advice)
    return taken.model_copy(update={"reason": reason, "choice": choice})


def weak(taken: StanceReply, choices: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Why a valid stance waits for a better one, and what to tell the model."""
    if _contradicts(taken, choices):
        wrong = f"the reason is for another choice than {taken.choice!r}"
        return wrong, "The last reason spoke for another choice than the one that was made."
    if not normalize.ends(taken.reason) or "..." in taken.reason:
        return "the reason is left open", "The last reason was not a whole sentence."
    if not in_first_person(taken.reason, name):
        return "the reason is not in the first person", f"In the reason {name} says «I»."
    if half_told(taken.reason, name):
        return "half of the reason is told by name", f"The last reason spoke of {name}, who says «I»."
    return None


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


def _contradicts(taken: StanceReply, choices: Mapping[str, str]) -> bool:
    """Whether a reason speaks in the words of a choice that was not made, in none of the one that was, and does not say
    no to them.
    """
    said = grams(taken.reason, _QUOTED)
    quoted = {choice for choice, words in choices.items() if said & grams(words, _QUOTED)}
    return bool(quoted) and taken.choice not in quoted and not _NO.search(taken.reason)


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
