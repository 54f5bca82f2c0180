"""A permutation test of two groups of runs, corrected for the number of measures.

The test asks how often a difference at least as large as the observed one occurs when the same runs are assigned to the
two groups in another way. It makes no assumption about the distribution of figures. For one yes-or-no answer in pairs
it is McNemar's exact test.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dreamplay.schema.base import FrozenModel

Vector = NDArray[np.float64]

LEVEL = 0.05
"""The adjusted p from which on a difference is called a change."""
DRAWN = 9_999
"""Assignments that are drawn at random if there are too many to enumerate."""

_ALL = 2**16
"""Up to this many assignments are enumerated: 16 pairs, or 9 and 9 unpaired runs."""
_EQUAL = 1e-9
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


class Tested(FrozenModel):
    """A measure that may have been tested."""

    p: float | None = None
    """Of this measure alone; None where it was not tested."""
    adjusted: float | None = None
    """The same, with all measures of the comparison looked at together."""

    @property
    def found(self) -> bool:
        """Whether the difference is more than chance explains."""
        return self.adjusted is not None and self.adjusted <= LEVEL


@dataclass(frozen=True)
class Draft:
    """A measure before it is tested."""

    row: Tested
    figures: Vector | None = None
    """How different the groups are in each way of dealing; None for what is reported and not tested."""


@dataclass(frozen=True)
class PermutationTest:
    """Assignments of the runs to the two groups. The first one is the actual one."""

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
        return [round(float(share), 8) for share in np.mean(figures >= figures[0] - _EQUAL, axis=0)]

    def adjusted(self, figures: Vector) -> list[float]:
        """The same, with all measures looked at together: the chance of any false alarm stays below `LEVEL`.

        Source: the step-down max-T of Westfall and Young ("Resampling-Based Multiple Testing", 1993, section 2.6; as
        an algorithm in Ge, Dudoit and Speed, Test 12, 2003, 1 to 77). It goes down the measures as Holm's method does,
        but takes from the runs how the measures hang together. Holm's multiplies the smallest p by the number of
        measures: with 30 of them no study of fewer than 12 pairs could find anything.
        """
        spread = figures.std(axis=0)
        moves = spread > _EQUAL
        scaled = np.full(figures.shape, -np.inf)
        np.divide(figures - figures.mean(axis=0), spread, out=scaled, where=moves)
        order = np.argsort(scaled[0], kind="stable")  # the least different first
        largest = np.maximum.accumulate(scaled[:, order], axis=1)
        shares = np.mean(largest >= scaled[0, order] - _EQUAL, axis=0)
        found = np.empty(len(order))
        found[order] = np.maximum.accumulate(shares[::-1])[::-1]
        return [round(float(share), 8) for share in np.where(moves, found, 1.0)]

    def gaps(self, values: Vector) -> Vector:
        """The difference between the groups' means, in each way, of figures with a row for each run."""
        base = self.base.astype(np.float64)
        other = 1 - base
        means = [side @ values / side.sum(axis=1, keepdims=True) for side in (base, other)]
        return np.asarray(means[0] - means[1], dtype=np.float64)

    def effects(self, values: Vector) -> list[Effect]:
        """The difference between the means, and which differences the test would not reject: its 95% interval.

        Args:
            values: a row for each run, a column for each measure.

        A difference D is rejected if, with D taken off the changed runs, too few ways of dealing give one as large.
        A way that swaps some changed runs for as many of the base does so just if their means differ by no more than
        D. So the ends of the interval are order statistics of those differences: the typical values of Hartigan (JASA
        64, 1969, 1303 to 1317), which hold for drawn ways too. With 6 pairs it runs from the least difference of a
        pair to the largest; with fewer it has no ends.
        """
        whole, size = len(self.base), int(self.base[0].sum())
        came, went = self.base[:, size:].astype(np.float64), 1 - self.base[:, :size].astype(np.float64)
        swapped = came.sum(axis=1)
        moved = swapped > 0
        typical = np.sort((came @ values[size:] - went @ values[:size])[moved] / swapped[moved, None], axis=0)
        place = math.floor(LEVEL / 2 * whole + _EQUAL) - int(whole - moved.sum())
        value = values[size:].mean(axis=0) - values[:size].mean(axis=0)
        if place < 0:
            return [Effect(value=_rounded(each)) for each in value]
        return [Effect(value=_rounded(each), low=_rounded(low), high=_rounded(high))
                for each, low, high in zip(value, typical[place], typical[-1 - place], strict=True)]  # fmt: skip


def deal(base: int, changed: int, *, paired: bool) -> PermutationTest:
    """The ways to deal so many runs: within each pair, which one is the base's, or, without pairs, any.

    Up to 65,536 ways are all enumerated. Of more, 9,999 are drawn, always the same ones, besides the actual one.
    """
    runs = base + changed
    number = 2**base if paired else math.comb(runs, base)
    # With groups of one size, every way has a mirror image that differs as much.
    least = (2 if base == changed else 1) / number
    if number > _ALL:
        table, least = _drawn(base, runs, paired=paired), max(least, 1 / (DRAWN + 1))
    elif paired:
        flips = (np.arange(number)[:, None] >> np.arange(base) & 1).astype(np.bool_)
        table = np.hstack([~flips, flips])
    else:
        table = np.zeros((number, runs), dtype=np.bool_)
        np.put_along_axis(table, np.asarray(list(combinations(range(runs), base))), values=True, axis=1)
    return PermutationTest(table, min(1.0, least), number)


def settle(deals: PermutationTest, drafts: Sequence[Draft]) -> tuple[Tested, ...]:
    """Test all measures of a comparison together, and write into each its p."""
    columns = [draft.figures for draft in drafts if draft.figures is not None]
    if not columns:
        return tuple(draft.row for draft in drafts)
    figures = np.stack(columns, axis=1)
    found = iter(zip(deals.p(figures), deals.adjusted(figures), strict=True))
    settled = []
    for draft in drafts:
        p, adjusted = (None, None) if draft.figures is None else next(found)
        settled.append(draft.row.model_copy(update={"p": p, "adjusted": adjusted}))
    return tuple(settled)


def shown(p: float | None) -> str:
    """A p as a person reads it, or that there is none."""
    return "-" if p is None else f"{p:.2g}" if p >= 1e-4 else f"{p:.6f}"


def _drawn(base: int, runs: int, *, paired: bool) -> NDArray[np.bool_]:
    table = np.zeros((DRAWN + 1, runs), dtype=np.bool_)
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
