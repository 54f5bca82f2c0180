"""A run told from its first event to its last, as somebody sees it: the same for a live play and for one on disk."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import dreamplay as dp
from dreamplay.rendering.event_words import InlineGestures
from dreamplay.runs.viewpoint import Viewpoint
from dreamplay.schema.event import PROLOGUE, TurnEvent
from dreamplay.web.scene_view import SceneView

PLACE = r"^(\d{1,9}(-[0-9a-f]{8})?)?$"
"""What a place looks like in words."""


@dataclass(frozen=True)
class Place:
    """How far somebody has been told."""

    event: int
    """The id of the last event; -1 before the first."""
    mark: str
    """Of all the events up to there, so that somebody who comes back is not told the end of another beginning."""

    def __str__(self) -> str:
        return f"{self.event}-{self.mark}" if self.event >= 0 else ""

    @classmethod
    def of(cls, words: str) -> Place:
        """The place that words name: nothing is the beginning, and a number alone a place of any telling."""
        event, _, mark = words.partition("-")
        return cls(int(event), mark) if event else cls(-1, "")


class Telling:
    """The events of a run as HTML, one after the other.

    Args:
        view: how they look, and through whose eyes.
        events: those that were told already.
    """

    def __init__(self, view: SceneView, events: Iterable[dp.Event] = ()) -> None:
        self.view = view
        """How they look."""
        self.beat = ""
        """The title of the beat that was told last."""
        self.turn = 0
        """The turn of its scene that was told last; 0 before the first."""
        self.begin(events)

    def begin(self, events: Iterable[dp.Event]) -> None:
        """Begin anew, after these events."""
        self._events: list[dp.Event] = []
        self._marks = [0]
        self._gestures = InlineGestures()
        self._before: dp.Event | None = None
        self.beat, self.turn = "", 0
        told = list(events)
        self._eyes = Viewpoint.of(self.view.viewpoint, self.view.cast, told)
        for event in told:
            self._next(event)

    def tell(self, event: dp.Event) -> str:
        """The next event as HTML; empty if it is not seen, or stands in the line that follows it."""
        return "".join(self.view.event(*shown) for shown in self._next(event))

    def all(self) -> str:
        """Everything that was told so far, anew."""
        told = Telling(self.view)
        told._eyes = self._eyes
        return "".join(map(told.tell, self._events))

    def rewind(self, event: int) -> bool:
        """Take back an event, with all that followed it. Returns whether what is left is seen with other eyes."""
        before = self._eyes
        self.begin(self._events[:event])
        return self._eyes != before

    def look(self) -> bool:
        """Returns whether somebody else's eyes are used since the last event; `all` then tells more than before."""
        before, self._eyes = self._eyes, Viewpoint.of(self.view.viewpoint, self.view.cast, self._events)
        return self._eyes != before

    def hears(self, token: dp.Token) -> bool:
        """Whether a piece of a line is heard."""
        return self.view.folds or bool(self._eyes.roles & set(token.witnesses))

    @property
    def place(self) -> Place:
        """How far it is told."""
        return self._place(len(self._events))

    def follows(self, place: Place) -> bool:
        """Whether somebody who was told up to a place was told the beginning of this."""
        known = place.event + 1
        return known < len(self._marks) and place.mark in ("", self._place(known).mark)

    def _place(self, length: int) -> Place:
        return Place(length - 1, f"{self._marks[length]:08x}")

    def _next(self, event: dp.Event) -> Iterable[tuple[dp.Event, dp.Event | None, str]]:
        """What is shown at the next event: each event with the one that was shown before it, and its gesture."""
        self._events.append(event)
        known = (event.kind, event.speaker, event.text, event.witnesses)
        self._marks.append(zlib.crc32(repr(known).encode(), self._marks[-1]))
        shown = []
        for each, gesture in self._gestures.take(event):
            if self.view.shows(each, self._eyes):
                shown.append((each, self._before, gesture))
                if self._before is None or each.scene != self._before.scene:
                    self.beat, self.turn = self.view.beat(each), 0
                self._before = each
                if isinstance(each, TurnEvent) and each.beat != PROLOGUE and each.turn:
                    self.turn = each.turn
        return shown
