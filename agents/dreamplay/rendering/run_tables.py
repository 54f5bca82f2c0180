"""Lists of runs: a table with a row for each study, and trees of branches.

A name is never shortened, so that it can be copied. Other columns are shortened or left out if a terminal is too
narrow. In a pipe there is a row for each run, with all columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from dreamplay.branching.lineage import Lineage
from dreamplay.errors import UsageError
from dreamplay.rendering.console import piped, stdout
from dreamplay.rendering.output import clean, say
from dreamplay.runs.run_summary import RunSummary

_LIMIT = 20
_GAP = 2
_LEAST, _ENOUGH = 8, 26
"""The minimum width of a shortened text, and the width from which other columns get space first."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Study:
    """One run, or several that differ only in their seed."""

    runs: tuple[RunSummary, ...]

    @property
    def first(self) -> RunSummary:
        """The run whose name represents all of them."""
        return self.runs[0]

    @property
    def seeds(self) -> str:
        """The seeds; consecutive seeds are shown as a range."""
        numbers = sorted({run.seed for run in self.runs if run.seed is not None})
        firsts = [number for number in numbers if number - 1 not in numbers]
        lasts = [number for number in numbers if number + 1 not in numbers]
        pairs = zip(firsts, lasts, strict=True)
        return ", ".join(f"{first} to {last}" if first < last else f"{first}" for first, last in pairs)

    @property
    def states(self) -> str:
        """The status of the runs; for several runs, with the number for each status."""
        counted = Counter(run.state for run in self.runs)
        if len(self.runs) == 1:
            return self.first.state
        return ", ".join(f"{number} {state}" for state, number in counted.items())

    @property
    def place(self) -> str:
        """The status of the run, or why it is damaged."""
        run = self.first
        if run.why:
            return run.why
        place = run.beat if run.beat == run.scene else f"{run.beat}, {run.scene}"
        return f"{place}, turn {run.turn}" if run.turn else place


@dataclass(frozen=True)
class _Column:
    head: str
    value: Callable[[Study], str]
    short: bool = False
    """Whether it may be shortened."""
    shared: bool = False
    """Whether the column comes last if all runs have the same value in it."""


_NAME = _Column("run", lambda study: study.first.name)
_COLUMNS = (
    _Column("state", lambda study: study.states),
    _Column("change", lambda study: study.first.own_changes(), short=True),
    _Column("seed", lambda study: study.seeds, short=True),
    _Column("model", lambda study: ", then ".join(study.first.models), short=True, shared=True),
    _Column("story", lambda study: study.first.story, short=True, shared=True),
    _Column("written", lambda study: f"{study.first.when.astimezone():%Y-%m-%d %H:%M}"),
    _Column("stands at", lambda study: study.place, short=True),
    _Column("lines", lambda study: str(study.first.lines) if study.first.whole or study.first.lines else ""),
    _Column("cast", lambda study: ", ".join(study.first.cast), short=True),
    _Column("size", lambda study: _bytes(sum(run.size for run in study.runs))),
)
"""The columns by importance: those at the end are left out first."""


def chosen(
    known: Iterable[RunSummary], *, story: str | None, changed: bool, since: datetime | None
) -> list[RunSummary]:
    """Select runs by story, by change, and by the time of the last write."""
    return [
        run for run in known
        if (story is None or run.story == story) and (not changed or run.changes) and (not since or run.when >= since)
    ]  # fmt: skip


def moment(text: str, now: datetime) -> datetime:
    """The time that a text gives: a date, or a duration before now.

    Raises:
        UsageError: the text is neither.
    """
    try:
        if ago := re.fullmatch(r"(\d{1,4})([mhdw])", text, re.ASCII):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise UsageError(
            f"`since={text[:40]!r}`: write a date (2045-01-31), or how long ago: 30m, 12h, 2d, 3w"
        ) from None


def studies(known: Iterable[RunSummary]) -> list[Study]:
    """Runs grouped if they differ only in their seed; a damaged run has a group of its own."""
    found: dict[str, list[RunSummary]] = {}
    for run in known:
        found.setdefault(run.study or f"damaged {run.name}", []).append(run)
    return [Study(tuple(runs)) for runs in found.values()]


def show_runs(known: Sequence[RunSummary], *, every: bool = False, limit: int | None = None) -> None:
    """Print the runs with a row for each study, or, with `every`, for each run, with the columns that fit."""
    out = stdout()
    every = every or piped(out)
    listed = [Study((run,)) for run in known] if every else studies(known)
    more = len(listed) - (limit or (len(listed) if every else _LIMIT))
    listed = listed[:-more] if more > 0 else listed
    fitting = _fitting(listed, None if piped(out) else out.width)
    columns = [column for column in (_NAME, *_COLUMNS) if column in fitting]
    rows = [[column.head for column in columns], *([_value(column, study) for column in columns] for study in listed)]
    for i, row in enumerate(rows):
        cells = (_cell(text, fitting[column]) for text, column in zip(row, columns, strict=True))
        _line(out, Text((" " * _GAP).join(cells).rstrip(), style="" if i else "bold"))
    if more > 0:
        say(f"{more} more; `limit=N` or `all` shows them, `story`, `changed` and `since` choose among them")


def show_trees(drawn: Iterable[Lineage]) -> None:
    """Print each family as a tree; in a terminal, runs that differ only in their seed share a line."""
    out = stdout()
    folded = not piped(out)
    for same in _alike(drawn, folded=folded):
        for guide, study, before in _tree(same, folded=folded):
            name, told = _plain(study.first.name), _plain(_told(study, before))
            room = out.width - cell_len(guide + name) - _GAP
            if not piped(out) and cell_len(told) > room:
                told = _cell(told, room) if room > _LEAST else ""
            _line(out, Text.assemble(guide, (name, "bold"), f"{' ' * _GAP}{told}" if told else ""))


def _tree(root: Sequence[Lineage], *, folded: bool) -> Iterator[tuple[str, Study, Sequence[str]]]:
    """The lines of a tree: the drawn prefix, the runs, and the changes from their parent."""
    left: list[tuple[Sequence[Lineage], str, str, Sequence[str]]] = [(root, "", "", ())]
    while left:
        same, guide, below, before = left.pop()
        yield guide, Study(tuple(family.run for family in same)), before
        groups = _alike((child for family in same for child in family.children), folded=folded)
        for group in reversed(groups):
            turn, on = ("└── ", "    ") if group is groups[-1] else ("├── ", "│   ")
            left.append((group, below + turn, below + on, same[0].run.changes))


def _alike(families: Iterable[Lineage], *, folded: bool) -> list[list[Lineage]]:
    """Families grouped by line: families of a single run that differ only in their seed share one."""
    groups: dict[tuple[str, str], list[Lineage]] = {}
    for family in families:
        alone = family.run.name if family.children or not folded else ""
        groups.setdefault((family.run.study, alone), []).append(family)
    return list(groups.values())


def _told(study: Study, before: Sequence[str]) -> str:
    run = study.first
    seeds = f"seed{'s' * (len(study.runs) > 1)} {study.seeds}, {study.states}"
    return "; ".join(filter(None, (run.own_changes(before), seeds)))


def _fitting(listed: Sequence[Study], width: int | None) -> dict[_Column, int]:
    """The width of each column that fits; in a pipe all columns fit."""
    wanted = {
        column: max(cell_len(text) for text in (column.head, *(_value(column, study) for study in listed)))
        for column in (_NAME, *_COLUMNS)
    }
    if width is None:
        return wanted
    shown = [column for column in _COLUMNS if any(_value(column, study) for study in listed)]
    alike = {
        column for column in shown if column.shared and len({_value(column, study) for study in listed} - {""}) < 2
    }
    fitting, left = {_NAME: wanted[_NAME]}, width - wanted[_NAME]
    for column in sorted(shown, key=lambda column: column in alike):
        size = min(wanted[column], _ENOUGH, left - _GAP) if column.short else wanted[column]
        if min(_LEAST, wanted[column]) <= size <= left - _GAP:
            fitting[column] = size
            left -= _GAP + size
    left = max(0, left)  # a name that is wider than the terminal stays whole
    for column in fitting:
        more = min(left, wanted[column] - fitting[column])
        fitting[column] += more
        left -= more
    return fitting


def _value(column: _Column, study: Study) -> str:
    return _plain(column.value(study))


def _plain(text: str) -> str:
    """A text on one line; repeated spaces in a name are kept."""
    return clean(re.sub(r"[\t\n]", " ", text))


def _cell(text: str, size: int) -> str:
    """A text in the given number of columns, shortened if necessary."""
    return set_cell_size(text, size) if cell_len(text) <= size else f"{set_cell_size(text, size - 1)}…"


def _line(out: Console, text: Text) -> None:
    out.print(text, soft_wrap=True)


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
