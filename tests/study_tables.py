"""Tables of made-up runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def rows(
    conditions: Mapping[str, Sequence[Sequence[float | None]]], measure: str = "x", **rest: Any
) -> list[dict[str, Any]]:
    """Condition to its phrasings, each with a value for every seed, from 1."""
    return [
        {"condition": name, "phrasing": f"p{number}", "seed": seed, measure: value, **rest}
        for name, phrasings in conditions.items()
        for number, values in enumerate(phrasings)
        for seed, value in enumerate(values, 1)
    ]


def drawn(
    dice: np.random.Generator,
    shifts: Mapping[str, float],
    phrasings: Mapping[str, int] | int,
    seeds: int,
    *,
    between: float = 1.0,
) -> list[dict[str, Any]]:
    """Runs with random effects of the phrasing, of a standard deviation of `between`, and of the seed; the rest has a
    standard deviation of 1. A condition is shifted against the others."""
    of_seed = dice.normal(size=seeds) * 2
    made = {}
    for name, shift in shifts.items():
        own = dice.normal(size=phrasings if isinstance(phrasings, int) else phrasings[name]) * between
        made[name] = [list(shift + each + of_seed + dice.normal(size=seeds)) for each in own]
    return rows(made)
