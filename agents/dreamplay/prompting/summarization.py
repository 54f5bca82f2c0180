"""Summaries: which scenes they replace when a prompt no longer fits.

Events with the same witnesses belong to one group. A summary belongs to a group: it is made from what exactly this
group witnessed, its witnesses are the group, and it replaces nothing else. So whoever may read a summary has witnessed
all of it, and any prompt is put together from the groups that everybody present belongs to. Pure: the same script gives
the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from dreamplay.schema.event import PROLOGUE, Event, RecapEvent
from dreamplay.schema.view import View

LENGTH = 160
"""Tokens of a recap at most. What is told in less than that is left as it is."""

Circle = frozenset[str]
Size = Callable[[Event], float]
"""Tokens that an event takes in a prompt."""


@dataclass(frozen=True)
class SummaryRequest:
    """A summary that is to be made: of what this group witnessed up to an event, its earlier summary included."""

    circle: Circle
    last: int

    def events(self, view: View) -> list[Event]:
        """What it is made from, given what the circle may read."""
        return [event for event in _told(view, self.circle) if isinstance(event, RecapEvent) or event.id <= self.last]

    def covers(self, view: View) -> tuple[int, int]:
        """The first and the last id of what it will stand for."""
        first = self.events(view)[0]
        return first.covers[0] if isinstance(first, RecapEvent) else first.id, self.last


def due(
    common: Callable[[Circle], View],
    ends: Sequence[int],
    stages: Collection[Circle],
    size: Size,
    *,
    room: float,
    growth: float,
) -> list[SummaryRequest]:
    """The recaps that are to be made before a scene can be played, the widest circles first; none while it fits.

    As many of the oldest scenes give way as it takes to leave half of what is free to scenes that are yet to come, so
    that it happens seldom.

    Args:
        common: what all of some roles may read, at the end of a scene.
        ends: the number of the last event of each scene that was played, the oldest first.
        stages: those present in the coming scene, one set for each time that somebody comes or goes.
        size: tokens of an event.
        room: tokens for the script in a prompt.
        growth: tokens that the coming scene will add.
    """
    if all(sum(map(size, common(stage).summarized)) + growth <= room for stage in stages):
        return []
    views = [common(stage) for stage in stages]
    told = {circle: _told(common(circle), circle) for view in views for circle in _circles(view)}
    prologue = sum(size(event) for event in views[0].events if event.beat == PROLOGUE)  # all have witnessed it
    found: dict[Circle, int] = {}
    for last in ends:
        left = {circle: _left(events, size, last) for circle, events in told.items()}
        found = {circle: last for circle, (_, retold) in left.items() if retold}
        kept = [sum(tokens for circle, (tokens, _) in left.items() if stage <= circle) for stage in stages]
        if max(kept) <= (room - growth - prologue) / 2:
            break
    order = sorted(found, key=lambda circle: (-len(circle), sorted(circle)))
    return [
        SummaryRequest(circle, last) for circle in order for last in _pieces(told[circle], size, found[circle], room)
    ]


def _circles(view: View) -> list[Circle]:
    """Every circle that all of these belong to, in an order that is the same in every process."""
    return sorted({Circle(event.witnesses) for event in view.events}, key=sorted)


def _told(view: View, circle: Circle) -> list[Event]:
    """What stands in prompts of what this circle witnessed, and nobody else did. The prologue is nobody's to retell."""
    told = [event for event in view.summarized if event.beat != PROLOGUE and event.in_prompts]
    return [event for event in told if Circle(event.witnesses) == circle]


def _left(events: Sequence[Event], size: Size, last: int) -> tuple[float, bool]:
    """The tokens that a circle's events take once those up to `last` are retold, and whether they are."""
    before = [event for event in events if isinstance(event, RecapEvent)]
    old = [event for event in events if not isinstance(event, RecapEvent) and event.id <= last]
    new = [event for event in events if not isinstance(event, RecapEvent) and event.id > last]
    retold = sum(map(size, old)) > LENGTH
    return (LENGTH if retold else sum(map(size, [*before, *old]))) + sum(map(size, new)), retold


def _pieces(events: Sequence[Event], size: Size, last: int, room: float) -> Iterator[int]:
    """Where to stop on the way to `last`, so that no recap has to be made from more than there is room for."""
    filled, stop = 0.0, None
    for event in events:
        if not isinstance(event, RecapEvent) and event.id <= last:
            if stop is not None and filled + size(event) > room:
                yield stop
                filled = LENGTH
            stop = event.id
        filled += size(event)
    yield last
