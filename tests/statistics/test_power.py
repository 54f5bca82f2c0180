from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import study_tables as tables
from dreamplay.statistics import compare_phrasings, power
from dreamplay.statistics.power import OFTEN, Design
from dreamplay.statistics.spread import Spread

NUMBERS = Spread(within=1.0, between=0.5, freedom=20, yes_no=False, scale=1.0)
SHARES = Spread(within=0.2, between=0.01, freedom=20, yes_no=True, scale=0.21)


@pytest.mark.parametrize("design", [Design(5, 5, 10, 3), Design(4, 6, 8), Design(1, 1, 12, 2)])
def test_a_change_that_is_said_to_be_found_four_times_in_five_is_found_so_often(design: Design) -> None:
    """The bound: two standard errors of a share of 0.8 of 400 studies, with that of the simulated power."""
    dice, studies = np.random.default_rng(9), 400
    effect = power.detectable(design, NUMBERS)
    assert effect
    apart = 0.0 if design.paired else 0.5**0.5
    sizes = {"base": design.base, "new": design.changed}
    found = 0
    for _ in range(studies):
        rows = tables.drawn(dice, {"base": 0.0, "new": effect}, sizes, design.seeds, between=apart)
        p = compare_phrasings(rows, "x", base="base", changed="new").p
        found += p is not None and p <= design.level
    assert found / studies == pytest.approx(OFTEN, abs=0.05)


@pytest.mark.parametrize("design", [Design(5, 5, 10), Design(1, 1, 20)])
def test_a_change_of_a_share_that_is_said_to_be_found_four_times_in_five_is_found_so_often(design: Design) -> None:
    dice, studies = np.random.default_rng(4), 400
    apart = SHARES.model_copy(update={"between": 0.0, "within": 0.21}) if design.paired else SHARES
    effect = power.detectable(design, apart, 0.3)
    assert effect
    assert 0 < effect < 0.7
    found = 0
    for _ in range(studies):
        made = {}
        for name, share in (("base", 0.3), ("new", 0.3 + effect)):
            variance = (apart.between or 0.0) * share * (1 - share) / apart.scale
            strength = share * (1 - share) / variance - 1 if variance else 1e9
            own = dice.beta(share * strength, (1 - share) * strength, size=design.base)
            made[name] = [(dice.random(design.seeds) < each).astype(float).tolist() for each in own]
        p = compare_phrasings(tables.rows(made), "x", base="base", changed="new").p
        found += p is not None and p <= design.level
    assert found / studies == pytest.approx(OFTEN, abs=0.05)


def test_a_design_that_cannot_reach_its_level_finds_nothing() -> None:
    design = Design(3, 3, 100)
    assert (design.able, design.least) == (False, 0.1)
    assert power.detectable(design, NUMBERS) is None
    assert power.power(design, NUMBERS, 100.0) == 0.0


def test_what_more_it_takes_is_just_enough() -> None:
    design, effect = Design(4, 4, 5, 2), 1.5
    phrasings = power.more_phrasings(design, NUMBERS, effect)
    assert phrasings
    more, less = (replace(design, base=4 + n, changed=4 + n) for n in (phrasings, phrasings - 1))
    assert power.power(more, NUMBERS, effect) >= OFTEN > power.power(less, NUMBERS, effect)
    assert power.more_seeds(design, NUMBERS, effect) is None  # however many: the wordings differ too much
    still = NUMBERS.model_copy(update={"between": 0.0})
    assert 0 < (power.more_seeds(Design(5, 5, 2), still, 1.0) or 0) < 20
    assert power.more_phrasings(Design(6, 6, 5), NUMBERS, 50.0) == 0


def test_away_from_the_nearer_end_a_share_has_room() -> None:
    design = Design(6, 6, 20)
    up, down = power.detectable(design, SHARES, 0.2), power.detectable(design, SHARES, 0.8)
    assert up == pytest.approx(-(down or 0), rel=0.1)
    assert power.detectable(Design(4, 4, 3, 1), SHARES.model_copy(update={"between": 0.2}), 0.5) is None
