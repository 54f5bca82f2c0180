"""A yes or no as what is left of a hidden number: yes where it stays below a threshold.

How far the shares of phrasings are apart depends on how common a yes is: near 0 or 1 they lie close together. So what a
table shows of the spread at one share has to be carried over to another one. Here the hidden number is normal, the sum
of a phrasing, a seed and the rest, whose variances are the same at every share; what moves the share is the threshold.
Sources: Dempster and Lerner, "Heritability of threshold characters", Genetics 35, 1950, 212 to 236; Nakagawa and
Schielzeth, "Repeatability for Gaussian and non-Gaussian data", Biological Reviews 85, 2010, 935 to 956.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics.permutation import Vector
from dreamplay.statistics.spread import Spread

_NORMAL = NormalDist()
_NEAREST = 1e-9
"""A share is taken to be at least so far from 0 and from 1."""
_MOST = 0.999
"""The largest part of the variance that phrasing and seed have together."""
_FINE = 32
"""Of more seeds so many are drawn, and the shares are brought nearer to what endlessly many would give."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


class Hidden(FrozenModel):
    """Which parts of the variance of the hidden number, which is 1, come from the phrasing and from the seed."""

    phrasing: float
    seed: float

    @property
    def rest(self) -> float:
        """The part that neither explains."""
        return 1 - self.phrasing - self.seed


def threshold(share: float) -> float:
    """Below which a standard normal number has to stay for a yes that is as common as this."""
    return _NORMAL.inv_cdf(min(1 - _NEAREST, max(_NEAREST, share)))


@lru_cache(maxsize=256)
def hidden(spread: Spread) -> Hidden:
    """The parts that give runs of one phrasing, and runs of one seed, the covariances that the table shows.

    The covariance of two runs of one phrasing is `between`; that of two runs of one seed is what is left of the whole
    variance. Both are taken at the share at which the whole variance is `scale`. Where the two parts together are too
    large, as if nothing were left to chance, both are made smaller.
    """
    if not spread.scale:
        return Hidden(phrasing=0.0, seed=0.0)
    typical = (1 + math.sqrt(max(0.0, 1 - 4 * spread.scale))) / 2
    between = spread.between or 0.0
    phrasing, seed = (_correlation(typical, each) for each in (between, spread.scale - between - spread.within))
    shrink = min(1.0, _MOST / max(_MOST, phrasing + seed))
    return Hidden(phrasing=phrasing * shrink, seed=seed * shrink)


def both(one: float, other: float, correlation: float) -> float:
    """In which share of the pairs both are yes, if the hidden numbers of a pair correlate.

    Args:
        one: the share of yes of the first.
        other: the share of yes of the second.
        correlation: of the hidden numbers, from 0 to 1.

    Source: the integral over the angle of Drezner and Wesolowsky, "On the computation of the bivariate normal
    integral", Journal of Statistical Computation and Simulation 35, 1990, 101 to 107.
    """
    h, k, end = threshold(one), threshold(other), math.asin(min(_MOST, correlation))
    sine = np.sin((_NODES + 1) / 2 * end)
    heights = np.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * (1 - sine * sine)))
    return one * other + float(_WEIGHTS @ heights) * end / 2 / (2 * math.pi)


def means(sides: Sequence[tuple[int, float]], seeds: int, parts: Hidden, studies: int) -> Vector:
    """The shares of yes of phrasings over their seeds, in simulated studies, which are always the same.

    Args:
        sides: of each condition the number of its phrasings, and its share of yes.
        seeds: the seeds that each phrasing is played with.
        parts: see `hidden`.
        studies: how many.

    Returns:
        A row for each phrasing, a column for each study.
    """
    drawn = min(seeds, _FINE)
    own, runs = _drawn(sum(number for number, _ in sides), drawn, parts, studies)
    bounds = np.repeat([threshold(share) for _, share in sides], [number for number, _ in sides])
    found = np.mean(runs < bounds[:, None, None], axis=1, dtype=np.float64)
    if drawn == seeds:
        return np.asarray(found)
    endless = _below((bounds[:, None] - own) / math.sqrt(1 - parts.phrasing))
    return np.asarray(endless + (found - endless) * math.sqrt(drawn / seeds))


def pairs(share: float, changed: float, seeds: int, spread: Spread, studies: int) -> Vector:
    """The differences within pairs of seeds in a single wording, changed less base, in simulated studies, which are
    always the same: a row for each seed, a column for each study."""
    rose, fell = differ(share, changed, spread)
    drawn = np.random.default_rng(0).random((seeds, studies))
    return np.where(drawn < rose, 1.0, np.where(drawn > 1 - fell, -1.0, 0.0))


def differ(share: float, changed: float, spread: Spread) -> tuple[float, float]:
    """In which share of the pairs of seeds in a single wording the condition alone is yes, and the baseline alone."""
    single = hidden(spread.model_copy(update={"between": None}))
    same = both(share, changed, single.seed)
    return max(0.0, changed - same), max(0.0, share - same)


@lru_cache(maxsize=4)
def _drawn(phrasings: int, seeds: int, parts: Hidden, studies: int) -> tuple[Vector, NDArray[np.float32]]:
    """The hidden numbers: what each phrasing adds, and those of the runs, by phrasing, seed and study."""
    dice = np.random.default_rng(0)
    own = dice.standard_normal((phrasings, studies)) * math.sqrt(parts.phrasing)
    seed = dice.standard_normal((seeds, studies), dtype=np.float32) * np.float32(math.sqrt(parts.seed))
    runs = dice.standard_normal((phrasings, seeds, studies), dtype=np.float32)
    runs *= np.float32(math.sqrt(parts.rest))
    runs += seed
    runs += own[:, None].astype(np.float32)
    return own, runs


def _below(bounds: Vector) -> Vector:
    """How often a standard normal number stays below each of these."""
    points = np.linspace(-6, 6, 1_201)
    return np.interp(bounds, points, [_NORMAL.cdf(point) for point in points])


def _correlation(share: float, covariance: float) -> float:
    """How hidden numbers have to correlate for yes and no to have this covariance; 0 if it is negative."""
    low, high = 0.0, _MOST
    if both(share, share, low) - share * share >= covariance:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if both(share, share, middle) - share * share < covariance else (low, middle)
    return high
