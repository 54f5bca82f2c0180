"""Removes some people from a story from a point on. Pure.

Whoever is present at the point, and has a part in the current scene or a line to say, leaves with an exit. From every
later scene they are absent. What the author wrote about them is left out, and reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from dreamplay.branching.reduced_talk import talk
from dreamplay.director.situation import Situation
from dreamplay.errors import UsageError
from dreamplay.library import templates
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.scene import Aside, Move, Outcome, Scene
from dreamplay.schema.script import Script, present
from dreamplay.schema.story import PrologueLine, Story
from dreamplay.sentences import sentences


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
    script = Script(shared)
    begun = {event.scene for event in shared}
    if here.kind == "epilogue" and (here.id in begun or set(drop) & set(speaks)):
        raise UsageError(f"`drop={', '.join(drop)}`: an epilogue is told whole; choose a point before it, with `at`")
    exits: list[Move] = []
    notes: list[str] = []
    prologue = _prologue(story, cast, drop, len(script.in_scene(PROLOGUE)))
    if cut := len(story.prologue) - len(prologue):
        notes.append(f"lines of the prologue by or about somebody absent, left out of it: {cut}")

    def reduced(beat: str, scene: Scene) -> Scene:
        if scene.id in begun and scene.id != here.id:
            return scene
        staying = present(script, scene) if scene.id in begun else scene.present
        leaving = [role for role in drop if scene.id == here.id and role in staying]
        leaving = [role for role in leaving if scene.id in begun or role in speaks]
        absent = set(drop).difference(leaving)
        if scene.id not in begun and not set(scene.present) - absent:
            raise UsageError(f"`drop={', '.join(drop)}`: nobody would be left in {beat}/{scene.id}; keep one of them")
        if scene.id == here.id:
            exits.extend(_exits(script, scene, leaving, len(speaks)))
        changes: dict[str, object] = {
            "pressures": tuple(each for each in scene.pressures if not _names(cast, each.text, drop)),
            "moves": _moves(script, scene, drop, exits if scene.id == here.id else ()),
        }
        if scene.id not in begun:
            opening, cut = _told(scene.opening, scene.place, cast, absent)
            others = []
            for each in scene.openings:
                text, more = _told(each.text, scene.place, cast, absent)
                others.append(each.model_copy(update={"text": text}))
                cut += more
            if cut:
                notes.append(
                    f"the opening of {beat}/{scene.id} speaks of somebody absent; left out of it: {' '.join(cut)} "
                    "(`story_edit` can put something else there)"
                )
            present_then = tuple(role for role in scene.present if role not in absent)
            changes |= {"present": present_then, "opening": opening, "openings": tuple(others)}
            changes["outcome"] = _outcome(scene, cast, absent)
        smaller = scene.model_copy(update=changes)
        smaller = smaller.model_copy(update=talk(smaller, cast, set(drop).difference(smaller.everybody)))
        if cut_moves := _said(scene) - _said(smaller):
            notes.append(f"what somebody absent could say or be told in {beat}/{scene.id}, left out of it: {cut_moves}")
        return smaller.model_copy(update={"asides": _asides(script, smaller, drop)})

    changed = tuple(
        beat.model_copy(update={"scenes": tuple(reduced(beat.id, scene) for scene in beat.scenes)})
        if beat.id in beats else beat
        for beat in story.beats
    )  # fmt: skip
    try:
        update = {"beats": changed, "prologue": prologue}
        whole = Story.model_validate(story.model_copy(update=update).model_dump())
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"`drop={', '.join(drop)}`: {why}; keep one of them") from None
    return ReducedStory(whole, tuple(exits), tuple(cast.fill(note) for note in notes))


def _prologue(story: Story, cast: Cast, drop: Collection[str], told: int) -> tuple[PrologueLine, ...]:
    """The lines of the prologue that were told, and those after them in which nobody absent has a part."""
    left = [line for line in story.prologue[told:] if line.role not in drop]
    left = [line for line in left if not _names(cast, f"{line.cue} {line.line}", drop)]
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


def _told(text: str, otherwise: str, cast: Cast, absent: Collection[str]) -> tuple[str, list[str]]:
    """What is narrated without the sentences in which somebody absent is there, and these; another text where nothing
    is left of it.
    """
    told = sentences(text)
    cut = [text for text in told if _names(cast, text, absent, owning=False)]
    return " ".join(text for text in told if text not in cut) or otherwise, cut


def _outcome(scene: Scene, cast: Cast, absent: Collection[str]) -> Outcome | None:
    """The outcome, whose answers tell nothing of what somebody absent does."""
    if scene.outcome is None:
        return None
    nothing = templates.render("nothing_comes.jinja")
    answers = {name: _told(text, nothing, cast, absent)[0] for name, text in scene.outcome.answers.items()}
    return scene.outcome.model_copy(update={"answers": answers})


def _said(scene: Scene) -> int:
    """How many moves its topics have."""
    return sum(len(topic.moves) for topic in scene.topics)


def _names(cast: Cast, text: str, roles: Collection[str], *, owning: bool = True) -> bool:
    """Whether a text names one of these; unless `owning` counts, "Elara's kitchen" names nobody."""
    told = cast.fill(text)
    if not owning:
        told = re.sub(r"\w+['\u2019]s\b", "", told)
    return bool(set(cast.mentioned(told)) & set(roles))
