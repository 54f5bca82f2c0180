"""Shares of runs, and how far two of them are apart: 95% intervals that are sound for a handful of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dreamplay.statistics.permutation import Effect

_Z = 1.959964
"""Standard normal quantile of a 95% interval."""
_PLACES = 4


def share(count: int, whole: int) -> tuple[float, float]:
    """The 95% interval of a share, from 0 to 1.

    Source: the score interval of Wilson (JASA 22, 1927, 209 to 212), which stays within 0 and 1 and is sound for
    a handful of runs (Brown, Cai and DasGupta 2001).
    """
    low, high = _wilson(count, whole)
    return round(low, _PLACES), round(high, _PLACES)


def difference(base: int, base_whole: int, changed: int, changed_whole: int) -> Effect:
    """How far the shares of two separate groups are apart, changed less base.

    Source: the score intervals of the two shares, squared and added: method 10 of Newcombe, Statistics in Medicine 17,
    1998, 873 to 890.
    """
    return _apart(base, base_whole, changed, changed_whole, 0.0)


def paired_difference(pairs: Sequence[tuple[bool, bool]]) -> Effect:
    """How far the shares of yes are apart in pairs (base, changed), changed less base.

    Source: the same with the pairs' correlation, method 10 of Newcombe, Statistics in Medicine 17, 1998, 2635 to 2650.
    """
    whole = len(pairs)
    both = sum(one and other for one, other in pairs)
    base, changed = sum(one for one, _ in pairs), sum(other for _, other in pairs)
    neither = whole - base - changed + both
    joint = float(both * neither - (base - both) * (changed - both))
    if joint > 0:
        joint = max(joint - whole / 2, 0.0)
    scale = math.sqrt(base * (whole - base) * changed * (whole - changed))
    return _apart(base, whole, changed, whole, joint / scale if scale else 0.0)


def _apart(base: int, base_whole: int, changed: int, changed_whole: int, correlation: float) -> Effect:
    if not (base_whole and changed_whole):
        return Effect(value=0.0)
    was, became = base / base_whole, changed / changed_whole
    (was_low, was_high), (low, high) = _wilson(base, base_whole), _wilson(changed, changed_whole)

    def added(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))

    value = became - was
    return Effect(
        value=round(value, _PLACES),
        low=round(max(-1.0, value - added(became - low, was_high - was)), _PLACES),
        high=round(min(1.0, value + added(high - became, was - was_low)), _PLACES),
    )


def _wilson(count: int, whole: int) -> tuple[float, float]:
    if not whole:
        return 0.0, 1.0
    part, z = count / whole, _Z**2 / whole
    middle = (part + z / 2) / (1 + z)
    half = math.sqrt(part * (1 - part) * z + z * z / 4) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)
