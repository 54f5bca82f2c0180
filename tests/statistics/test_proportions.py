from __future__ import annotations

import pytest
from dreamplay.statistics import proportions


@pytest.mark.parametrize(
    ("count", "whole", "low", "high"),
    [(0, 8, 0.0, 0.3244), (8, 8, 0.6756, 1.0), (4, 8, 0.2152, 0.7848), (1, 10, 0.0179, 0.4042), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_a_share_is_wilsons(count: int, whole: int, low: float, high: float) -> None:
    assert proportions.share(count, whole) == (low, high)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """His example: 56 of 70 against 48 of 80."""
    effect = proportions.difference(48, 80, 56, 70)
    assert (effect.value, effect.low, effect.high) == (0.2, 0.0524, 0.3339)


@pytest.mark.parametrize(
    ("both", "base", "changed", "neither", "value", "low", "high"),
    [
        (36, 2, 12, 0, 0.2, 0.0569, 0.3404),  # his example for pairs
        (1, 7, 1, 12, -0.2857, -0.5069, -0.0256),
        (10, 5, 15, 20, 0.2, 0.0258, 0.3569),
        (0, 0, 6, 0, 1.0, 0.448, 1.0),
    ],
)
def test_the_interval_of_a_difference_in_pairs_is_newcombes(
    both: int, base: int, changed: int, neither: int, value: float, low: float, high: float
) -> None:
    pairs = [(True, True)] * both + [(True, False)] * base + [(False, True)] * changed + [(False, False)] * neither
    effect = proportions.paired_difference(pairs)
    assert (effect.value, effect.low, effect.high) == (value, low, high)


def test_no_runs_give_no_interval() -> None:
    assert proportions.paired_difference([]).low is None
    assert proportions.difference(0, 0, 3, 3).low is None
