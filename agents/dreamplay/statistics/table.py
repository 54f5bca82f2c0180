"""A table of runs: one row for each, with its condition, phrasing and seed, and a column for each measure."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from dreamplay.errors import UsageError
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.error_messages import sentence

COLUMNS: Mapping[str, str] = {
    "study": "the name of the study",
    "condition": "the name of the condition",
    "phrasing": "the name of the wording of it",
    "after": "of a condition that begins at a point of the play: the wording of the baseline that was played before it",
    "seed": "the seed of the dice",
    "run": "the name of the run",
    "finished": "1 if it was played to its end, else 0; what is not is left out of every test",
}
"""The columns that are no measure, and what stands in them. Any other column is a measure: a number, 1 for yes and 0
for no, or nothing where there was nothing to measure."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters at the beginning of a cell that make a spreadsheet evaluate it (CWE-1236)."""


class Row(FrozenModel):
    """One run."""

    study: str = ""
    condition: str
    phrasing: str = "plain"
    after: str = ""
    seed: int
    run: str = ""
    finished: bool = True
    values: dict[str, float | None]
    """Measure to its value; None where there was nothing to measure."""


@dataclass(frozen=True)
class Table:
    """Runs with their measures."""

    measures: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions, as they come."""
        return tuple(dict.fromkeys(row.condition for row in self.rows))

    def to_records(self) -> list[dict[str, Any]]:
        """One flat dictionary for each run, for pandas or JSON."""
        fixed = tuple(COLUMNS)
        return [
            {name: getattr(row, name) for name in fixed} | {name: row.values.get(name) for name in self.measures}
            for row in self.rows
        ]

    def to_csv(self) -> str:
        """The table for a spreadsheet, or for `read`, which gets the very same numbers back. A text that a spreadsheet
        would take for a formula is preceded by an apostrophe."""
        out = io.StringIO()
        writer = csv.DictWriter(out, [*COLUMNS, *self.measures], lineterminator="\n")
        writer.writeheader()
        for record in self.to_records():
            writer.writerow({name: _cell(value) for name, value in record.items()})
        return out.getvalue()

    def to_json(self) -> str:
        """The same as JSON: a list of objects."""
        return json.dumps(self.to_records(), ensure_ascii=False, indent=1) + "\n"


Rows: TypeAlias = Table | str | Path | Sequence[Mapping[str, Any]]
"""A table, the CSV or JSON file that one was written to, or rows as dictionaries."""


def read(rows: Rows) -> Table:
    """A table from a CSV or JSON file that `dreamplay study report --table` has written, or from rows.

    Raises:
        UsageError: the file cannot be read, or a row does not fit; the message names it.
    """
    if isinstance(rows, Table):
        return rows
    if not isinstance(rows, str | Path):
        return _table([(f"row {number}", row) for number, row in enumerate(rows, 1)])
    path = Path(rows)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read {path}: {why}; name the exported table of a study") from None
    if path.suffix.lower() == ".json":
        try:
            found = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{path} is not JSON: {error}") from None
        if not (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
            raise UsageError(f"{path} is not a table: write a list of objects, one for each run")
        return _table([(f"{path}, row {number}", row) for number, row in enumerate(found, 1)])
    reader = csv.DictReader(io.StringIO(text))
    return _table([(f"{path}:{reader.line_num}", row) for row in reader])


def _table(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Table:
    measures: dict[str, None] = {}
    made: list[Row] = []
    known: dict[tuple[str, str, int], str] = {}
    for place, row in rows:
        names = [name for name in row if name is not None and name not in COLUMNS]
        measures.update(dict.fromkeys(names))
        fixed = {name: _plain(row[name]) for name in COLUMNS if row.get(name) not in (None, "")}
        try:
            one = Row.model_validate(fixed | {"values": {name: _number(row[name], name) for name in names}})
        except ValidationError as error:
            wrong = error.errors()[0]
            raise UsageError(f"{place}: {wrong['loc'][0]}: {sentence(wrong)}") from None
        except ValueError as error:
            raise UsageError(f"{place}: {error}") from None
        other = known.setdefault((one.condition, one.phrasing, one.seed), place)
        if other != place:
            raise UsageError(
                f"{place}: condition {one.condition!r}, phrasing {one.phrasing!r}, seed {one.seed} stands in {other} "
                "already; list each run once"
            )
        made.append(one)
    if not made:
        raise UsageError("the table has no rows; play the study first")
    return Table(tuple(measures), tuple(made))


def _number(value: Any, name: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {value!r} is not a number") from None
    if math.isinf(number):
        raise ValueError(f"{name}: {value!r} is not finite")
    return None if math.isnan(number) else number


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _plain(value: Any) -> Any:
    """A cell as it was before `_cell` marked it."""
    return value[1:] if isinstance(value, str) and value[:1] == "'" and value[1:].startswith(_FORMULA) else value
