from __future__ import annotations

import math

from dreamplay.statistics import reach


def test_before_anything_is_played_it_is_said_what_can_be_told_at_best() -> None:
    made = reach(base=5, conditions={"new": 5, "reworded": 5}, seeds=12, measures=2, placebo="reworded", controls=1)
    assert made.tests == 2
    assert [(row.condition, row.control, row.tests) for row in made.rows] == [
        ("new", False, 2), ("new", True, 4), ("reworded", True, 4),
    ]  # fmt: skip
    assert made.rows[0].least == 2 * 2 / math.comb(10, 5)
    assert made.says[0].startswith(
        "new: 5 phrasings against 5 of the baseline can reach p = 0.016 at the smallest after the correction for 2 "
        "tests. A choice that half of the runs of the baseline take would have to change by at least"
    )
    assert made.says[2].endswith("so they can raise an alarm.")


def test_a_study_that_cannot_tell_anything_says_what_it_takes() -> None:
    few = reach(base=1, conditions={"new": 4}, seeds=40, measures=3)
    assert few.rows[0].needed == 5
    assert "so nothing can be told from chance; it takes 5 phrasings of each." in few.says[0]
    assert few.says[1].startswith("There is neither a placebo nor a control")
    single = reach(base=1, conditions={"new": 1}, seeds=6, measures=2)
    assert single.rows[0].needed == 7
    assert "6 pairs of seeds in a single wording" in single.says[0]
    assert "hold for this wording only" in reach(base=1, conditions={"new": 1}, seeds=20, measures=1).says[0]
    assert reach(base=1, conditions={"new": 1}, seeds=9, measures=0).says[0].startswith("No measure is asked for")


def test_a_study_that_finds_no_change_reliably_says_so_and_how_many_more_seeds_it_takes() -> None:
    (row,) = reach(base=1, conditions={"new": 1}, seeds=8, measures=2).rows
    assert (row.detectable, row.needed) == (None, None)
    assert reach(base=1, conditions={"new": 1}, seeds=8 + (row.more or 0), measures=2).rows[0].detectable
    assert reach(base=1, conditions={"new": 1}, seeds=7 + (row.more or 0), measures=2).rows[0].detectable is None
    said = reach(base=1, conditions={"new": 1}, seeds=8, measures=2).says[0]
    assert "too small a study to find any change of a choice reliably." in said
    assert f"less than four times in five: that takes {row.more} more seeds." in said


def test_phrasings_that_count_as_one_are_said_to() -> None:
    says = reach(base=1, conditions={"new": 1}, seeds=20, measures=1, written={"new": 2}).says[0]
    assert says.startswith(
        "new: 20 pairs of seeds, since its 2 phrasings branch off the same wording of the baseline and count as one, "
        "can reach p = "
    )
    assert says.endswith("What is found would hold for these wordings only.")
    says = reach(base=4, conditions={"new": 4}, seeds=20, measures=1, written={"new": 7}).says[0]
    assert "against 4 of the baseline (7, of which those that branch off the same wording" in says
