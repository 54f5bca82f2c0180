"""Conditions: what has to have come out of a scene for a part of the story to be played."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from dreamplay.schema.base import FrozenModel, Id

_WORD = "[a-z][a-z0-9_]{0,39}"
_WRITTEN = re.compile(rf"\s*({_WORD})\.({_WORD})\s*(==|!=)\s*({_WORD})\s*")
_FORM = "scene.outcome == answer"


class Condition(FrozenModel):
    """One comparison of a scene's outcome with one of its answers."""

    scene: Id
    """The id of the scene."""
    outcome: Id
    """The id of its outcome."""
    answer: Id
    """The id of the answer."""
    equal: bool = True
    """Whether the outcome has to be this answer, or another one."""

    def __str__(self) -> str:
        return f"{self.scene}.{self.outcome} {'==' if self.equal else '!='} {self.answer}"


def _parsed(value: Any) -> Any:
    """The comparisons in a text, which are joined by "and"."""
    if isinstance(value, tuple):
        return value
    parts = [_WRITTEN.fullmatch(part) for part in re.split(r"\band\b", value)] if isinstance(value, str) else [None]
    if not all(parts):
        raise ValueError(f"no condition; write {_FORM}, with != for another, joined by and")
    return tuple(
        Condition(scene=part[1], outcome=part[2], equal=part[3] == "==", answer=part[4]) for part in parts if part
    )


When = Annotated[
    tuple[Condition, ...],
    BeforeValidator(_parsed),
    PlainSerializer(lambda conditions: " and ".join(map(str, conditions)), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["roof.leo_lies_down == no"]}),
]
"""Conditions that must all hold, written as `scene.outcome == answer` or `!=`, joined by `and`. Empty: always."""


def holds(when: When, answer: Callable[[str], str | None]) -> bool:
    """Whether all conditions hold.

    Args:
        when: the conditions.
        answer: gives the answer that the outcome of a scene has, by the scene's id; None as long as it is undecided. A
            comparison with what is undecided does not hold, whichever way it is meant.
    """
    return all((found := answer(each.scene)) is not None and (found == each.answer) == each.equal for each in when)
