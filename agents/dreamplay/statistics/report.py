"""The report of a study as values: controls first, then every test, each number with how it was made and the call that
makes it again from the exported table."""

from __future__ import annotations

from pydantic import Field

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics import findings, methods
from dreamplay.statistics.family import Tested, compare_all
from dreamplay.statistics.outlook import Outlook, looked_out
from dreamplay.statistics.table import Table


class Asked(FrozenModel):
    """What the file of a study asks for, before anything is played."""

    title: str
    study: str
    """Its name."""
    base: str
    """The name of the baseline."""
    conditions: tuple[str, ...]
    """The names of the other conditions, without the placebo."""
    placebo: str | None = None
    measures: tuple[str, ...]
    controls: tuple[str, ...] = ()
    meanings: dict[str, str] = Field(default_factory=dict)
    """What each measure and each control is, in words."""


class Figure(FrozenModel):
    """A number of the report."""

    value: float | None
    how: str
    """How it was made."""
    call: str
    """The Python that makes it again from the exported table, after `import dreamplay.statistics`."""


class Line(FrozenModel):
    """One test."""

    tested: Tested
    outlook: Outlook | None
    says: str
    """What came of it, in a sentence."""
    figures: dict[str, Figure]
    """Its numbers by name."""


class Runs(FrozenModel):
    """The runs of a condition."""

    condition: str
    phrasings: tuple[str, ...]
    planned: int
    finished: int


class StudyReport(FrozenModel):
    """A study in numbers and sentences. `findings` comes first, and begins with the controls."""

    asked: Asked
    runs: tuple[Runs, ...]
    seeds: tuple[int, ...]
    table: str
    """The file of the table that the calls read."""
    concluded: bool
    """Whether anything can be concluded: no placebo and no control has moved."""
    findings: tuple[str, ...]
    controls: tuple[Line, ...]
    tests: tuple[Line, ...]
    methods: tuple[tuple[str, str], ...]
    """How the numbers were made: what, and how."""
    references: tuple[str, ...]

    @property
    def finished(self) -> int:
        """How many runs were played to their end."""
        return sum(each.finished for each in self.runs)

    @property
    def planned(self) -> int:
        """How many runs the study has."""
        return sum(each.planned for each in self.runs)

    def __str__(self) -> str:
        return "\n".join(self.findings)


def report(table: Table, asked: Asked, *, file: str = "results.csv") -> StudyReport:
    """The report of a table. A pure function: the same table gives the same report.

    Args:
        table: one row for each run that the study asks for.
        asked: what was asked for in advance. Conditions and measures are tested whether they differ or not.
        file: what the exported table is called in the calls.

    Raises:
        UsageError: the table lacks a condition or a measure that was asked for.
    """
    family = compare_all(
        table, asked.measures, base=asked.base, conditions=asked.conditions, placebo=asked.placebo,
        controls=asked.controls,
    )  # fmt: skip
    runs = tuple(_runs(table, name) for name in table.conditions)
    lines = {
        kind: tuple(_line(each, table, asked, len(tests), file) for each in tests)
        for kind, tests in (("controls", family.controls), ("tests", family.tests))
    }
    seeds = tuple(sorted({row.seed for row in table.rows}))
    return StudyReport(
        asked=asked, runs=runs, seeds=seeds, table=file, concluded=not family.moved,
        findings=findings.findings(
            family, [line.outlook for line in lines["tests"]], sum(each.planned - each.finished for each in runs)
        ),
        controls=lines["controls"], tests=lines["tests"],
        methods=methods.methods(family, asked.meanings), references=methods.REFERENCES,
    )  # fmt: skip


def _runs(table: Table, condition: str) -> Runs:
    rows = [row for row in table.rows if row.condition == condition]
    return Runs(
        condition=condition, phrasings=tuple(dict.fromkeys(row.phrasing for row in rows)), planned=len(rows),
        finished=sum(row.finished for row in rows),
    )  # fmt: skip


def _line(tested: Tested, table: Table, asked: Asked, tests: int, file: str) -> Line:
    found = tested.difference
    ahead = looked_out(found, table, tests)
    sides = f"base={found.base!r}, changed={found.changed!r}"
    one = f"dreamplay.statistics.compare_phrasings({file!r}, {found.measure!r}, {sides})"
    every = (
        f"dreamplay.statistics.compare_all({file!r}, {list(asked.measures)!r}, base={asked.base!r}, "
        f"conditions={list(asked.conditions)!r}, placebo={asked.placebo!r}, controls={list(asked.controls)!r})"
        f".of({found.changed!r}, {found.measure!r})"
    )
    what = f"dreamplay.statistics.outlook({file!r}, {found.measure!r}, {sides}, tests={tests})"
    values: list[tuple[str, float | None, str]] = [
        (name, getattr(found, name), f"{one}.{name}")
        for name in ("base_mean", "changed_mean", "difference", "low", "high", "dominance", "p", "least")
    ]
    values.append(("adjusted", tested.adjusted, f"{every}.adjusted"))
    values += [(name, getattr(ahead, name), f"{what}.{name}") for name in ("detectable", "phrasings", "seeds") if ahead]
    how = methods.how(tested, tests)
    return Line(
        tested=tested, outlook=ahead, says=findings.sentence(tested),
        figures={name: Figure(value=value, how=how[name], call=call) for name, value, call in values},
    )  # fmt: skip
