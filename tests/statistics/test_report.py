from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dreamplay.statistics  # noqa: F401  (what the calls of a report are about)
import numpy as np
import pytest
import study_tables as tables
from dreamplay.statistics.report import Asked, StudyReport, report
from dreamplay.statistics.table import read

ASKED = Asked(
    title="Does it matter?", study="tea", base="base", conditions=("new", "single"), placebo="reworded",
    measures=("x", "stance.leo=stay", "never"), controls=("before",), meanings={"x": "something"},
)  # fmt: skip
SIZES = {"base": 5, "new": 5, "single": 1, "reworded": 6}


def _rows(shift: float = 4.0, placebo: float = 0.0, seeds: int = 6) -> list[dict[str, Any]]:
    dice = np.random.default_rng(8)
    shifts = {"base": 0.0, "new": shift, "single": 0.0, "reworded": placebo}
    rows = tables.drawn(dice, shifts, SIZES, seeds, between=0.3)
    return [
        row | {"stance.leo=stay": float(dice.random() < 0.3), "never": None, "before": dice.normal(), "run": f"r{i}"}
        for i, row in enumerate(rows)
    ]


def test_every_number_is_what_its_call_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of phrasings, of pairs of seeds (a study with one wording of each), of shares, and of what was not tested."""
    monkeypatch.chdir(tmp_path)
    rows = _rows()
    alone = [row for row in rows if row["phrasing"] == "p0"]
    single = ASKED.model_copy(update={"placebo": None})
    for name, each, asked in (("all.csv", rows, ASKED), ("one.csv", alone, single), ("all.json", rows, ASKED)):
        table = read(each)
        Path(name).write_text(table.to_csv() if name.endswith("csv") else table.to_json(), encoding="utf-8")
        made = report(table, asked, file=name)
        figures = [figure for line in (*made.controls, *made.tests) for figure in line.figures.values()]
        assert len(figures) > 50
        assert sum(figure.value is not None for figure in figures) > 40
        for figure in figures:
            assert eval(figure.call) == figure.value, figure.call
            assert figure.how.endswith(".")


def test_the_controls_come_first_and_then_what_was_found() -> None:
    made = report(read(_rows()), ASKED)
    assert made.concluded
    assert made.findings[0].startswith("Placebo and controls did not move (6 tests, smallest adjusted p = ")
    assert made.findings[1].startswith("new: changed. x rose from ")
    assert made.findings[2].startswith("new: no other change was found in stance.leo=stay. stance.leo=stay: ")
    assert made.findings[3] == "new: never was not tested, since no run of the baseline has a value."
    assert (made.finished, made.planned, made.seeds) == (102, 102, (1, 2, 3, 4, 5, 6))


def test_if_the_placebo_moves_nothing_is_called_a_change() -> None:
    made = report(read(_rows(placebo=4.0)), ASKED)
    assert not made.concluded
    assert made.findings[0].startswith("Nothing can be concluded. What cannot have changed has moved: x in reworded: ")
    assert made.findings[1] == "new: differs from the baseline in x, from which nothing is concluded."
    assert not any("changed." in each or "rose" in each for each in made.findings)


def test_a_placebo_that_could_raise_no_alarm_is_said_to_say_nothing() -> None:
    rows = [row for row in _rows() if row["condition"] != "reworded" or row["phrasing"] == "p0"]
    asked = ASKED.model_copy(update={"controls": ()})
    assert report(read(rows), asked).findings[0].startswith("Placebo and controls cannot raise an alarm")
    none = asked.model_copy(update={"placebo": None})
    assert report(read(rows), none).findings[0].startswith("There is neither a placebo nor a control")


def test_a_control_that_is_the_same_play_everywhere_is_said_to_show_nothing() -> None:
    rows = [row | {"before": float(row["seed"])} for row in _rows()]
    assert (
        report(read(rows), ASKED)
        .findings[0]
        .endswith("before is the same with every seed, whatever was changed, and so shows nothing.")
    )
    alone = ASKED.model_copy(update={"placebo": None})
    assert report(read(rows), alone).findings[0].startswith("Placebo and controls are the same with every seed")


def test_of_an_unfinished_study_it_is_said_that_these_are_no_results() -> None:
    rows = [row | {"finished": row["seed"] != 6} for row in _rows()]
    made = report(read(rows), ASKED)
    assert made.findings[1].startswith("17 runs are not played to their end. These are no results yet")
    assert made.tests[0].tested.difference.seeds == 5


def test_of_single_wordings_it_is_said_that_the_result_holds_for_these_only() -> None:
    rows = [row for row in _rows(seeds=12) if row["phrasing"] == "p0"]
    made = report(read(rows), ASKED)
    assert any(each.startswith("new was compared in a single wording") for each in made.findings)
    assert "single wordings" in dict(made.methods)


def test_of_phrasings_that_count_as_one_it_is_said_why() -> None:
    rows = [row | ({} if row["condition"] == "base" else {"after": "p0"}) for row in _rows(seeds=12)]
    told = report(read(rows), ASKED).findings
    assert "new: phrasings that branch off the same wording of the baseline count as one." in told
    alone = [row for row in rows if row["condition"] != "base" or row["phrasing"] == "p0"]
    number = len({row["phrasing"] for row in rows if row["condition"] == "new"})
    assert (
        f"new was compared in pairs of seeds: its {number} phrasings branch off the same wording of the baseline and "
        "count as one. What is said holds for these wordings only."
    ) in report(read(alone), ASKED).findings


def test_a_report_is_plain_json_and_the_same_each_time() -> None:
    made = report(read(_rows()), ASKED)
    assert StudyReport.model_validate(json.loads(made.model_dump_json())) == made == report(read(_rows()), ASKED)
