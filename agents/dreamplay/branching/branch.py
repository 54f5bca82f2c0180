"""A branch: a run that shares the events of another run up to a point and continues from there. Pure.

What comes after the point is never read, so that nothing of it can enter the branch. The one exception is what a
visitor did there, which is repeated. A branch is made as a run that was stopped at the point, and played by resuming
it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dreamplay import casting
from dreamplay.branching.absence import ReducedStory, without
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.library import templates, yaml_loader
from dreamplay.participants import visit
from dreamplay.participants.actions import Action
from dreamplay.participants.visit import Visit
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import Header, RunLog, complaint, total
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.event import (
    PROLOGUE,
    AnswerEvent,
    Event,
    OutcomeEvent,
    StanceEvent,
    TurnEvent,
    turn_start,
    validate_event,
)
from dreamplay.schema.provenance import Provenance, Usage
from dreamplay.schema.scene import Move, Scene, moved
from dreamplay.schema.script import Script, answer_of, present, turns
from dreamplay.schema.story import Story
from dreamplay.storage import disk

_LONGEST = 40
"""Characters of a point in a message."""


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

    def __bool__(self) -> bool:
        return bool(self.swaps or self.say or self.drop or self.story or self.visitor)

    def told(self, point: int) -> tuple[str, ...]:
        """The changes in words, without a path: they go into the header."""
        others = [f"say {role}: {text}" for role, text in self.say]
        others += [f"drop {role}" for role in self.drop]
        others += [f"story-edit {_called(self.story)}"] if self.story else []
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
    """Whether nothing was changed in it but the dice."""
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
        RecordError: the parent's header is damaged.
    """
    plan, played = run_config.from_header(parent.header, parent.newest), list(parent.script)
    point = find(parent, name, at)
    shared = tuple(played[:point])
    here = _scene_at(plan, played, point)
    begun = any(event.scene == here.id for event in shared)
    story = edited(plan, shared, here, begun, changes.story) if changes.story else plan.story
    cast = casting.swapped(plan.cast, changes.swaps, known=point > 0)
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
        beats=_beats(plan, story),
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
    came = _came(changed, index, shared) if comes else ()
    events = (*shared, *came, *_said(changed, index, (*shared, *came), changes.say, reduced.exits))
    return Branch(changed, events, not changes, reduced.notes)


def find(parent: RunLog, name: str, at: str | None) -> int:
    """The first event that a branch has for itself. What is both a beat and a scene is taken for the beat. A turn is
    never divided: an event within it stands for its first one.

    Raises:
        UsageError: the run has no such place.
    """
    events = list(parent.script)
    if at is None:
        return 0
    shown = at if len(at) <= _LONGEST else f"{at[:_LONGEST]}…"
    if at.isdecimal():
        # Python makes no number of thousands of digits.
        if len(at) > _LONGEST or int(at) > len(events) or (int(at) == len(events) and parent.end):
            raise UsageError(f"`at={shown}`: {name} ends with event {len(events) - 1}; choose one before its end")
        return turn_start(events, int(at))
    for found in (
        [event.id for event in events if event.beat == at],
        [event.id for event in events if event.scene == at],
    ):
        if found:
            return found[0]
    story = parent.header.story
    known = list(dict.fromkeys(word for beat, scene in story.scenes for word in (beat.id, scene.id)))
    if at in known:
        last = parent.script.last
        where = f"it has come to {last.beat}, {last.scene}" if last else "nothing was played in it"
        raise UsageError(f"`at={shown}`: {name} lies before it ({where}); choose a point before its end")
    others = f"there are {', '.join(known)}, or an event's number"
    raise UsageError(f"`at={shown}`: {name} has no such beat or scene; {others}")


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


def _scene_at(plan: RunConfig, events: Sequence[Event], point: int) -> Scene:
    """The scene that the first event of one's own stands in."""
    at = events[point] if point < len(events) else events[-1] if events else None
    return next((scene for _, scene in plan.scenes if at and scene.id == at.scene), plan.scenes[0][1])


def _called(story: Path | Story) -> str:
    """The name of an edited story: that of its file, or its title if it has none."""
    if isinstance(story, Path):
        return story.name
    return story.path.name if story.path else story.title


def edited(plan: RunConfig, shared: Sequence[Event], here: Scene, begun: bool, edit: Path | Story) -> Story:
    """An edited story, if it is the parent's story up to the point.

    Args:
        plan: of the parent.
        shared: the events before the point.
        here: the scene that the point lies in.
        begun: whether that has begun.
        edit: the edited story, or its file.

    Raises:
        LibraryError: there is none, or it is not valid.
        UsageError: it is another story.
    """
    story = casting.checked(edit) if isinstance(edit, Story) else yaml_loader.read(edit, Story)
    file = f"`story_edit={story.path}`" if story.path else "`story_edit`"
    if (story.title, list(story.cast)) != (plan.story.title, list(plan.story.cast)):
        raise UsageError(
            f"{file} is another story: {story.title!r} with {', '.join(story.cast)}, and the run plays "
            f"{plan.story.title!r} with {', '.join(plan.story.cast)}; edit a copy of that"
        )
    was, now = ([(beat.id, scene.id, scene.kind, scene.present) for beat, scene in each.scenes]
                for each in (plan.story, story))  # fmt: skip
    played = next(i for i, each in enumerate(was) if each[1] == here.id) + begun
    for old, new in zip(was[:played], [*now, *[None] * played], strict=False):
        if old != new:
            raise UsageError(
                f"{file}: the run has played {old[0]}/{old[1]} ({old[2]}: {', '.join(old[3])}) before the point, and "
                "the edited story has no such scene there; leave what was played as it was"
            )
    taken = {event.choice for event in shared if isinstance(event, StanceEvent)} - {each.id for each in story.choices}
    if taken:
        raise UsageError(f"{file}: the choice {min(taken)!r} was taken before the point; leave it there")
    for event in shared:
        if isinstance(event, OutcomeEvent):
            outcome = next(scene.outcome for _, scene in story.scenes if scene.id == event.scene)
            if outcome is None or outcome.id != event.outcome or event.answer not in outcome.answers:
                raise UsageError(
                    f"{file}: {event.scene}.{event.outcome} == {event.answer} was decided before the "
                    "point; leave it there"
                )
    return story


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
        raise UsageError(f"`visitor={name[:_LONGEST]}`: {cast.name(cast.visitor)} is the visitor of this run already")
    return cast


def _came(plan: RunConfig, index: int, shared: Sequence[Event]) -> tuple[Event, ...]:
    """A visitor comes into the scene that runs; or is there when the next one opens, if it has ended or none has begun,
    so that nobody asks them for a last word in a scene in which they were not. Neither event is an action of theirs,
    and no undo takes it back.

    Raises:
        UsageError: nobody can come there.
    """
    script = Script(shared)
    if len(script.in_scene(PROLOGUE)) < len(plan.story.prologue) or not shared:
        return ()
    beat, scene = plan.scenes[index]
    if script.in_scene(scene.id, AnswerEvent) and index + 1 < len(plan.scenes):
        beat, scene = plan.scenes[index + 1]
    if scene.kind == "epilogue":
        raise UsageError(
            f"`visitor`: nobody can step in at {scene.id}, where the end is told; choose a point before it"
        )
    place = {"id": len(shared), "beat": beat.id, "scene": scene.id, "witnesses": present(script, scene)}
    if not script.in_scene(scene.id):
        text = plan.cast.fill(scene.begins(partial(answer_of, script)))
        return (validate_event(place | {"kind": "narration", "text": text}),)
    visitor = plan.cast.visitor
    assert visitor
    text = templates.render("entrance.jinja", name=plan.cast.name(visitor))
    return (validate_event(place | {"kind": "entrance", "speaker": visitor, "text": text}),)


def _beats(plan: RunConfig, story: Story) -> tuple[str, ...]:
    """The beats that are played: all, if all of the parent's were."""
    known = [beat.id for beat in story.beats]
    everything = set(plan.beats) == {beat.id for beat in plan.story.beats}
    return tuple(beat for beat in known if everything or beat in plan.beats)


def _said(
    plan: RunConfig, index: int, shared: Sequence[Event], say: Sequence[tuple[str, str]], exits: Sequence[Move]
) -> list[Event]:
    """What is said at the point, to those present, and who leaves then; in a scene that has not begun, behind its
    opening.
    """
    if not say and not exits:
        return []
    beat, scene = plan.scenes[min(index, len(plan.scenes) - 1)]
    prologue = sum(event.scene == PROLOGUE for event in shared)
    if say and (prologue < len(plan.story.prologue) or scene.kind == "epilogue"):
        raise UsageError("`say`: nobody can speak at that point; choose one in a scene where people talk, with `at`")
    here = present(Script(shared), scene)
    made: list[Event] = []

    def add(**rest: Any) -> None:
        place = {"id": len(shared) + len(made), "beat": beat.id, "scene": scene.id, "witnesses": here}
        made.append(validate_event(place | rest))

    before = Script(shared).in_scene(scene.id)
    if not before:
        add(kind="narration", text=plan.cast.fill(scene.begins(partial(answer_of, Script(shared)))))
    turn = len(turns(Script(shared), scene))
    for role, text in say:
        if role not in here:
            there = ", ".join(here)
            raise UsageError(f"`say={role}`: not in {beat.id}/{scene.id} at that point; there are {there}")
        try:
            Action(say=text)
        except ValidationError as error:
            raise UsageError(f"`say={role}`: {complaint(error)}") from None
        own = role == plan.cast.visitor
        turn += not own
        add(kind="line", speaker=role, text=text, turn=0 if own else turn, provenance=Provenance(by="person"))
    for move in exits:
        add(kind="exit", speaker=move.role, text=plan.cast.fill(move.text))
        here = moved(here, move.role, comes=False)
    return made
