"""The report of a study: what was asked for in advance, tested on the table of its runs."""

from __future__ import annotations

from dreamplay.errors import UsageError
from dreamplay.statistics import report as reporting
from dreamplay.statistics.report import Asked, StudyReport
from dreamplay.statistics.table import Table
from dreamplay.studies import measures
from dreamplay.studies.study import Study


def report(study: Study, table: Table, *, file: str = "results.csv") -> StudyReport:
    """The report of a study.

    Args:
        study: as it was read.
        table: its table; see `dreamplay.studies.table`.
        file: what the exported table is called in the calls that make a number again.

    Raises:
        UsageError: the study asks for no measure.
    """
    if not study.measures:
        wrong = "this study measures nothing, so there is nothing to report; name measures, such as words.ROLE"
        raise UsageError(f"{study.place('title')}: {wrong}")
    return reporting.report(table, asked(study), file=file)


def asked(study: Study) -> Asked:
    """What a study asks for."""
    return Asked(
        title=study.title,
        study=study.name,
        base=study.baseline,
        conditions=tuple(name for name in study.conditions if name not in (study.baseline, study.placebo)),
        placebo=study.placebo,
        measures=study.measures,
        controls=study.control,
        meanings={name: measures.parse(name).meaning() for name in (*study.measures, *study.control)},
    )
