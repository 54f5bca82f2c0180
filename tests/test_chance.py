from __future__ import annotations

import math
import random

import numpy as np
import pytest
from dreamplay.comparison import chance


@pytest.mark.parametrize(
    ("count", "whole", "low", "high"),
    [(0, 8, 0.0, 0.3244), (8, 8, 0.6756, 1.0), (4, 8, 0.2152, 0.7848), (1, 10, 0.0179, 0.4042), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(count: int, whole: int, low: float, high: float) -> None:
    assert chance.interval(count, whole) == (low, high)


LEAST: dict[tuple[int, int, bool], float] = {
    (1, 1, True): 1.0, (3, 3, True): 0.25, (5, 5, True): 2 * 0.5**5, (6, 6, True): 2 * 0.5**6,
    (1, 1, False): 1.0, (3, 3, False): 0.1, (4, 2, False): 1 / 15, (40, 40, True): 1e-4, (40, 40, False): 1e-4,
}  # fmt: skip


@pytest.mark.parametrize(("base", "changed", "paired"), LEAST)
def test_a_difference_as_large_as_can_be_reaches_the_smallest_p(base: int, changed: int, paired: bool) -> None:
    deals = chance.deal(base, changed, paired=paired)
    assert deals.least == pytest.approx(LEAST[base, changed, paired])
    figures = np.abs(deals.gaps(np.array([[1.0]] * base + [[0.0]] * changed)))
    assert deals.p(figures) == [pytest.approx(deals.least, abs=1e-6)]
    assert deals.tell is (deals.least <= 0.05)


@pytest.mark.parametrize(("gained", "lost", "same"), [(6, 0, 0), (6, 0, 2), (5, 1, 1), (7, 1, 0), (4, 4, 0), (0, 0, 5)])
def test_a_yes_or_no_in_pairs_is_mcnemars_exact_test(gained: int, lost: int, same: int) -> None:
    discordant = gained + lost
    tail = sum(math.comb(discordant, k) for k in range(min(gained, lost) + 1)) / 2**discordant
    base = [0.0] * gained + [1.0] * lost + [1.0] * same
    changed = [1.0] * gained + [0.0] * lost + [1.0] * same
    deals = chance.deal(len(base), len(base), paired=True)
    p = deals.p(np.abs(deals.gaps(np.array([base + changed]).T)))
    assert p == [pytest.approx(min(1.0, 2 * tail), abs=1e-6)]


@pytest.mark.parametrize("paired", [True, False])
def test_many_differences_looked_at_together_give_few_false_alarms(paired: bool) -> None:
    dice = random.Random(5)
    deals = chance.deal(6, 6, paired=paired)
    alarms = 0
    for _ in range(200):
        noise = np.array([[dice.gauss(0, 1 + column) for column in range(6)] for _ in range(12)])
        alarms += min(deals.p(np.abs(deals.gaps(noise)))) <= chance.LEVEL
    assert alarms <= 200 * 0.08


@pytest.mark.parametrize("paired", [True, False])
def test_ways_that_are_drawn_are_the_same_ones_each_time(paired: bool) -> None:
    one, other = (chance.deal(20, 20, paired=paired) for _ in range(2))
    assert (one.base == other.base).all()
    assert (one.base.sum(axis=1) == 20).all()
    assert one.base[0].tolist() == [True] * 20 + [False] * 20


@pytest.mark.parametrize(
    ("base", "changed", "paired", "says"),
    [
        (1, 1, True, "One pair of runs cannot tell a change from chance: it takes 6 pairs"),
        (1, 1, False, "One run of each cannot tell"),
        (3, 3, True, "3 pairs cannot tell a change from chance (the smallest p in reach is 0.25)"),
        (5, 5, True, "5 pairs cannot tell"),
        (6, 6, True, "6 pairs can tell a change in which nearly all go the same way"),
        (3, 3, False, "3 and 3 unpaired runs cannot tell a change from chance (the smallest p in reach is 0.1)"),
    ],
)
def test_it_is_said_whether_so_few_seeds_can_tell(base: int, changed: int, paired: bool, says: str) -> None:
    assert chance.reach(chance.deal(base, changed, paired=paired), base, changed, paired=paired).startswith(says)
