"""What comes of a scene: the outcome that a line decides, that the model finds decided, or that it has otherwise."""

from __future__ import annotations

from typing import Any

from dreamplay.director.config import DirectorConfig
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.engine.state import Context, State
from dreamplay.runs.pending_answers import Judged
from dreamplay.schema.event import LineEvent
from dreamplay.schema.made_move import made_of
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Scene


def undecided(now: Situation) -> bool:
    """Whether the scene has an outcome that nothing has decided yet."""
    return now.scene.outcome is not None and now.answer is None


def by_line(now: Situation) -> str | None:
    """The answer that the first line decides which was led to say something that decides it, and was really said. In a
    play that is led that may be a line that was put in by hand; in others the model is asked what came of it."""
    lines = [event for event in now.turns if isinstance(event, LineEvent)]
    said = (made_of(now.scene.topics, line) for line in lines if now.direction == "led" or not line.placed)
    return next((move.decides for move in said if move and move.decides), None)


def to_judge(context: Context, state: State, now: Situation, *, ending: bool) -> bool:
    """Whether the model is asked now what came of the scene: once the least number of turns is taken and all has
    happened that happens in it, in every second turn, and at the end, where it has to decide. Never while the visitor
    waits for an answer, and never twice in one turn but for the end."""
    profile = context.narrator.desk.profile
    if not profile.judges_outcome or (now.direction == "led" and now.scene.topics) or now.unanswered:
        return False
    before = judged(state, now.scene)
    if not now.turns or (len(now.turns) == before.turns and before.last >= ending):
        return False
    taken, least = len(now.contracted), now.scene.turns.min
    if ending or taken < least or (taken - least) % 2:
        return ending
    return Pressures(context.cast, "full", DirectorConfig()).next(now) is None


def judged(state: State, scene: Scene) -> Judged:
    """When the model was last asked in this scene; after no turn if it was not."""
    kept = Judged.model_validate(state["judged"]) if state.get("judged") else None
    return kept if kept and kept.scene == scene.id else Judged(scene=scene.id, turns=0)


def concluded(context: Context, scene: Scene, answer: str, made: Provenance) -> dict[str, Any]:
    """The fields of the event that tells what came of a scene.

    Args:
        context: of the play.
        scene: the scene.
        answer: the id of the answer.
        made: who found it, and what that cost.
    """
    assert scene.outcome
    text = context.cast.fill(scene.outcome.answers[answer])
    return {"kind": "outcome", "text": text, "outcome": scene.outcome.id, "answer": answer, "provenance": made}


def otherwise(context: Context, state: State, scene: Scene) -> dict[str, Any]:
    """The fields of the event that gives the scene the answer which it has when nothing has decided it."""
    assert scene.outcome
    spent = judged(state, scene).usage
    made = Provenance(by="narrator" if spent.calls else "author", usage=spent)
    return concluded(context, scene, scene.outcome.otherwise, made)
