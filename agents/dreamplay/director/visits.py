"""When a visitor is asked. This does not depend on the director, and follows from the script alone."""

from __future__ import annotations

from dreamplay.director.situation import Situation
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import MoveEvent
from dreamplay.schema.turn import Occasion


def opening(now: Situation, cast: Cast, *, ending: bool, every_line: bool) -> Occasion | None:
    """The reason why the visitor is asked now, or None. The engine remembers that they were asked and chose to listen.

    Args:
        now: where the scene stands.
        cast: who plays.
        ending: whether the scene is about to end.
        every_line: whether the visitor wants to be asked after every line.
    """
    if not now.scene.visited or now.unanswered:
        return None
    if ending:
        return "end"
    if not now.turns:
        return "start"
    visitor = cast.visitor
    if visitor not in now.present:
        return None
    here = [event for event in now.events if not isinstance(event, MoveEvent)]
    own = max((event.id for event in here if event.by_visitor), default=-1)
    since, last = sum(event.id > own for event in now.turns), now.turns[-1]
    to = {last.cue.to if last.cue else None, *cast.mentioned(last.text)}
    if last is here[-1] and visitor in to and visitor in last.witnesses:
        return "addressed"
    if since and since % len(now.cast) == 0:
        return "round"
    return "line" if every_line else None
