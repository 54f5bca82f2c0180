from __future__ import annotations

import math
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import study_tables as tables
from dreamplay.errors import UsageError
from dreamplay.statistics import compare_phrasings
from dreamplay.statistics.permutation import LEVEL


def _compared(rows: Any, measure: str = "x") -> Any:
    return compare_phrasings(rows, measure, base="base", changed="new")


@pytest.mark.parametrize(("base", "changed"), [(4, 4), (5, 3), (2, 6)])
def test_p_is_twice_the_share_of_dealings_that_lie_as_far_to_the_same_side(base: int, changed: int) -> None:
    dice = np.random.default_rng(base)
    values = {"base": dice.normal(size=(base, 3)).tolist(), "new": (dice.normal(size=(changed, 3)) + 1).tolist()}
    means = [fmean(each) for side in values.values() for each in side]
    whole = set(range(base + changed))
    gaps = [
        fmean(means[i] for i in whole - set(dealt)) - fmean(means[i] for i in dealt)
        for dealt in combinations(range(base + changed), base)
    ]
    up, down = sum(gap >= gaps[0] - 1e-12 for gap in gaps), sum(gap <= gaps[0] + 1e-12 for gap in gaps)
    found = _compared(tables.rows(values))
    assert found.p == pytest.approx(min(1.0, 2 * min(up, down) / len(gaps)), abs=1e-7)
    assert found.difference == pytest.approx(gaps[0])
    assert (found.unit, found.ways, found.exact) == ("phrasings", math.comb(base + changed, base), True)
    above = sum(one < other for one in means[:base] for other in means[base:])
    assert found.dominance == pytest.approx(2 * above / (base * changed) - 1)


@pytest.mark.parametrize(("base", "changed"), [(4, 4), (5, 3), (3, 9), (1, 1)])
def test_a_p_of_at_most_the_level_is_an_interval_without_0(base: int, changed: int) -> None:
    """Whether phrasings or, of a single wording, pairs of seeds are dealt, in groups of one size or not."""
    dice, told = np.random.default_rng(5), 0
    for _ in range(60):
        found = _compared(tables.rows({"base": dice.normal(size=(base, 9)).tolist(),
                                       "new": (dice.normal(size=(changed, 9)) + 0.7).tolist()}))  # fmt: skip
        assert found.low is not None
        assert (found.p <= LEVEL) is (found.low > 0 or found.high < 0)
        told += found.p <= LEVEL
    assert 5 < told < 60


def test_seeds_say_nothing_of_another_wording_however_many_there_are() -> None:
    """Two wordings of the same thing, far apart, with 30 seeds each: no test of three wordings can find that odd."""
    far = [[5.0] * 30, [0.0] * 30, [5.0] * 30]
    found = _compared(tables.rows({"base": [[0.0] * 30, [5.0] * 30, [0.0] * 30], "new": far}))
    assert (found.unit, found.base_units, found.seeds) == ("phrasings", 3, 30)
    assert found.p > 0.3


def test_of_a_single_wording_the_seeds_are_dealt_in_pairs() -> None:
    base = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, None]]
    found = _compared(tables.rows({"base": base, "new": [[each + 2 if each else 9.0 for each in base[0]]]}))
    assert (found.unit, found.base_units, found.missing) == ("seeds", 6, (1, 0))
    assert (found.p, found.difference, found.low, found.high) == (2 * 0.5**6, 2.0, 2.0, 2.0)
    assert found.dominance == 1.0


def test_only_seeds_that_every_phrasing_was_played_with_are_compared() -> None:
    rows = tables.rows({"base": [[1.0, 2.0, 9.0], [1.0, 2.0]], "new": [[3.0, 4.0], [5.0, 6.0, 9.0]]})
    found = _compared(rows)
    assert (found.seeds, found.left_out, found.base_mean, found.changed_mean) == (2, 2, 1.5, 4.5)
    stopped = [row | {"finished": row["phrasing"] == "p0" or row["seed"] != 2} for row in rows]
    assert (_compared(stopped).seeds, _compared(stopped).base_mean) == (1, 1.0)
    none = _compared([row | {"finished": row["condition"] == "base"} for row in rows])
    assert (none.p, none.why) == (None, "no seed was played to its end in every phrasing of both")


def test_a_phrasing_without_a_value_is_left_out_and_one_that_lacks_some_is_taken_over_the_others() -> None:
    found = _compared(tables.rows({"base": [[1.0, None], [2.0, 4.0], [None, None]], "new": [[5.0, 5.0], [6.0, 8.0]]}))
    assert (found.base_units, found.changed_units, found.base_runs, found.missing) == (2, 2, 3, (3, 0))
    assert found.base_mean == 2.0
    none = _compared(tables.rows({"base": [[None], [None]], "new": [[1.0], [2.0]]}))
    assert none.why == "no run of the baseline has a value"


def test_what_never_differs_is_not_found_to_differ() -> None:
    found = _compared(tables.rows({name: [[0.1] * 7] * 5 for name in ("base", "new")}))
    assert (found.p, found.difference, found.low, found.high) == (1.0, 0.0, 0.0, 0.0)


def test_phrasings_that_branch_off_one_wording_of_the_baseline_are_one_unit() -> None:
    values = {"base": [[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]], "new": [[2.0, 3.0], [4.0, 5.0], [6.0, 9.0]]}
    rows = tables.rows(values)
    after = {"p0": "p0", "p1": "p0", "p2": "p1"}
    merged = _compared([row | ({"after": after[row["phrasing"]]} if row["condition"] == "new" else {}) for row in rows])
    assert (merged.changed_units, merged.merged, merged.changed_mean) == (2, 1, (3.5 + 7.5) / 2)
    each = _compared([row | ({"after": row["phrasing"]} if row["condition"] == "new" else {}) for row in rows])
    assert (each.changed_units, each.merged) == (3, 0)
    alone = [row | ({"after": "p0"} if row["condition"] == "new" else {}) for row in rows]
    alone = [row for row in alone if row["condition"] == "new" or row["phrasing"] == "p0"]
    assert (_compared(alone).unit, _compared(alone).merged) == ("seeds", 2)


def test_what_the_table_does_not_have_is_named() -> None:
    rows = tables.rows({"base": [[1.0]], "new": [[2.0]]})
    with pytest.raises(UsageError, match="no measure 'y'; it has x"):
        _compared(rows, "y")
    with pytest.raises(UsageError, match="no condition 'other'; it has base, new"):
        compare_phrasings(rows, "x", base="base", changed="other")
