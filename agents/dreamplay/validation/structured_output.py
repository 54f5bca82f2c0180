"""Answers: what a model decides or thinks, sent as JSON, and why one cannot stand, or should wait for a better one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dreamplay.models.base import Reply
from dreamplay.prompting.reflection import MARKS
from dreamplay.schema.event import sanitize
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.schema.scene import Outcome
from dreamplay.sentences import sentences
from dreamplay.validation import endings, json_reader
from dreamplay.validation.check import Candidate, CheckContext
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.json_reader import Scale, folded
from dreamplay.validation.ngrams import words
from dreamplay.validation.pipeline import Pipeline

_LONGEST = 600
"""Characters of a reason or a thought; a longer one ends with the last sentence that ends within them."""
_LONGEST_WORDS = 200
"""The same for a reason, a want or a promise in a few words."""
_SAYS = 5
"""Words of a sentence that says something."""
_MARK = re.compile(r"[<\[]\s*/?\s*private\b[^>\]]{0,20}[>\]]?", re.IGNORECASE)
"""The mark of a thought, which is asked for before a line and nowhere else."""
_NUMBERED = re.compile(r"\W*\d{1,2}[.)] ")


T = TypeVar("T")


def _unmarked(text: str) -> str:
    if hit := _MARK.search(text):
        raise ValueError(f"{hit[0]} is no part of it")
    return text


ReplyText = Annotated[str, StringConstraints(min_length=10), AfterValidator(_unmarked)]


class StanceReply(BaseModel):
    """A decision at the crossroads, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    reason: ReplyText
    choice: str


class ReflectionReply(BaseModel):
    """What somebody thinks at the end of a scene, as it is taken from the model's answer. Others are named by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    thought: ReplyText
    marks: dict[str, Annotated[int, Scale(-MARKS, MARKS)]]
    """How each of the others is marked."""
    why: dict[str, str] = Field(default_factory=dict)
    """Why, in a few words."""
    wants: str = ""
    """What they now want."""
    promised: dict[str, str] = Field(default_factory=dict)
    """What they promised, by whom they promised it to."""
    was_promised: dict[str, str] = Field(default_factory=dict)
    """What they were promised, by who promised it."""


class _Regard(BaseModel):
    mark: Annotated[int, Scale(-MARKS, MARKS)]
    why: Annotated[str, StringConstraints(strip_whitespace=True)]


class _Promise(BaseModel):
    by: str
    to: str
    what: Annotated[str, StringConstraints(strip_whitespace=True)]


class _DetailedReply(BaseModel):
    """A reflection as a large model sends it."""

    thought: ReplyText
    others: dict[str, _Regard]
    wants: Annotated[str, StringConstraints(strip_whitespace=True)]
    promises: list[_Promise]


def stance(reply: Reply, choices: Mapping[str, str], pipeline: Pipeline, context: CheckContext) -> StanceReply:
    """A valid stance, its choice by id. The model answers with the choice's words, which say more to it. Of the reason
    its first sentence counts, as was asked for: a small model goes on with the rest of the sheet.

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
    taken = taken.model_copy(update={"reason": _first(_shortened(taken.reason)), "choice": choice})
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


def detailed_reflection(reply: Reply, me: str, names: Collection[str]) -> ReflectionReply:
    """The same with reasons, what they now want, and the promises that they made or were made. A promise between two
    others is left out: it is theirs to remember.

    Args:
        reply: as it came.
        me: the name of whoever reflects.
        names: those of the others.

    Raises:
        CandidateRejectedError: it is none.
    """
    known = {folded(name): name for name in (me, *names)}

    def named(words: str) -> str:
        if folded(words) not in known:
            raise ValueError(f"nobody in this scene is called {words[:40]!r}")
        return known[folded(words)]

    def make(answer: dict[str, Any]) -> ReflectionReply:
        sent = _DetailedReply.model_validate(answer)
        regards = {named(name): regard for name, regard in sent.others.items()}
        regards.pop(me, None)
        if left := [name for name in names if name not in regards]:
            raise ValueError(f"others lacks {', '.join(left)}")
        promises = [(named(each.by), named(each.to), _few_words(each.what)) for each in sent.promises]
        return ReflectionReply(
            thought=_shortened(sent.thought),
            marks={name: regards[name].mark for name in names},
            why={name: why for name in names if (why := _few_words(regards[name].why))},
            wants=_few_words(sent.wants),
            promised={to: what for by, to, what in promises if by == me != to and what},
            was_promised={by: what for by, to, what in promises if to == me != by and what},
        )

    return valid(reply, make, ("thought", "others", "wants", "promises"), what="reflection")


def _few_words(text: str) -> str:
    """A text that goes into later prompts: one line, no brackets, and no longer than it may be."""
    return _shortened(sanitize(text), _LONGEST_WORDS)


def _chosen(answer: str, choices: Mapping[str, str]) -> str | None:
    """The id of the choice that an answer names, by its words or by its id."""
    named = {folded(choice): choice for choice in choices}
    named |= {folded(words): choice for choice, words in choices.items()}
    return named.get(folded(answer)) or named.get(folded(_NUMBERED.sub("", answer, count=1)))


def _first(text: str) -> str:
    """The first sentence of a text, unless it says next to nothing ("Yes.")."""
    first = sentences(text)[0].strip()
    return first if len(words(first)) >= _SAYS else text


def _shortened(text: str, limit: int = _LONGEST) -> str:
    """A text in one line, without what a limit cut off behind its last whole sentence. One without any stays as it is:
    it may only lack its end mark.
    """
    text = " ".join(text.split())
    return endings.whole(text[:limit]) or text[:limit]


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
