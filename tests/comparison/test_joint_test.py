from __future__ import annotations

import numpy as np
import pytest
from dreamplay.comparison import joint_test
from dreamplay.statistics import permutation


@pytest.mark.parametrize(("runs", "paired"), [(6, True), (8, True), (6, False)])
def test_under_no_effect_few_studies_find_one(runs: int, paired: bool) -> None:
    """Runs of one seed are alike, in pairs; nothing differs between the groups. Each p alone is at most 0.05 in a
    twentieth of the studies, and the least adjusted one too."""
    dice = np.random.Generator(np.random.PCG64(11))
    deals = permutation.deal(runs, runs, paired=paired)
    alone, any_at_all, studies, measures = 0, 0, 400, 6
    for _ in range(studies):
        seeds = dice.normal(size=(runs, measures)) * paired
        values = np.vstack([seeds, seeds]) + dice.normal(size=(2 * runs, measures)) * np.arange(1, measures + 1)
        figures = np.abs(deals.gaps(values))
        alone += sum(p <= permutation.LEVEL for p in deals.p(figures))
        any_at_all += min(joint_test.step_down(figures)) <= permutation.LEVEL
    # Two standard errors of a share of 5% are 0.9 points over 2,400 tests, and 2.2 points over 400 studies.
    assert alone <= (0.05 + 0.009) * studies * measures
    assert any_at_all <= (0.05 + 0.022) * studies


def test_an_effect_among_measures_without_one_is_found_and_they_are_not() -> None:
    dice = np.random.Generator(np.random.PCG64(3))
    deals = permutation.deal(10, 10, paired=True)
    values = dice.normal(size=(20, 12))
    values[10:, 4] += 6
    figures = np.abs(deals.gaps(values))
    adjusted = joint_test.step_down(figures)
    assert [place for place, p in enumerate(adjusted) if p <= permutation.LEVEL] == [4]
    assert all(p <= q for p, q in zip(deals.p(figures), adjusted, strict=True))


def test_going_down_the_measures_no_adjusted_p_is_below_that_of_a_larger_difference() -> None:
    """Worked by hand: four ways; the first measure stands out, the second is then looked at without it."""
    deals = permutation.PermutationTest(np.zeros((4, 2), dtype=np.bool_), 0.25, 4)
    figures = np.array([[3.0, 2.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 2.0, 1.0]])
    assert deals.p(figures) == [0.25, 0.5, 1.0]
    assert joint_test.step_down(figures) == [0.25, 0.5, 1.0]
