"""The graph of a play: a flat LangGraph with one node for each role of the cast.

Nodes: `open_scene` narrates the opening, `dream` makes a shared dream, `director` (which calls no model) makes people
come and go and chooses speaker and cue. The node of a role takes its turn. `outcome` asks a model that can judge it
what came of the scene. At the end of a scene `reflect` runs once for each character who was in it, or, at a crossroads,
`decide` for each who is still there. `close_scene` records the answers, `recap` summarizes old scenes if the next one
would not fit into a prompt, and `epilogue` tells the end.

Edges: after the director comes a role or the end of the scene; after the end of a scene comes the next one, or END.
Nobody reflects on a crossroads, because a stance already comes with a reason.

A step of LangGraph costs as much as all that the director does in it. So nodes say themselves where it goes on, rather
than leave it to a conditional edge, and of a play that nobody watches one step is a whole scene: the same nodes and
edges, one after another.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

from dreamplay.director.base import SLACK, CheckedDirector
from dreamplay.engine.langgraph import (
    END,
    START,
    Command,
    CompiledStateGraph,
    GraphRecursionError,
    Overwrite,
    Runtime,
    Send,
    StateGraph,
    var_child_runnable_config,
)
from dreamplay.engine.nodes import answer, close_scene, direct, dream, epilogue, open_scene, outcome, recap, take_turn
from dreamplay.engine.state import Context, State, given, merged, recorded, retellings
from dreamplay.errors import RecordError
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, attended
from dreamplay.schema.story import Beat
from dreamplay.schema.turn import Task

Graph = CompiledStateGraph[State, Context, State, State]
_Edge = Callable[[State, Runtime[Context]], str | list[Send]]
_Result_co = TypeVar("_Result_co", covariant=True)


class _Node(Protocol[_Result_co]):
    """Works, and returns how the state has changed, or that and where it goes on."""

    async def __call__(self, state: State, runtime: Runtime[Context]) -> _Result_co: ...


def build(cast: Cast) -> Graph:
    """The graph for a cast, with a node for each role, so that the drawing shows who plays."""
    return _compiled(cast.roles)


@cache
def _compiled(roles: tuple[str, ...]) -> Graph:
    """Compiled once for all the runs of a process."""
    graph = StateGraph(State, context_schema=Context)
    to = {
        "open_scene": ("dream", "epilogue", "director"),
        "director": (*roles, "outcome", "decide", "reflect", "close_scene"),
        "close_scene": ("recap", "open_scene", END),
    }
    for name in (*_WORKS, *roles):
        work = _WORKS.get(name, take_turn)
        if name in _EDGES:
            graph.add_node(name, _leading(work, _EDGES[name], to_end=name == "open_scene"), destinations=to[name])
        else:
            graph.add_node(name, work)
            graph.add_edge(name, _AFTER.get(name, "director"))
    graph.add_edge(START, "open_scene")
    return graph.compile(name="dreamplay")


def _leading(work: _Node[State], edge: _Edge, *, to_end: bool) -> _Node[Command[str]]:
    """A node that says where it goes on after its work. If nobody watches, it may play on `to_end` of the scene."""

    async def node(state: State, runtime: Runtime[Context]) -> Command[str]:
        if to_end and not runtime.context.tokens:
            return await _scene(state, runtime)
        update = await work(state, runtime)
        return Command(update=update, goto=edge(state | update, runtime))

    return node


async def _scene(state: State, runtime: Runtime[Context]) -> Command[str]:
    """Play a scene in one step, or what there is of it until the run is asked to stop.

    Raises:
        GraphRecursionError: it took more nodes than `steps` allows for the whole play.
    """
    # It holds the whole play. Each timer of a call of a model has a copy of the context in which it was set, and would
    # keep a play in memory for minutes after its end.
    var_child_runnable_config.set(None)
    goto: str | list[Send] = "open_scene"
    for _ in range(steps(runtime.context)):
        nodes = [(each.node, each.arg) for each in goto] if isinstance(goto, list) else [(goto, state)]
        for update in await _together([_WORKS.get(name, take_turn)(begun, runtime) for name, begun in nodes]):
            state = merged(state, update)
        name, _ = nodes[0]
        goto = _EDGES[name](state, runtime) if name in _EDGES else _AFTER.get(name, "director")
        await asyncio.sleep(0)  # or whoever stops the play would have to wait for a model that answers at once
        if goto in ("open_scene", END) or runtime.drain_requested:
            return Command(update=state | {"answers": Overwrite(state.get("answers", []))}, goto=goto)
    raise GraphRecursionError


async def _together(works: Sequence[Coroutine[Any, Any, State]]) -> list[State]:
    """What several nodes return that run at once. If one fails, the others are cancelled."""
    if len(works) == 1:
        return [await works[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Keep LangSmith tracing off inside the context, whatever the environment says. A trace would contain every prompt,
    and with it private texts."""
    from langsmith import tracing_context

    for name in ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"):  # all that they still do is to make langchain fail
        os.environ.pop(name, None)
    with tracing_context(enabled=False, parent=False):
        yield


def steps(context: Context) -> int:
    """An upper bound of the graph's steps, from the turn contracts and the slack of a plug-in director: more would be a
    routing bug. A visitor may do as much as they like.

    Without turns a scene has six steps at most: opening, dream, director, reflections, close, recap. A turn has two,
    and two more if a model is then asked what came of the scene. A run that is taken up again without its visitor may
    begin with an answer to them.
    """
    if context.visitor:
        return sys.maxsize
    slack = SLACK if isinstance(context.director, CheckedDirector) else 0
    judges = context.narrator.desk.profile.judges_outcome
    return 3 + sum(
        (4 if scene.outcome and judges else 2) * (scene.turns.most + slack) + 6 for _, scene in context.scenes
    )


def cursor(script: Script, scenes: Sequence[tuple[Beat, Scene]]) -> int:
    """The index of the scene of the last event of a script; 0 before the first scene.

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
    """The edge after an opening: a dream scene goes to `dream`, an epilogue to `epilogue`, everything else to
    `director`."""
    kind = runtime.context.scenes[state["scene"]][1].kind
    return kind if kind in ("dream", "epilogue") else "director"


def after_direction(state: State, runtime: Runtime[Context]) -> str | list[Send]:
    """The edge after the director: to the role that speaks, or to `outcome` if the model is asked what came of the
    scene. At the end of a scene, to everybody who has yet to answer, at once: to `decide` at a crossroads, otherwise to
    `reflect`; and then to `close_scene`."""
    context = runtime.context
    if state.get("judging"):
        return "outcome"
    if turn := state["turn"]:
        return context.player(turn.speaker)
    now = context.situation(state)
    scene = now.scene
    if scene.kind != "crossroads" and not context.reflect:
        return "close_scene"
    task: Task = "stance" if scene.kind == "crossroads" else "reflection"
    # If the visitor plays a role and does not decide for it, the model decides.
    answered = {role for role, answer in given(state, scene).items() if answer.counts}
    done = {*answered, *recorded(context.script, scene), context.cast.visitor}
    # Whoever left early reflects on what they were there for, as one among those who were then present.
    there = attended(context.script, scene) if task == "reflection" else dict.fromkeys(now.present, now.present)
    turns = [
        replace(now.turn(role), present=here, number=0, task=task) for role, here in there.items() if role not in done
    ]
    node = "decide" if task == "stance" else "reflect"
    return [Send(node, {"scene": state["scene"], "turn": turn}) for turn in turns] or "close_scene"


def after_scene(state: State, runtime: Runtime[Context]) -> Literal["recap", "open_scene", "__end__"]:
    """The edge after a scene: to the next scene, or END after the last; by way of `recap` if the next one would not
    fit."""
    context = runtime.context
    if state["scene"] == len(context.scenes):
        return "__end__"
    return "recap" if retellings(state, context) else "open_scene"


_WORKS: Mapping[str, _Node[State]] = {
    "open_scene": open_scene, "dream": dream, "director": direct, "outcome": outcome, "decide": answer,
    "reflect": answer, "close_scene": close_scene, "recap": recap, "epilogue": epilogue,
}  # fmt: skip
"""The nodes; any other is that of a role."""
_EDGES: Mapping[str, _Edge] = {"open_scene": after_opening, "director": after_direction, "close_scene": after_scene}
_AFTER: Mapping[str, str] = {
    "dream": "director", "outcome": "director", "decide": "close_scene", "reflect": "close_scene",
    "epilogue": "close_scene", "recap": "open_scene",
}  # fmt: skip
"""The node after each of the others; after that of a role it is the director."""
