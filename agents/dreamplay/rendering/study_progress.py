"""Progress of a study while it is played: a table that changes in a terminal, or lines in a pipe."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from dreamplay.rendering import console
from dreamplay.rendering.live_region import LiveRegion
from dreamplay.rendering.output import say
from dreamplay.studies.engines.base import Outcome
from dreamplay.studies.status import StudyStatus

_EVERY = 0.5  # seconds between two drawings
_STEPS = 100
"""Lines in a pipe, at most."""


class StudyProgress(LiveRegion):
    """Reports on stderr how far each condition is.

    Args:
        stands: how far the study was before.
        quiet: whether nothing is reported.
    """

    def __init__(self, stands: StudyStatus, *, quiet: bool) -> None:
        self._where = {each.name: (each.condition, each.phrasing) for each in stands.tasks}
        self._all = Counter(self._where.values())
        self._done = Counter(self._where[each.name] for each in stands.tasks if each.state == "finished")
        self._before = self._done.total()
        self._playing: dict[str, tuple[str, str]] = {}
        self._failed = 0
        self._elsewhere: set[str] = set()
        self._quiet, self._begun, self._drawn, self._step = quiet, time.monotonic(), 0.0, -1
        super().__init__(console.stderr(), wanted=not quiet)

    def began(self, name: str, worker: str) -> None:
        """See `Watch`."""
        self._playing[name] = self._where[name]
        self._show()

    def over(self, outcome: Outcome) -> None:
        """See `Watch`."""
        where = self._playing.pop(outcome.name, self._where[outcome.name])
        if outcome.state == "finished":
            self._done[where] += 1
        elif outcome.state == "failed":
            self._failed += 1 + len(outcome.branches)
            behind = len(outcome.branches)
            others = f", and with it {behind} that branch{'es' * (behind == 1)} off it" if behind else ""
            self.said(f"{outcome.name} failed{others}: {outcome.why}")
        elif outcome.state == "elsewhere" and outcome.why not in self._elsewhere:
            self._elsewhere.add(outcome.why)
            self.said(f"{outcome.name} is being played by {outcome.why}; it is waited for")
        self._show()

    def lost(self, worker: str, names: Sequence[str]) -> None:
        """See `Watch`."""
        self.said(f"{worker} is gone; its plays go on elsewhere ({len(names)})")
        for name in names:
            self._playing.pop(name, None)
        self._show()

    def said(self, text: str) -> None:
        """See `Watch`."""
        if not self._quiet:
            say(text)

    def _show(self) -> None:
        done, number = self._done.total(), self._all.total()
        if self.lively and time.monotonic() - self._drawn > _EVERY:
            self._drawn = time.monotonic()
            self.draw(self._table(done, number))
        step = done * _STEPS // number
        if not self.lively and not self._quiet and done > self._before and step > self._step:
            self._step = step
            say(f"{done} of {number} finished{self._left(done, number)}")

    def _table(self, done: int, number: int) -> Table:
        table, playing = Table.grid(padding=(0, 2)), Counter(self._playing.values())
        failed = f", {self._failed} failed" if self._failed else ""
        head = f"{done} of {number} finished, {playing.total()} playing{failed}{self._left(done, number)}"
        table.add_row(Text(head, style="bold"))
        for (condition, phrasing), count in self._all.items():
            several = sum(name == condition for name, _ in self._all) > 1
            name = f"{condition}, {phrasing}" if several else condition
            now = f", {playing[condition, phrasing]} playing" if playing[condition, phrasing] else ""
            table.add_row(Text(name), Text(f"{self._done[condition, phrasing]} of {count}{now}", style="dim"))
        return table

    def _left(self, done: int, number: int) -> str:
        """How long it will take, in words, once a round of plays is over and the pace is known."""
        new = done - self._before
        if new <= len(self._playing) or done == number:
            return ""
        minutes = (time.monotonic() - self._begun) / new * (number - done) / 60
        return f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"
