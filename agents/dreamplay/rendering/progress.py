"""How far a play is, and how long the rest of it will take."""

from __future__ import annotations

from collections.abc import Iterable

from dreamplay.schema.event import PROLOGUE, Event, RecapEvent, StanceEvent, TurnEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Beat

_DREAM_TURNS = 4
"""Number of lines that take about as long as a dream or an ending."""
_KNOWN = 2
"""Lines after which the pace of a play is known."""


class Progress:
    """Counts the events of a play.

    Args:
        scenes: all that will be played.
        before: what was played already, whose pace is not known.
    """

    def __init__(self, scenes: Iterable[tuple[Beat, Scene]], before: Iterable[Event] = ()) -> None:
        self.turn = 0
        """The turn of the scene that was played last."""
        self._all, self._done = sum(_weight(scene) for _, scene in scenes), 0
        for event in before:
            self.count(event)
        self._before = self._done

    def count(self, event: Event) -> None:
        """Count the next event."""
        if isinstance(event, TurnEvent) and event.beat != PROLOGUE and not event.by_visitor:
            self._done += 1
            self.turn = event.turn
        elif isinstance(event, StanceEvent):
            self._done += 1
        elif event.provenance.by == "narrator" and not isinstance(event, RecapEvent):
            self._done += _DREAM_TURNS

    @property
    def share(self) -> float:
        """How much of the play is done, from 0 to 1: at most so much, since a scene may end before its last turn."""
        return min(1.0, self._done / self._all) if self._all else 0.0

    def left(self, seconds: float) -> float | None:
        """The seconds until the end, at the pace so far; None as long as that is not known.

        Args:
            seconds: what the events took that were counted since the beginning.
        """
        new = self._done - self._before
        return seconds / new * max(0, self._all - self._done) if new > _KNOWN else None


def _weight(scene: Scene) -> int:
    """The length of a scene, in lines."""
    told = _DREAM_TURNS if scene.kind in ("dream", "epilogue") else 0
    return scene.turns.max + told + (len(scene.present) if scene.kind == "crossroads" else 0)
