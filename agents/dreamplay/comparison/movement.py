"""How far the talk moved, by beat and by character, against how far it moves from seed to seed anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dreamplay.comparison.beside import Match
from dreamplay.comparison.chance import LEVEL, Deals, shown
from dreamplay.embedding import embed
from dreamplay.record.transcript import Record
from dreamplay.scorecard.measures import lines, nameless
from dreamplay.value import Value

Vector = NDArray[np.float64]
Key = tuple[Literal["beat", "role"], str]

_PLACES = 6
"""Decimals that count: beyond, machines differ."""


class Moved(Value):
    """How far the talk of one beat, or of one character, moved: 0 is the same lines, 1 has nothing to do with it."""

    of: Literal["beat", "role"]
    id: str
    same_seed: tuple[float, ...]
    """Between the two runs of each pair, which share their dice."""
    noise: tuple[float, ...]
    """Between runs of one group, so of the same personas, with different seeds."""
    between: tuple[float, ...]
    """Between a run of each group, with different seeds."""
    p: float | None
    """Exact, of the distance between the groups beyond the noise; None where too few runs leave no noise to beat."""

    @property
    def beyond(self) -> bool:
        """Whether the change beats the noise."""
        return self.p is not None and self.p <= LEVEL


def moved(matched: Match, deals: Deals) -> tuple[Moved, ...]:
    """Measure every beat and every role that speaks in all the runs.

    How: the distance of two runs is how far a line is, on average, from the nearest line of the other run, both ways
    (1 less the cosine, without names; the greedy matching of BERTScore, arXiv 1904.09675, with lines for words). Mean
    vectors of all lines, tried first, did not see that a swapped Leo talks of other things in eight seeds; this does.
    Two runs with different seeds differ anyway: that is the noise. A change beats it if runs with different seeds are
    farther apart across the groups than within them (the energy distance of Székely and Rizzo, 2004), by more than
    dealing the runs otherwise would do (`Deals.p`), over all beats and roles together. Runs of one seed share the
    director's dice and are nearer for it, so their distance is shown, and not held against that noise.
    Limits: the vectors hear what a text is about, and not who means what by it; see `embedding`.
    """
    runs = (*matched.base, *matched.changed)
    found = [_said(run) for run in runs]
    groups = [[*dealt, *map(_said, spare)] for dealt, spare in
              zip((found[: len(matched.base)], found[len(matched.base) :]), matched.spare, strict=True)]  # fmt: skip
    seeds = [[run.header.seed for run in (*dealt, *spare)] for dealt, spare in
             zip((matched.base, matched.changed), matched.spare, strict=True)]  # fmt: skip
    every: dict[Key, None] = dict.fromkeys(key for said in found for key in said)
    keys = sorted((key for key in every if all(key in said for said in found)), key=lambda key: key[0])
    # A run and its partner share their dice, so their distance stands on neither side of the test.
    apart = np.asarray([[one.header.seed != other.header.seed for one in runs] for other in runs], dtype=np.float64)
    excess = [_excess(np.asarray([[_distance(a[key], b[key]) for a in found] for b in found]), apart, deals)
              for key in keys]  # fmt: skip
    known = all(np.isfinite(each).all() for each in excess)
    ps = deals.p(np.stack(excess, axis=1)) if known and keys else [None] * len(keys)
    rows = []
    for key, p in zip(keys, ps, strict=True):
        base, changed = ([(seed, said[key]) for seed, said in zip(*each, strict=True) if key in said]
                         for each in zip(seeds, groups, strict=True))  # fmt: skip
        across = [(a == b, _distance(one, other)) for (a, one), (b, other) in product(base, changed)]
        rows.append(Moved(
            of=key[0], id=key[1], p=p,
            same_seed=tuple(distance for same, distance in across if same),
            noise=tuple(_distance(a, b) for group in (base, changed) for (_, a), (_, b) in combinations(group, 2)),
            between=tuple(distance for same, distance in across if not same),
        ))  # fmt: skip
    return tuple(rows)


def says(found: Sequence[Moved], names: Mapping[str, str]) -> list[str]:
    """In plain sentences, whose talk moved beyond the noise."""
    said = []
    for of, word in (("role", "character"), ("beat", "beat")):
        rows = [each for each in found if each.of == of]
        beyond = [f"{names.get(each.id, each.id)} (p = {shown(each.p)})" for each in rows
                  if each.p is not None and each.beyond]  # fmt: skip
        if beyond:
            rest = f", and that of no other {word}" if len(beyond) < len(rows) else ""
            said.append(f"The talk of {', '.join(beyond)} moved beyond the noise between seeds{rest}.")
        elif rows:
            said.append(f"The talk of no {word} moved beyond the noise between seeds.")
    return said


def _said(run: Record) -> dict[Key, Vector]:
    """What was said in each beat, and by each role: a row for each line that says something."""
    said = list(lines(run))
    rows = embed([nameless(run, event.text) for event in said]).astype(np.float64)
    piles: dict[Key, list[Vector]] = {}
    for event, row in zip(said, rows, strict=True):
        if row.any():
            piles.setdefault(("beat", event.beat), []).append(row)
            piles.setdefault(("role", event.speaker or ""), []).append(row)
    return {key: np.stack(pile) for key, pile in piles.items()}


def _distance(one: Vector, other: Vector) -> float:
    near = one @ other.T
    return abs(round(1 - float(near.max(axis=0).mean() + near.max(axis=1).mean()) / 2, _PLACES))


def _excess(table: Vector, apart: Vector, deals: Deals) -> Vector:
    """For each way of dealing, the mean distance across the groups less that within them; not a number where there
    is nothing across or nothing within.
    """
    base = deals.base.astype(np.float64)
    other = 1 - base

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
