"""The table of a study: a row for each of its plays, with what was asked for in advance."""

from __future__ import annotations

from collections.abc import Iterable

from dreamplay.runs import transcript
from dreamplay.statistics.table import Row, Table
from dreamplay.storage.store import Store
from dreamplay.studies import measures
from dreamplay.studies.study import Study
from dreamplay.studies.tasks import Task


def table(study: Study, tasks: Iterable[Task], store: Store) -> Table:
    """The table of a study. What was not played, or not to its end, has a row without values.

    Raises:
        RecordError: a run is damaged.
    """
    asked = [measures.parse(name) for name in (*study.measures, *study.control)]
    tasks = list(tasks)
    phrasings = {task.name: task.phrasing for task in tasks}
    rows = []
    for task in tasks:
        place = store.place(task.name)
        log = transcript.read(place) if place.has(transcript.FILE) else None
        ended = log is not None and log.end is not None
        rows.append(Row(
            study=study.name, condition=task.condition, phrasing=task.phrasing,
            after=phrasings.get(task.parent, "") if task.parent else "", seed=task.seed, run=task.name, finished=ended,
            values=measures.values(asked, log) if log and ended else {each.name: None for each in asked},
        ))  # fmt: skip
    return Table(tuple(each.name for each in asked), tuple(rows))
