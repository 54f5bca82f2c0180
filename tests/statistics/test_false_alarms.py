"""The machinery of the benchmark that asks whether the statistics hold, on few studies."""

from __future__ import annotations

import false_alarms
import numpy as np
import pytest
from false_alarms import Alarms, Found, Shape

SHAPE = Shape("", {"base": 5, "a": 5, "reworded": 5}, 3)


def test_a_planted_effect_is_found_and_no_other() -> None:
    alarms = Alarms()
    rows = false_alarms.made_up(SHAPE, np.random.default_rng(1), {("a", "number"): 20.0})
    family = false_alarms.tested(SHAPE, rows)
    alarms.add(family)
    assert [each.difference.measure for each in family.found] == ["number"]
    assert (alarms.small, alarms.reported, alarms.blocked) == (1, 1, 0)
    assert false_alarms.made_up(SHAPE, np.random.default_rng(1), {("a", "number"): 20.0}) == rows


def test_a_placebo_that_moves_blocks_what_was_planted() -> None:
    moved = {("a", "number"): 20.0, ("reworded", "other"): 20.0}
    family = false_alarms.tested(SHAPE, false_alarms.made_up(SHAPE, np.random.default_rng(1), moved))
    alarms, found = Alarms(), Found()
    alarms.add(family)
    found.add(family, "a", "number")
    assert (alarms.small, alarms.reported, alarms.blocked) == (1, 0, 1)
    assert (found.found, found.still) == ([False], [False])


def test_without_an_effect_these_studies_find_nothing() -> None:
    alarms = false_alarms.without_effect(SHAPE, 5, seed=1)
    assert (alarms.studies, alarms.reported) == (5, 0)


@pytest.mark.parametrize("measure", ["number", "yes"])
def test_the_planted_effect_is_the_one_that_is_found_four_times_in_five(measure: str) -> None:
    made = false_alarms.planted(Shape("", {"base": 8, "a": 8}, 6), measure, 3, seed=1)
    assert made.planned == pytest.approx(0.8, abs=0.04)
    assert [len(each) for each in (made.promised, made.same.found)] == [3, 3]
    assert len(made.own.found) + made.mute == 3
    assert "promised" in str(made)


def test_a_rate_is_of_the_studies_that_stayed_still_and_has_to_be_within_five_points() -> None:
    found = Found(found=[True] * 8 + [False] * 4, still=[True] * 10 + [False] * 2)
    assert found.beside(0.84) == "found in 80.0% of 10 (66.7% of all), ok"
    assert found.beside(0.86).endswith("OUTSIDE 5 points")


@pytest.mark.parametrize(("measure", "share"), [("yes", 0.5), ("yes", 0.9), ("rare", 0.3)])
def test_what_is_added_gives_the_share_that_was_asked_for(measure: str, share: float) -> None:
    assert false_alarms._share(SHAPE, measure, false_alarms._shift(SHAPE, measure, share)) == pytest.approx(share)
