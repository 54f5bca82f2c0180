"""Removes some people from a story from a point on. Pure.

Whoever is present at the point, and has a part in the current scene or a line to say, leaves with an exit. From every
later scene they are absent. What the author wrote about them is left out, and reported. So is a scene in which nobody
would be left to talk to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from dreamplay import languages
from dreamplay.branching import left_out
from dreamplay.branching.reduced_talk import talk
from dreamplay.branching.reduced_telling import Telling, names
from dreamplay.director.situation import Situation
from dreamplay.engine import conclusion
from dreamplay.errors import UsageError
from dreamplay.library import templates
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.scene import Aside, Move, Scene
from dreamplay.schema.script import Script
from dreamplay.schema.story import PrologueLine, Story


@dataclass(frozen=True)
class ReducedStory:
    """A story without some people, and what was left out for it."""

    story: Story
    exits: tuple[Move, ...] = ()
    """Of the scene that the point lies in: how those who are there leave it, at the point."""
    notes: tuple[str, ...] = ()
    """In words, a line each."""


def without(
    story: Story, cast: Cast, beats: Collection[str], drop: Collection[str], shared: Sequence[Event], here: Scene,
    speaks: Sequence[str],
) -> ReducedStory:  # fmt: skip
    """A story from a point on without some roles.

    Args:
        story: as it was up to the point.
        cast: whose names its texts hold.
        beats: the beats that are played.
        drop: the roles that are absent.
        shared: the events before the point.
        here: the scene that the point lies in.
        speaks: whoever says a line at the point, one role for each line.

    Raises:
        UsageError: there is no such role, or nobody would be left in a scene.
    """
    for role in drop:
        if role not in story.cast:
            raise UsageError(f"`drop={role}`: no such role in this story; it has {', '.join(story.cast)}")
    script, language = Script(shared), languages.get(story.language)
    begun = {event.scene for event in shared}
    if here.kind == "epilogue" and (here.id in begun or set(drop) & set(speaks)):
        raise UsageError(f"`drop={', '.join(drop)}`: an epilogue is told whole; choose a point before it, with `at`")
    exits: list[Move] = []
    notes: list[str] = []
    untold: dict[str, str] = {}  # what outcomes that are left out have otherwise, by scene
    prologue = _prologue(story, cast, drop, len(script.in_scene(PROLOGUE)))
    if cut := len(story.prologue) - len(prologue):
        notes.append(f"lines of the prologue by or about somebody absent, left out of it: {cut}")

    def reduced(beat: str, scene: Scene) -> Scene | None:
        if scene.id in begun and scene.id != here.id:
            return scene
        where, scene = f"{beat}/{scene.id}", left_out.settled(scene, untold)
        now = Situation.of(script, beat, scene)
        staying = now.present if scene.id in begun else scene.present
        leaving = [role for role in drop if scene.id == here.id and role in staying]
        leaving = [role for role in leaving if scene.id in begun or role in speaks]
        absent = set(drop).difference(leaving)
        if scene.id not in begun and (left := _too_few(scene, cast, absent)) is not None:
            if scene.kind == "epilogue" or (scene.id == here.id and speaks):
                raise UsageError(f"`drop={', '.join(drop)}`: {left} would be left in {where}; keep one of them")
            if scene.outcome:
                untold[scene.id] = scene.outcome.otherwise
            notes.append(f"{left} would be left in {where}, which is not played{left_out.noted(scene.outcome)}")
            return None
        telling = Telling(cast, where, notes)
        if scene.id == here.id:
            exits.extend(_exits(script, scene, leaving, len(speaks)))
            rest = [role for role in staying if role not in leaving]
            comes = any(move.comes and move.role not in drop for move in now.moves_left)
            if leaving and len(rest) < 2 and not comes and not cast.visitor:
                notes.append(f"nobody is left in {where} to talk to, so it ends there")
        changes: dict[str, object] = {
            "pressures": telling.pressures(scene, drop, now.narrated),
            "moves": _moves(script, scene, drop, exits if scene.id == here.id else ()),
        }
        if scene.id not in begun:
            present_then = tuple(role for role in scene.present if role not in absent)
            changes |= {"present": present_then, **telling.openings(scene, absent)}
        smaller = scene.model_copy(update=changes)
        if scene.outcome and now.answer is None and conclusion.by_line(now) is None:
            outcome = telling.outcome(scene, drop)
            smaller = smaller.model_copy(update={"outcome": outcome})
            if outcome is None:
                untold[scene.id] = scene.outcome.otherwise
                smaller = left_out.undecided(smaller)
        cut_from = _said(smaller)
        smaller = smaller.model_copy(update=talk(smaller, cast, language, set(drop).difference(smaller.everybody)))
        if cut_moves := cut_from - _said(smaller):
            notes.append(f"what somebody absent could say or be told in {where}, left out of it: {cut_moves}")
        return smaller.model_copy(update={"asides": _asides(script, smaller, drop)})

    def unplayed(scene: Scene) -> Scene:
        scene = left_out.settled(scene, untold)
        return scene.model_copy(update=talk(scene, cast, language, ()))

    changed = []
    for beat in story.beats:
        found = [reduced(beat.id, scene) if beat.id in beats else unplayed(scene) for scene in beat.scenes]
        if scenes := tuple(scene for scene in found if scene):
            changed.append(beat.model_copy(update={"scenes": scenes}))
    to_come = [s for beat in changed if beat.id in beats for s in beat.scenes if s.id == here.id or s.id not in begun]
    if here.kind != "epilogue" and all(scene.kind == "epilogue" for scene in to_come):
        raise UsageError(f"`drop={', '.join(drop)}`: nobody would be left to talk to; keep one of them")
    try:
        update = {"beats": tuple(left_out.unsettled(changed)), "prologue": prologue}
        whole = Story.model_validate(story.model_copy(update=update).model_dump())
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"`drop={', '.join(drop)}`: {why}; keep one of them") from None
    return ReducedStory(whole, tuple(exits), tuple(cast.fill(note) for note in notes))


def _too_few(scene: Scene, cast: Cast, absent: Collection[str]) -> str | None:
    """Who would be left in a scene in which nobody can talk to anybody any more, in words; None if enough are left. An
    epilogue, in which nobody talks, needs somebody who is there. So does a scene that the author wrote for one."""
    left = [role for role in scene.everybody if role not in absent]
    needed = 1 if scene.kind == "epilogue" or cast.visitor or len(left) == len(scene.everybody) else 2
    if len(left) >= needed and not set(scene.present) <= set(absent):
        return None
    return f"only {cast.listed(left)}" if left else "nobody"


def _prologue(story: Story, cast: Cast, drop: Collection[str], told: int) -> tuple[PrologueLine, ...]:
    """The lines of the prologue that were told, and those after them in which nobody absent has a part."""
    left = [line for line in story.prologue[told:] if line.role not in drop]
    left = [line for line in left if not names(cast, f"{line.cue} {line.line}", drop)]
    return (*story.prologue[:told], *left)


def _exits(script: Script, scene: Scene, leaving: Sequence[str], lines: int) -> list[Move]:
    """Their exits, after the given lines."""
    after = min(len(Situation.of(script, "", scene).contracted) + lines, scene.turns.max)
    return [
        Move(role=role, kind="exit", after=after, text=templates.render("exit.jinja", name=f"{{{role}}}"))
        for role in leaving
    ]


def _moves(script: Script, scene: Scene, drop: Collection[str], exits: Sequence[Move]) -> tuple[Move, ...]:
    """The moves that were made, then the exits, then those of the others."""
    left = Situation.of(script, "", scene).moves_left
    done = [move for move in scene.ordered_moves if not any(move is each for each in left)]
    return (*done, *exits, *(move for move in left if move.role not in drop))


def _asides(script: Script, scene: Scene, drop: Collection[str]) -> tuple[Aside, ...]:
    """The asides that were whispered, and those in which nobody absent has a part and which somebody left does not
    hear.
    """
    left = Situation.of(script, "", scene).asides_left
    done = [aside for aside in scene.ordered_asides if not any(aside is each for each in left)]
    private = [each for each in left if set(scene.there(each.after)) - {each.role, *each.to}]
    return (*done, *(each for each in private if not set(drop) & {each.role, *each.to}))


def _said(scene: Scene) -> int:
    """How many moves its topics have."""
    return sum(len(topic.moves) for topic in scene.topics)
