"""Aligns runs: which runs form a pair, where they diverge, and their events from there on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from dreamplay.comparison.event_view import Essence, EventView, played
from dreamplay.errors import UsageError
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel

Side = Sequence[tuple[EventView, Essence]]
"""The events of a run, or of a part of it, each with the fields that are compared."""


class AlignedRow(FrozenModel):
    """Two aligned events; None if one of the runs has no such event."""

    base: EventView | None
    changed: EventView | None
    same: bool
    """Whether both events are the same, apart from the names of the personas."""


class Pair(FrozenModel):
    """A run of the base and a changed run, aligned."""

    base_seed: int
    changed_seed: int
    base_events: int
    """Number of events that were played, without the prologue; `changed_events` likewise."""
    changed_events: int
    shared: int
    """Number of events before the first difference, without the prologue."""
    first: AlignedRow | None
    """The first difference; None if there is none."""
    rows: tuple[AlignedRow, ...]
    """All events from the first difference on, by scene."""

    @property
    def parts(self) -> EventView | None:
        """The first event that differs, of the base run, or of the changed run if the other has ended; None if the runs
        are the same."""
        return (self.first.base or self.first.changed) if self.first else None


@dataclass(frozen=True)
class Pairing:
    """The runs that are compared."""

    base: tuple[RunLog, ...]
    changed: tuple[RunLog, ...]
    paired: bool
    """Whether the runs of the two groups are paired by their seeds."""
    spare: tuple[tuple[RunLog, ...], tuple[RunLog, ...]]
    """Runs of either group whose seed the other group does not have."""


def groups(runs: Sequence[tuple[str, RunLog]]) -> tuple[list[RunLog], list[RunLog]]:
    """Divide named runs into base and changed. Two runs are taken in order. Of more, the base is the runs with the same
    story, cast, model, settings and what-ifs as the first; if that is all of them, it is the first half.

    Raises:
        UsageError: there are fewer than two runs, more than two kinds, or an odd number of one kind.
    """
    if len(runs) < 2:
        raise UsageError("one run cannot be compared; name at least two: `dreamplay.compare(run, run)`")
    if len(runs) == 2:
        return [runs[0][1]], [runs[1][1]]
    kinds: list[tuple[object, list[str], list[RunLog]]] = []
    for name, run in runs:
        what = kind(run)
        known = next((each for each in kinds if each[0] == what), None)
        if known is None:
            kinds.append(known := (what, [], []))
        known[1].append(name)
        known[2].append(run)
    if len(kinds) == 1 and len(runs) % 2 == 0:
        records = kinds[0][2]
        return records[: len(records) // 2], records[len(records) // 2 :]
    if len(kinds) != 2:
        found = "; ".join(f"{i}: {', '.join(names)}" for i, (_, names, _) in enumerate(kinds, start=1))
        raise UsageError(
            f"{len(runs)} runs of {len(kinds)} kind{'s' * (len(kinds) != 1)} (story, cast, model, settings) are not "
            f"two groups: {found}; name runs of two kinds, or as many again of one"
        )
    return kinds[0][2], kinds[1][2]


def match(base: Sequence[RunLog], changed: Sequence[RunLog]) -> Pairing:
    """Pair the runs that have the same seed. If no seed is in both groups, the runs stay unpaired.

    Raises:
        UsageError: a group is empty or has a seed twice, or the runs play different stories.
    """
    seeds = []
    for word, group in (("base", base), ("changed", changed)):
        if not group:
            raise UsageError(f"there are no {word} runs to compare; name at least one of each")
        seeds.append(by_seed := {run.header.seed: run for run in group})
        if len(by_seed) < len(group):
            drawn = [run.header.seed for run in group]
            twice = next(seed for seed in drawn if drawn.count(seed) > 1)
            raise UsageError(f"two {word} runs have the seed {twice}; leave one of them out")
    check_story((*base, *changed))
    shared = [seed for seed in seeds[0] if seed in seeds[1]]
    if not shared:
        return Pairing(tuple(base), tuple(changed), False, ((), ()))
    spare_base, spare_changed = (tuple(run for seed, run in each.items() if seed not in shared) for each in seeds)
    return Pairing(
        tuple(seeds[0][seed] for seed in shared), tuple(seeds[1][seed] for seed in shared), True,
        (spare_base, spare_changed),
    )  # fmt: skip


def check_story(runs: Sequence[RunLog]) -> None:
    """See that runs play one story. A branch may go on with an edited one.

    Raises:
        UsageError: they do not.
    """
    stories = {run.header.story_hash: run.header for run in runs}
    titles_differ = len({header.story.title for header in stories.values()}) > 1
    edited = not titles_differ and any(header.point is not None for header in stories.values())
    if len(stories) > 1 and not edited:
        one, other, *_ = stories.values()
        titles = f"{one.story.title!r} and {other.story.title!r} are two stories"
        if one.story.title == other.story.title:
            titles = f"the story {one.story.title!r} was rewritten between these runs"
        raise UsageError(f"{titles}; compare runs of one story")


def pairs(matched: Pairing) -> tuple[Pair, ...]:
    """The runs in pairs: by seed, or, if they are unpaired, in the order in which they were named."""
    return tuple(_pair(one, other) for one, other in zip(matched.base, matched.changed, strict=False))


def parting(found: Sequence[Pair], beats: Mapping[str, str]) -> str:
    """A sentence on where the runs diverge."""
    parted = [pair.parts for pair in found if pair.parts]
    if not parted:
        return "The runs are the same, event for event."
    first, last = min(parted, key=lambda said: said.event), max(said.event for said in parted)
    late = f", the last of them at event {last}" if last > first.event else ""
    where = f"at event {first.event}, in {beats.get(first.beat, first.beat)}{late}"
    if len(parted) == len(found):
        return f"The runs diverge {where}."
    return (
        f"{len(found) - len(parted)} of {len(found)} pairs are the same, event for event; the others diverge {where}."
    )


def kind(run: RunLog) -> object:
    """What runs of one group have in common: story, cast, models, settings and what-ifs."""
    header = run.header
    return header.story_hash, header.persona_hashes, run.models, comparable(header.settings), header.changes


def _pair(one: RunLog, other: RunLog) -> Pair:
    base, changed = list(played(one)), list(played(other))
    shared = common((base, changed))
    first = None
    if shared < max(len(base), len(changed)):
        first = AlignedRow(base=_at(base, shared), changed=_at(changed, shared), same=False)
    rows = [row for sides in by_scene((base[shared:], changed[shared:]), one) for row in _aligned(*sides)]
    return Pair(
        base_seed=one.header.seed, changed_seed=other.header.seed, base_events=len(base), changed_events=len(changed),
        shared=shared, first=first, rows=tuple(rows),
    )  # fmt: skip


def common(sides: Sequence[Side]) -> int:
    """The number of events before the first difference."""
    shared = 0
    for events in zip(*sides, strict=False):
        if len({(said.beat, said.scene, what) for said, what in events}) > 1:
            break
        shared += 1
    return shared


def by_scene(sides: Sequence[Side], first: RunLog) -> Iterator[list[Side]]:
    """The events of each side, scene by scene, in the order of the story of the first run."""
    places = [scene.id for _, scene in first.header.story.scenes]
    scenes = dict.fromkeys(said.scene for side in sides for said, _ in side)
    for scene in sorted(scenes, key=lambda each: places.index(each) if each in places else -1):
        yield [[each for each in side if each[0].scene == scene] for side in sides]


def _aligned(base: Side, changed: Side) -> list[AlignedRow]:
    """Rows of aligned events: equal events share a row; differing events are placed side by side in order."""
    rows: list[AlignedRow] = []
    same = SequenceMatcher(a=[what for _, what in base], b=[what for _, what in changed], autojunk=False)
    for kind, a, b, c, d in same.get_opcodes():
        for one, other in zip_longest(base[a:b], changed[c:d]):
            rows.append(AlignedRow(base=one and one[0], changed=other and other[0], same=kind == "equal"))
    return rows


def _at(side: Side, index: int) -> EventView | None:
    return side[index][0] if index < len(side) else None
