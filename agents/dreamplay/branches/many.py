"""Several runs at once, in one process: as many at a time as there are models, each run in a folder of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from dreamplay.branches.whatif import Branch
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.event import Event
from dreamplay.models.model import Model
from dreamplay.record import transcript
from dreamplay.record.transcript import FILE, Header, Record
from dreamplay.stage.play import Run


@dataclass(frozen=True)
class Job:
    """A branch in its folder: yet to begin, begun, or played to its end."""

    branch: Branch
    header: Header
    folder: Path

    def done(self) -> bool:
        """Whether it was played to its end.

        Raises:
            RecordError: the folder holds something else, or what it holds is damaged.
        """
        found = self._found()
        return found is not None and found.end is not None

    def record(self) -> Record:
        """What was played of it."""
        return transcript.read(self.folder)

    def run(self, model: Model, settings: dict[str, Any], *, watched: bool = True) -> Run:
        """The run, begun on disk if it was not, and to be gone on with."""
        if self._found() is None:
            transcript.begin(self.folder, self.header, self.branch.events)
        return Run(self.branch.plan, model, self.folder, settings, goes_on=True, watched=watched)

    def _found(self) -> Record | None:
        if not (self.folder / FILE).exists():
            return None
        record = self.record()
        same = record.header.model_copy(update={"versions": self.header.versions}) == self.header
        if not same or tuple(record.script)[: len(self.branch.events)] != self.branch.events:
            raise RecordError(f"{self.folder} holds a run of something else; delete it, or move it away")
        return record


def job(branch: Branch, model: Model, settings: dict[str, Any], home: Path) -> Job:
    """The place of a branch among the runs."""
    header = branch.plan.header(model.name, settings)
    return Job(branch, header, home / branch.name(header))


@dataclass
class Many:
    """Plays jobs, one at a time on each model. To be played, watched and stopped like one `Run`."""

    waiting: Sequence[Job]
    models: Sequence[Model]
    """The same, or lanes of one, or the same one several times: what is played does not depend on which."""
    settings: dict[str, Any]
    failed: dict[str, DreamplayError] = field(default_factory=dict)
    """By the name of the folder: what a run was broken off by. The others are played on."""
    stopped: bool = False
    """Whether it was asked to stop, and something is left to play."""
    stopping: bool = False

    def __post_init__(self) -> None:
        self._running: dict[str, Run] = {}

    def stop(self) -> None:
        """Begin no more of them, and stop those under way after their step."""
        self.stopping = True
        for run in self._running.values():
            run.stop()

    async def play(self, watch: Callable[[Job, Event | None], None]) -> None:
        """Play them all, or until stopped; None is seen of a run when it is over."""
        left = deque(self.waiting)

        async def work(model: Model) -> None:
            while left and not self.stopping:
                await self._one(left.popleft(), model, watch)

        async with asyncio.TaskGroup() as group:
            for model in self.models[: len(left)]:
                group.create_task(work(model))
        self.stopped |= bool(left)

    async def _one(self, each: Job, model: Model, watch: Callable[[Job, Event | None], None]) -> None:
        try:
            run = each.run(model, self.settings, watched=False)
            self._running[each.folder.name] = run
            try:
                await run.play(lambda seen: watch(each, cast(Event, seen)))
                self.stopped |= run.stopped
            finally:
                del self._running[each.folder.name]
        except DreamplayError as error:
            self.failed[each.folder.name] = error
        watch(each, None)
