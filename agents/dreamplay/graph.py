"""The orchestrator: a flat LangGraph, one node for each role of the cast.

State is where the play stands, plain JSON and small. The script itself lives in the transcript: nodes read it from
the Context and add to it through the one door `Context.record`, which has the event on disk before it returns. So a
checkpoint costs the same at line 1,000 as at line 10.

A run that was stopped goes on at `open_scene` of the scene that its script has come to, and so every node looks at the
script before it records: what stands there already is neither told nor asked for again.

Nodes: `open_scene` narrates, `dream` pools the fears, `director` (no model) chooses speaker and cue, a role's node
speaks, `decide` runs once for each character present at a crossroads, `close_scene` records the stances, and
`epilogue` tells the end.

Edges: after the director comes a role or the end of the scene; after the end of a scene the next one, or END.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from dreamplay.agent import Agent
from dreamplay.director import TURNS, Director
from dreamplay.dream import Narrator
from dreamplay.errors import RecordError
from dreamplay.script import PROLOGUE, Cue, Event, Provenance, Script
from dreamplay.story import Beat, Cast, Scene, Story


class State(TypedDict, total=False):
    """What changes: the place in the story, the turn about to be spoken, and stances not yet recorded."""

    scene: int
    """Index into the scenes that are played."""
    events: int
    """Length of the script when this was saved: tells a checkpoint whose transcript has lost its end."""
    speaker: str
    stances: Annotated[list[dict[str, Any]], operator.add]


@dataclass(frozen=True)
class Context:
    """What was chosen for the run. Never checkpointed."""

    story: Story
    cast: Cast
    scenes: tuple[tuple[Beat, Scene], ...]
    """The scenes that are played, in order, with every {role} filled by a name."""
    agents: Mapping[str, Agent]
    narrator: Narrator
    director: Director
    script: Script
    write: Callable[[Event], None]
    """Puts an event on disk."""

    def record(self, state: State, **event: Any) -> Event:
        """The one door: an event gets its place, goes to disk, and only then into the script."""
        beat, scene = self.scenes[state["scene"]]
        place = {"id": len(self.script), "beat": beat.id, "scene": scene.id, "witnesses": scene.present}
        made = Event.model_validate(place | event)
        self.write(made)
        self.script.append(made)
        return made


Graph = CompiledStateGraph[State, Context, State, State]


def build(cast: Cast, checkpointer: Any = None) -> Graph:
    """The graph for a cast: one node a role, so that the drawing shows who plays."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("open_scene", open_scene)
    graph.add_node("dream", dream)
    graph.add_node("director", direct)
    graph.add_node("decide", decide)
    graph.add_node("close_scene", close_scene)
    graph.add_node("epilogue", epilogue)
    for role in cast.roles:
        graph.add_node(role, speak)
        graph.add_edge(role, "director")
    graph.add_edge(START, "open_scene")
    graph.add_conditional_edges("open_scene", after_opening, ["dream", "epilogue", "director"])
    graph.add_edge("dream", "director")
    graph.add_conditional_edges("director", after_direction, [*cast.roles, "decide", "close_scene"])
    graph.add_edge("decide", "close_scene")
    graph.add_edge("epilogue", "close_scene")
    graph.add_conditional_edges("close_scene", after_scene, ["open_scene", END])
    return graph.compile(checkpointer=checkpointer, name="dreamplay")


def steps(context: Context) -> int:
    """An upper bound of the graph's steps, from the turn contracts: more would be a routing bug."""
    return sum(2 * scene.turns.max + 5 for _, scene in context.scenes) + 5


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


async def open_scene(state: State, runtime: Runtime[Context]) -> State:
    """Narrate where and when. The first scene is preceded by the prologue."""
    context = runtime.context
    for line in context.story.prologue[len(context.script.in_scene(PROLOGUE)) :]:
        fill = context.cast.fill
        cue = Cue(to=None, pressure="", tactic=line.tactic or "", material="", text=fill(line.cue))
        tell(runtime, context.record(
            state, kind="line", speaker=line.role, text=fill(line.line), cue=cue, beat=PROLOGUE, scene=PROLOGUE,
            witnesses=context.cast.roles,
        ))  # fmt: skip
    _, scene = context.scenes[state["scene"]]
    if not context.script.in_scene(scene.id):
        tell(runtime, context.record(state, kind="narration", text=scene.opening))
    return {"events": len(context.script)}


async def dream(state: State, runtime: Runtime[Context]) -> State:
    """Dream one dream from everybody's hidden fear; all dreamers present have seen it when they wake."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    if not any(event.kind == "dream" for event in context.script.in_scene(scene.id)):
        text, ledger, made = await context.narrator.dream(context.script, scene, on_token(runtime, None))
        tell(runtime, context.record(state, kind="dream", text=text, ledger=ledger, provenance=made))
    return {"events": len(context.script)}


async def direct(state: State, runtime: Runtime[Context]) -> State:
    """Raise the pressure that is due, and choose who answers it. No model call."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    if context.director.over(context.script, scene):
        return {"speaker": "", "events": len(context.script)}
    if pressure := context.director.pressure(context.script, scene):
        tell(runtime, context.record(state, kind="narration", text=pressure))
    return {"speaker": context.director.speaker(context.script, scene), "events": len(context.script)}


async def speak(state: State, runtime: Runtime[Context]) -> State:
    """The chosen character says a line, or is silent if no line can stand."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    role = state["speaker"]
    cue = context.director.cue(context.script, scene, role)
    turn = 1 + sum(event.kind in TURNS for event in context.script.in_scene(scene.id))
    spoken = await context.agents[role].speak(context.script, scene, cue, turn, on_token(runtime, role))
    tell(runtime, context.record(
        state, kind="line" if spoken.text else "silence", speaker=role, text=spoken.text or "", turn=turn, cue=cue,
        provenance=spoken.made,
    ))  # fmt: skip
    return {"events": len(context.script)}


async def decide(state: State, runtime: Runtime[Context]) -> State:
    """One character decides, alone, at the same time as the others; nobody hears anybody's answer first, not even
    where some of the answers stood in the script before the run was taken up again.
    """
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    heard = Script(event for event in context.script if event.kind != "stance" or event.scene != scene.id)
    stance, made = await context.agents[state["speaker"]].decide(heard, scene)
    taken = {"speaker": state["speaker"], "text": stance.reason, "choice": stance.choice, "scene": scene.id}
    return {"stances": [taken | {"provenance": made.model_dump()}]}


async def epilogue(state: State, runtime: Runtime[Context]) -> State:
    """Tell what came of it: who chose what as a fact, then the end as the narrator tells it."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    stances = [event for event in context.script.visible_to(*scene.present) if event.kind == "stance"]
    told = [event.provenance.by for event in context.script.in_scene(scene.id)]
    if stances and told.count("author") < 2:  # the opening, and the fact
        fact = f"{context.narrator.desk.tally(stances)} {context.narrator.desk.ending(stances)}"
        tell(runtime, context.record(state, kind="narration", text=fact))
    if "narrator" not in told:
        text, made = await context.narrator.epilogue(context.script, scene, on_token(runtime, None))
        tell(runtime, context.record(state, kind="narration", text=text, provenance=made))
    return {"events": len(context.script)}


async def close_scene(state: State, runtime: Runtime[Context]) -> State:
    """Record the stances in the order of those present, and go on to the next scene."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    decided, stood = _decided(state, scene), _stood(context.script, scene)
    for role in scene.present:
        if role in decided and role not in stood:
            made = Provenance.model_validate(decided[role]["provenance"])
            tell(runtime, context.record(state, kind="stance", **(decided[role] | {"provenance": made})))
    return {"scene": state["scene"] + 1, "events": len(context.script)}


def after_opening(state: State, runtime: Runtime[Context]) -> Literal["dream", "epilogue", "director"]:
    """A dream scene dreams first, an epilogue is told, everything else is directed."""
    kind = runtime.context.scenes[state["scene"]][1].kind
    return kind if kind in ("dream", "epilogue") else "director"


def after_direction(state: State, runtime: Runtime[Context]) -> str | list[Send]:
    """To the role that speaks; at the end of a crossroads to all who have yet to decide, at once; else to the end of
    the scene.
    """
    if state["speaker"]:
        return state["speaker"]
    _, scene = runtime.context.scenes[state["scene"]]
    if scene.kind != "crossroads":
        return "close_scene"
    done = {*_decided(state, scene), *_stood(runtime.context.script, scene)}
    undecided = [role for role in scene.present if role not in done]
    return [Send("decide", {"scene": state["scene"], "speaker": role}) for role in undecided] or "close_scene"


def after_scene(state: State, runtime: Runtime[Context]) -> Literal["open_scene", "__end__"]:
    """On to the next scene, until all have been played."""
    return "open_scene" if state["scene"] < len(runtime.context.scenes) else "__end__"


def _decided(state: State, scene: Scene) -> dict[str, dict[str, Any]]:
    """The stances taken in a scene, by role, whether they stand in the script yet or not."""
    return {stance["speaker"]: stance for stance in state.get("stances", []) if stance["scene"] == scene.id}


def _stood(script: Script, scene: Scene) -> set[str | None]:
    """Whose stances of a scene stand in the script."""
    return {event.speaker for event in script.in_scene(scene.id) if event.kind == "stance"}


@dataclass(frozen=True)
class Token:
    """A piece of text as the model speaks it. It may yet be refused: nothing stands until its Event comes."""

    speaker: str | None
    text: str


def tell(runtime: Runtime[Context], event: Event) -> None:
    """Show an event to whoever watches the run."""
    runtime.stream_writer(event)


def on_token(runtime: Runtime[Context], speaker: str | None) -> Callable[[str], None]:
    """Pass tokens on to whoever watches the run."""
    return lambda text: runtime.stream_writer(Token(speaker, text))
