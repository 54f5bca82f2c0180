"""Between the characters: what each thinks of each other, and who learned whose hidden fear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dreamplay.comparison.beside import Match
from dreamplay.comparison.chance import LEVEL, Deals
from dreamplay.insight.knowledge import dreamt
from dreamplay.record.transcript import Record
from dreamplay.value import Value


class Relation(Value):
    """What one character thinks of another, from -1 to 1, over the scenes; the mean of the group's runs."""

    role: str
    other: str
    scenes: tuple[str, ...]
    base: tuple[float | None, ...]
    """One for each scene; None where she did not reflect."""
    changed: tuple[float | None, ...]
    base_end: float
    """What she thought last."""
    changed_end: float
    p: float | None
    """Of the difference at the end; None where not every run says."""


class Learned(Value):
    """In how many runs a character learned another's hidden fear, and in which beat at the earliest."""

    role: str
    whose: str
    base: int
    base_beat: str | None
    changed: int
    changed_beat: str | None
    otherwise: bool
    """Whether the two groups differ in it: in the share of runs, or in the beat."""


def relations(matched: Match, deals: Deals) -> tuple[Relation, ...]:
    """What everybody thought of everybody, where the runs say so in their reflections."""
    found = [[_regards(run) for run in group] for group in (matched.base, matched.changed)]
    keys = sorted({key for group in found for each in group for key in each})
    both = [key for key in keys if all(any(key in each for each in group) for group in found)]
    scenes = [scene.id for _, scene in matched.base[0].header.story.scenes]
    ends = {key: [[list(each[key].values())[-1] for each in group if key in each] for group in found] for key in both}
    whole = [key for key in both if sum(map(len, ends[key])) == deals.base.shape[1]]
    tested: dict[tuple[str, str], float] = {}
    if whole:
        values = np.array([[*ends[key][0], *ends[key][1]] for key in whole]).T
        tested = dict(zip(whole, deals.p(np.abs(deals.gaps(values))), strict=True))
    return tuple(
        Relation(
            role=key[0], other=key[1], scenes=tuple(reflected), p=tested.get(key),
            base=_means(found[0], key, reflected), changed=_means(found[1], key, reflected),
            base_end=_mean(ends[key][0]), changed_end=_mean(ends[key][1]),
        )
        for key in both
        for reflected in [[s for s in scenes if any(s in each.get(key, {}) for group in found for each in group)]]
    )  # fmt: skip


def learned(matched: Match) -> tuple[Learned, ...]:
    """Who learned whose fear: from a dream's ledger, everybody else who witnessed the dream."""
    order = {beat.id: place for place, beat in enumerate(matched.base[0].header.story.beats)}

    def earliest(beats: Sequence[str]) -> str | None:
        return min(beats, key=lambda beat: order.get(beat, len(order)), default=None)

    found = [[_learned(run) for run in group] for group in (matched.base, matched.changed)]
    rows = []
    for role, whose in sorted({key for group in found for each in group for key in each}):
        base, changed = ([each[role, whose] for each in group if (role, whose) in each] for group in found)
        early = earliest(base), earliest(changed)
        same = early[0] == early[1] and len(base) * len(found[1]) == len(changed) * len(found[0])
        rows.append(Learned(
            role=role, whose=whose, base=len(base), base_beat=early[0], changed=len(changed), changed_beat=early[1],
            otherwise=not same,
        ))  # fmt: skip
    return tuple(rows)


def says(found: Sequence[Relation], names: Mapping[str, str]) -> list[str]:
    """In a plain sentence, which relations moved beyond chance."""
    beyond = [f"{names[each.role]} of {names[each.other]} ({each.base_end:+.2f} to {each.changed_end:+.2f})"
              for each in found if each.p is not None and each.p <= LEVEL]  # fmt: skip
    if beyond:
        return [f"What one thinks of the other in the end moved beyond chance: {', '.join(beyond)}."]
    return ["No relation moved beyond chance."] if found else []


def knows(found: Sequence[Learned], names: Mapping[str, str]) -> list[str]:
    """In a plain sentence, whether others learned other fears, or learned them at another time."""
    other = [f"{names[each.role]} of {names[each.whose]}'s" for each in found if each.otherwise]
    if other:
        return [f"Who learned whose hidden fear, or when, is not the same: {', '.join(other)}."]
    return ["Who learned whose hidden fear, and when, is the same in both."] if found else []


def _regards(run: Record) -> dict[tuple[str, str], dict[str, float]]:
    """For who of whom: scene to regard, in the order of the run."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for event in run.script:
        if event.kind == "reflection" and event.speaker:
            for other, regard in event.regards.items():
                thought = found.setdefault((event.speaker, other), {})
                thought.pop(event.scene, None)
                thought[event.scene] = regard
    return found


def _learned(run: Record) -> dict[tuple[str, str], str]:
    """Who and whose, to the beat in which the dream was dreamt first."""
    return {
        (role, whose): dreams[0].beat
        for role in run.cast.roles
        for whose, dreams in dreamt(run.script.visible_to(role), role).items()
    }


def _means(
    group: Sequence[Mapping[tuple[str, str], Mapping[str, float]]], key: tuple[str, str], scenes: Sequence[str]
) -> tuple[float | None, ...]:
    piles = [[each[key][scene] for each in group if scene in each.get(key, {})] for scene in scenes]
    return tuple(_mean(pile) if pile else None for pile in piles)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
