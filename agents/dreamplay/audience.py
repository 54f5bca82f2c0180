"""The audience of a live play: what was told so far, how far that is, and who is told the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from dreamplay.live_state import Moment, Pace, Rewound, Seen
from dreamplay.rendering.progress import Progress
from dreamplay.schema.event import Event, Token
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Beat


class Audience:
    """What was told of a play, and those who listen. Every method can be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        """Held while something is told, so that a new listener gets it once: now, or among what came before."""
        self._listeners: list[Callable[[Seen], None]] = []
        self._events: list[Event] = []
        self._spoken: list[Token] = []
        self._moment = Moment("opening")
        self._scenes: tuple[tuple[Beat, Scene], ...] = ()
        self._progress = Progress(())
        self._seconds = self._since = 0.0

    @property
    def moment(self) -> Moment:
        """How the play stands."""
        return self._moment

    @property
    def events(self) -> tuple[Event, ...]:
        """What was played so far."""
        with self._lock:
            return tuple(self._events)

    @property
    def pace(self) -> Pace:
        """How far it is."""
        with self._lock:
            return Pace(self._progress.share, self._progress.left(self._seconds))

    def listen(self, listener: Callable[[Seen], None]) -> tuple[tuple[Event, ...], tuple[Token, ...], Moment]:
        """See `LivePlay.listen`."""
        with self._lock:
            self._listeners.append(listener)
            return tuple(self._events), tuple(self._spoken), self._moment

    def leave(self, listener: Callable[[Seen], None]) -> None:
        """See `LivePlay.leave`."""
        with self._lock:
            self._listeners.remove(listener)

    def begin(self, scenes: tuple[tuple[Beat, Scene], ...], events: Sequence[Event]) -> None:
        """Begin with the scenes that are played, and the events that are there already."""
        with self._lock:
            self._scenes, self._events = scenes, list(events)
            self._progress = Progress(scenes, events)

    def look(self, *, counts: bool) -> None:
        """Look at the clock; `counts`: what has passed since the last look was spent on playing."""
        with self._lock:
            now = time.monotonic()
            self._seconds += now - self._since if counts else 0.0
            self._since = now

    def hear(self, seen: Event | Token) -> None:
        """Tell an event, in place of those that it follows on if something was taken back, or a piece of a line."""
        with self._lock:
            if isinstance(seen, Token):
                self._spoken = [*self._spoken, seen] if seen.text else []
            else:
                self._spoken = []
                self.rewind(seen.id)
                self._events.append(seen)
                self._progress.count(seen)
                self.look(counts=True)
            self._tell(seen)

    def rewind(self, event: int) -> None:
        """Tell that an event was taken back, with all that followed it; nothing if there is none of that number."""
        with self._lock:
            if event < len(self._events):
                del self._events[event:]
                self._progress, self._seconds = Progress(self._scenes, self._events), 0.0
                self._tell(Rewound(event))

    def become(self, now: Moment) -> None:
        """Tell how the play stands."""
        with self._lock:
            self._moment = now
            self._tell(now)

    def _tell(self, seen: Seen) -> None:
        for listener in self._listeners:
            listener(seen)
