"""Plays the tasks of a study in this process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator, Sequence

from dreamplay.studies.engines.backlog import Backlog
from dreamplay.studies.engines.base import Watch
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Worker, Workplace

NAME = "this process"
OBJECTS = 200_000
"""New objects between two runs of the garbage collector, as in `cli.main`."""


class Here:
    """An engine: one worker, in this process."""

    def __init__(self, place: Workplace) -> None:
        self._worker = Worker(place)
        self._jobs = place.jobs
        self._backlog: Backlog | None = None
        self.stopping = False

    def __str__(self) -> str:
        return f"{self._jobs} at once in this process"

    def stop(self) -> None:
        """Begin no more tasks; see `Engine.stop`."""
        self.stopping = True
        self._worker.stop()
        if self._backlog:
            self._backlog.stop()

    async def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """Have all tasks played; see `Engine.run`."""
        backlog = self._backlog = Backlog(tasks, watch)
        if self.stopping:
            return

        async def work() -> None:
            while task := await backlog.take(NAME):
                backlog.over(await self._worker.play(task))

        try:
            with _seldom_collecting():
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._jobs, len(tasks))):
                        group.create_task(work())
        finally:
            await self._worker.close()


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """The garbage collector runs seldom meanwhile: plays leave next to nothing for it, and at its usual rate it looks
    through all of them so often that this takes a tenth of the processor's time."""
    before = gc.get_threshold()
    if not 0 < before[0] < OBJECTS:  # it is off, or set by somebody who knows
        yield
        return
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
