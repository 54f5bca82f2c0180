"""The power of a comparison: the smallest p-value it can reach, and the smallest change it can detect."""

from __future__ import annotations

import math

from dreamplay.statistics.permutation import DRAWN, LEVEL, PermutationTest, shown

_OFTEN = 0.8
"""The probability with which a change of the named size is detected."""


def says(deals: PermutationTest, base: int, changed: int, *, paired: bool) -> str:
    """Sentences on the changes that a comparison of this many runs can distinguish from chance, for a single measure.

    The reference is one yes-or-no answer, such as whether a choice is taken. In pairs that is McNemar's exact
    test, where only pairs that differ count; without pairs it is Fisher's exact test. Both are what
    `PermutationTest.p` comes to for such an answer.
    """
    sample = f"{base} pairs" if paired else f"{base} and {changed} unpaired runs"
    if base == changed == 1:
        sample = "One pair of runs" if paired else "One run of each"
    if not deals.tell:
        least = f" (the smallest p they can reach is {shown(deals.least)})" if deals.least < 1 else ""
        return (
            f"{sample} cannot tell a change from chance{least}: it takes 6 pairs, or 4 and 4 unpaired runs, to come "
            f"below p = {LEVEL}. What differs is described here, and nothing is concluded from it."
        )
    floor = "" if deals.exact else f", the floor of {DRAWN:,} random deals"
    whole = base if paired else changed
    needed = next(k for k in range(1, whole + 1) if _p(k, base, changed, paired=paired) <= LEVEL)
    if paired:
        rod = f"a choice has to change in at least {needed} of the {whole} pairs, in the same direction in all of them"
    else:
        rod = f"a choice that no base run takes has to be taken by at least {needed} of the {whole} changed runs"
    return (
        f"{sample} can reach p = {shown(deals.least)} at the smallest{floor}. To be told from chance by itself, {rod}. "
        f"A change that occurs in {_rate(needed, whole):.0%} of all {'pairs' if paired else 'runs'} would be found "
        "four times in five; weaker ones, and those that are tested among other measures, less often."
    )


def _p(number: int, base: int, changed: int, *, paired: bool) -> float:
    """The two-sided p of a choice that none of the base takes and so many of the changed do."""
    if paired:
        return min(1.0, 2 * 0.5**number)
    gap = number / changed
    return sum(
        math.comb(base, k) * math.comb(changed, number - k) / math.comb(base + changed, number)
        for k in range(max(0, number - changed), min(base, number) + 1)
        if abs(k / base - (number - k) / changed) >= gap - 1e-9
    )


def _rate(needed: int, whole: int) -> float:
    """The rate at which at least so many of the whole come up four times in five."""

    def often(rate: float) -> float:
        return sum(math.comb(whole, k) * rate**k * (1 - rate) ** (whole - k) for k in range(needed, whole + 1))

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if often(middle) < _OFTEN else (low, middle)
    return high
