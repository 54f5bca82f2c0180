"""Conditions: what has to have come out of a scene for a part of the story to be played."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from dreamplay.schema.base import FrozenModel, Id

_WORD = "[a-z][a-z0-9_]{0,39}"
_WRITTEN = re.compile(rf"\s*({_WORD})\.({_WORD})\s*(==|!=)\s*({_WORD})\s*")
_FORM = "scene.outcome == answer"
_SCENE = re.compile(rf"\s*{_WORD}\s*")
_JOINED = re.compile(r"\band\b")


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


class Begun(FrozenModel):
    """That a scene has begun."""

    scene: Id
    """The id of the scene."""

    def __str__(self) -> str:
        return self.scene


def _condition(text: str) -> Condition | None:
    found = _WRITTEN.fullmatch(text)
    equal = found is not None and found[3] == "=="
    return Condition(scene=found[1], outcome=found[2], equal=equal, answer=found[4]) if found else None


def _parsed(value: Any) -> Any:
    """The comparisons in a text, which are joined by "and"."""
    if isinstance(value, tuple):
        return value
    parts = [_condition(part) for part in _JOINED.split(value)] if isinstance(value, str) else [None]
    if not all(parts):
        raise ValueError(f"no condition; write {_FORM}, with != for another, joined by and")
    return tuple(parts)


def _moments(value: Any) -> Any:
    """The scenes and comparisons in a text, which are joined by "and"."""
    if isinstance(value, tuple):
        return value
    words = _JOINED.split(value) if isinstance(value, str) else [""]
    parts = [Begun(scene=each.strip()) if _SCENE.fullmatch(each) else _condition(each) for each in words]
    if not all(parts):
        raise ValueError(f"nothing that settles a promise; write the id of a later scene, or {_FORM}, joined by and")
    return tuple(parts)


When = Annotated[
    tuple[Condition, ...],
    BeforeValidator(_parsed),
    PlainSerializer(lambda conditions: " and ".join(map(str, conditions)), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["roof.leo_lies_down == no"]}),
]
"""Conditions that must all hold, written as `scene.outcome == answer` or `!=`, joined by `and`. Empty: always."""


Once = Annotated[
    tuple[Condition | Begun, ...],
    BeforeValidator(_moments),
    PlainSerializer(lambda moments: " and ".join(map(str, moments)), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["kitchen", "second_dream.first_out == elara"]}),
]
"""When something has come about: once a scene has begun, written as its id, and an outcome is what it says, several
joined by `and`. Empty: never."""


def come(once: Once, begun: Collection[str], answer: Callable[[str], str | None]) -> bool:
    """Whether something has come about.

    Args:
        once: when it has.
        begun: the ids of the scenes that have begun.
        answer: see `holds`.
    """
    return bool(once) and all(
        each.scene in begun if isinstance(each, Begun) else holds((each,), answer) for each in once
    )


def holds(when: When, answer: Callable[[str], str | None]) -> bool:
    """Whether all conditions hold.

    Args:
        when: the conditions.
        answer: gives the answer that the outcome of a scene has, by the scene's id; None as long as it is undecided. A
            comparison with what is undecided does not hold, whichever way it is meant.
    """
    return all((found := answer(each.scene)) is not None and (found == each.answer) == each.equal for each in when)
