"""Differences in the scorecard and in the cost between two groups of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.joint_test import Draft, Tested
from dreamplay.scoring import score
from dreamplay.scoring.metrics import mean
from dreamplay.scoring.score import ScoreRow
from dreamplay.statistics.permutation import Effect, PermutationTest, shown

COST = "cost"
"""The group of figures that are reported and not tested: the cost of a run does not describe the play."""


class Delta(Tested):
    """One figure, measured for each run alone and averaged over the runs of a group. It is tested where every run
    has it, unless it is a cost.
    """

    group: str
    label: str
    measure: str
    """The path of the figure in `score.Scores`."""
    share: bool
    """Whether it is a share, from 0 to 1."""
    base: float
    changed: float
    low: float
    """The lowest value of a single run of the base."""
    high: float
    better: bool | None
    """Whether it moved towards its target; None if it did not move, or has no target."""
    effect: Effect
    """The difference between the means."""

    @property
    def still(self) -> bool:
        """Whether all runs of the base have one value, and the mean of the changed runs equals it."""
        return self.low == self.high == self.base == self.changed


def deltas(matched: Pairing, deals: PermutationTest) -> list[Draft]:
    """Score each run, and compare the means of the groups."""
    scored = [[score.scores([run]) for run in group] for group in (matched.base, matched.changed)]
    drafts = []
    for row in score.ROWS:
        base, changed = ([v for each in group if (v := row.value(each)) is not None] for group in scored)
        if (row.bound or row.group == COST) and base and changed:
            drafts.append(_draft(row, base, changed, deals))
    return drafts


def says(found: Sequence[Delta]) -> list[str]:
    """A sentence that names the figures that changed."""
    tested = [each for each in found if each.p is not None]
    changed = [f"{each.label} ({figure(each, each.base)} to {figure(each, each.changed)}, "
               f"{'better' if each.better else 'worse' if each.better is False else 'within its bar'}, adjusted p = "
               f"{shown(each.adjusted)})" for each in tested if each.found]  # fmt: skip
    if changed:
        return [f"The scorecard changed in {', '.join(changed)}."]
    return ["No change was found in the scorecard."] if tested else []


def figure(delta: Delta, value: float) -> str:
    """A formatted figure of the scorecard."""
    return score.shown(value, "share" if delta.share else "plain")


def difference(delta: Delta) -> str:
    """The difference between the means, with its interval; for shares in percentage points."""
    value, low, high = delta.effect.value, delta.effect.low, delta.effect.high
    ends = "" if low is None or high is None or delta.p is None else f" [{_signed(delta, low)}, {_signed(delta, high)}]"
    return f"{_signed(delta, value)}{' points' * delta.share}{ends}"


def _signed(delta: Delta, value: float) -> str:
    if delta.share:
        return f"{value * 100:+.3g}"
    sign = "+" if value > 0 else ""
    return f"{sign}{figure(delta, value)}" if abs(value) >= 1000 else f"{sign}{value:.3g}"


def _draft(row: ScoreRow, base: Sequence[float], changed: Sequence[float], deals: PermutationTest) -> Draft:
    was, became = mean(base), mean(changed)
    gain = _badness(row, was) - _badness(row, became)
    figures, effect = None, Effect(value=round(became - was, 4))
    if row.group != COST and len(base) + len(changed) == deals.base.shape[1]:
        values = np.asarray([*base, *changed], dtype=np.float64)[:, None]
        figures, (effect,) = np.abs(deals.gaps(values))[:, 0], deals.effects(values)
    delta = Delta(
        group=row.group, label=row.label.strip(), measure=row.measure, share=row.form == "share", base=was,
        changed=became, low=min(base), high=max(base), better=(gain > 0 if gain and row.bound else None), effect=effect,
    )  # fmt: skip
    return Draft(delta, figures)


def _badness(row: ScoreRow, value: float) -> float:
    """The distance of a figure from its target; less is better."""
    if row.least is not None and row.most is not None:
        return max(row.least - value, 0.0, value - row.most)
    return value if row.least is None else -value
