"""The playing of a study: an engine, what becomes of each task, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dreamplay.studies.engines.base import Engine, Outcome, Watch
from dreamplay.studies.tasks import Task


@dataclass
class StudyPlay:
    """Has the tasks of a study played. It is played and stopped like one `Runner`."""

    engine: Engine
    tasks: Sequence[Task]
    """Those that are not finished."""
    finished: dict[str, Outcome] = field(default_factory=dict)
    """By the name of the task."""
    failed: dict[str, str] = field(default_factory=dict)
    """The name of a task, and what it was broken off by. The others are played on."""
    stopped: bool = False
    """Whether it was asked to stop, and something is left to play."""

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self.engine.stopping

    def stop(self) -> None:
        """Begin no more tasks, and finish the lines that are being spoken."""
        self.engine.stop()

    async def play(self, watch: Watch) -> None:
        """Play them all, or until stopped.

        Raises:
            DreamplayError: nothing can be played at all.
        """
        await self.engine.run(self.tasks, _Both(self, watch))
        self.stopped |= len(self.finished) + len(self.failed) < len(self.tasks)


@dataclass
class _Both:
    """Keeps what becomes of the tasks, and passes all on."""

    play: StudyPlay
    watch: Watch

    def began(self, name: str, worker: str) -> None:
        self.watch.began(name, worker)

    def over(self, outcome: Outcome) -> None:
        if outcome.state == "finished":
            self.play.finished[outcome.name] = outcome
        elif outcome.state == "failed":
            self.play.failed[outcome.name] = outcome.why
            self.play.failed |= dict.fromkeys(outcome.branches, f"{outcome.name}, which it branches off, failed")
        self.watch.over(outcome)

    def lost(self, worker: str, names: Sequence[str]) -> None:
        self.watch.lost(worker, names)

    def said(self, text: str) -> None:
        self.watch.said(text)
