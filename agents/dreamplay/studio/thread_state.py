"""The state of a thread: plain JSON, from which every step makes the script and the position in the play anew.

The thread is the truth here, as the transcript is elsewhere: a step that was broken off, or a thread that goes on from
one of its earlier checkpoints, is played from the events that its state holds.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict  # pydantic makes no schema of that of `typing` before Python 3.12

from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.state import State
from dreamplay.errors import RecordError
from dreamplay.runs import transcript
from dreamplay.runs.continuity import Continuity
from dreamplay.schema.event import Event, validate_event
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn

_TURN = TypeAdapter(Turn)


def followed(before: list[dict[str, Any]], added: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of a thread after an update. An event whose id is taken stands in the place of the one that had it,
    and of all that followed: so a line can be changed, and the play goes on from there."""
    first = added[0].get("id", len(before)) if added else len(before)
    return before[:first] + added


class ThreadState(TypedDict, total=False):
    """What a server keeps of a play after each step."""

    play: dict[str, Any]
    """What is played: a value of `Choices`, complete."""
    events: Annotated[list[dict[str, Any]], followed]
    """What has happened: the events of the transcript."""
    scene: int
    """Index into the scenes that are played."""
    turn: dict[str, Any] | None
    """The next turn: who is asked, and the cue; None at the end of a scene."""
    listened: int
    """The number of events when the visitor was last asked and chose to listen."""
    judging: bool
    """Whether the model is asked next what came of the scene."""
    judged: dict[str, Any]
    """When it was last asked, and found it open."""
    answers: Annotated[list[dict[str, Any]], operator.add]
    """Stances and reflections that are recorded together at the end of the scene."""


class Start(TypedDict):
    """What a run on a thread begins with: nothing. What is played is the context."""


class Result(TypedDict, total=False):
    """What a run on a thread gives."""

    play: dict[str, Any]
    events: list[dict[str, Any]]


def script_of(state: ThreadState, plan: RunConfig) -> Script:
    """The script of a thread.

    Raises:
        RecordError: somebody has changed an event into one that cannot stand there.
    """
    script, continuity = Script(), Continuity(plan.story, plan.cast, plan.beats)
    for number, fields in enumerate(state.get("events", [])):
        try:
            event = validate_event(fields)
            continuity.check(event, script)
            script.append(event)
        except ValueError as error:
            raise RecordError(f"events[{number}] cannot stand there: {transcript.complaint(error)}") from None
    return script


def position(state: ThreadState, scenes: tuple[tuple[object, Scene], ...]) -> State:
    """The position in the play, as the engine's nodes have it."""
    own: Any = {name: value for name, value in state.items() if name in State.__annotations__}
    if turn := state.get("turn"):
        own["turn"] = _TURN.validate_python(turn | {"scene": scenes[state["scene"]][1]})
    made: State = own
    return made


def plain(update: Mapping[str, Any]) -> dict[str, Any]:
    """An update of the engine's state as JSON."""
    turn: Turn | None = update.get("turn")
    shown = {"turn": _TURN.dump_python(turn, mode="json") | {"scene": turn.scene.id}} if turn else {}
    return dict(update) | shown


def told(event: Event) -> dict[str, Any]:
    """An event as JSON, as it stands in a transcript."""
    return event.model_dump(mode="json")
