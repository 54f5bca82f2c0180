"""Texts about events that several outputs share."""

from __future__ import annotations

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event, EventBase, LineEvent, is_gesture


class InlineGestures:
    """Joins a gesture with the line of its turn. Take the events in their order, one after the other."""

    def __init__(self) -> None:
        self._made: Event | None = None

    def take(self, event: Event) -> list[tuple[Event, str]]:
        """The events to show now, each with the gesture that stands in it. A gesture is shown with the line that
        follows it, or else by itself before what follows.
        """
        before, self._made = self._made, event if is_gesture(event) else None
        if self._made:
            return []
        if before and isinstance(event, LineEvent):
            return [(event, before.text)]
        return [(each, "") for each in (before, event) if each]


def played_by(event: EventBase, cast: Cast) -> str:
    """The text after a speaker's name if a person plays the role."""
    by_visitor = event.provenance.by == "person" and not event.by_visitor
    return f" (played by {cast.name(cast.visitor)})" if by_visitor and cast.visitor else ""
