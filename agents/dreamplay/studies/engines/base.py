"""What an engine is, and what it tells whoever watches: an engine has the tasks of a study played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from dreamplay.schema.base import FrozenModel
from dreamplay.schema.provenance import Usage
from dreamplay.studies.tasks import Task


class Outcome(FrozenModel):
    """What became of a task."""

    name: str
    """Of the task."""
    state: Literal["finished", "stopped", "failed", "elsewhere"]
    """stopped: on demand; elsewhere: somebody else plays it. What was played of it is kept in every case."""
    why: str = ""
    """Of one that failed: the reason. Of one that is played elsewhere: by whom."""
    branches: tuple[str, ...] = ()
    """Of one that failed: the tasks that branch off it, which fail with it, and of which nothing else is told."""
    lines: int = 0
    """Spoken lines of the whole play, without the prologue."""
    usage: Usage = Usage()
    """What all model calls of the play cost."""


class Watch(Protocol):
    """Is told how it goes, on the event loop on which the engine runs."""

    def began(self, name: str, worker: str) -> None:
        """A worker plays a task from here on."""

    def over(self, outcome: Outcome) -> None:
        """A worker is done with a task. It may begin again: one that was played elsewhere, or by a lost worker."""

    def lost(self, worker: str, names: Sequence[str]) -> None:
        """A worker is gone, with these tasks. Others go on with them."""

    def said(self, text: str) -> None:
        """A worker says something that a person wants to know, such as that an endpoint limits the rate."""


class Unwatched:
    """Nobody is told anything."""

    def began(self, name: str, worker: str) -> None:
        """See `Watch`."""

    def over(self, outcome: Outcome) -> None:
        """See `Watch`."""

    def lost(self, worker: str, names: Sequence[str]) -> None:
        """See `Watch`."""

    def said(self, text: str) -> None:
        """See `Watch`."""


class Engine(Protocol):
    """Has tasks played, many at once, wherever it is that they are played. Its text says where: "4 at once in 2
    processes"."""

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""

    def stop(self) -> None:
        """Begin no more tasks, and finish the lines that are being spoken. `run` returns then."""

    async def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """Have all tasks played; a task that branches off another comes after it. That a task fails is told to `watch`,
        and stops no other one. It is cancelled to stop at once.

        Raises:
            DreamplayError: nothing can be played at all.
        """
