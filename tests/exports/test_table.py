"""Runs as a table: what the columns hold, who may read them, and what other programs read in them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.exports import table
from dreamplay.exports.table import Csv, JsonLines, Parquet
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog

AGENT = {"by": "agent"}


@pytest.fixture
def log() -> RunLog:
    """Bo asks, Ada lies to him in a whisper, and both think of each other, twice."""
    refused = [{"text": "No.", "reason": "copies"}]
    return worlds.record(
        worlds.said("bo", "Why?", turn=1, cue=worlds.cue(to="ada", topic="door", act="ask")),
        worlds.said("ada", "=1+1", turn=2, witnesses=("ada", "bo"), provenance=AGENT | {"refused": refused},
                    cue=worlds.cue(act="lie", answers=0, hears=("bo",))),
        {"kind": "reflection", "speaker": "ada", "witnesses": ("ada",), "attitudes": {"bo": 0.25, "cyrus": 0.5}},
        {"kind": "reflection", "speaker": "bo", "witnesses": ("bo",), "attitudes": {"ada": 0.5}},
        {"kind": "reflection", "speaker": "ada", "witnesses": ("ada",), "attitudes": {"bo": -0.25}},
    )  # fmt: skip


def _column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_a_reflection_says_whom_somebody_thinks_otherwise_of(log: RunLog) -> None:
    rows = table.records(log)
    assert _column(rows, "attitude_bo") == [None, None, 0.25, None, -0.25]
    assert _column(rows, "moved_bo") == [None, None, None, None, -0.5]
    assert _column(rows, "moved_cyrus") == [None] * 5
    assert _column(rows, "refused") == [0, 1, 0, 0, 0]
    assert [*rows[0]] == [*table.columns(log.cast.roles)]


@pytest.mark.parametrize(
    ("view", "acts", "answers"),
    [("author", ["ask", "lie"], [None, 0]), ("ada", [None, "lie"], [None, 0]), ("bo", ["ask", None], [None, None]),
     ("cyrus", [None], [None]), ("reader", [None, None], [None, None])],
)  # fmt: skip
def test_the_directors_note_is_told_to_the_speaker(view: str, acts: list[str], answers: list[int], log: RunLog) -> None:
    rows = [json.loads(line) for line in JsonLines().write(Source((log,), view)).splitlines()]
    lines = [row for row in rows if row["kind"] == "line"]
    assert (_column(lines, "act"), _column(lines, "answers")) == (acts, answers)


def test_what_a_branch_made_somebody_say_is_the_authors_to_read(log: RunLog) -> None:
    header = log.header.model_copy(update={"changes": ("from event 1 on, say ada: It was me.",)})
    branch = RunLog(header, log.script, log.end)
    assert "It was me." in Csv().write(Source((branch,), "author"))
    assert "It was me." not in Csv().write(Source((branch,), "cyrus"))


def test_runs_with_other_roles_have_the_same_columns(log: RunLog) -> None:
    other = RunLog(log.header.model_copy(update={"cast": {"dee": log.header.cast["ada"]}}), worlds.Script(), None)
    text = Csv().write(Source((log, other), "author"))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["moved_dee"] == ""
    assert rows[1]["text"] == "'=1+1"  # no formula


def test_parquet_has_the_types_and_the_meaning_of_the_columns(log: RunLog) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is large, and not among the tests' requirements")
    made = Parquet().write(Source((log, log), "author"))
    read = parquet.read_table(io.BytesIO(made))
    assert read.to_pylist() == table.records(log) * 2
    assert {field.name: str(field.type) for field in read.schema if field.name in ("id", "text", "seconds")} == {
        "id": "int64", "text": "string", "seconds": "double"
    }  # fmt: skip
    assert read.schema.field("act").metadata[b"description"].startswith(b"of a turn: what it was to do")
    assert made == Parquet().write(Source((log, log), "author"))


def test_the_pandas_of_the_docs_says_who_moved_whom(
    log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas", reason="pandas is large, and not among the tests' requirements")
    page = (Path(__file__).parents[2] / "docs/exports.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(import pandas as pd\n.*?)```", page, re.DOTALL)
    assert code
    monkeypatch.chdir(tmp_path)
    Path("runs.csv").write_text(Csv().write(Source((log,), "author")), encoding="utf-8")
    exec(code[1], {})
    assert re.fullmatch(r"role +\nada +moved_bo +-0\.5\n.*", capsys.readouterr().out, re.DOTALL)
