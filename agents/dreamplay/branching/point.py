"""The point of a run at which a branch begins."""

from __future__ import annotations

from collections.abc import Sequence

from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import Event, turn_start
from dreamplay.schema.scene import Scene

_LONGEST = 40
"""Characters of a point in a message."""


def find(parent: RunLog, name: str, at: str | None) -> int:
    """The first event that a branch has for itself. What is both a beat and a scene is taken for the beat. A turn is
    never divided: an event within it stands for its first one.

    Raises:
        UsageError: the run has no such place.
    """
    events = list(parent.script)
    if at is None:
        return 0
    shown = at if len(at) <= _LONGEST else f"{at[:_LONGEST]}…"
    if at.isdecimal():
        # Python makes no number of thousands of digits.
        if len(at) > _LONGEST or int(at) > len(events) or (int(at) == len(events) and parent.end):
            raise UsageError(f"`at={shown}`: {name} ends with event {len(events) - 1}; choose one before its end")
        return turn_start(events, int(at))
    for found in (
        [event.id for event in events if event.beat == at],
        [event.id for event in events if event.scene == at],
    ):
        if found:
            return found[0]
    story = parent.header.story
    known = list(dict.fromkeys(word for beat, scene in story.scenes for word in (beat.id, scene.id)))
    if at in known:
        last = parent.script.last
        where = f"it has come to {last.beat}, {last.scene}" if last else "nothing was played in it"
        raise UsageError(f"`at={shown}`: {name} lies before it ({where}); choose a point before its end")
    others = f"there are {', '.join(known)}, or an event's number"
    raise UsageError(f"`at={shown}`: {name} has no such beat or scene; {others}")


def scene_at(plan: RunConfig, events: Sequence[Event], point: int) -> Scene:
    """The scene that the first event of one's own stands in."""
    at = events[point] if point < len(events) else events[-1] if events else None
    return next((scene for _, scene in plan.scenes if at and scene.id == at.scene), plan.scenes[0][1])
