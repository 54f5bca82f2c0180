from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import UsageError
from dreamplay.statistics.table import read

ROWS: list[dict[str, Any]] = [
    {"study": "s", "condition": "base", "phrasing": "plain", "after": "", "seed": 1, "run": "a-1", "finished": True,
     "x": 0.1 + 0.2, "stance.leo=stay": 1.0},
    {"study": "s", "condition": "=1+1", "phrasing": "plain", "after": "plain", "seed": 2, "run": "a-2",
     "finished": False, "x": None, "stance.leo=stay": 0.0},
]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_table_that_is_read_back_is_the_very_same(form: str, tmp_path: Path) -> None:
    table = read(ROWS)
    path = tmp_path / f"results.{form}"
    path.write_text(table.to_csv() if form == "csv" else table.to_json(), encoding="utf-8")
    assert read(path) == table
    assert read(table.to_records()) == table
    assert table.measures == ("x", "stance.leo=stay")
    assert ("'=1+1" in path.read_text(encoding="utf-8")) is (form == "csv")


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([], "no rows"),
        ([ROWS[0], ROWS[0]], "row 2: condition 'base', phrasing 'plain', seed 1 stands in row 1 already"),
        ([ROWS[0] | {"x": "much"}], "row 1: x: 'much' is not a number"),
        ([ROWS[0] | {"x": "inf"}], "row 1: x: 'inf' is not finite"),
        ([ROWS[0] | {"seed": "two"}], "row 1: seed: must be a whole number"),
        ([{"seed": 1, "x": 2}], "row 1: condition: this key is missing"),
    ],
)
def test_a_row_that_does_not_fit_is_named(rows: list[dict[str, Any]], wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        read(rows)


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    for text, wrong in (('{"a": 1}', "is not a table"), ("{", "is not JSON")):
        path.write_text(text)
        with pytest.raises(UsageError, match=wrong):
            read(path)
    with pytest.raises(UsageError, match=r"none\.csv: No such file"):
        read(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text("condition,seed,x\nbase,1,much\n")
    with pytest.raises(UsageError, match=r"t\.csv:2: x: 'much' is not a number"):
        read(tmp_path / "t.csv")
