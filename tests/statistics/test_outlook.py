from __future__ import annotations

import numpy as np
import pytest
import study_tables as tables
from dreamplay.statistics import outlook, power, spread
from dreamplay.statistics.power import Design


def test_what_can_be_told_comes_from_the_spread_in_the_table() -> None:
    rows = tables.drawn(np.random.default_rng(2), {"base": 0.0, "new": 1.0, "other": 0.0}, 5, 6)
    made = outlook(rows, "x", base="base", changed="new", tests=4)
    assert made
    assert made.level == 0.0125
    assert made.detectable == power.detectable(Design(5, 5, 6, 4), spread(rows, "x"))
    assert made.detectable > abs(made.seen)
    assert made.phrasings == power.more_phrasings(Design(5, 5, 6, 4), spread(rows, "x"), made.seen)
    assert made.freedom == 12


def test_of_a_single_wording_more_seeds_are_told_and_no_phrasings() -> None:
    rows = tables.drawn(np.random.default_rng(6), {"base": 0.0, "new": 1.0}, 1, 8, between=0.0)
    made = outlook(rows, "x", base="base", changed="new")
    assert made
    assert (made.phrasings, made.freedom) == (None, 0)
    assert made.seeds is not None


@pytest.mark.parametrize("value", [1.0, None])
def test_of_what_does_not_vary_nothing_is_told(value: float | None) -> None:
    rows = tables.rows({name: [[value] * 4] * 5 for name in ("base", "new")})
    assert outlook(rows, "x", base="base", changed="new") is None
