"""A branch: a run that shares the events of another run up to a point and continues from there. Pure.

What comes after the point is never read, so that nothing of it can enter the branch. The one exception is what a
visitor did there, which is repeated. A branch is made as a run that was stopped at the point, and played by resuming
it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dreamplay import casting
from dreamplay.branching.absence import ReducedStory, without
from dreamplay.branching.point import find, scene_at
from dreamplay.branching.point_events import arrival, said
from dreamplay.branching.story_edit import called, edited
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.participants import visit
from dreamplay.participants.visit import Visit
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import Header, RunLog, total
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.event import PROLOGUE, Event, TurnEvent
from dreamplay.schema.provenance import Usage
from dreamplay.schema.story import Story
from dreamplay.storage import disk

_DROPPED = re.compile(r"(?:^|; |^from event \d+ on, )drop ")
"""Among the changes of a run, in words: somebody was dropped. A line that was said may hold the same words."""


@dataclass(frozen=True)
class Changes:
    """The changes from the point on. Without any, the branch is a twin of its parent, possibly with another seed."""

    swaps: Mapping[str, str | Path | Persona] = field(default_factory=dict)
    """Role to persona, as for a run."""
    say: Sequence[tuple[str, str]] = ()
    """Role and words: lines that are spoken at the point."""
    drop: Sequence[str] = ()
    """Roles that leave at the point, and are absent from every later scene."""
    story: Path | Story | None = None
    """The story from the point on, or its file."""
    visitor: str | Persona | None = None
    """Somebody who steps in at the point, and takes part live."""
    every_line: bool = False
    """Whether that visitor is asked after every line."""

    def by_role(self, cast: Cast) -> Changes:
        """The same by role, where some were given by the name of whoever plays it. Whom nobody knows stays as given.

        Raises:
            LibraryError: a swap is for nobody, or two are for one role.
        """
        return replace(
            self,
            swaps=casting.by_role(cast, self.swaps),
            say=[(cast.role_given(given) or given, text) for given, text in self.say],
            drop=tuple(dict.fromkeys(cast.role_given(given) or given for given in self.drop)),
        )

    def told(self, point: int) -> tuple[str, ...]:
        """The changes in words, without a path: they go into the header."""
        others = [f"say {role}: {text}" for role, text in self.say]
        others += [f"drop {role}" for role in self.drop]
        others += [f"story-edit {called(self.story)}"] if self.story else []
        if self.visitor:
            others.append(f"step in {self.visitor if isinstance(self.visitor, str) else self.visitor.name}")
        where = f"from event {point} on, " if point else ""
        return tuple(f"{where}{words}" for words in run_config.told(self.swaps, *others))


@dataclass(frozen=True)
class Branch:
    """What is played, and the events that it begins with."""

    plan: RunConfig
    events: tuple[Event, ...]
    """Shared with the parent, and what is said at the point."""
    twin: bool
    """Whether nothing is changed in it but the dice. A swap or a story that says the same is no change."""
    notes: tuple[str, ...] = ()
    """What the change has left out of the story, in words."""

    def name(self, header: Header) -> str:
        """The name of the run's folder: the same for the same branch, another for any other."""
        chosen = header.model_dump(mode="json", exclude={"seed", "versions", "settings"})
        chosen |= {"settings": comparable(header.settings)}
        events = [event.model_dump(mode="json") for event in self.events]
        digest = hashlib.sha256(json.dumps([chosen, events], sort_keys=True).encode()).hexdigest()
        return f"{disk.named(header.story_id)}-{'twin' if self.twin else 'whatif'}-{digest[:8]}-{header.seed}"


def branch(parent: RunLog, name: str, at: str | None, changes: Changes, seed: int | None = None) -> Branch:
    """Branch off a run.

    Args:
        parent: the run as recorded.
        name: of the parent's folder.
        at: a beat, a scene, or the number of an event; None: from the very start.
        changes: what is otherwise from there on.
        seed: of the dice from there on; None: the parent's.

    Raises:
        UsageError: the point or a change does not fit the parent.
        LibraryError: a persona cannot be read, or does not fit the story.
        RecordError: the parent's header is damaged.
    """
    plan, played = run_config.from_header(parent.header, parent.newest), list(parent.script)
    changes = changes.by_role(plan.cast)
    point = find(parent, name, at)
    shared = tuple(played[:point])
    here = scene_at(plan, played, point)
    begun = any(event.scene == here.id for event in shared)
    story = edited(plan, shared, here, begun, changes.story) if changes.story else plan.story
    cast = casting.swapped(plan.cast, changes.swaps, known=point > 0, named=plan.story.cast)
    # The story has lost the moves of whoever was dropped before.
    lost = changes.story is None and any(map(_DROPPED.search, plan.changes))
    casting.check_swaps(story, cast, changes.swaps, whole=not lost)
    comes = changes.visitor is not None and plan.cast.visitor is None
    if changes.visitor is not None:
        cast = _visited(cast, changes.visitor)
    reduced = ReducedStory(story)
    if changes.drop:
        speaks = [role for role, _ in changes.say]
        reduced = without(story, cast, _beats(plan, story), changes.drop, shared, here, speaks)
    changed = replace(
        plan,
        story=reduced.story,
        cast=cast,
        seed=plan.seed if seed is None else seed,
        beats=_beats(plan, reduced.story),
        parent=name,
        point=point,
        changes=(*plan.changes, *changes.told(point)),
        visit=(
            Visit(every_line=changes.every_line)
            if changes.visitor is not None
            else plan.visit and visit.again(plan.visit, parent.script)
        ),
    )
    index = [scene.id for _, scene in plan.scenes].index(here.id)
    came = arrival(changed, index, shared) if comes else ()
    events = (*shared, *came, *said(changed, index, (*shared, *came), changes.say, reduced.exits))
    same = changed.story == plan.story and cast.personas == plan.cast.personas
    twin = same and not (changes.say or changes.drop or changes.visitor)
    return Branch(changed, events, twin, reduced.notes)


def cost(parent: RunLog, branches: Sequence[Branch]) -> Usage:
    """What branches will cost, about: what the rest of the parent did, or, if it was stopped, what its turns would."""
    events = list(parent.script)
    spoken = [event for event in events if isinstance(event, TurnEvent) and event.provenance.by == "agent"]
    usage = Usage()
    for each in branches:
        rest = events[each.plan.point :]
        if not parent.end and spoken:
            left = _turns(each.plan) - sum(
                isinstance(event, TurnEvent) for event in each.events if event.beat != PROLOGUE
            )
            rest = [spoken[i % len(spoken)] for i in range(max(left, 0))]
        usage += total(rest)
    return usage


def _turns(plan: RunConfig) -> int:
    return sum(scene.turns.min if plan.length == "short" else scene.turns.max for _, scene in plan.scenes)


def _visited(cast: Cast, guest: str | Persona) -> Cast:
    """The cast with somebody who steps in, or as it is, if the visitor is in it already.

    Raises:
        LibraryError: they have no name that fits the cast.
        UsageError: somebody else is the visitor.
    """
    if cast.visitor is None:
        return cast.with_visitor(casting.visitor(guest, cast))
    name = guest if isinstance(guest, str) else guest.name
    if cast.role_of(name) != cast.visitor:
        raise UsageError(f"`visitor={name[:40]}`: {cast.name(cast.visitor)} is the visitor of this run already")
    return cast


def _beats(plan: RunConfig, story: Story) -> tuple[str, ...]:
    """The beats that are played: all, if all of the parent's were."""
    known = [beat.id for beat in story.beats]
    everything = set(plan.beats) == {beat.id for beat in plan.story.beats}
    return tuple(beat for beat in known if everything or beat in plan.beats)
