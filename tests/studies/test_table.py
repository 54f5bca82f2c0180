"""What a study has found, from the plays in its store to the files of its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dreamplay as dp
import dreamplay.statistics
import pytest
from dreamplay.cli.app import app
from dreamplay.errors import UsageError
from dreamplay.statistics.table import read
from typer.testing import CliRunner


def _asks(data: dict[str, Any]) -> None:
    data |= {"measures": ["words.ada", "stance.ada=go"], "control": ["lines.bo@square"]}
    data["conditions"]["base"]["phrasings"] = {"plain": {}, "terse": {"swaps": {"ada": "terse.yaml"}}}
    data["conditions"]["calm"] = {"swaps": {"ada": "calm.yaml"}}
    data["conditions"]["told"]["phrasings"] = {"plain": {}, "loud": {"say": [{"bo": "I am off, and now."}]}}


@pytest.fixture
def played(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file: Path = write(_asks)
    found = dp.load_study(file)
    found.run(processes=1)
    return file


def test_a_study_reports_what_it_asked_for_and_what_it_exports_gives_the_same(played: Path) -> None:
    found = dp.load_study(played)
    table = found.table()
    assert table.measures == ("words.ada", "stance.ada=go", "lines.bo@square")
    assert [row.finished for row in table.rows] == [True] * 10
    assert {(row.condition, row.phrasing): row.after for row in table.rows} == {
        ("base", "plain"): "", ("base", "terse"): "", ("calm", "plain"): "",
        ("told", "plain"): "plain", ("told", "loud"): "plain",
    }  # fmt: skip
    assert all(row.values["words.ada"] for row in table.rows)
    words = ["study", "report", str(played), "--table", "r.csv", "--markdown", "r.md", "--html", "r.html"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "WOULD A CALM ADA LEAVE?" in done.stdout
    assert read("r.csv") == table
    made = found.report(file="r.csv")
    figures = [figure for line in (*made.controls, *made.tests) for figure in line.figures.values()]
    assert [eval(figure.call) for figure in figures] == [figure.value for figure in figures]
    assert made.tests[2].tested.difference.merged == 1
    assert "words.ada: how many words ada spoke" in Path("r.md").read_text(encoding="utf-8")
    assert "how many words ada spoke" in Path("r.html").read_text(encoding="utf-8")
    assert dreamplay.statistics.spread("r.csv", "words.ada").freedom == 2


def test_before_it_is_played_the_rows_of_a_study_are_empty_and_nothing_is_tested(write: Any, tmp_path: Path) -> None:
    found = dp.load_study(write(_asks), store=tmp_path / "none")
    assert [row.finished for row in found.table().rows] == [False] * 10
    made = found.report()
    assert made.tests[0].says == (
        "words.ada in calm: not tested, since no seed was played to its end in every phrasing of both."
    )
    assert any(each.startswith("10 runs are not played to their end") for each in made.findings)


def test_what_it_can_tell_counts_phrasings_as_its_tests_do(played: Path) -> None:
    found = dp.load_study(played)
    tests = [line.tested.difference for line in found.report().tests]
    sizes = {(each.changed, 1 if each.unit == "seeds" else each.changed_units) for each in tests}
    assert sizes == {(row.condition, row.changed) for row in found.reach.rows} == {("calm", 1), ("told", 1)}


def test_a_measure_that_the_story_does_not_have_is_named_with_its_line(write: Any) -> None:
    with pytest.raises(UsageError, match=r"ada\.yaml:\d+: measures: words\.adah: no role 'adah'; there are ada"):
        dp.load_study(write(lambda data: data.update(measures=["words.adah"])))
    with pytest.raises(UsageError, match=r"ada\.yaml:\d+: control: 'mood' is not a measure; measures are written"):
        dp.load_study(write(lambda data: data.update(control=["mood"])))
    with pytest.raises(UsageError, match="this study measures nothing"):
        dp.load_study(write()).report()
