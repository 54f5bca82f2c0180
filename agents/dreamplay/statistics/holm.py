"""Holm's correction for many tests."""

from __future__ import annotations

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """The adjusted p of each of several tests, in their order.

    The smallest p is multiplied by the number of tests, the next one by one less, and so on; none becomes smaller than
    the one before it. If everything with an adjusted p of at most 0.05 is called a change, the chance of any false
    alarm among all tests is at most 0.05, however they depend on each other. Source: Holm, "A simple sequentially
    rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979, 65 to 70.
    """
    adjusted = [1.0] * len(ps)
    least = 0.0
    for passed, place in enumerate(sorted(range(len(ps)), key=lambda each: ps[each])):
        least = max(least, min(1.0, (len(ps) - passed) * ps[place]))
        adjusted[place] = round(least, 8)
    return adjusted
