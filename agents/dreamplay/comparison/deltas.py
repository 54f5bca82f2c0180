"""What became of the scorecard: each figure that has a better side, in two groups of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreamplay.comparison.beside import Match
from dreamplay.comparison.chance import LEVEL, Deals, shown
from dreamplay.scorecard import score
from dreamplay.scorecard.measures import mean
from dreamplay.scorecard.score import Row
from dreamplay.value import Value


class Delta(Value):
    """One figure, measured for each run alone and averaged over the runs of a group."""

    group: str
    label: str
    measure: str
    """Where the figure stands in `score.Scores`."""
    share: bool
    """Whether it is a share, from 0 to 1."""
    base: float
    changed: float
    low: float
    """The least that a single run of the base has."""
    high: float
    better: bool | None
    """Whether it moved to the side where its bar lies; None if it did neither."""
    p: float | None
    """Exact, all figures looked at together; None where not every run has the figure."""

    @property
    def still(self) -> bool:
        """Whether no run of the base differs, and the changed ones do not on average."""
        return self.low == self.high == self.base == self.changed

    @property
    def beyond(self) -> bool:
        """Whether it moved beyond chance."""
        return self.p is not None and self.p <= LEVEL


def deltas(matched: Match, deals: Deals) -> tuple[Delta, ...]:
    """Score each run, and hold the groups' means against each other."""
    scored = [[score.scores([run]) for run in group] for group in (matched.base, matched.changed)]
    pools: list[tuple[Row, list[float], list[float]]] = []
    for row in score.ROWS:
        base, changed = ([v for each in group if (v := row.value(each)) is not None] for group in scored)
        if row.bound and base and changed:
            pools.append((row, base, changed))
    whole = {row.measure: [*base, *changed] for row, base, changed in pools
             if len(base) + len(changed) == deals.base.shape[1]}  # fmt: skip
    ps: dict[str, float] = {}
    if whole:
        figures = np.asarray(list(whole.values()), dtype=np.float64).T
        ps = dict(zip(whole, deals.p(np.abs(deals.gaps(figures))), strict=True))
    return tuple(_delta(row, base, changed, ps.get(row.measure)) for row, base, changed in pools)


def says(found: Sequence[Delta]) -> list[str]:
    """In a plain sentence, which figures moved beyond chance."""
    moved = [f"{each.label} ({'better' if each.better else 'worse' if each.better is False else 'within its bar'}, "
             f"p = {shown(each.p)})" for each in found if each.p is not None and each.beyond]  # fmt: skip
    if moved:
        return [f"The scorecard moved beyond chance in {', '.join(moved)}."]
    return ["No figure of the scorecard moved beyond chance."] if found else []


def _delta(row: Row, base: Sequence[float], changed: Sequence[float], p: float | None) -> Delta:
    was, became = mean(base), mean(changed)
    gain = _badness(row, was) - _badness(row, became)
    return Delta(
        group=row.group, label=row.label.strip(), measure=row.measure, share=row.form == "share", base=was,
        changed=became, low=min(base), high=max(base), better=gain > 0 if gain else None, p=p,
    )  # fmt: skip


def _badness(row: Row, value: float) -> float:
    """How far a figure is from where it should be: less is better."""
    if row.least is not None and row.most is not None:
        return max(row.least - value, 0.0, value - row.most)
    return value if row.least is None else -value
