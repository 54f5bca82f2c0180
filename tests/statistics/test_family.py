from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import study_tables as tables
from dreamplay.errors import UsageError
from dreamplay.statistics import compare_all, compare_phrasings, holm
from dreamplay.statistics.family import Family

NAMES = ("base", "new", "other", "reworded")


def _tested(shifts: dict[str, float], control: dict[str, float], phrasings: int = 6) -> Family:
    dice = np.random.default_rng(11)
    one, other = (
        tables.drawn(dice, {name: given.get(name, 0.0) for name in NAMES}, phrasings, 8) for given in (shifts, control)
    )
    rows: list[dict[str, Any]] = [row | {"before": also["x"]} for row, also in zip(one, other, strict=True)]
    return compare_all(
        rows, ["x"], base="base", conditions=["new", "other"], placebo="reworded", controls=["before"]
    )  # fmt: skip


def test_all_that_is_asked_for_is_corrected_together_and_what_cannot_have_moved_by_itself() -> None:
    made = _tested({"new": 9.0}, {})
    assert [(each.difference.changed, each.difference.measure) for each in made.controls] == [
        ("reworded", "x"), ("reworded", "before"), ("new", "before"), ("other", "before"),
    ]  # fmt: skip
    assert [each.adjusted for each in made.tests] == holm([each.difference.p or 0 for each in made.tests])
    assert (made.moved, made.found) == ((), (made.of("new", "x"),))
    with pytest.raises(UsageError, match="'base' was not tested in 'x'"):
        made.of("base", "x")


@pytest.mark.parametrize(("shifts", "control"), [({"new": 9.0, "reworded": 9.0}, {}), ({"new": 9.0}, {"other": 9.0})])
def test_if_a_placebo_or_a_control_moves_no_difference_is_called_a_change(
    shifts: dict[str, float], control: dict[str, float]
) -> None:
    made = _tested(shifts, control)
    assert len(made.moved) == 1
    assert made.of("new", "x").small
    assert made.found == ()


def test_a_test_that_could_not_be_made_counts_among_those_asked_for() -> None:
    dice = np.random.default_rng(3)
    rows = tables.drawn(dice, {"base": 0.0, "new": 9.0}, 5, 4)
    rows = [row | {"y": None} for row in rows]
    made = compare_all(rows, ["x", "y"], base="base", conditions=["new"])
    assert made.of("new", "y").adjusted == 1.0
    assert made.of("new", "x").adjusted == 2 * (compare_phrasings(rows, "x", base="base", changed="new").p or 0)
