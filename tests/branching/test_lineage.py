from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from dreamplay.branching import lineage
from dreamplay.errors import RecordError
from dreamplay.rendering import run_tables
from dreamplay.runs.run_summary import RunSummary


def _run(name: str, parent: str | None = None, **rest: Any) -> RunSummary:
    return RunSummary.model_validate(
        {"name": name, "state": "finished", "seed": 1, "size": 1, "when": datetime.now(UTC), "parent": parent} | rest
    )


FIRST, SECOND = ("from event 9 on, drop bo",), ("from event 9 on, drop bo", "from event 12 on, say ada: Go.")
RUNS = [
    _run("grand", "child", point=12, changes=SECOND),
    _run("other"),
    _run("child", "root", point=9, changes=FIRST),
    _run("twin", "root", point=9, seed=2, state="stopped"),
    _run("root"),
    _run("orphan", "gone", point=0, changes=("swap bo=zoe",)),
    RunSummary(name="broken", state="damaged", why="broken:3: no JSON", size=1, when=datetime.now(UTC)),
]


def test_each_family_is_drawn_with_change_and_point(capsys: pytest.CaptureFixture[str]) -> None:
    run_tables.show_trees(lineage.families(RUNS))
    assert capsys.readouterr().out.splitlines() == [
        "other  seed 1, finished",
        "root  seed 1, finished",
        "├── twin  nothing changed, from event 9 on; seed 2, stopped",
        "└── child  drop bo, from event 9 on; seed 1, finished",
        "    └── grand  say ada: “Go.”, from event 12 on; seed 1, finished",
        "orphan  swap bo=zoe, from the start; seed 1, finished",
    ]


def test_one_family_is_the_one_that_has_the_member() -> None:
    (found,) = lineage.families(RUNS, "grand")
    assert [run.name for run in found] == ["root", "twin", "child", "grand"]
    with pytest.raises(RecordError, match=r"^broken:3: no JSON$"):
        lineage.families(RUNS, "broken")
    with pytest.raises(RecordError, match=r"^no run 'x'; the newest are grand, other, child, twin, root$"):
        lineage.families(RUNS, "x")
    with pytest.raises(RecordError, match=r"^no run 'x'; and no other that can be read$"):
        lineage.families(RUNS[-1:], "x")


def test_runs_that_are_said_to_descend_from_themselves_are_drawn_once() -> None:
    own = [_run("egg", "hen"), _run("hen", "egg"), _run("self", "self"), _run("chick", "hen")]
    assert sorted(run.name for found in lineage.families(own) for run in found) == ["chick", "egg", "hen", "self"]
    assert lineage.families(own, "self")


def test_a_branch_of_a_branch_may_go_on_for_long() -> None:
    chain = [_run(str(number), str(number - 1) if number else None) for number in range(3000)]
    (found,) = lineage.families(chain)
    assert [run.name for run in found] == [run.name for run in chain]
