"""Plays several runs at once in one process, each in a place of its own."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dreamplay.branching.branch import Branch
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError, RecordError, UsageError
from dreamplay.models.base import Model
from dreamplay.runs import transcript
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import FILE, Header, RunLog
from dreamplay.schema.event import Event
from dreamplay.storage.folders import store_at
from dreamplay.storage.store import Place, Store

if TYPE_CHECKING:
    from dreamplay.tracing.collector import Tracing

FILES = 4
"""Files that a run has open: its transcript, its prompts, its lock, and at times its pending answers."""
OTHERS = 64
"""Files that a process has open besides: the terminal, the event loop, libraries as they load."""


@dataclass(frozen=True)
class Job:
    """A branch and its place: not begun, begun, or played to its end."""

    branch: Branch
    header: Header
    place: Place

    def done(self) -> bool:
        """Whether it was played to its end.

        Raises:
            RecordError: the place holds something else, or what it holds is damaged.
        """
        found = self.found()
        return found is not None and found.end is not None

    def record(self) -> RunLog:
        """What was played of it."""
        return transcript.read(self.place)

    def run(
        self, model: Model, settings: dict[str, Any], *, watched: bool = True, trace: Tracing | None = None
    ) -> Runner:
        """The runner of the branch, from its beginning or from where it was stopped."""
        goes_on = self.found() is not None
        return Runner(
            self.branch.plan, model, self.place, settings, goes_on=goes_on,
            begun=() if goes_on else self.branch.events, watched=watched, trace=trace,
        )  # fmt: skip

    def found(self) -> RunLog | None:
        """What was played of it; None if it was not begun.

        Raises:
            RecordError: see `done`.
        """
        if not self.place.has(FILE):
            return None
        record = self.record()
        same = _alike(record.header) == _alike(self.header)
        if not same or tuple(record.script)[: len(self.branch.events)] != self.branch.events:
            raise RecordError(f"{self.place} holds a run of something else; delete it, or move it away")
        return record


def job(branch: Branch, model: Model, settings: dict[str, Any], home: Store | Path) -> Job:
    """The job that plays a branch in its place in a store."""
    header = branch.plan.header(model.name, settings | branch.plan.recorded(model))
    return Job(branch, header, store_at(home).place(branch.name(header)))


def _alike(header: Header) -> Header:
    """A header without what may differ between two runs of the same thing: the words for a change name its file."""
    return header.model_copy(update={"versions": {}, "changes": (), "settings": comparable(header.settings)})


@dataclass
class BatchRunner:
    """Plays jobs, one at a time on each model. It is played, watched and stopped like one `Runner`."""

    waiting: Sequence[Job]
    models: Sequence[Model]
    """The same, or lanes of one, or the same one several times: what is played does not depend on which."""
    settings: dict[str, Any]
    trace: Tracing | None = None
    """Traces them while they are played."""
    failed: dict[str, DreamplayError] = field(default_factory=dict)
    """By the name of the run: what it was broken off by. The others are played on."""
    stopped: bool = False
    """Whether it was asked to stop, and something is left to play."""
    stopping: bool = False

    def __post_init__(self) -> None:
        self._running: dict[str, Runner] = {}

    def stop(self) -> None:
        """Begin no more jobs, and stop the current ones after their step."""
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
            run = each.run(model, self.settings, watched=False, trace=self.trace)
            self._running[each.place.name] = run
            try:
                await run.play(lambda seen: watch(each, cast(Event, seen)))
                self.stopped |= run.stopped
            finally:
                del self._running[each.place.name]
        except DreamplayError as error:
            self.failed[each.place.name] = error
        except Exception as error:  # a bug, which is that run's, too, and no reason to break off the others
            self.failed[each.place.name] = bug(error)
        watch(each, None)


def check(jobs: int, roles: int) -> None:
    """Check that so many runs may have their files and connections open at once, and raise the limit of the process
    where the system allows that.

    Args:
        jobs: runs at once.
        roles: of the cast.

    Raises:
        UsageError: it does not allow so many; the message says how many runs fit.
    """
    if sys.platform == "win32":  # where nothing but memory limits them
        return
    import resource

    each = FILES + roles  # all of the cast answer at once at the end of a scene, each by a connection
    needed = OTHERS + jobs * each
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in (allowed, most) and allowed == resource.RLIM_INFINITY:
        return
    if allowed < needed:
        wanted = needed if most == resource.RLIM_INFINITY else min(needed, most)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed < needed:
        fit = max((allowed - OTHERS) // each, 1)
        runs = "1 run" if fit == 1 else f"{fit} runs"
        raise UsageError(
            f"`jobs={jobs}`: the system lets a program have {allowed} files open, room for {runs} at once; ask for "
            f"`jobs={fit}`, or allow more with ulimit -n {needed}"
        )


def bug(error: Exception) -> DreamplayError:
    """What is said of an error that should not have been possible, in one line."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    said = " ".join(str(error).split())[:200]
    return DreamplayError(f"{type(error).__name__}: {said}" if said else type(error).__name__)
