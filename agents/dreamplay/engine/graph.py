"""The orchestrator: a flat LangGraph, one node for each role of the cast.

Nodes: `open_scene` narrates, `dream` pools the fears, `director` (no model) lets people come and go and chooses
speaker and cue, the node of a role has whoever plays it take the turn, `reflect` runs once for each character
present at the end of a scene, and at a crossroads `decide` does, `close_scene` records what they answered, `recap`
retells old scenes where the next one would not fit into a prompt, and `epilogue` tells the end.

Edges: after the director comes a role or the end of the scene; after the end of a scene the next one, or END. Nobody
reflects on a crossroads: the stance, with its reason, is what each of them has drawn from it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from dreamplay.engine.nodes import answer, close_scene, direct, dream, epilogue, open_scene, recap, take_turn
from dreamplay.engine.state import Context, State, given, recorded, retellings
from dreamplay.errors import RecordError
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE
from dreamplay.schema.script import Script
from dreamplay.schema.story import Beat, Scene
from dreamplay.schema.turn import Task

Graph = CompiledStateGraph[State, Context, State, State]


def build(cast: Cast) -> Graph:
    """The graph for a cast: one node a role, so that the drawing shows who plays."""
    return _compiled(cast.roles)


@cache
def _compiled(roles: tuple[str, ...]) -> Graph:
    """Compiled once for all the runs of a process."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("open_scene", open_scene)
    graph.add_node("dream", dream)
    graph.add_node("director", direct)
    graph.add_node("decide", answer)
    graph.add_node("reflect", answer)
    graph.add_node("close_scene", close_scene)
    graph.add_node("recap", recap)
    graph.add_node("epilogue", epilogue)
    for role in roles:
        graph.add_node(role, take_turn)
        graph.add_edge(role, "director")
    graph.add_edge(START, "open_scene")
    graph.add_conditional_edges("open_scene", after_opening, ["dream", "epilogue", "director"])
    graph.add_edge("dream", "director")
    graph.add_conditional_edges("director", after_direction, [*roles, "decide", "reflect", "close_scene"])
    graph.add_edge("decide", "close_scene")
    graph.add_edge("reflect", "close_scene")
    graph.add_edge("epilogue", "close_scene")
    graph.add_conditional_edges("close_scene", after_scene, ["recap", "open_scene", END])
    graph.add_edge("recap", "open_scene")
    return graph.compile(name="dreamplay")


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Nothing of what is played meanwhile goes to LangSmith, whatever the environment says: a trace would hold every
    prompt, and so what nobody but one character is to know.
    """
    from langsmith import tracing_context

    for name in ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"):  # all that they still do is to make langchain fail
        os.environ.pop(name, None)
    with tracing_context(enabled=False, parent=False):
        yield


def steps(context: Context) -> int:
    """An upper bound of the graph's steps, from the turn contracts: more would be a routing bug. A visitor may do as
    much as they like.
    """
    if context.visitor:
        return sys.maxsize
    return sum(2 * scene.turns.max + 7 for _, scene in context.scenes) + 5


def cursor(script: Script, scenes: Sequence[tuple[Beat, Scene]]) -> int:
    """Where a script has come to: the index of the scene of its last event, 0 before the first scene.

    Raises:
        RecordError: the last event stands in a scene that is not played.
    """
    if script.last is None or script.last.scene == PROLOGUE:
        return 0
    played = [scene.id for _, scene in scenes]
    if script.last.scene not in played:
        raise RecordError(
            f"event {script.last.id} stands in scene {script.last.scene!r}, but the run plays only "
            f"{', '.join(played)}; the transcript is damaged"
        )
    return played.index(script.last.scene)


def after_opening(state: State, runtime: Runtime[Context]) -> Literal["dream", "epilogue", "director"]:
    """A dream scene dreams first, an epilogue is told, everything else is directed."""
    kind = runtime.context.scenes[state["scene"]][1].kind
    return kind if kind in ("dream", "epilogue") else "director"


def after_direction(state: State, runtime: Runtime[Context]) -> str | list[Send]:
    """To the role that speaks; at the end of a scene to all who have yet to answer, at once: at a crossroads to decide,
    else to reflect; then to the end of the scene.
    """
    context = runtime.context
    if turn := state["turn"]:
        return context.player(turn.speaker)
    now = context.situation(state)
    scene = now.scene
    if scene.kind != "crossroads" and not context.reflect:
        return "close_scene"
    task: Task = "stance" if scene.kind == "crossroads" else "reflection"
    # A friend whom the visitor plays, and for whom she would not decide, decides for himself.
    answered = {role for role, answer in given(state, scene).items() if answer.counts}
    done = {*answered, *recorded(context.script, scene), context.cast.visitor}
    turns = [replace(now.turn(role), number=0, task=task) for role in now.present if role not in done]
    node = "decide" if task == "stance" else "reflect"
    return [Send(node, {"scene": state["scene"], "turn": turn}) for turn in turns] or "close_scene"


def after_scene(state: State, runtime: Runtime[Context]) -> Literal["recap", "open_scene", "__end__"]:
    """On to the next scene, until all have been played; past the recap if there is room for it."""
    context = runtime.context
    if state["scene"] == len(context.scenes):
        return "__end__"
    return "recap" if retellings(state, context) else "open_scene"
