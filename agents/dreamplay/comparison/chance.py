"""What chance alone could do: an interval around a count, and an exact test of two groups of runs.

The test asks how often a difference as large comes up when the same runs are dealt to the two groups in every other
way. It presumes nothing about how figures are spread. For one yes-or-no answer in pairs it is McNemar's exact test.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""The p from which on a difference counts as beyond chance."""

_Z = 1.959964
"""Standard normal quantile of a 95% interval."""
_ALL = 2**14
"""So many ways of dealing are gone through one by one; of more, some are drawn."""
_DRAWN = 9_999
_EQUAL = 1e-9


@dataclass(frozen=True)
class Deals:
    """Ways of dealing the runs to the two groups. The first is how they were dealt in truth."""

    base: NDArray[np.bool_]
    """A row for each way, a column for each run, those of the base first: whether the run is dealt to the base."""
    least: float
    """The smallest p that these ways allow."""

    @property
    def tell(self) -> bool:
        """Whether they can tell anything from chance at all."""
        return self.least <= LEVEL

    def p(self, figures: NDArray[np.float64]) -> list[float]:
        """How likely each difference is by chance, with all of them looked at together.

        Args:
            figures: a row for each way, a column for each difference; larger is more different.

        For each difference, the share of ways in which the largest of all differences, each in its own standard
        deviations, is as large as this one was in truth: the single-step max-T of Westfall and Young
        («Resampling-Based Multiple Testing», 1993). The chance that any false alarm is given stays below `LEVEL`,
        however many differences are looked at. One alone gives the plain permutation p.
        """
        spread = figures.std(axis=0)
        moves = spread > _EQUAL
        scaled = np.full(figures.shape, -np.inf)
        np.divide(figures - figures.mean(axis=0), spread, out=scaled, where=moves)
        largest = scaled.max(axis=1, initial=-np.inf)
        return [round(float(np.mean(largest >= true - _EQUAL)), 8) for true in scaled[0]]

    def gaps(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The difference between the groups' means, in each way, of figures with a row for each run."""
        base = self.base.astype(np.float64)
        other = 1 - base
        means = [side @ values / side.sum(axis=1, keepdims=True) for side in (base, other)]
        return np.asarray(means[0] - means[1], dtype=np.float64)


def deal(base: int, changed: int, *, paired: bool) -> Deals:
    """The ways to deal so many runs: within each pair, which one is the base's, or, without pairs, any.

    Up to 16,384 ways are all gone through. Of more, 9,999 are drawn, the same ones each time, beside the true one
    (Phipson and Smyth 2010, doi 10.2202/1544-6115.1585, on why that one counts).
    """
    runs = base + changed
    number = 2**base if paired else math.comb(runs, base)
    if number > _ALL:
        rows, least = list(_drawn(base, runs, paired=paired)), 1 / (_DRAWN + 1)
    else:
        ways = _pairwise(base) if paired else combinations(range(runs), base)
        # With groups of one size, every way has a mirror image that differs as much.
        rows, least = list(ways), (2 if base == changed else 1) / number
    table = np.zeros((len(rows), runs), dtype=np.bool_)
    for row, chosen in zip(table, rows, strict=True):
        row[list(chosen)] = True
    return Deals(table, min(1.0, least))


def interval(count: int, whole: int) -> tuple[float, float]:
    """The 95% interval of a share, from 0 to 1.

    Source: the score interval of Wilson (JASA 22, 1927, 209 to 212), which stays within 0 and 1 and is sound for
    a handful of runs (Brown, Cai and DasGupta 2001).
    """
    if not whole:
        return 0.0, 1.0
    share, z = count / whole, _Z**2 / whole
    middle = (share + z / 2) / (1 + z)
    half = math.sqrt(share * (1 - share) * z + z * z / 4) / (1 + z)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def reach(deals: Deals, base: int, changed: int, *, paired: bool) -> str:
    """In one sentence, whether so few runs can tell a change from chance."""
    sample = f"{base} pairs" if paired else f"{base} and {changed} unpaired runs"
    if base == changed == 1:
        sample = "One pair of runs" if paired else "One run of each"
    if not deals.tell:
        least = f" (the smallest p in reach is {shown(deals.least)})" if deals.least < 1 else ""
        return f"{sample} cannot tell a change from chance{least}: it takes 6 pairs to come below p = {LEVEL}."
    return f"{sample} can tell a change in which nearly all go the same way; a weaker one takes more seeds."


def shown(p: float) -> str:
    """A p as a person reads it."""
    return f"{p:.2g}"


def _pairwise(pairs: int) -> Iterator[tuple[int, ...]]:
    for bits in range(2**pairs):
        yield tuple(i + pairs * (bits >> i & 1) for i in range(pairs))


def _drawn(base: int, runs: int, *, paired: bool) -> Iterator[tuple[int, ...]]:
    yield tuple(range(base))
    dice = random.Random(0)
    for _ in range(_DRAWN):
        if paired:
            yield tuple(i + base * dice.getrandbits(1) for i in range(base))
        else:
            yield tuple(dice.sample(range(runs), base))
