"""The graph that a LangGraph server plays: the nodes and the edges of the engine's graph, over a state that is JSON.

Every node makes the engine's context from the state of the thread, has the engine's own node do the work, and gives
back what it has recorded. So a step needs nothing but the state: a thread can be interrupted, forked, and gone on with
after the server was started again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, Protocol

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from dreamplay.engine import graph as engine
from dreamplay.engine import nodes
from dreamplay.engine.state import Context, State, context
from dreamplay.errors import DreamplayError
from dreamplay.schema.event import Event, Token
from dreamplay.schema.script import Script
from dreamplay.storage.store import Store
from dreamplay.studio import choices, kept, thread_state
from dreamplay.studio.choices import Choices, Played
from dreamplay.studio.lent_model import LentModel, finished
from dreamplay.studio.thread_state import Result, Start, ThreadState, plain, position, script_of
from dreamplay.studio.visitor import Visitor

Graph = CompiledStateGraph[ThreadState, Choices, Start, Result]
BEGIN = "begin"
ANOTHER = "another_role"
"""The node of the roles of a story that is not the one that is drawn."""
_OWN = frozenset({"open_scene", "dream", "director", "outcome", "close_scene", "recap", "epilogue", END})
"""Where an edge can lead that is no role."""
_STEPS = 1_000_000
"""A visitor may do as much as they like; see `engine.graph.steps`."""

_Work = Callable[[State, Runtime[Context]], Awaitable[State]]
_Edge = Callable[[State, Runtime[Context]], str | list[Send]]


def build(roles: Iterable[str], runs: Store | Path | None = None) -> Graph:
    """The graph.

    Args:
        roles: those that have a node of their own. Other stories can be played as well.
        runs: the store, or the folder, in which threads are kept as runs; None: nothing is written.
    """
    drawn = [role for role in roles if role not in (BEGIN, ANOTHER)]
    graph = StateGraph(ThreadState, context_schema=Choices, input_schema=Start, output_schema=Result)

    def add(name: str, work: _Work, edge: _Edge | None = None, to: Iterable[str] = (), *, keeps: bool = True) -> None:
        step = _Step(work, edge, frozenset(drawn), runs if keeps else None)
        graph.add_node(name, shown(step.run), destinations=tuple(to) or None)

    graph.add_node(BEGIN, shown(_begin))
    add("open_scene", nodes.open_scene, engine.after_opening, ["dream", "epilogue", "director"])
    add("dream", nodes.dream)
    ways = [*drawn, ANOTHER, "outcome", "decide", "reflect", "close_scene"]
    add("director", nodes.direct, engine.after_direction, ways)
    add("outcome", nodes.outcome)
    add("decide", nodes.answer, keeps=False)  # several at once, and the director has kept what was before
    add("reflect", nodes.answer, keeps=False)
    add("close_scene", nodes.close_scene, engine.after_scene, ["recap", "open_scene", END])
    add("recap", nodes.recap)
    add("epilogue", nodes.epilogue)
    for name in (*drawn, ANOTHER):
        add(name, nodes.take_turn)
        graph.add_edge(name, "director")
    for start, end in (
        (START, BEGIN), (BEGIN, "open_scene"), ("dream", "director"), ("outcome", "director"),
        ("decide", "close_scene"), ("reflect", "close_scene"), ("recap", "open_scene"), ("epilogue", "close_scene"),
    ):  # fmt: skip
        graph.add_edge(start, end)
    made: Graph = graph.compile(name="dreamplay").with_config(recursion_limit=_STEPS)
    return made


def _begin(state: ThreadState, runtime: Runtime[Choices]) -> dict[str, Any]:
    """Choose what is played, or, on a thread that was stopped, go on with the scene of its last event."""
    stopped = bool(state.get("events"))
    chosen = choices.checked(state["play"]) if stopped else choices.resolved(runtime.context)
    plan = choices.played(chosen).plan
    index = engine.cursor(script_of(state, plan), plan.scenes)
    return {"play": choices.plain(chosen), "scene": index, "turn": None, "judging": False}


class _Node(Protocol):
    def __call__(self, state: ThreadState, *, runtime: Runtime[Choices]) -> Any: ...


class ServedError(DreamplayError, ValueError):
    """An error of a play. LangGraph's server hides what an error says unless its class is one of those it knows."""


def shown(node: _Node) -> _Node:
    """The node, with errors that a client of the server can read."""

    @wraps(node)
    def called(state: ThreadState, *, runtime: Runtime[Choices]) -> Any:
        try:
            return node(state, runtime=runtime)
        except DreamplayError as error:
            raise ServedError(str(error)) from error

    return called


class _Step:
    """A node of the engine's graph, with the edge after it, as a node over the state of a thread.

    It is a plain function, so that LangGraph calls it on a thread of its own, where files may be read and written.
    """

    def __init__(self, work: _Work, edge: _Edge | None, drawn: frozenset[str], runs: Store | Path | None) -> None:
        self._work, self._edge, self._drawn, self._runs = work, edge, drawn, runs

    def run(self, state: ThreadState, runtime: Runtime[Choices]) -> Any:
        """Take the step: the update of the state, and where it goes on if that is decided here."""
        played = choices.played(choices.checked(state["play"]))
        script = script_of(state, played.plan)
        before = len(script)
        self._keep(runtime, played, script)
        staged = Runtime(context=_staged(played, script), stream_writer=_streamed(runtime))
        here = position(state, played.plan.scenes)
        done: Any = finished(self._work(here, staged))
        added = [thread_state.told(event) for event in list(script)[before:]]
        update = plain(done) | ({"events": added} if added else {})
        if self._edge is None:
            return update
        now: Any = dict(here) | {name: value for name, value in done.items() if name != "answers"}
        way = self._edge(now, staged)
        if way == END:
            self._keep(runtime, played, script, ended=True)
        return Command(update=update, goto=self._named(way, state, added))

    def _named(self, way: str | list[Send], state: ThreadState, added: list[dict[str, Any]]) -> Any:
        """Where it goes on, by the nodes of this graph. What is sent there is all that it is given."""
        if isinstance(way, str):
            return way if way in self._drawn or way in _OWN else ANOTHER
        sent = {"play": state["play"], "events": [*state.get("events", []), *added]}
        return [Send(each.node, sent | plain(each.arg)) for each in way]

    def _keep(self, runtime: Runtime[Choices], played: Played, script: Script, *, ended: bool = False) -> None:
        info = runtime.execution_info
        if self._runs and info and info.thread_id and script.last:
            kept.keep(self._runs, info.thread_id, played, list(script), ended=ended)


def _staged(played: Played, script: Script) -> Context:
    """The engine's context of a step."""
    plan, model = played.plan, LentModel(played.model.model)
    made = context(plan, lambda role: model, script, lambda events: None)
    visitors = {plan.cast.visitor: Visitor(plan.cast, plan.performed)} if plan.cast.visitor else {}
    return replace(made, participants=dict(made.participants) | visitors)


def _streamed(runtime: Runtime[Choices]) -> Callable[[Any], None]:
    """What is told while it is played, as JSON, for the stream mode `custom`."""

    def show(seen: Event | Token) -> None:
        if isinstance(seen, Token):
            runtime.stream_writer({"token": {"speaker": seen.speaker, "text": seen.text}})
        else:
            runtime.stream_writer({"event": thread_state.told(seen)})

    return show
