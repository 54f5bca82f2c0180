from __future__ import annotations

import math

import numpy as np
import pytest
from dreamplay.statistics import permutation

LEAST: dict[tuple[int, int, bool], float] = {
    (1, 1, True): 1.0, (3, 3, True): 0.25, (5, 5, True): 2 * 0.5**5, (6, 6, True): 2 * 0.5**6,
    (1, 1, False): 1.0, (3, 3, False): 0.1, (4, 2, False): 1 / 15, (40, 40, True): 1e-4, (40, 40, False): 1e-4,
}  # fmt: skip


@pytest.mark.parametrize(("base", "changed", "paired"), LEAST)
def test_a_difference_as_large_as_can_be_reaches_the_smallest_p(base: int, changed: int, paired: bool) -> None:
    deals = permutation.deal(base, changed, paired=paired)
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
    deals = permutation.deal(len(base), len(base), paired=True)
    p = deals.p(np.abs(deals.gaps(np.array([base + changed]).T)))
    assert p == [pytest.approx(min(1.0, 2 * tail), abs=1e-6)]


@pytest.mark.parametrize(
    ("differences", "low", "high"),
    [
        ([1, 2, 3, 4, 5], None, None),
        ([1, 2, 3, 4, 5, 9], 1.0, 9.0),  # of six, no interval is narrower: 2 of 64 ways are one in 32
        ([1, 2, 3, 4, 5, 6, 7, 8], 2.3333, 6.6667),
    ],
)
def test_the_interval_holds_what_the_same_test_does_not_reject(
    differences: list[float], low: float | None, high: float | None
) -> None:
    number = len(differences)
    deals = permutation.deal(number, number, paired=True)
    values = np.array([[10.0]] * number + [[10.0 + each] for each in differences])
    (effect,) = deals.effects(values)
    assert effect.value == round(sum(differences) / number, 4)
    if low is None or high is None:
        assert (effect.low, effect.high) == (None, None)
        return
    assert (effect.low, effect.high) == (low, high)
    for shift, kept in ((low + 0.001, True), (high - 0.001, True), (low - 0.01, False), (high + 0.01, False)):
        shifted = values - np.array([[0.0]] * number + [[shift]] * number)
        assert (deals.p(np.abs(deals.gaps(shifted)))[0] > permutation.LEVEL) is kept, shift


@pytest.mark.parametrize(("base", "changed", "paired"), [(8, 8, True), (20, 20, True), (5, 5, False), (6, 4, False)])
def test_an_interval_covers_the_true_difference_in_nineteen_of_twenty_studies(
    base: int, changed: int, paired: bool
) -> None:
    dice = np.random.Generator(np.random.PCG64(7))
    deals = permutation.deal(base, changed, paired=paired)
    studies = 400
    values = dice.normal(size=(base + changed, studies))
    values[base:] += 1.5
    covered = sum(each.low <= 1.5 <= each.high for each in deals.effects(values))
    assert studies * 0.93 <= covered <= studies * 0.99


@pytest.mark.parametrize("paired", [True, False])
def test_ways_that_are_drawn_are_the_same_ones_each_time(paired: bool) -> None:
    one, other = (permutation.deal(20, 20, paired=paired) for _ in range(2))
    assert (one.base == other.base).all()
    assert (one.base.sum(axis=1) == 20).all()
    assert one.base[0].tolist() == [True] * 20 + [False] * 20


@pytest.mark.parametrize(
    ("base", "changed", "paired", "ways", "exact"),
    [(15, 15, True, 32_768, True), (16, 16, True, 65_536, True), (17, 17, True, 131_072, False),
     (9, 9, False, 48_620, True), (10, 10, False, 184_756, False)],
)  # fmt: skip
def test_all_ways_are_gone_through_as_far_as_that_is_quick(
    base: int, changed: int, paired: bool, ways: int, exact: bool
) -> None:
    deals = permutation.deal(base, changed, paired=paired)
    assert (deals.ways, deals.exact) == (ways, exact)
    assert len(np.unique(deals.base, axis=0)) == len(deals.base) if exact else len(deals.base) == permutation.DRAWN + 1
    assert deals.least == pytest.approx(2 / ways if exact else 1 / (permutation.DRAWN + 1))
