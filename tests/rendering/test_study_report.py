from __future__ import annotations

import re
import sys

import dreamplay.statistics
import numpy as np
import pytest
import study_tables as tables
from dreamplay.rendering import study_page, study_plots, study_report
from dreamplay.statistics.report import Asked, StudyReport, report
from dreamplay.statistics.table import Table, read
from rich.console import Console, ConsoleDimensions

EVIL = "<script>alert(1)</script> [x](y)"
ASKED = Asked(title=EVIL, study="tea", base="base", conditions=("new",), placebo="reworded", measures=("x",))


def _made(placebo: float = 0.0) -> tuple[Table, StudyReport]:
    dice = np.random.default_rng(4)
    table = read(tables.drawn(dice, {"base": 0.0, "new": 5.0, "reworded": placebo}, 5, 4, between=0.3))
    return table, report(table, ASKED)


def test_the_report_in_a_terminal_has_the_controls_before_the_conditions(capsys: pytest.CaptureFixture[str]) -> None:
    study_report.show(_made()[1])
    told = capsys.readouterr().out
    assert "base, the baseline: 5 phrasings, 20 of 20 runs" in told
    assert told.index("Placebo and controls did not move") < told.index("new: changed. x rose from")
    assert told.index("Placebo and controls\n") < told.index("Conditions and measures\n")
    assert "5 and 5 phrasings" in told


def test_in_a_narrow_terminal_nothing_is_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(Console, "size", ConsoleDimensions(80, 40))
    study_report.show(_made()[1])
    told = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= 80


def test_a_page_of_markdown_has_calls_that_can_be_run_as_they_stand() -> None:
    table, made = _made()
    page = study_report.render(made)
    assert "<script>" not in page
    assert "needs `import dreamplay.statistics`." in page
    code = page.partition("```python\n")[2].partition("\n```")[0]
    calls = [line for line in code.splitlines() if line.startswith("dreamplay.")]
    assert len(calls) == 6
    kept = {"dreamplay": dreamplay, "table": table}
    found = [eval(call.replace("'results.csv'", "table"), kept) for call in calls]
    assert found[3] == made.tests[0].tested.difference
    assert found[4] == made.tests[0].tested
    assert found[5] == made.tests[0].outlook


def test_a_page_of_html_says_of_every_number_how_it_was_made() -> None:
    _, made = _made(placebo=5.0)
    page = study_page.render(made)
    assert "<script>" not in page
    assert page == study_page.render(made)
    assert "Nothing can be concluded." in page
    assert "<title>x: difference from base, with its 95% interval. new: " in page
    assert "adjusted p = " in page.partition("with its 95% interval. new: ")[2].partition("</title>")[0]
    figures = [figure for line in (*made.controls, *made.tests) for figure in line.figures.values()]
    assert len(re.findall("<dd>.*?<br><code>", page)) == len(figures)


def test_a_plot_has_a_ring_for_what_is_not_told_from_chance_and_says_what_was_not_tested() -> None:
    dice = np.random.default_rng(4)
    rows = tables.drawn(dice, {"base": 0.0, "moved": 9.0, "still": 0.0}, 5, 4, between=0.3)
    rows += tables.rows({"empty": [[None] * 4] * 5})
    asked = Asked(title="", study="tea", base="base", conditions=("moved", "still", "empty"), measures=("x",))
    ((measure, plot),) = study_plots.intervals(report(read(rows), asked).tests)
    moved, still, empty = (re.sub(r"<title>.*?</title>", "", part) for part in plot.split('class="label"')[1:])
    assert measure == "x"
    assert ("ring" in moved, "ring" in still) == (False, True)
    assert "not tested" in empty
    assert "circle" not in empty
    assert "empty: not tested." in plot


def test_a_share_is_told_from_where_it_was_to_where_it_would_have_to_go() -> None:
    dice = np.random.default_rng(2)
    rows = tables.rows({name: (dice.random((6, 8)) < 0.3).astype(float).tolist() for name in ("base", "new")})
    made = report(read(rows), ASKED.model_copy(update={"placebo": None}))
    seen = made.tests[0].tested.difference.base_mean
    assert re.search(rf"x: a change from {seen:.0%} to \d+% would be found four times in five", str(made))
