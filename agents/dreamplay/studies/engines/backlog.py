"""The tasks that are still to be played: which can begin now, and what comes back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence

from dreamplay.studies.engines.base import Outcome, Watch
from dreamplay.studies.tasks import Task

MOST_LOST = 3
"""So many workers may be lost with a task before it is given up: it may be what kills them."""
PAUSE = 5.0
"""Seconds until a task is asked for again that somebody else plays."""


class Backlog:
    """Hands out tasks one by one, on one event loop.

    Args:
        tasks: all that are to be played. A task that branches off another one is handed out when that is finished, or
            at once if that is not among them.
        watch: is told of every task that is handed out and comes back.
    """

    def __init__(self, tasks: Sequence[Task], watch: Watch) -> None:
        known = {task.name for task in tasks}
        self._ready = deque(task for task in tasks if task.parent not in known)
        self._children: dict[str, list[Task]] = {}
        for task in tasks:
            if task.parent in known:
                self._children.setdefault(str(task.parent), []).append(task)
        self._later: deque[tuple[float, Task]] = deque()
        self._playing: dict[str, Task] = {}
        self._lost = Counter[str]()
        self._watch = watch
        self._changed = asyncio.Event()
        self._ending = False

    @property
    def left(self) -> bool:
        """Whether there is, or may come, something to hand out."""
        return not self._ending and bool(self._ready or self._playing or self._later)

    def stop(self) -> None:
        """Hand out nothing any more."""
        self._ending = True
        self._changed.set()

    async def take(self, worker: str) -> Task | None:
        """The next task, once there is one; None if nothing is left."""
        while not self._ending:
            while self._later and self._later[0][0] <= time.monotonic():
                self._ready.append(self._later.popleft()[1])
            if self._ready:
                task = self._ready.popleft()
                self._playing[task.name] = task
                self._watch.began(task.name, worker)
                return task
            if not self.left:
                return None
            self._changed.clear()
            wait = self._later[0][0] - time.monotonic() if self._later else None
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue
        return None

    def over(self, outcome: Outcome) -> None:
        """A worker is done with a task."""
        task = self._playing.pop(outcome.name)
        if outcome.state == "elsewhere":
            self._later.append((time.monotonic() + PAUSE, task))
        elif outcome.state == "finished":
            self._ready.extendleft(reversed(self._children.pop(task.name, ())))
        elif outcome.state == "failed":
            outcome = outcome.model_copy(update={"branches": self._given_up(task.name)})
        self._watch.over(outcome)
        self._wake()

    def lose(self, worker: str, names: Sequence[str], why: str) -> None:
        """A worker is gone with the tasks that it was given."""
        self._watch.lost(worker, names)
        for name in names:
            self._lost[name] += 1
            if self._lost[name] < MOST_LOST:
                self._ready.appendleft(self._playing.pop(name))
            else:
                self.over(Outcome(name=name, state="failed", why=f"{why}, {MOST_LOST} times"))
        self._wake()

    def _given_up(self, name: str) -> tuple[str, ...]:
        """Whatever branches off a task that failed, which is not handed out any more."""
        return tuple(
            given_up for task in self._children.pop(name, ()) for given_up in (task.name, *self._given_up(task.name))
        )

    def _wake(self) -> None:
        self._changed.set()
