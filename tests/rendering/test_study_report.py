from __future__ import annotations

import re

import dreamplay.statistics
import numpy as np
import pytest
import study_tables as tables
from dreamplay.rendering import study_page, study_report
from dreamplay.statistics.report import Asked, StudyReport, report
from dreamplay.statistics.table import Table, read

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


def test_a_page_of_markdown_has_calls_that_can_be_run_as_they_stand() -> None:
    table, made = _made()
    page = study_report.render(made)
    assert "<script>" not in page
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
    figures = [figure for line in (*made.controls, *made.tests) for figure in line.figures.values()]
    assert len(re.findall("<dd>.*?<br><code>", page)) == len(figures)
