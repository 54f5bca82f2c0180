"""Relations between the characters: what each thinks of the others, and who learned whose hidden fear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dreamplay.analysis.knowledge import dreamt
from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.joint_test import Draft, Tested
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import DreamEvent, ReflectionEvent
from dreamplay.statistics.permutation import Effect, PermutationTest, shown


class Relation(Tested):
    """What one character thinks of another, from -1 to 1, over the scenes; the mean of the group's runs. What is
    tested is what they think last, where every run says so.
    """

    role: str
    other: str
    scenes: tuple[str, ...]
    base: tuple[float | None, ...]
    """One for each scene; None where they did not reflect."""
    changed: tuple[float | None, ...]
    base_end: float
    """The last value."""
    changed_end: float
    effect: Effect
    """How far the ends are apart."""


class Learned(FrozenModel):
    """In how many runs a character learned another's hidden fear, and in which beat at the earliest."""

    role: str
    whose: str
    base: int
    base_beat: str | None
    changed: int
    changed_beat: str | None
    base_absent: bool
    """Whether one of the two had no part in any dream of the group's runs; `changed_absent` likewise."""
    changed_absent: bool
    otherwise: bool
    """Whether the two groups differ in it, in the share of runs or in the beat, though both were there."""


def relations(matched: Pairing, deals: PermutationTest) -> list[Draft]:
    """What the characters thought of each other, for runs that have reflections."""
    found = [[_regards(run) for run in group] for group in (matched.base, matched.changed)]
    keys = sorted({key for group in found for each in group for key in each})
    both = [key for key in keys if all(any(key in each for each in group) for group in found)]
    scenes = [scene.id for _, scene in matched.base[0].header.story.scenes]
    ends = {key: [[list(each[key].values())[-1] for each in group if key in each] for group in found] for key in both}
    drafts = []
    for key in both:
        reflected = [s for s in scenes if any(s in each.get(key, {}) for group in found for each in group)]
        base_end, changed_end = (_mean(each) for each in ends[key])
        figures, effect = None, Effect(value=round(changed_end - base_end, 4))
        if sum(map(len, ends[key])) == deals.base.shape[1]:
            values = np.asarray([*ends[key][0], *ends[key][1]], dtype=np.float64)[:, None]
            figures, (effect,) = np.abs(deals.gaps(values))[:, 0], deals.effects(values)
        drafts.append(Draft(Relation(
            role=key[0], other=key[1], scenes=tuple(reflected), base=_means(found[0], key, reflected),
            changed=_means(found[1], key, reflected), base_end=base_end, changed_end=changed_end, effect=effect,
        ), figures))  # fmt: skip
    return drafts


def learned(matched: Pairing) -> tuple[Learned, ...]:
    """Who learned whose fear: from a dream's ledger, everybody else who witnessed the dream."""
    order = {beat.id: place for place, beat in enumerate(matched.base[0].header.story.beats)}

    def earliest(beats: Sequence[str]) -> str | None:
        return min(beats, key=lambda beat: order.get(beat, len(order)), default=None)

    groups = matched.base, matched.changed
    found = [[_learned(run) for run in group] for group in groups]
    dreamers = [{role for run in group for role in _dreamers(run)} for group in groups]
    rows = []
    for role, whose in sorted({key for group in found for each in group for key in each}):
        base, changed = ([each[role, whose] for each in group if (role, whose) in each] for group in found)
        early = earliest(base), earliest(changed)
        same = early[0] == early[1] and len(base) * len(found[1]) == len(changed) * len(found[0])
        # Where nobody dreamt at all, there was no dream to be absent from.
        absent = [bool(there) and not {role, whose} <= there for there in dreamers]
        rows.append(Learned(
            role=role, whose=whose, base=len(base), base_beat=early[0], changed=len(changed), changed_beat=early[1],
            base_absent=absent[0], changed_absent=absent[1], otherwise=not same and not any(absent),
        ))  # fmt: skip
    return tuple(rows)


def says(found: Sequence[Relation], names: Mapping[str, str]) -> list[str]:
    """A sentence that names the relations that changed."""
    tested = [each for each in found if each.p is not None]
    changed = [f"{names[each.role]} of {names[each.other]} ({regard(each.effect)}, adjusted p = {shown(each.adjusted)})"
               for each in tested if each.found]  # fmt: skip
    if changed:
        return [f"What one thinks of another in the end changed: {', '.join(changed)}."]
    if not tested:
        return []
    most = max(each.effect.most for each in tested)
    return [
        f"No change was found in what one thinks of another; effects of up to {most:.2f} (on a scale from "
        "-1 to 1) remain possible."
    ]


def knows(found: Sequence[Learned], names: Mapping[str, str]) -> list[str]:
    """A sentence on whether other characters learned a fear, or learned it at another time."""
    compared = [each for each in found if not (each.base_absent or each.changed_absent)]
    other = [f"{names[each.role]} of {names[each.whose]}'s" for each in compared if each.otherwise]
    if other:
        return [f"Who learned whose hidden fear, or when, is not the same: {', '.join(other)}."]
    of_all = "" if len(compared) == len(found) else ", as far as they were there"
    return [f"Who learned whose hidden fear, and when, is the same in both{of_all}."] if compared else []


def regard(effect: Effect) -> str:
    """A difference of regards, with its interval."""
    ends = "" if effect.low is None or effect.high is None else f" [{effect.low:+.2f}, {effect.high:+.2f}]"
    return f"{effect.value:+.2f}{ends}"


def _regards(run: RunLog) -> dict[tuple[str, str], dict[str, float]]:
    """For who of whom: scene to regard, in the order of the run."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for event in run.script.of_kind(ReflectionEvent):
        for other, attitude in event.attitudes.items():
            thought = found.setdefault((event.speaker, other), {})
            thought.pop(event.scene, None)
            thought[event.scene] = attitude
    return found


def _learned(run: RunLog) -> dict[tuple[str, str], str]:
    """Who and whose, to the beat in which the dream was dreamt first."""
    return {
        (role, whose): dreams[0].beat
        for role in run.cast.roles
        for whose, dreams in dreamt(run.script.visible_to(role), role).items()
    }


def _dreamers(run: RunLog) -> Iterator[str]:
    """Who had a part in a dream: as its witness, or with a fear that went into it."""
    for event in run.script.of_kind(DreamEvent):
        yield from event.witnesses
        yield from (entry.role for entry in event.ledger)


def _means(
    group: Sequence[Mapping[tuple[str, str], Mapping[str, float]]], key: tuple[str, str], scenes: Sequence[str]
) -> tuple[float | None, ...]:
    piles = [[each[key][scene] for each in group if scene in each.get(key, {})] for scene in scenes]
    return tuple(_mean(pile) if pile else None for pile in piles)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
