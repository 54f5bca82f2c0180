"""The context window: how many tokens a prompt may take, and which events are left out when it is full."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, takewhile

from dreamplay.schema.event import PROLOGUE, Event, RecapEvent

RESERVE = 800
"""Tokens of the window that are kept free for tail and reply."""
_NEWEST = 8
"""Events that stay in a prompt whatever else has to go."""


def fit_events(events: Sequence[Event], sizes: Sequence[float], room: float) -> Sequence[Event]:
    """The events that there is room for: all of them, or without the oldest lines, a quarter of the room at once, so
    that the prefix seldom shifts.

    Args:
        events: the script, from its beginning.
        sizes: tokens of each event.
        room: tokens that they may take.
    """
    if (excess := sum(sizes) - room) <= 0:
        return events
    step = room / 4
    return _shortened(events, sizes, math.ceil(excess / step) * step)


def _lasting(events: Sequence[Event]) -> int:
    """How many of the events a script begins with outlast its oldest lines: the prologue, which shows the voices, and
    the recaps.
    """
    lasting = takewhile(lambda event: event.beat == PROLOGUE or isinstance(event, RecapEvent), events)
    return sum(1 for _ in lasting)


def _shortened(events: Sequence[Event], sizes: Sequence[float], excess: float) -> list[Event]:
    """A script without as many of its oldest lines as it takes, and, if need be, without what it begins with, and at
    last without its newest.
    """
    lasting = _lasting(events)
    newest = max(lasting, len(events) - _NEWEST)
    kept = []
    for start, end in ((lasting, newest), (0, lasting), (newest, len(events))):
        freed = list(accumulate(sizes[start:end]))
        gone = min(bisect_left(freed, excess) + 1, len(freed)) if excess > 0 else 0
        excess -= freed[gone - 1] if gone else 0
        kept.append(events[start + gone : end])
    told, first, last = kept
    return [*first, *told, *last]
