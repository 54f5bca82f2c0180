"""The request for a reflection: what somebody is asked at the end of a scene, and the form of the answer.

Everybody who was there is asked in the same words up to the last part, which names who answers and holds what only they
know. A model that loses itself in a long form is asked for a thought and marks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dreamplay.schema.event import MoveEvent
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

MARKS = 5
"""The scale of attitudes in a prompt: a whole number from minus this to this. It takes one token, and a fraction takes
three."""
_MARK = {"type": "integer", "enum": list(range(-MARKS, MARKS + 1))}


def others(turn: Turn, view: View) -> tuple[str, ...]:
    """The roles of the others who were in the scene: those who are there, and those whom the speaker has seen leave."""
    moves = [event for event in view.of_kind(MoveEvent) if event.scene == turn.scene.id]
    left = dict.fromkeys(event.speaker for event in moves if event.speaker not in turn.present)
    return (*turn.others, *left)


def form(name: str, others: Sequence[str], *, detailed: bool) -> dict[str, Any]:
    """The JSON schema of the answer.

    Args:
        name: of whoever reflects.
        others: the names of the others who were there.
        detailed: whether more is asked than a thought and a mark for each.
    """
    if not detailed:
        return _object({"thought": _text(15, 120)} | dict.fromkeys(others, _MARK))
    everybody = {"type": "string", "enum": [name, *others]}
    promise = _object({"by": everybody, "to": everybody, "what": _text(3, 120)})
    regard = _object({"mark": _MARK, "why": _text(3, 100)})
    return _object(
        {
            "thought": _text(15, 200),
            "others": _object(dict.fromkeys(others, regard)),
            "wants": _text(3, 120),
            "promises": {"type": "array", "items": promise},
        }
    )


def length(others: Sequence[str], *, detailed: bool) -> int:
    """Tokens that the answer takes at most."""
    return 200 + 60 * len(others) if detailed else 45 + 12 * len(others)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False
    }  # fmt: skip


def _text(least: int, most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}
