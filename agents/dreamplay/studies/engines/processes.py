"""Plays the tasks of a study in several processes of this machine.

Each process is given a task whenever it has room for one. If it dies, another takes its place, and its tasks go on at
their last event wherever there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from typing import Any

from dreamplay.errors import DreamplayError
from dreamplay.studies.engines.backlog import Backlog
from dreamplay.studies.engines.base import Outcome, Watch
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Workplace

_MOST_STARTS = 3
"""Processes in one place that may die one after another before they are ready to play."""
_MODULE = "dreamplay.studies.engines.process"
_TAIL = 3
"""Lines of what a process has said last, for the reason of its death."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """An engine: so many processes, each a worker with its share of the plays at once."""

    def __init__(self, place: Workplace, number: int) -> None:
        self._places = [
            place.model_copy(update={"jobs": place.jobs // number + (n < place.jobs % number)}) for n in range(number)
        ]
        self._children: set[_Child] = set()
        self._backlog: Backlog | None = None
        self.stopping = False

    def __str__(self) -> str:
        return f"{sum(place.jobs for place in self._places)} at once in {len(self._places)} processes"

    def stop(self) -> None:
        """Begin no more tasks; see `Engine.stop`."""
        self.stopping = True
        if self._backlog:
            self._backlog.stop()
        for child in self._children:
            child.stop()

    async def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """Have all tasks played; see `Engine.run`."""
        backlog = self._backlog = Backlog(tasks, watch)
        if self.stopping:
            return
        try:
            async with asyncio.TaskGroup() as group:
                for number, place in enumerate(self._places, start=1):
                    group.create_task(self._keep(f"process {number}", place, backlog, watch))
        except ExceptionGroup as error:
            raise error.exceptions[0] from None

    async def _keep(self, name: str, place: Workplace, backlog: Backlog, watch: Watch) -> None:
        """Have a process as long as there is something to play."""
        failed = 0
        while backlog.left:
            child = await _Child.start(place, watch)
            self._children.add(child)
            try:
                await child.work(name, place.jobs, backlog)
                if not child.dead:
                    await child.close()
                    return
                failed = 0 if child.ready else failed + 1
                why = await child.reason()
                if failed == _MOST_STARTS:
                    raise DreamplayError(f"no process can be started to play in: it {why}")
                backlog.lose(name, child.unfinished, f"the process that played it {why}")
            finally:
                self._children.discard(child)
                child.kill()


class _Child:
    """One process."""

    def __init__(self, process: Process, watch: Watch) -> None:
        self._process, self._watch = process, watch
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self.ready = False
        """Whether it has come so far that it can play."""
        self._listening: asyncio.Future[Any] = asyncio.gather(self._listen(), self._hear())

    @classmethod
    async def start(cls, place: Workplace, watch: Watch) -> _Child:
        """Start a process. It finds the same modules as this one, and Ctrl-C in a terminal does not reach it."""
        search = os.pathsep.join(filter(None, sys.path))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", _MODULE, stdin=PIPE, stdout=PIPE, stderr=PIPE,
            env=os.environ | {"PYTHONPATH": search}, start_new_session=True,
        )  # fmt: skip
        child = cls(process, watch)
        child.tell(place.model_dump_json().encode())
        return child

    @property
    def dead(self) -> bool:
        """Whether it is gone."""
        return self._listening.done()

    @property
    def unfinished(self) -> list[str]:
        """The names of the tasks that it was given and did not bring to an end."""
        return list(self._waiting)

    async def work(self, name: str, jobs: int, backlog: Backlog) -> None:
        """Have tasks played, so many at once, until none is left or the process is dead."""

        async def one_after_another() -> None:
            while task := await backlog.take(name):
                over = self._waiting[task.name] = asyncio.get_running_loop().create_future()
                self.tell(task.model_dump_json().encode())
                backlog.over(await over)

        working: asyncio.Future[Any] = asyncio.gather(*(one_after_another() for _ in range(jobs)))
        try:
            await asyncio.wait({working, self._listening}, return_when=asyncio.FIRST_COMPLETED)
            if not self.dead:
                await working  # what went wrong in it
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)  # else asyncio says that nobody looked at it

    def stop(self) -> None:
        """Finish the lines that are being spoken there."""
        self.tell(b"stop")

    def tell(self, line: bytes) -> None:
        """Write a line to it. If it is dead, whoever listens to it will find that out."""
        assert self._process.stdin
        with contextlib.suppress(OSError, RuntimeError):
            self._process.stdin.write(line + b"\n")

    async def reason(self) -> str:
        """Why it is dead, in words."""
        code = await self._process.wait()
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"was killed ({signal.Signals(-code).name})"
        told = f", saying: {self._tail[-1][:200]}" if self._tail else ""
        return f"ended with code {code}{told}"

    async def close(self) -> None:
        """Let it end, since it has nothing to play."""
        assert self._process.stdin
        self._process.stdin.close()
        await self._listening
        await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _listen(self) -> None:
        """Read its answers until there are none."""
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            if "over" in answer:
                outcome = Outcome.model_validate(answer["over"])
                self._waiting.pop(outcome.name).set_result(outcome)
            elif "said" in answer:
                self._watch.said(answer["said"])
            else:
                self.ready = True

    async def _hear(self) -> None:
        """Keep the last of what it says otherwise."""
        assert self._process.stderr
        async for line in self._process.stderr:
            if text := line.decode(errors="replace").strip():
                self._tail.append(text)
