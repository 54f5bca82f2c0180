from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dreamplay.branching import lineage
from dreamplay.errors import UsageError
from dreamplay.rendering import run_tables
from dreamplay.runs.run_summary import RunSummary

NOW = datetime(2045, 1, 31, 12, tzinfo=UTC)


def _run(number: int, **rest: Any) -> RunSummary:
    given = {
        "name": f"mindsync-20450131-1200{number:02}-{number}", "state": "finished", "story": "mindsync", "size": 1000,
        "cast": ("Ada", "Bo"), "models": ("fake",), "seed": number, "study": "base", "beat": "day", "scene": "square",
        "when": NOW - timedelta(hours=number), "lines": 7, "turn": 3,
    }  # fmt: skip
    return RunSummary.model_validate(given | rest)


def _changed(number: int, **rest: Any) -> RunSummary:
    change = ("from event 40 on, swap bo=bo_believer",)
    return _run(number, **({"study": "changed", "point": 40, "changes": change, "parent": _run(1).name} | rest))


RUNS = [*map(_run, range(1, 9)), *map(_changed, (1, 2, 3, 5)), _changed(6, state="stopped")]
RUNS = [*RUNS[:8], *(run.model_copy(update={"name": f"w{run.seed}"}) for run in RUNS[8:])]


def _lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, known: list[RunSummary], **how: Any
) -> list[str]:
    """What is printed in a terminal of that width."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for name, value in {"COLUMNS": str(width), "LINES": "40", "TERM": "dumb", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    run_tables.show_runs(known, **how)
    return capsys.readouterr().out.splitlines()


def test_a_study_is_one_line_with_its_change_seeds_and_states(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head, base, changed = _lines(monkeypatch, capsys, 140, RUNS)
    assert head.split()[:4] == ["run", "state", "change", "seed"]
    assert base.split()[:6] == [RUNS[0].name, "8", "finished", "1", "to", "8"]
    assert "w1" in changed
    assert "4 finished, 1 stopped  swap bo=bo_believer, from" in changed
    assert "1 to 3, 5 to 6" in changed


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("length", [12, 60, 90])
def test_a_name_is_whole_and_a_line_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, length: int
) -> None:
    known = [_run(i, study=str(i), name=f"{i:-<{length}}", why="\u6771" * 90) for i in range(20)]
    lines = _lines(monkeypatch, capsys, width, known)[1:]
    assert [line.split()[0] for line in lines] == [run.name for run in known]
    assert all(len(line) <= max(width, length) for line in lines)


def test_a_pipe_gets_a_line_for_each_run_with_everything(capsys: pytest.CaptureFixture[str]) -> None:
    long = _changed(9, changes=("swap bo=" + "x" * 300,), name="two  spaces")
    run_tables.show_runs([*RUNS, long])
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(RUNS) + 1
    assert "x" * 300 in lines[-1]
    assert lines[-1].startswith("two  spaces")


def test_what_is_over_the_limit_is_counted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    known = [_run(i, study=str(i)) for i in range(57)]
    for how, shown in (({}, 20), ({"limit": 3}, 3), ({"every": True}, 57), ({"every": True, "limit": 3}, 3)):
        assert len(_lines(monkeypatch, capsys, 80, known, **how)) == 1 + shown
    monkeypatch.undo()
    run_tables.show_runs(known, limit=50)
    assert "7 more; `limit=N` or `all`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("chosen", "number"),
    [
        ({}, 13), ({"changed": True}, 5), ({"story": "mindsync"}, 13), ({"story": "other"}, 0), ({"since": "4h"}, 7),
        ({"since": "2045-01-30", "changed": True}, 5), ({"since": "2045-02-01"}, 0), ({"since": "3w"}, 13),
    ],
)  # fmt: skip
def test_runs_are_chosen(chosen: dict[str, Any], number: int) -> None:
    since = run_tables.moment(chosen["since"], NOW) if "since" in chosen else None
    asked = {"story": None, "changed": False} | chosen | {"since": since}
    assert len(run_tables.chosen(RUNS, **asked)) == number


@pytest.mark.parametrize("text", ["", "2 d", "-2d", "yesterday", "99999d", "2045-13-01", "\u0662d"])
def test_a_time_is_a_date_or_how_long_ago(text: str) -> None:
    with pytest.raises(UsageError, match="write a date"):
        run_tables.moment(text, NOW)


def test_a_tree_in_a_terminal_has_a_line_for_a_study(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _lines(monkeypatch, capsys, 80, RUNS)
    run_tables.show_trees(lineage.families(RUNS))
    root, branch, others = capsys.readouterr().out.splitlines()
    assert root == f"{RUNS[0].name}  seed 1, finished"
    assert branch.startswith("└── w1  swap bo=bo_believer, from event 40 on; seeds 1 to 3, 5 to 6, ")
    assert len(branch) == 80
    assert others == f"{RUNS[1].name}  seeds 2 to 8, 7 finished"


def test_a_chain_of_a_thousand_branches_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    chain = [_changed(i, parent=f"run-{i - 1}", name=f"run-{i}") for i in range(1_000)]
    run_tables.show_trees(lineage.families(chain))
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"{' ' * 4 * 998}└── run-999  ")


def test_lines_that_were_not_counted_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    run_tables.show_runs([_run(1, lines=0, whole=False), _run(2, lines=0)])
    _, unread, read = capsys.readouterr().out.splitlines()
    assert (unread.count("  0  "), read.count("  0  ")) == (0, 1)
