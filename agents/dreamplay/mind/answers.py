"""Answers: what a model decides or thinks, sent as JSON, and why one cannot stand, or should wait for a better one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dreamplay.event import Refusal
from dreamplay.mind import cuts
from dreamplay.mind.editor import RefusedError
from dreamplay.mind.faults import half_told, in_first_person
from dreamplay.mind.grams import grams
from dreamplay.models.model import Reply
from dreamplay.prompting.desk import MARKS

_QUOTED = 4
"""Words in a row by which a reason is known to speak of a choice."""
_NO = re.compile(r"\b(no|not|never|nobody|nothing|cannot|than|instead|against|\w+n\Wt)\b", re.IGNORECASE)


_Answer = TypeVar("_Answer", bound=BaseModel)


class Stance(BaseModel):
    """A decision at the crossroads, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    reason: str = Field(min_length=10, max_length=600)
    choice: str


class Reflection(BaseModel):
    """What somebody thinks at the end of a scene, and how she marks each of the others, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    thought: str = Field(min_length=10, max_length=400)
    marks: dict[str, Annotated[int, Field(strict=True, ge=-MARKS, le=MARKS)]]
    """By name."""

    @model_validator(mode="before")
    @classmethod
    def _parted(cls, answer: Any) -> Any:
        """The model sends the marks beside the thought, one key a name: that is as short as it gets."""
        if not isinstance(answer, dict):
            return answer
        return {"thought": answer.get("thought"), "marks": {k: v for k, v in answer.items() if k != "thought"}}


def stance(reply: Reply, choices: Mapping[str, str], name: str) -> Stance:
    """A valid stance, its choice by id. The model answers with the choice's words, which say more to it.

    Args:
        reply: as it came.
        choices: their words by their ids.
        name: of whose stance it is.

    Raises:
        RefusedError: it is none.
    """
    raw = _json(reply)
    taken = _read(raw, Stance)
    ids = {words: choice for choice, words in choices.items()}
    if taken.choice not in ids:
        reason = f"no such choice: {taken.choice[:80]!r}"
        raise _refused(raw, reason, "The last answer named none of the choices word for word.")
    whole = cuts.whole(taken.reason)
    if not whole or "..." in whole:
        raise _refused(raw, "the reason is left open", "The last reason was not a whole sentence.")
    if not in_first_person(whole, name):
        advice = f"The last reason was told about {name}; {name} says «I»."
        raise _refused(raw, "the reason is not in the first person", advice)
    return taken.model_copy(update={"reason": whole, "choice": ids[taken.choice]})


def weak(taken: Stance, choices: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Why a valid stance waits for a better one, and what to tell the model."""
    if _contradicts(taken, choices):
        wrong = f"the reason is for another choice than {taken.choice!r}"
        return wrong, "The last reason spoke for another choice than the one that was made."
    if half_told(taken.reason, name):
        return "half of the reason is told by name", f"The last reason spoke of {name}, who says «I»."
    return None


def reflection(reply: Reply, names: Collection[str]) -> Reflection:
    """A valid reflection, in which each of these is marked, and nobody else.

    Raises:
        RefusedError: it is none.
    """
    raw = _json(reply)
    thought = _read(raw, Reflection)
    if set(thought.marks) != set(names):
        fault = f"it has to mark {', '.join(names) or 'nobody'}"
        raise _refused(raw, f"no valid reflection: {fault}", f"The last answer was wrong ({fault}).")
    return thought


def _contradicts(taken: Stance, choices: Mapping[str, str]) -> bool:
    """Whether a reason speaks in the words of a choice that was not made, in none of the one that was, and does not say
    no to them.
    """
    said = grams(taken.reason, _QUOTED)
    quoted = {choice for choice, words in choices.items() if said & grams(words, _QUOTED)}
    return bool(quoted) and taken.choice not in quoted and not _NO.search(taken.reason)


def _json(reply: Reply) -> str:
    """The answer without the fence that some models put around JSON."""
    return reply.text.strip().removeprefix("```json").removesuffix("```").strip()


def _read(raw: str, form: type[_Answer]) -> _Answer:
    try:
        return form.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        fault = f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
        what = form.__name__.lower()
        raise _refused(raw, f"no valid {what}: {fault}", f"The last answer was wrong ({fault}).") from None


def _refused(raw: str, reason: str, advice: str) -> RefusedError:
    return RefusedError(Refusal(text=raw[:500], reason=reason), advice)
