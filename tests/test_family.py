from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from dreamplay.branches import family
from dreamplay.errors import RecordError
from dreamplay.record.runs import Standing


def _run(name: str, parent: str | None = None, **rest: Any) -> Standing:
    return Standing.model_validate(
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
    Standing(name="broken", state="damaged", size=1, when=datetime.now(UTC)),
]


def test_each_family_is_drawn_with_point_and_change(capsys: pytest.CaptureFixture[str]) -> None:
    family.show(family.trees(RUNS))
    assert capsys.readouterr().out.splitlines() == [
        "other  seed 1, finished",
        "root  seed 1, finished",
        "├── twin  seed 2, from event 9 on: nothing changed, stopped",
        "└── child  seed 1, from event 9 on: drop bo, finished",
        "    └── grand  seed 1, from event 12 on: say ada: Go., finished",
        "orphan  seed 1, from the start: swap bo=zoe, finished",
    ]


def test_one_family_is_drawn_from_its_oldest_run(capsys: pytest.CaptureFixture[str]) -> None:
    family.show(family.trees(RUNS, "grand"))
    assert [line.strip("├└─│ ").split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "root", "twin", "child", "grand",
    ]  # fmt: skip
    with pytest.raises(RecordError, match="no run 'broken' that can be read"):
        family.trees(RUNS, "broken")
