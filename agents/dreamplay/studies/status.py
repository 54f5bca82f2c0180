"""How far a study is: counted from its store, since there is no other state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dreamplay.runs import run_index
from dreamplay.runs.run_summary import RunSummary
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.provenance import Usage
from dreamplay.storage.store import Store
from dreamplay.studies.tasks import Task

State = Literal["finished", "playing", "stopped", "missing", "damaged"]
"""stopped: begun, and to be gone on with; missing: nothing of it is kept."""


class TaskStatus(FrozenModel):
    """How a task stands."""

    name: str
    condition: str
    phrasing: str
    seed: int
    state: State
    why: str = ""
    """By whom it is played, or what is wrong with what is kept."""
    lines: int = 0
    usage: Usage = Usage()


class StudyStatus(FrozenModel):
    """How all tasks of a study stand, in their order."""

    tasks: tuple[TaskStatus, ...]

    def count(self, state: State, condition: str | None = None, phrasing: str | None = None) -> int:
        """How many tasks are in a state: all, or those of a condition, or of one of its phrasings."""
        return sum(
            each.state == state
            and condition in (None, each.condition)
            and phrasing in (None, each.phrasing)
            for each in self.tasks
        )  # fmt: skip

    @property
    def finished(self) -> bool:
        """Whether all are finished."""
        return self.count("finished") == len(self.tasks)

    @property
    def players(self) -> dict[str, int]:
        """Who plays at this moment, in words, and how many tasks."""
        playing = [each.why for each in self.tasks if each.state == "playing"]
        return {who: playing.count(who) for who in dict.fromkeys(playing)}

    @property
    def missing(self) -> frozenset[str]:
        """The names of the tasks that are not finished."""
        return frozenset(each.name for each in self.tasks if each.state != "finished")


def status(tasks: Sequence[Task], store: Store) -> StudyStatus:
    """How the tasks of a study stand in a store."""
    known = {each.name: each for each in run_index.standings(store)}
    return StudyStatus(tasks=tuple(_of(task, known.get(task.name)) for task in tasks))


def _of(task: Task, found: RunSummary | None) -> TaskStatus:
    own = {"name": task.name, "condition": task.condition, "phrasing": task.phrasing, "seed": task.seed}
    if found is None:
        return TaskStatus(**own, state="missing")
    return TaskStatus(**own, state=found.state, why=found.why, lines=found.lines, usage=found.usage)
