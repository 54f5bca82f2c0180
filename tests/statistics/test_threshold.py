from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import study_tables as tables
from dreamplay.statistics import spread, threshold
from dreamplay.statistics.spread import Spread
from dreamplay.statistics.threshold import Hidden

PHRASINGS, SEEDS = 0.15, 0.4
"""The parts of the variance of the hidden number in `_rows`."""


def _rows(dice: np.random.Generator, shares: dict[str, float], phrasings: int, seeds: int) -> list[dict[str, object]]:
    of_seed = dice.normal(0, SEEDS**0.5, seeds)
    found = {}
    for name, share in shares.items():
        own = dice.normal(0, PHRASINGS**0.5, (phrasings, 1))
        rest = dice.normal(0, (1 - PHRASINGS - SEEDS) ** 0.5, (phrasings, seeds))
        found[name] = (own + of_seed + rest < threshold.threshold(share)).astype(float).tolist()
    return tables.rows(found)


def test_the_hidden_parts_are_those_that_the_table_was_drawn_with() -> None:
    found = threshold.hidden(spread(_rows(np.random.default_rng(3), {"base": 0.4, "new": 0.6}, 150, 60), "x"))
    assert found.phrasing == pytest.approx(PHRASINGS, abs=0.04)
    assert found.seed == pytest.approx(SEEDS, abs=0.06)


def test_the_pairs_that_are_both_yes_are_those_of_two_normal_numbers() -> None:
    drawn = np.random.default_rng(1).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 200_000)
    found = (drawn < [threshold.threshold(0.5), threshold.threshold(0.9)]).all(axis=1).mean()
    assert threshold.both(0.5, 0.9, 0.5) == pytest.approx(found, abs=0.004)
    assert threshold.both(0.3, 0.3, 0.0) == pytest.approx(0.09)
    assert threshold.both(0.3, 0.3, 1.0) == pytest.approx(0.3, abs=0.01)


def test_near_the_end_phrasings_lie_closer_together() -> None:
    parts = Hidden(phrasing=0.2, seed=0.3)
    apart = [threshold.means([(400, share)], 8, parts, 5).std() for share in (0.5, 0.8, 0.99)]
    assert all(one > other for one, other in pairwise(apart))


def test_more_seeds_than_are_drawn_leave_the_spread_of_phrasings() -> None:
    few, many = (threshold.means([(300, 0.5)], n, Hidden(phrasing=0.2, seed=0.0), 20) for n in (8, 10_000))
    between = threshold.both(0.5, 0.5, 0.2) - 0.25
    assert many.var() == pytest.approx(between, rel=0.1)
    assert few.var() == pytest.approx(between + (0.25 - between) / 8, rel=0.1)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_at_the_end_stays_there(share: float) -> None:
    means = threshold.means([(3, share)], 5, Hidden(phrasing=0.2, seed=0.2), 50)
    assert set(means.ravel()) == {share}


def test_what_never_varies_or_is_settled_by_phrasing_and_seed_is_no_error() -> None:
    assert threshold.hidden(Spread(within=0, between=None, freedom=0, yes_no=True, scale=0.0)).rest == 1
    found = threshold.hidden(Spread(within=0.0, between=0.1, freedom=9, yes_no=True, scale=0.25))
    assert 0 < found.rest < 0.01
