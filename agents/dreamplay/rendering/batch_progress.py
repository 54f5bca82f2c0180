"""Progress of several runs: rows that change in a terminal, or a line for each finished run in a pipe."""

from __future__ import annotations

import time

from rich.table import Table
from rich.text import Text

from dreamplay.branching.batch import Job
from dreamplay.rendering import console
from dreamplay.rendering.live_region import LiveRegion
from dreamplay.rendering.output import say
from dreamplay.schema.event import Event, TurnEvent

_EVERY = 0.2  # seconds between two drawings
_ROWS = 16


class BatchProgress(LiveRegion):
    """Reports on stderr which runs are being played, and their progress."""

    def __init__(self, number: int, *, quiet: bool) -> None:
        self._number, self._over, self._quiet = number, 0, quiet
        self._standing: dict[str, Event | None] = {}
        super().__init__(console.stderr(), wanted=not quiet)
        self._drawn = 0.0

    def watch(self, job: Job, seen: Event | None) -> None:
        """Process one event of a run; None marks its end."""
        name = job.place.name
        if self._quiet:
            return
        if seen is not None:
            self._standing[name] = seen
        else:
            self._standing.pop(name, None)
            self._over += 1
            if not self.lively:
                say(f"{self._over} of {self._number}: {name}")
        if self.lively and (seen is None or time.monotonic() - self._drawn > _EVERY):
            self._drawn = time.monotonic()
            self.draw(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text(f"{self._over} of {self._number} over, {len(self._standing)} playing", style="bold"))
        for name, event in list(self._standing.items())[:_ROWS]:
            turn = f", turn {event.turn}" if isinstance(event, TurnEvent) else ""
            place = f"{event.beat}, {event.scene}{turn}" if event else ""
            table.add_row(Text(name), Text(place, style="dim"))
        return table
