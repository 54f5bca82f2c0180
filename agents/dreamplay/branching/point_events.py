"""What happens at the point of a branch before anything is played: a visitor comes, lines are said, and roles leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from dreamplay import languages
from dreamplay.director.situation import Situation
from dreamplay.director.uptake import said_by_hand
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.library import templates
from dreamplay.memory.base import open_embedder
from dreamplay.participants.actions import Action
from dreamplay.runs.transcript import complaint
from dreamplay.schema.event import PROLOGUE, AnswerEvent, Event, validate_event
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Move, moved
from dreamplay.schema.script import Script, answer_of, present, turns


def arrival(plan: RunConfig, index: int, shared: Sequence[Event]) -> tuple[Event, ...]:
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


def said(
    plan: RunConfig, index: int, shared: Sequence[Event], say: Sequence[tuple[str, str]], exits: Sequence[Move]
) -> list[Event]:
    """What is said at the point, to those present, and who leaves then; in a scene that has not begun, behind its
    opening. A line that says a move of its speaker's counts as that move.

    Raises:
        UsageError: nobody can say that there.
        EmbeddingError: the sentence vectors cannot be loaded, with which a line is compared with the moves.
    """
    if not say and not exits:
        return []
    script = Script(shared)
    beat, scene = plan.scenes[min(index, len(plan.scenes) - 1)]
    prologue = sum(event.scene == PROLOGUE for event in shared)
    if say and (prologue < len(plan.story.prologue) or scene.kind == "epilogue"):
        raise UsageError("`say`: nobody can speak at that point; choose one in a scene where people talk, with `at`")
    here = present(script, scene)
    made: list[Event] = []

    def add(**rest: Any) -> None:
        place = {"id": len(shared) + len(made), "beat": beat.id, "scene": scene.id, "witnesses": here}
        made.append(validate_event(place | rest))

    if not script.in_scene(scene.id):
        add(kind="narration", text=plan.cast.fill(scene.begins(partial(answer_of, script))))
    turn = len(turns(script, scene))
    for role, text in say:
        if role not in here:
            there = ", ".join(here)
            raise UsageError(f"`say={role}`: not in {beat.id}/{scene.id} at that point; there are {there}")
        try:
            Action(say=text)
        except ValidationError as error:
            raise UsageError(f"`say={role}`: {complaint(error)}") from None
        if role == plan.cast.visitor:
            add(kind="line", speaker=role, text=text, provenance=Provenance(by="person"))
            continue
        turn += 1
        now = Situation.of(Script([*shared, *made]), beat.id, scene, language=languages.get(plan.story.language))
        cue = said_by_hand(now, role, text, plan.cast, open_embedder(plan.plugins.embedder))
        by_hand = Provenance(by="person")
        add(kind="line", speaker=role, text=text, turn=turn, cue=cue, placed=True, provenance=by_hand)
    for move in exits:
        add(
            kind="exit", speaker=move.role, text=plan.cast.fill(move.text), provenance=Provenance(by="person")
        )  # the author did not send them away
        here = moved(here, move.role, comes=False)
    return made
