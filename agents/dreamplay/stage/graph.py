"""The orchestrator: a flat LangGraph, one node for each role of the cast.

State is where the play stands, plain JSON and small. The script itself lives in the transcript: nodes read it from
the Context and add to it through the one door `Context.record`, which has the event on disk before it returns. So a
checkpoint costs the same at line 1,000 as at line 10.

A run that was stopped goes on at `open_scene` of the scene that its script has come to, and so every node looks at the
script before it records: what stands there already is neither told nor asked for again.

Nodes: `open_scene` narrates, `dream` pools the fears, `director` (no model) lets people come and go and chooses
speaker and cue, a role's node speaks, `visitor` waits for what a person does, `reflect` runs once for each character
present at the end of a scene, and at a crossroads `decide` does, `close_scene` records what they answered, `recap`
retells old scenes where the next one would not fit into a prompt, and `epilogue` tells the end.

Edges: after the director comes a role or the end of the scene; after the end of a scene the next one, or END. Nobody
reflects on a crossroads: the stance, with its reason, is what each of them has drawn from it.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Overwrite, Send, interrupt

from dreamplay import library
from dreamplay.errors import RecordError
from dreamplay.mind.agent import Agent
from dreamplay.mind.dream import Narrator
from dreamplay.recap import Circle, Retelling
from dreamplay.script import PROLOGUE, Cue, Event, Provenance, Script, in_hand, present, turns
from dreamplay.stage.director import WHISPERING, Director
from dreamplay.stage.visit import Act
from dreamplay.story import VISITOR, Beat, Cast, Scene, Story, moved


class State(TypedDict, total=False):
    """What changes: the place in the story, the turn about to be spoken, and answers not yet recorded."""

    scene: int
    """Index into the scenes that are played."""
    events: int
    """Length of the script when this was saved: tells a checkpoint whose transcript has lost its end."""
    speaker: str
    why: str
    """Why the visitor is asked, where it is she who is up; else empty."""
    listened: int
    """Length of the script when she was asked and would rather listen."""
    answers: Annotated[list[dict[str, Any]], operator.add]
    """What all present answer at once, stances or reflections: events but for their place."""


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
    reflect: bool = True
    """Whether those present at the end of a scene reflect on it."""
    tokens: bool = True
    """Whether anybody wants to see a line as it is spoken."""
    every_line: bool = False
    """Whether the visitor is asked after every line."""
    wants: Callable[[State], bool] = lambda state: False
    """Whether the visitor wants to say something though she is not asked."""

    def record(self, state: State, **event: Any) -> Event:
        """The one door: an event gets its place, goes to disk, and only then into the script. Unless it says who its
        witnesses are, they are those present.
        """
        beat, scene = self.scenes[state["scene"]]
        here = present(self.script, scene)
        place = {"id": len(self.script), "beat": beat.id, "scene": scene.id, "witnesses": here}
        made = Event.model_validate(place | event)
        self.write(made)
        self.script.append(made)
        return made


Graph = CompiledStateGraph[State, Context, State, State]


def build(cast: Cast, checkpointer: Any = None) -> Graph:
    """The graph for a cast: one node a role, so that the drawing shows who plays."""
    graph = copy.copy(_compiled(cast.roles))
    graph.checkpointer = checkpointer
    return graph


@cache
def _compiled(roles: tuple[str, ...]) -> Graph:
    """Compiled once for all the runs of a process."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("open_scene", open_scene)
    graph.add_node("dream", dream)
    graph.add_node("director", direct)
    graph.add_node("decide", decide)
    graph.add_node("reflect", reflect)
    graph.add_node("close_scene", close_scene)
    graph.add_node("recap", recap)
    graph.add_node("epilogue", epilogue)
    for role in roles:
        graph.add_node(role, visit if role == VISITOR else speak)
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


def steps(context: Context) -> int:
    """An upper bound of the graph's steps, from the turn contracts: more would be a routing bug."""
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
        here = present(context.script, scene)
        text, ledger, made = await context.narrator.dream(context.script, scene, on_token(runtime, None, here))
        tell(runtime, context.record(state, kind="dream", text=text, ledger=ledger, provenance=made))
    return {"events": len(context.script)}


async def direct(state: State, runtime: Runtime[Context]) -> State:
    """Let come and go whoever is due, raise the pressure that is due, and choose who answers it. No model call."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    while move := context.director.move(context.script, scene):
        here = present(context.script, scene)
        # Whoever comes in sees it, and whoever goes sees it too.
        witnesses = moved(here, move.role, comes=True) if move.comes else here
        text = context.cast.fill(move.text)
        tell(runtime, context.record(state, kind=move.kind, speaker=move.role, text=text, witnesses=witnesses))
    role, why = _asked(state, context, scene)
    if why:
        return {"speaker": role, "why": why, "events": len(context.script)}
    if context.director.over(context.script, scene):
        return {"speaker": "", "why": "", "events": len(context.script)}
    if pressure := context.director.pressure(context.script, scene):
        tell(runtime, context.record(state, kind="narration", text=pressure))
    role = context.director.speaker(context.script, scene)
    return {"speaker": role, "why": "playing" if role in in_hand(context.script) else "", "events": len(context.script)}


async def speak(state: State, runtime: Runtime[Context]) -> State:
    """The chosen character says a line, or is silent if no line can stand."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    role = state["speaker"]
    cue = context.director.cue(context.script, scene, role)
    turn = 1 + len(turns(context.script, scene))
    witnesses = _hearing(context.script, scene, role, cue.hears)
    spoken = await context.agents[role].speak(context.script, scene, cue, turn, on_token(runtime, role, witnesses))
    tell(runtime, context.record(
        state, kind="line" if spoken.text else "silence", speaker=role, text=spoken.text or "", turn=turn, cue=cue,
        witnesses=witnesses, provenance=spoken.made,
    ))  # fmt: skip
    return {"events": len(context.script)}


async def visit(state: State, runtime: Runtime[Context]) -> State:
    """The visitor does something, for herself or in the turn of somebody she plays, or listens. The graph waits at the
    first line, for as long as she takes, and comes back to it with her answer.
    """
    act = Act.model_validate_json(interrupt({"why": state["why"], "role": state["speaker"]}))
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    role, made = state["speaker"], Provenance(by="person")
    if state["why"] == "stance":
        taken = {"kind": "stance", "speaker": role, "scene": scene.id, "provenance": made.model_dump()}
        answer = {"text": act.stance.because, "choice": act.stance.choice} if act.stance else {"choice": None}
        return {"answers": [taken | answer], "events": len(context.script)}
    event = _done(act, context, scene, role)
    if event is None:
        return {"listened": len(context.script), "events": len(context.script)}
    tell(runtime, context.record(state, **({"speaker": role, "provenance": made} | event)))
    return {"events": len(context.script)}


def _done(act: Act, context: Context, scene: Scene, role: str) -> dict[str, Any] | None:
    """The event that an act of the visitor leaves; None if she listens."""
    turn = 1 + len(turns(context.script, scene)) if role != VISITOR else 0
    aside = context.director.aside(context.script, scene) if turn else None
    hears = [context.cast.role_of(act.whisper.to)] if act.whisper else []
    cue = Cue(
        to=next(iter(hears), None), pressure="", tactic=WHISPERING if aside else "", material="", text="",
        hears=tuple(filter(None, hears)),
    ) if hears or aside else None  # fmt: skip
    if act.say:
        return {"kind": "line", "text": act.say, "turn": turn, "cue": cue}
    if act.whisper:
        witnesses = _hearing(context.script, scene, role, cue.hears if cue else ())
        return {"kind": "line", "text": act.whisper.text, "turn": turn, "cue": cue, "witnesses": witnesses}
    if act.do:
        return {"kind": "action", "text": act.do}
    if act.fear:
        return {"kind": "fear", "speaker": VISITOR, "text": act.fear, "witnesses": (VISITOR,)}
    if act.play or act.hand_back:
        whom = context.cast.role_of(act.play or act.hand_back or "")
        by = VISITOR if act.play else "agent"
        return {"kind": "hand", "speaker": whom, "text": by, "witnesses": (VISITOR,), "turn": turn}
    if act.go or act.come:
        kind = "entrance" if act.come else "exit"
        text = library.render(f"{kind}.jinja", name=context.cast.name(VISITOR))
        here = dict.fromkeys([*present(context.script, scene), VISITOR])
        return {"kind": kind, "speaker": VISITOR, "text": text, "witnesses": tuple(here)}
    return {"kind": "silence", "text": "", "turn": turn, "cue": cue} if turn else None


def _asked(state: State, context: Context, scene: Scene) -> tuple[str, str]:
    """As whom the visitor is asked now, and why; the reason is empty if she is not."""
    script, director = context.script, context.director
    if VISITOR not in scene.present:
        return "", ""
    if state.get("listened", -1) != len(script):
        why = director.opening(script, scene, context.every_line)
        if why or (not director.unanswered(script, scene) and context.wants(state)):
            return VISITOR, why or "wish"
    if scene.kind == "crossroads" and director.over(script, scene):
        done, hers = {*_answered(state, scene), *_stood(script, scene)}, {VISITOR, *in_hand(script)}
        for role in present(script, scene):
            if role in hers and role not in done:
                return role, "stance"
    return "", ""


def _hearing(script: Script, scene: Scene, role: str, hears: Sequence[str]) -> tuple[str, ...]:
    """The witnesses of a line: whoever it is whispered to, or all present."""
    return tuple(each for each in present(script, scene) if not hears or each in (role, *hears))


async def decide(state: State, runtime: Runtime[Context]) -> State:
    """One character decides, alone, at the same time as the others; nobody hears anybody's answer first, not even
    where some of the answers stood in the script before the run was taken up again.
    """
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    heard = Script(event for event in context.script if event.kind != "stance" or event.scene != scene.id)
    role = state["speaker"]
    stance, made = await context.agents[role].decide(heard, scene)
    taken = {"kind": "stance", "speaker": role, "text": stance.reason, "choice": stance.choice, "scene": scene.id}
    return {"answers": [taken | {"provenance": made.model_dump()}]}


async def reflect(state: State, runtime: Runtime[Context]) -> State:
    """One character thinks about the scene, alone, at the same time as the others; nobody else ever learns of it."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    role = state["speaker"]
    reflection = await context.agents[role].reflect(context.script, scene)
    if reflection is None:
        return {}
    text, regards, made = reflection
    thought = {"kind": "reflection", "speaker": role, "witnesses": [role], "text": text, "regards": regards}
    return {"answers": [thought | {"scene": scene.id, "provenance": made.model_dump()}]}


async def epilogue(state: State, runtime: Runtime[Context]) -> State:
    """Tell what came of it: who chose what as a fact, then the end as the narrator tells it."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    here = present(context.script, scene)
    stances = context.script.visible_to(*here, kinds=("stance",))
    told = [event.provenance.by for event in context.script.in_scene(scene.id)]
    if stances and told.count("author") < 2:  # the opening, and the fact
        fact = f"{context.narrator.desk.tally(stances)} {context.narrator.desk.ending(stances)}"
        tell(runtime, context.record(state, kind="narration", text=fact))
    if "narrator" not in told:
        text, made = await context.narrator.epilogue(context.script, scene, on_token(runtime, None, here))
        tell(runtime, context.record(state, kind="narration", text=text, provenance=made))
    return {"events": len(context.script)}


async def close_scene(state: State, runtime: Runtime[Context]) -> State:
    """Record what everybody answered, in the order of those present, and go on to the next scene."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    answered, stood = _answered(state, scene), _stood(context.script, scene)
    for role in present(context.script, scene):
        if role in answered and role not in stood and _stands(answered[role]):
            made = Provenance.model_validate(answered[role]["provenance"])
            tell(runtime, context.record(state, **(answered[role] | {"provenance": made})))
    # What stands in the script need not stand in every checkpoint to come.
    return {"scene": state["scene"] + 1, "events": len(context.script), "answers": Overwrite([])}  # type: ignore[typeddict-item]


async def recap(state: State, runtime: Runtime[Context]) -> State:
    """Retell old scenes, for each circle of witnesses apart, so that the next scene has room."""
    context = runtime.context
    ended = State(scene=state["scene"] - 1)
    _, scene = context.scenes[ended["scene"]]
    for retelling in _due(state, context):
        covers = retelling.covers(context.script)
        witnesses = tuple(role for role in context.cast.roles if role in retelling.circle)
        text, made = await context.narrator.recap(context.script, scene, retelling)
        tell(runtime, context.record(
            ended, kind="recap", text=text, witnesses=witnesses, covers=covers, provenance=made
        ))  # fmt: skip
    return {"events": len(context.script)}


def after_opening(state: State, runtime: Runtime[Context]) -> Literal["dream", "epilogue", "director"]:
    """A dream scene dreams first, an epilogue is told, everything else is directed."""
    kind = runtime.context.scenes[state["scene"]][1].kind
    return kind if kind in ("dream", "epilogue") else "director"


def after_direction(state: State, runtime: Runtime[Context]) -> str | list[Send]:
    """To the role that speaks; at the end of a scene to all who have yet to answer, at once: at a crossroads to decide,
    else to reflect; then to the end of the scene.
    """
    context = runtime.context
    if state["speaker"]:
        return VISITOR if state["why"] else state["speaker"]
    _, scene = context.scenes[state["scene"]]
    if scene.kind != "crossroads" and not context.reflect:
        return "close_scene"
    asked = "decide" if scene.kind == "crossroads" else "reflect"
    # A friend whom the visitor plays, and for whom she would not decide, decides for himself.
    answered = {role for role, answer in _answered(state, scene).items() if _stands(answer)}
    done = {*answered, *_stood(context.script, scene), VISITOR}
    open_yet = [role for role in present(context.script, scene) if role not in done]
    return [Send(asked, {"scene": state["scene"], "speaker": role}) for role in open_yet] or "close_scene"


def after_scene(state: State, runtime: Runtime[Context]) -> Literal["recap", "open_scene", "__end__"]:
    """On to the next scene, until all have been played; past the recap if there is room for it."""
    context = runtime.context
    if state["scene"] == len(context.scenes):
        return "__end__"
    return "recap" if _due(state, context) else "open_scene"


def _answered(state: State, scene: Scene) -> dict[str, dict[str, Any]]:
    """The stances or reflections of a scene, by role, whether they stand in the script yet or not."""
    return {answer["speaker"]: answer for answer in state.get("answers", []) if answer["scene"] == scene.id}


def _stands(answer: Mapping[str, Any]) -> bool:
    """Whether an answer is one, and not that the visitor would rather not decide."""
    return answer["kind"] != "stance" or answer["choice"] is not None


def _stood(script: Script, scene: Scene) -> set[str | None]:
    """Whose stances or reflections of a scene stand in the script."""
    return {event.speaker for event in script.in_scene(scene.id, "stance", "reflection")}


def _due(state: State, context: Context) -> list[Retelling]:
    """The recaps that the next scene needs and that do not stand yet. What it needs is seen from the end of the scene
    before, so that a run that was stopped between two recaps makes the same ones.
    """
    events = list(context.script)
    made = [*takewhile(lambda event: event.kind == "recap", reversed(events))]
    before = Script(events[: len(events) - len(made)]) if made else context.script
    stood = {(Circle(event.witnesses), event.covers[1]) for event in made if event.covers}
    due = context.narrator.desk.recaps(before, context.scenes[state["scene"]][1])
    return [retelling for retelling in due if (retelling.circle, retelling.last) not in stood]


@dataclass(frozen=True)
class Token:
    """A piece of text as the model speaks it. It may yet be refused: nothing stands until its Event comes."""

    speaker: str | None
    text: str
    witnesses: tuple[str, ...] = ()
    """Those who perceive it as it is spoken."""


def tell(runtime: Runtime[Context], event: Event) -> None:
    """Show an event to whoever watches the run."""
    runtime.stream_writer(event)


def on_token(runtime: Runtime[Context], speaker: str | None, witnesses: tuple[str, ...]) -> Callable[[str], None]:
    """Pass tokens on to whoever watches the run."""
    if not runtime.context.tokens:
        return lambda text: None
    return lambda text: runtime.stream_writer(Token(speaker, text, witnesses))
