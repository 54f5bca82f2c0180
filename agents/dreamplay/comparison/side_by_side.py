"""Runs side by side: what they share once, and then what each has of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from dreamplay.comparison.alignment import Side, by_scene, check_story, common
from dreamplay.comparison.event_view import EventView, played
from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel


class Passage(FrozenModel):
    """A part of a scene that is the same in all runs, apart from names, or different in each."""

    same: bool
    columns: tuple[tuple[EventView, ...], ...]
    """The events, one tuple for each run."""


class SceneBeside(FrozenModel):
    """A scene, in all runs that came to it."""

    beat: str
    """The title of its beat."""
    place: str
    passages: tuple[Passage, ...]


class SideBySide(FrozenModel):
    """Several runs of one story, side by side. The prologue, which an author wrote, is left out, and so is what
    happens behind the scenes.
    """

    names: tuple[dict[str, str], ...]
    """Role to name, for each run."""
    choices: dict[str, str]
    """The choices at the crossroads, in words."""
    shared: int
    """Number of events before the first difference, without the prologue."""
    before: tuple[SceneBeside, ...]
    """Those events, by scene."""
    after: tuple[SceneBeside, ...]
    """All events from the first difference on, by scene."""


def side_by_side(runs: Sequence[RunLog]) -> SideBySide:
    """Put runs side by side, in the order given.

    Raises:
        UsageError: there are fewer than two runs, or they play different stories.
    """
    if len(runs) < 2:
        raise UsageError("one run has nothing beside it; name at least two")
    check_story(runs)
    sides: list[Side] = [list(played(run)) for run in runs]
    shared = common(sides)
    stories = [(run.header.story, run.cast) for run in reversed(runs)]  # what the first run says counts
    titles = {beat.id: cast.fill(beat.title) for story, cast in stories for beat in story.beats}
    places = {scene.id: cast.fill(scene.place) for story, cast in stories for _, scene in story.scenes}

    def scenes(parts: Sequence[Side]) -> Iterator[SceneBeside]:
        for scene in by_scene(parts, runs[0]):
            said = next(side[0][0] for side in scene if side)
            yield SceneBeside(
                beat=titles.get(said.beat, said.beat),
                place=places.get(said.scene, ""),
                passages=tuple(_passages(scene)),
            )

    return SideBySide(
        names=tuple({role: run.cast.name(role) for role in run.cast.roles} for run in runs),
        choices={choice.id: cast.fill(choice.text) for story, cast in stories for choice in story.choices},
        shared=shared,
        before=tuple(scenes([side[:shared] for side in sides])),
        after=tuple(scenes([side[shared:] for side in sides])),
    )


def _passages(sides: Sequence[Side]) -> Iterator[Passage]:
    """A scene in parts: what stands in all sides, and what each has between that."""
    together: list[tuple[int, ...]] = []
    here = (0,) * len(sides)
    for spot in (*_anchors(sides), tuple(map(len, sides))):
        if spot != here:
            if together:
                yield _passage(sides, together[0], here, same=True)
            yield _passage(sides, here, spot, same=False)
            together = []
        together.append(spot)
        here = tuple(place + 1 for place in spot)
    if len(together) > 1:
        yield _passage(sides, together[0], together[-1], same=True)


def _anchors(sides: Sequence[Side]) -> list[tuple[int, ...]]:
    """The places of the events that all sides have in one order: in each tuple, one place for each side."""
    found: list[tuple[int, ...]] = [(place,) for place in range(len(sides[0]))]
    for side in sides[1:]:
        first = [sides[0][spot[0]][1] for spot in found]
        same = SequenceMatcher(a=first, b=[what for _, what in side], autojunk=False)
        found = [
            (*found[block.a + step], block.b + step)
            for block in same.get_matching_blocks()
            for step in range(block.size)
        ]
    return found


def _passage(sides: Sequence[Side], starts: Sequence[int], ends: Sequence[int], *, same: bool) -> Passage:
    columns = tuple(
        tuple(said for said, _ in side[start:end]) for side, start, end in zip(sides, starts, ends, strict=True)
    )
    return Passage(same=same, columns=columns)
