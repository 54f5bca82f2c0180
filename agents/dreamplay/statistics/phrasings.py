"""Whether a condition differs from the baseline in one measure: a permutation test at the level of phrasings."""

from __future__ import annotations

from statistics import fmean
from typing import Literal

import numpy as np

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics import permutation, units
from dreamplay.statistics.permutation import LEVEL
from dreamplay.statistics.table import Rows, read
from dreamplay.statistics.units import Sides


class Difference(FrozenModel):
    """How far a condition lies from the baseline in one measure, and whether chance explains it."""

    measure: str
    base: str
    """The name of the baseline."""
    changed: str
    """The name of the condition."""
    unit: Literal["phrasings", "seeds"]
    """What was dealt: the means of phrasings; or, where each side has a single one, the runs of each seed, and then
    the result holds for this wording only."""
    base_units: int
    """How many of them the baseline has."""
    changed_units: int
    seeds: int
    """Seeds that every phrasing of both was played with."""
    merged: int
    """Phrasings of the condition that count as one with others, since they branch off one wording of the baseline."""
    base_runs: int
    """Runs of the baseline that have a value."""
    changed_runs: int
    left_out: int
    """Runs of both that are not compared, since another phrasing lacks their seed or they did not come to their end."""
    missing: tuple[int, int]
    """Runs that are compared in which there was nothing to measure, of the baseline and of the condition."""
    same: bool = False
    """Whether each seed has one value in every phrasing of both: what cannot differ shows nothing."""
    yes_no: bool
    """Whether every value is 0 or 1, so that means are shares."""
    base_mean: float | None = None
    """The mean of the units' means. None where there is no value."""
    changed_mean: float | None = None
    difference: float | None = None
    """Changed less base."""
    low: float | None = None
    """The ends of its 95% interval: the differences that the same test does not reject. None where there are too few
    units for one."""
    high: float | None = None
    dominance: float | None = None
    """Cliff's delta: how often a unit of the condition lies above one of the baseline, less how often below; from -1
    to 1. Of seeds, it is taken within pairs."""
    p: float | None = None
    """Two-sided, of this test alone. None where nothing could be tested."""
    least: float = 1.0
    """The smallest p that a test of so many units can reach."""
    ways: int = 0
    """How many ways there are to deal the units."""
    exact: bool = True
    """Whether all of them were counted."""
    why: str = ""
    """Why nothing was tested; empty if it was."""


def compare_phrasings(rows: Rows, measure: str, *, base: str, changed: str) -> Difference:
    """Compare a condition with the baseline in one measure.

    The unit is the mean of a phrasing over its seeds. If the change changes nothing, the phrasings of both could have
    been dealt to the two conditions in any other way; p is twice the share of all ways to deal them, or of 9,999 that
    are drawn, whose difference of means lies at least as far to the side of the one that was seen.

    Args:
        rows: a table, or the file of one.
        measure: the name of its column.
        base: the condition that the other is compared with.
        changed: the condition.

    Raises:
        UsageError: there is no such measure or condition, or the file is no table.
    """
    table = read(rows)
    found = units.sides(table, measure, base, changed)
    values = found.values()
    phrasings = len(found.base), len(found.changed)
    was, became = found.pairs() if found.single else found.means()
    here = [sum(not cell for unit in side.values() for cell in unit.values()) for side in (found.base, found.changed)]
    made = Difference(
        measure=measure, base=base, changed=changed, unit="seeds" if found.single else "phrasings",
        base_units=len(was), changed_units=len(became), seeds=len(found.seeds), merged=found.merged,
        base_runs=len(values[0]), changed_runs=len(values[1]), left_out=found.left_out, missing=(here[0], here[1]),
        same=found.same, yes_no=all(value in (0, 1) for side in values for value in side),
        why=_why(found, was, became, phrasings),
    )  # fmt: skip
    if made.why:
        return made
    return made.model_copy(update=_tested(was, became, paired=found.single))


def _tested(was: list[float], became: list[float], *, paired: bool) -> dict[str, object]:
    deals = permutation.deal(len(was), len(became), paired=paired)
    column = np.array([[*was, *became]]).T
    (p,), (ends,) = deals.two_sided(column), deals.intervals(column)
    compared = list(zip(was, became, strict=True)) if paired else [(one, other) for one in was for other in became]
    above, below = sum(one < other for one, other in compared), sum(one > other for one, other in compared)
    return {
        "base_mean": fmean(was),
        "changed_mean": fmean(became),
        "difference": fmean(became) - fmean(was),
        "low": ends and ends[0],
        "high": ends and ends[1],
        "dominance": (above - below) / len(compared),
        "p": p,
        "least": deals.least_two_sided,
        "ways": deals.ways,
        "exact": deals.exact,
    }


def _why(found: Sides, was: list[float], became: list[float], phrasings: tuple[int, int]) -> str:
    if not found.seeds:
        return "no seed was played to its end in every phrasing of both"
    if found.single and not was:
        return "no seed has a value in both"
    if not was or not became:
        return f"no run of the {'condition' if was else 'baseline'} has a value"
    return ""


def telling(found: Difference) -> bool:
    """Whether so many units could tell any difference from chance, tested alone."""
    return found.least <= LEVEL
