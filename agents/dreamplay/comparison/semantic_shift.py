"""How much the talk changed, by beat and by character, compared with how much it varies between seeds."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.joint_test import Draft, Tested
from dreamplay.memory.base import default_embedder
from dreamplay.memory.embeddings import embed
from dreamplay.runs.transcript import RunLog
from dreamplay.scoring.metrics import lines, nameless
from dreamplay.statistics.permutation import LEVEL, Effect, PermutationTest, shown

Vector = NDArray[np.float64]
Key = tuple[Literal["beat", "role"], str]

_PLACES = 6
"""Decimals to which values are compared; further digits differ between machines."""
_SAMPLES = 2_000
"""Bootstrap samples."""


class SemanticShift(Tested):
    """How far the talk of one beat, or of one character, moved: 0 is the same lines, 1 has nothing to do with it."""

    of: Literal["beat", "role"]
    id: str
    same_seed: tuple[float, ...]
    """Between the two runs of each pair, which have the same seed."""
    noise: tuple[float, ...]
    """Between runs of one group, so of the same personas, with different seeds."""
    between: tuple[float, ...]
    """Between a run of each group, with different seeds."""
    effect: Effect | None
    """How much farther apart runs of different groups are than runs of one group, different seeds throughout; None
    where too few runs leave no noise to compare with.
    """


def moved(matched: Pairing, deals: PermutationTest) -> list[Draft]:
    """Measure every beat and every role that speaks in all the runs.

    How: the distance of two runs is how far a line is, on average, from the nearest line of the other run, both ways
    (1 less the cosine, without names; the greedy matching of BERTScore, arXiv 1904.09675, with lines for words). Mean
    vectors of all lines, tried first, did not see that a swapped Leo talks of other things in eight seeds; this does.
    Two runs with different seeds differ anyway: that is the noise. The talk changed if runs with different seeds are
    farther apart across the groups than within them (the energy distance of Székely and Rizzo, 2004), by more than
    dealing the runs otherwise would do. Runs with the same seed share the director's random choices and are nearer
    for that reason, so their distance is shown but not compared with that noise. The interval is a percentile
    bootstrap over the pairs, or over the runs of each group (Efron and Tibshirani, "An Introduction to the Bootstrap",
    1993, chapter 13).
    Limits: the vectors capture what a text is about, and not what each speaker means by it; see `wordllama`.
    """
    runs = (*matched.base, *matched.changed)
    found = [_said(run) for run in runs]
    groups = [[*dealt, *map(_said, spare)] for dealt, spare in
              zip((found[: len(matched.base)], found[len(matched.base) :]), matched.spare, strict=True)]  # fmt: skip
    seeds = [[run.header.seed for run in (*dealt, *spare)] for dealt, spare in
             zip((matched.base, matched.changed), matched.spare, strict=True)]  # fmt: skip
    every: dict[Key, None] = dict.fromkeys(key for said in found for key in said)
    keys = sorted((key for key in every if all(key in said for said in found)), key=lambda key: key[0])
    # The two runs of a pair have the same seed, so their distance is not part of the test.
    apart = np.asarray([[one.header.seed != other.header.seed for one in runs] for other in runs], dtype=np.float64)
    dealt_so = deals.base.astype(np.float64)
    again = _resampled(len(matched.base), len(matched.changed), paired=matched.paired) if deals.tell else None
    drafts = []
    for key in keys:
        base, changed = ([(seed, said[key]) for seed, said in zip(*each, strict=True) if key in said]
                         for each in zip(seeds, groups, strict=True))  # fmt: skip
        across = [(a == b, _distance(one, other)) for (a, one), (b, other) in product(base, changed)]
        table = np.asarray([[_distance(a[key], b[key]) for a in found] for b in found])
        figures = _excess(table, apart, dealt_so, 1 - dealt_so)
        drafts.append(Draft(
            SemanticShift(
                of=key[0], id=key[1], effect=_effect(figures[0], again and _excess(table, apart, *again)),
                same_seed=tuple(distance for same, distance in across if same),
                noise=tuple(_distance(a, b) for group in (base, changed) for (_, a), (_, b) in combinations(group, 2)),
                between=tuple(distance for same, distance in across if not same),
            ),
            figures if np.isfinite(figures).all() else None,
        ))  # fmt: skip
    return drafts


def says(found: Sequence[SemanticShift], names: Mapping[str, str]) -> list[str]:
    """In plain sentences, whose talk changed by more than it does from seed to seed."""
    said = []
    for of, word in (("role", "character"), ("beat", "beat")):
        tested = [each for each in found if each.of == of and each.p is not None]
        changed = [f"{names.get(each.id, each.id)} ({excess(each.effect)}, adjusted p = {shown(each.adjusted)})"
                   for each in tested if each.found]  # fmt: skip
        rest = [each for each in tested if not each.found]
        if changed:
            said.append(f"The talk of {', '.join(changed)} changed by more than it does from seed to seed.")
        if rest:
            whose = f"any {'other ' * bool(changed)}{word}"
            said.append(f"No change beyond the noise between seeds was found in the talk of {whose}; effects of up to "
                        f"{max(each.effect.most for each in rest if each.effect):.2f} remain possible.")  # fmt: skip
    return said


def excess(effect: Effect | None) -> str:
    """A distance beyond the noise, with its interval."""
    if effect is None:
        return "-"
    ends = "" if effect.low is None or effect.high is None else f" [{effect.low:+.2f}, {effect.high:+.2f}]"
    return f"{effect.value:+.2f}{ends}"


def _said(run: RunLog) -> dict[Key, Vector]:
    """What was said in each beat, and by each role: a row for each line that says something."""
    said = list(lines(run))
    rows = embed(default_embedder(), [nameless(run, event.text) for event in said]).astype(np.float64)
    piles: dict[Key, list[Vector]] = {}
    for event, row in zip(said, rows, strict=True):
        if row.any():
            piles.setdefault(("beat", event.beat), []).append(row)
            piles.setdefault(("role", event.speaker or ""), []).append(row)
    return {key: np.stack(pile) for key, pile in piles.items()}


def _distance(one: Vector, other: Vector) -> float:
    near = one @ other.T
    return abs(round(1 - float(near.max(axis=0).mean() + near.max(axis=1).mean()) / 2, _PLACES))


def _resampled(base: int, changed: int, *, paired: bool) -> tuple[Vector, Vector]:
    """How often each run comes up in each bootstrap sample, in the base and in the changed; the same ones each time."""
    dice = random.Random(0)
    left, right = np.zeros((_SAMPLES, base + changed)), np.zeros((_SAMPLES, base + changed))
    for one, other in zip(left, right, strict=True):
        drawn = dice.choices(range(base), k=base)
        np.add.at(one, drawn, 1)
        np.add.at(other, [base + i for i in (drawn if paired else dice.choices(range(changed), k=changed))], 1)
    return left, right


def _effect(value: float, samples: Vector | None) -> Effect | None:
    if not np.isfinite(value):
        return None
    if samples is None:
        return Effect(value=round(float(value), 4))
    low, high = np.nanquantile(samples, [LEVEL / 2, 1 - LEVEL / 2])
    return Effect(value=round(float(value), 4), low=round(float(low), 4), high=round(float(high), 4))


def _excess(table: Vector, apart: Vector, base: Vector, other: Vector) -> Vector:
    """For each way of weighing the runs, the mean distance across the groups less that within them; not a number where
    there is nothing across or nothing within.
    """

    def mean(left: Vector, right: Vector) -> Vector:
        number = ((left @ apart) * right).sum(axis=1)
        total = ((left @ (table * apart)) * right).sum(axis=1)
        return _divided(total, number)

    within = np.stack([mean(base, base), mean(other, other)])
    known = np.isfinite(within)
    return mean(base, other) - _divided(np.where(known, within, 0).sum(axis=0), known.sum(axis=0))


def _divided(total: Vector, number: NDArray[np.float64] | NDArray[np.int_]) -> Vector:
    """A mean, or not a number where there is nothing to take it of."""
    found: Vector = np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)
    return found
