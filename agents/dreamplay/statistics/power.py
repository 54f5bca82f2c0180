"""The power of a study: how often its test finds a change of a given size, by simulation of that test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from dreamplay.statistics import permutation, threshold
from dreamplay.statistics.permutation import EQUAL, LEVEL, PermutationTest, Vector
from dreamplay.statistics.spread import Spread

OFTEN = 0.8
"""The probability with which a change that a study can tell is found: four times in five."""
_STUDIES = 1_000
"""Studies that are simulated. The standard error of a power of 0.8 is 0.013."""
_WAYS = 2_000
"""Up to this many ways to deal are all counted in a simulated study; of more, as many are drawn as its level needs."""
_MANY = 64
"""Of more pairs of seeds, the change that can be found is taken to shrink with the root of their number."""
_MOST_PHRASINGS = 60
_MOST_SEEDS = 1_000


@dataclass(frozen=True)
class Design:
    """The size of a comparison."""

    base: int
    """Phrasings of the baseline."""
    changed: int
    """Phrasings of the condition. If both have one, the pairs of seeds are dealt."""
    seeds: int
    tests: int = 1
    """How many tests are corrected for."""

    @property
    def paired(self) -> bool:
        """Whether the pairs of seeds are dealt."""
        return self.base == self.changed == 1

    @property
    def level(self) -> float:
        """The p that a test has to reach: that of Holm's first step, which is what a change needs if it is the only
        one. Where there are several changes, each is found more often."""
        return LEVEL / self.tests

    def deals(self) -> PermutationTest:
        """The ways to deal that a simulated study goes through."""
        sizes = (self.seeds, self.seeds) if self.paired else (self.base, self.changed)
        drawn = min(permutation.DRAWN, max(_WAYS - 1, math.ceil(20 / self.level)))
        return permutation.deal(*sizes, paired=self.paired, most=_WAYS, drawn=drawn)

    @property
    def least(self) -> float:
        """The smallest p that the test can reach."""
        ways = 2**self.seeds if self.paired else math.comb(self.base + self.changed, self.base)
        return min(1.0, 2 / ways) if ways <= permutation.MOST else 2 / (permutation.DRAWN + 1)

    @property
    def able(self) -> bool:
        """Whether any change at all could be found."""
        return self.least <= self.level + 1e-12


@lru_cache(maxsize=4096)
def power(design: Design, spread: Spread, effect: float, share: float | None = None) -> float:
    """How often the test would find a change of this size.

    Args:
        design: the size of the comparison.
        spread: how far apart runs are for other reasons.
        effect: the difference between the means; of a yes or no, between the shares.
        share: of a yes or no: the share of the baseline.

    Numbers are drawn as normal, a yes or no as what stays below a threshold: see `threshold`. Always the same draws are
    used. The share matters much: from 30%, another size is found four times in five than from 50%. The share that a
    study has seen is an estimate, so that this is the power in another study whose baseline has this share.
    """
    if not design.able or not effect:
        return 0.0
    if not spread.yes_no or share is None:
        return float(np.mean(_critical(design) * _deviation(design, spread) < abs(effect)))
    changed = min(1.0, max(0.0, share + effect))
    if design.paired and design.seeds > _MANY:
        differ = sum(threshold.differ(share, changed, spread))
        apart = math.sqrt(max(0.0, differ - (changed - share) ** 2))
        return float(np.mean(_critical(design) * apart < abs(effect)))
    return _power_of_share(design, spread, share, changed)


def detectable(design: Design, spread: Spread, share: float | None = None) -> float | None:
    """The smallest change that would be found four times in five; None if there is none. Of a yes or no, its sign says
    in which direction: away from the nearer end."""
    if not design.able:
        return None
    if spread.yes_no and share is not None:
        room = 1 - share if share <= 0.5 else -share
        return _least(lambda size: power(design, spread, math.copysign(size, room), share) >= OFTEN, abs(room), room)
    found = float(np.quantile(_critical(design), OFTEN, method="higher")) * _deviation(design, spread)
    return found if math.isfinite(found) else None


def more_phrasings(design: Design, spread: Spread, effect: float, share: float | None = None) -> int | None:
    """How many more phrasings of both would be enough to find a change of this size four times in five; None if 60
    would not be. A spread whose phrasings are not known is that of seeds alone."""

    def enough(more: int) -> bool:
        return power(replace(design, base=design.base + more, changed=design.changed + more), spread, effect,
                     share) >= OFTEN  # fmt: skip

    return _first(enough, _MOST_PHRASINGS)


def more_seeds(design: Design, spread: Spread, effect: float, share: float | None = None) -> int | None:
    """The same for seeds that every phrasing is played with besides; None if 1,000 would not be enough, as where the
    phrasings differ too much among themselves."""
    return _first(
        lambda more: power(replace(design, seeds=design.seeds + more), spread, effect, share) >= OFTEN, _MOST_SEEDS
    )


def _deviation(design: Design, spread: Spread) -> float:
    """The standard deviation of what is dealt: of a phrasing's mean, or of the difference of a pair."""
    return math.sqrt(2 * spread.within if design.paired else spread.of_mean(design.seeds))


def _critical(design: Design) -> Vector:
    """For each simulated study, in which nothing changed and what is dealt has a standard deviation of 1, how much
    would have to be added to the changed side to be found."""
    if not design.paired:
        return _simulated(replace(design, seeds=1))
    return _simulated(replace(design, seeds=min(_MANY, design.seeds))) * math.sqrt(min(1.0, _MANY / design.seeds))


@lru_cache(maxsize=256)
def _simulated(design: Design) -> Vector:
    """See `PermutationTest.typical`: what is added to the changed side just adds to these values."""
    deals, dice = design.deals(), np.random.default_rng(0)
    noise = dice.standard_normal((deals.base.shape[1], _STUDIES))
    if design.paired:
        noise[: design.seeds] = 0.0
    place = deals.place(design.level)
    if place < 0:
        return np.full(_STUDIES, np.inf)
    return np.asarray(-np.partition(deals.typical(noise), place, axis=0)[place], dtype=np.float64)


def _power_of_share(design: Design, spread: Spread, share: float, changed: float) -> float:
    if design.paired:
        pairs = threshold.pairs(share, changed, design.seeds, spread, _STUDIES)
        values, gap = np.vstack([np.zeros_like(pairs), pairs]), pairs.mean(axis=0)
    else:
        both = ((design.base, share), (design.changed, changed))
        values = threshold.means(both, design.seeds, threshold.hidden(spread), _STUDIES)
        gap = values[design.base :].mean(axis=0) - values[: design.base].mean(axis=0)
    deals = design.deals()
    # All values have one sum, so that the difference of the means goes with the sum of the baseline's: see `two_sided`.
    sums = deals.base.astype(np.float64) @ values
    far = np.minimum((sums >= sums[0] - EQUAL).mean(axis=0), (sums <= sums[0] + EQUAL).mean(axis=0))
    return float(np.mean((2 * far <= design.level + 1e-12) & (gap * (changed - share) > 0)))


def _least(enough: Callable[[float], bool], most: float, sign: float) -> float | None:
    """The smallest size that is enough, to a hundredth of the largest, with a sign."""
    if not enough(most):
        return None
    low, high = 0.0, most
    for _ in range(7):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return math.copysign(high, sign)


def _first(enough: Callable[[int], bool], most: int) -> int | None:
    """The smallest number, from 0, that is enough, where larger ones are, too."""
    if enough(0):
        return 0
    low, high = 0, 1
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(most, high * 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
