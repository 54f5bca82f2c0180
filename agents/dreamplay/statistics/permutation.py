"""A permutation test of two groups of runs, or of two groups of phrasings.

The test asks how often a difference at least as large as the observed one occurs when the same runs are assigned to the
two groups in another way. It makes no assumption about the distribution of figures. For one yes-or-no answer in pairs
it is McNemar's exact test.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dreamplay.schema.base import FrozenModel

Vector = NDArray[np.float64]

LEVEL = 0.05
"""The adjusted p from which on a difference is called a change."""
DRAWN = 9_999
"""Assignments that are drawn at random if there are too many to enumerate."""

MOST = 2**16
"""Up to this many assignments are enumerated: 16 pairs, or 9 and 9 unpaired runs."""
EQUAL = 1e-9
"""Figures that differ by no more are the same."""
_PLACES = 4


class Effect(FrozenModel):
    """How large a difference is, changed less base, and its 95% interval."""

    value: float
    low: float | None = None
    """None, as is `high`, where so few runs give no interval."""
    high: float | None = None

    @property
    def most(self) -> float:
        """The largest effect, in size, that the interval leaves open."""
        return max(abs(self.low or 0.0), abs(self.high or 0.0), abs(self.value))


@dataclass(frozen=True)
class PermutationTest:
    """Assignments of the runs, or of other units, to the two groups. The first one is the actual one."""

    base: NDArray[np.bool_]
    """A row for each way, a column for each run, those of the base first: whether the run is dealt to the base."""
    least: float
    """The smallest p that these ways allow."""
    ways: int
    """How many ways there are."""

    @property
    def exact(self) -> bool:
        """Whether all assignments were enumerated."""
        return len(self.base) == self.ways

    @property
    def least_two_sided(self) -> float:
        """The smallest p that `two_sided` can give."""
        return min(1.0, 2 / len(self.base))

    @property
    def tell(self) -> bool:
        """Whether any difference could be significant."""
        return self.least <= LEVEL

    def p(self, figures: Vector) -> list[float]:
        """For each measure alone, the share of ways in which the difference is at least as large as it was in truth.

        Args:
            figures: a row for each way, a column for each measure; larger is more different.

        Of ways drawn at random the true one is counted among them, which makes the share (b + 1) / (m + 1): b of m
        draws are at least as large. It is never zero, and with draws that may repeat it is slightly too large rather
        than too small. Source: Phipson and Smyth, "Permutation p-values should never be zero", Statistical
        Applications in Genetics and Molecular Biology 9(1), article 39, 2010, on permutations drawn with replacement.
        """
        return [round(float(share), 8) for share in np.mean(figures >= figures[0] - EQUAL, axis=0)]

    def gaps(self, values: Vector) -> Vector:
        """The difference between the groups' means, in each way, of figures with a row for each run."""
        base = self.base.astype(np.float64)
        other = 1 - base
        means = [side @ values / side.sum(axis=1, keepdims=True) for side in (base, other)]
        return np.asarray(means[0] - means[1], dtype=np.float64)

    def two_sided(self, values: Vector) -> list[float]:
        """For each measure, twice the share of ways whose difference lies at least as far to the side of the true one.

        Args:
            values: a row for each run, a column for each measure.

        With groups of one size, every way has a mirror image, and this is `p` of the differences' sizes. With others it
        is not, and agrees with `intervals`, whose ends leave as many ways to each side: p is at most `LEVEL` just if 0
        lies outside.
        """
        noise = np.abs(values).max(axis=0) * 1e-14  # of adding them up
        values = values - values.mean(axis=0)
        equal = np.maximum(EQUAL * np.abs(values).max(axis=0), noise)
        gaps = self.gaps(values)
        sides = (np.mean(gaps >= gaps[0] - equal, axis=0), np.mean(gaps <= gaps[0] + equal, axis=0))
        return [min(1.0, round(2 * float(share), 8)) for share in np.minimum(*sides)]

    def typical(self, values: Vector) -> Vector:
        """How much the changed runs that a way swaps lie above those of the base for which it swaps them, on average:
        for each way that swaps any, in no order, a column for each measure.

        A way gives at least the actual difference just if this is at most 0. These are the typical values of Hartigan,
        "Using subsample values as typical values", JASA 64, 1969, 1303 to 1317, which hold for drawn ways too.
        """
        size = int(self.base[0].sum())
        came, went = self.base[:, size:].astype(np.float64), 1 - self.base[:, :size].astype(np.float64)
        swapped = came.sum(axis=1)
        moved = swapped > 0
        return np.asarray((came @ values[size:] - went @ values[:size])[moved] / swapped[moved, None])

    def place(self, level: float) -> int:
        """Which of the `typical` values in order of size, from 0 and from either end, is an end of the interval that a
        test at this level gives; negative if there is none."""
        still = int((self.base == self.base[0]).all(axis=1).sum())
        return math.floor(level / 2 * len(self.base) + EQUAL) - still

    def intervals(self, values: Vector) -> list[tuple[float, float] | None]:
        """For each measure, which differences between the means the test would not reject: its 95% interval.

        Args:
            values: a row for each run, a column for each measure.

        A difference D is rejected if, with D taken off the changed runs, too few ways of dealing give one as large.
        A way does so just if its `typical` value is at most D. So the ends of the interval are two of these values.
        With 6 pairs they are the least difference of a pair and the largest; with fewer there is no interval.
        """
        place = self.place(LEVEL)
        if place < 0:
            return [None] * values.shape[1]
        typical = np.sort(self.typical(values), axis=0)
        return [(float(low), float(high)) for low, high in zip(typical[place], typical[-1 - place], strict=True)]

    def effects(self, values: Vector) -> list[Effect]:
        """The difference between the means of each measure, and its interval, rounded."""
        size = int(self.base[0].sum())
        value = values[size:].mean(axis=0) - values[:size].mean(axis=0)
        return [
            Effect(value=_rounded(each), low=ends and _rounded(ends[0]), high=ends and _rounded(ends[1]))
            for each, ends in zip(value, self.intervals(values), strict=True)
        ]


@lru_cache(maxsize=32)
def deal(base: int, changed: int, *, paired: bool, most: int = MOST, drawn: int = DRAWN) -> PermutationTest:
    """The ways to deal so many runs: within each pair, which one is the base's, or, without pairs, any.

    Up to 65,536 ways, or `most`, are all enumerated. Of more, 9,999, or `drawn`, are drawn, always the same ones,
    besides the actual one.
    """
    runs = base + changed
    number = 2**base if paired else math.comb(runs, base)
    # With groups of one size, every way has a mirror image that differs as much.
    least = (2 if base == changed else 1) / number
    if number > most:
        table, least = _drawn(drawn, base, runs, paired=paired), max(least, 1 / (drawn + 1))
    elif paired:
        flips = (np.arange(number)[:, None] >> np.arange(base) & 1).astype(np.bool_)
        table = np.hstack([~flips, flips])
    else:
        table = np.zeros((number, runs), dtype=np.bool_)
        np.put_along_axis(table, np.asarray(list(combinations(range(runs), base))), values=True, axis=1)
    return PermutationTest(table, min(1.0, least), number)


def shown(p: float | None) -> str:
    """A p as a person reads it, or that there is none."""
    return "-" if p is None else f"{p:.2g}" if p >= 1e-4 else f"{p:.6f}"


def _drawn(number: int, base: int, runs: int, *, paired: bool) -> NDArray[np.bool_]:
    table = np.zeros((number + 1, runs), dtype=np.bool_)
    table[0, :base] = True
    dice = random.Random(0)
    for row in table[1:]:
        if paired:
            row[[i + base * dice.getrandbits(1) for i in range(base)]] = True
        else:
            row[dice.sample(range(runs), base)] = True
    return table


def _rounded(value: float) -> float:
    return round(float(value), _PLACES) + 0.0  # never a negative zero
