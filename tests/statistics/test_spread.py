from __future__ import annotations

import numpy as np
import pytest
import study_tables as tables
from dreamplay.errors import UsageError
from dreamplay.statistics import spread


def test_the_variance_between_phrasings_is_told_from_that_within_and_seeds_fall_out() -> None:
    dice = np.random.default_rng(1)
    found = spread(tables.drawn(dice, {"base": 0.0, "new": 3.0}, 60, 20, between=1.5), "x")
    assert found.within == pytest.approx(1.0, rel=0.05)
    assert found.between == pytest.approx(2.25, rel=0.25)
    assert (found.freedom, found.yes_no) == (118, False)
    assert found.of_mean(20) == pytest.approx(found.between + found.within / 20)


def test_of_a_yes_or_no_the_whole_variance_is_kept() -> None:
    dice = np.random.default_rng(2)
    shares = {"base": 0.5, "new": 0.1}
    rows = tables.rows({name: (dice.random((30, 40)) < p).astype(float).tolist() for name, p in shares.items()})
    found = spread(rows, "x")
    assert found.scale == pytest.approx((0.25 + 0.09) / 2, rel=0.05)


def test_few_phrasings_and_seeds_make_the_whole_variance_of_a_yes_or_no_no_smaller_on_average() -> None:
    dice, found = np.random.default_rng(5), []
    for _ in range(150):
        of_seed = dice.normal(size=3)
        values = {name: (dice.normal(size=(3, 3)) + of_seed > 0).astype(float).tolist() for name in ("base", "new")}
        found.append(spread(tables.rows(values), "x").scale)
    assert np.mean(found) == pytest.approx(0.25, abs=0.02)


def test_one_phrasing_of_each_says_nothing_of_others_and_runs_that_do_not_vary_have_no_spread() -> None:
    assert spread(tables.rows({"base": [[1.0, 2.0, 4.0]], "new": [[2.0, 3.0, 3.0]]}), "x").between is None
    still = spread(tables.rows({"base": [[0.1, 0.7, 0.3]] * 3, "new": [[0.4, 1.0, 0.6]] * 3}), "x")
    assert (still.within, still.between) == (0.0, pytest.approx(0.0, abs=1e-20))
    with pytest.raises(UsageError, match="too few runs"):
        spread(tables.rows({"base": [[1.0]], "new": [[2.0]]}), "x")
