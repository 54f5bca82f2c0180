"""How far apart runs are for other reasons than the change: the variance between phrasings and that between seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, variance

import numpy as np

from dreamplay.errors import UsageError
from dreamplay.schema.base import FrozenModel
from dreamplay.statistics.table import Row, Rows, read

_NOTHING = 1e-24
"""A variance that is so small a part of the squares is what was lost in adding up."""


class Spread(FrozenModel):
    """The variance components of a measure, all conditions taken together.

    A value is taken for the sum of its condition, its phrasing, its seed and the rest. The seed has no component here:
    every phrasing is played with the same seeds, so that it falls out of every difference.
    """

    within: float
    """The variance of the rest: of a run about what its phrasing and its seed let expect."""
    between: float | None
    """The variance between the phrasings of one condition, without what comes from few seeds. None if no condition has
    two phrasings."""
    freedom: int
    """Degrees of freedom that `between` was estimated with: phrasings less conditions."""
    yes_no: bool
    scale: float
    """Of a yes or no: the whole variance of a run, share x (1 - share), as the mean over the conditions; else 1."""

    def of_mean(self, seeds: int) -> float:
        """The variance of a phrasing's mean over so many seeds."""
        return (self.between or 0.0) + self.within / seeds


def spread(rows: Rows, measure: str) -> Spread:
    """The variance components of a measure, by the method of moments.

    `within` is what is left of the values after the least squares fit of phrasings and seeds, by its degrees of
    freedom. The variance of the phrasings' means within the conditions is `between` + `within` / seeds on average, and
    `between` is what that leaves, or 0 if that is negative.

    Raises:
        UsageError: there is no such measure, or too few runs have a value.
    """
    table = read(rows)
    if measure not in table.measures:
        raise UsageError(f"the table has no measure {measure!r}; it has {', '.join(table.measures)}")
    runs = [row for row in table.rows if row.finished and row.values.get(measure) is not None]
    values = np.array([row.values[measure] for row in runs], dtype=np.float64)
    phrasings = {key: number for number, key in enumerate(dict.fromkeys(map(_key, runs)))}
    seeds = {seed: number for number, seed in enumerate(dict.fromkeys(row.seed for row in runs))}
    rest = len(runs) - len(phrasings) - len(seeds) + 1
    if rest < 1:
        raise UsageError(f"too few runs have a value of {measure!r} to say how far they are apart; play more seeds")
    design = np.zeros((len(runs), len(phrasings) + len(seeds)))
    for number, row in enumerate(runs):
        design[number, phrasings[_key(row)]] = design[number, len(phrasings) + seeds[row.seed]] = 1.0
    centred = values - values.mean()
    fitted = design @ np.linalg.lstsq(design.T @ design, design.T @ centred, rcond=None)[0]
    within = float(((centred - fitted) ** 2).sum()) / rest
    if within <= _NOTHING * float((centred**2).max()):
        within = 0.0
    means: dict[str, list[float]] = {}
    numbers: list[int] = []
    for condition, phrasing in phrasings:
        own = [float(v) for v, row in zip(values, runs, strict=True) if _key(row) == (condition, phrasing)]
        means.setdefault(condition, []).append(fmean(own))
        numbers.append(len(own))
    freedom = sum(len(each) - 1 for each in means.values())
    between = None
    if freedom:
        apart = sum(variance(each) * (len(each) - 1) for each in means.values() if len(each) > 1) / freedom
        between = max(0.0, apart - within * fmean(1 / number for number in numbers))
    yes_no = bool(np.isin(values, (0.0, 1.0)).all())
    scale = _whole(means, len(seeds), within, between or 0.0) if yes_no else 1.0
    return Spread(within=within, between=between, freedom=freedom, yes_no=yes_no, scale=scale)


def _whole(means: Mapping[str, Sequence[float]], seeds: int, within: float, between: float) -> float:
    """The whole variance of a yes or no: what phrasings, seeds and the rest have together.

    In a table, share x (1 - share) is smaller by the variance of the share itself, which comes from few phrasings and
    from few seeds. What the seeds have is what is left without that.
    """
    seen = fmean(share * (1 - share) for share in map(fmean, means.values()))
    one = fmean(1 / len(each) for each in means.values())
    rest = seen - between * (1 - one) - within * (1 - one / seeds)
    return between + within + max(0.0, rest / (1 - 1 / seeds) if seeds > 1 else rest)


def _key(row: Row) -> tuple[str, str]:
    return row.condition, row.phrasing
