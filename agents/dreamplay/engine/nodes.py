"""The nodes of the graph: what happens at each step.

A run that was stopped goes on at `open_scene` of the scene that its script has come to, and so every node looks at the
script before it records: what stands there already is neither told nor asked for again.
"""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Overwrite, interrupt

from dreamplay.director.base import Narration, SceneEnd
from dreamplay.director.situation import Situation
from dreamplay.director.visits import opening
from dreamplay.engine.state import Context, State, given, on_token, recorded, retellings, tell
from dreamplay.errors import ModelError
from dreamplay.library import templates
from dreamplay.participants.actions import Action
from dreamplay.runs.pending_answers import PendingAnswer
from dreamplay.schema.event import PROLOGUE, Cue, DreamEvent, SilenceEvent, StanceEvent, TurnEvent
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.script import Script, given_fear, in_hand, present
from dreamplay.schema.story import VISITOR, Move, moved
from dreamplay.schema.turn import Turn
from dreamplay.validation.generate import THOUGHT_ONLY

SILENCES = 5
"""Turns in a row in which nobody says a word, after which the model is given up."""
REPEATS = 50
"""The same where the model only says what was said before: in a long story with little to talk about it may yet find
something new.
"""


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
    return {}


async def dream(state: State, runtime: Runtime[Context]) -> State:
    """Dream one dream from everybody's hidden fear; all dreamers present have seen it when they wake."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    if not context.script.in_scene(scene.id, DreamEvent):
        here = present(context.script, scene)
        text, ledger, made = await context.narrator.dream(
            context.script.common_view(here), scene, given_fear(context.script), on_token(runtime, None, here)
        )
        tell(runtime, context.record(state, kind="dream", text=text, ledger=ledger, provenance=made))
    return {}


async def direct(state: State, runtime: Runtime[Context]) -> State:
    """Do what the director decides, until somebody takes a turn or the scene ends: let people come and go, and raise
    the pressure. A visitor who is asked now comes first. No model call.
    """
    context, asked = runtime.context, False
    while True:
        now = context.situation(state)
        step = context.director.next(now)
        if isinstance(step, Move):
            # Whoever comes in sees it, and whoever goes sees it too.
            witnesses = moved(now.present, step.role, comes=True) if step.comes else now.present
            text = context.cast.fill(step.text)
            tell(runtime, context.record(state, kind=step.kind, speaker=step.role, text=text, witnesses=witnesses))
            continue
        ending = isinstance(step, SceneEnd)
        role, why = ("", "") if asked else _asked(state, context, now, ending)
        if why:
            return {"speaker": role, "why": why, "turn": now.turn(role)}
        asked = True
        if isinstance(step, SceneEnd):
            return {"speaker": "", "why": "", "turn": None}
        if isinstance(step, Narration):
            tell(runtime, context.record(state, kind="narration", text=step.text))
            continue
        held = step.speaker in in_hand(context.script)
        return {"speaker": step.speaker, "why": "playing" if held else "", "turn": step}


async def speak(state: State, runtime: Runtime[Context]) -> State:
    """The chosen character says a line, or is silent if no line can stand."""
    context, turn = runtime.context, state["turn"]
    assert turn
    role, hear = turn.speaker, on_token(runtime, turn.speaker, turn.witnesses)
    spoken = await context.agents[role].speak(turn, context.script.view(role, turn.present), hear)
    tell(runtime, context.record(
        state, **({"kind": "line", "text": spoken.text} if spoken.text else {"kind": "silence"}), speaker=role,
        turn=turn.number, cue=turn.cue, witnesses=turn.witnesses, provenance=spoken.made,
    ))  # fmt: skip
    if not spoken.text:
        heard(context.script)
    return {}


async def visit(state: State, runtime: Runtime[Context]) -> State:
    """The visitor does something, for herself or in the turn of somebody she plays, or listens. The graph waits at the
    first line, for as long as she takes, and comes back to it with her answer.
    """
    act = Action.model_validate_json(interrupt({"why": state["why"], "role": state["speaker"]}))
    context, turn = runtime.context, state["turn"]
    assert turn
    role, made = turn.speaker, Provenance(by="person")
    if state["why"] == "stance":
        taken = {"text": act.stance.because, "choice": act.stance.choice} if act.stance else {}
        return context.answered(PendingAnswer(
            kind="stance", speaker=role, scene=turn.scene.id, provenance=made, **taken
        ))  # fmt: skip
    event = _done(act, context, turn)
    if event is None:
        return {"listened": len(context.script)}
    tell(runtime, context.record(state, **({"speaker": role, "provenance": made} | event)))
    return {}


def heard(script: Script) -> None:
    """Let a play of silences end: one is a pause, and many in a row are a model that cannot play.

    Raises:
        ModelError: nobody has said a word for so many turns.
    """
    silent = list(takewhile(lambda event: isinstance(event, SilenceEvent), reversed(script.of_kind(TurnEvent))))
    silent = [event for event in silent if event.provenance.by == "agent"]  # a person may well say nothing
    reasons = Counter(refusal.reason.partition(" «")[0] for event in silent for refusal in event.provenance.refused)
    why, _ = reasons.most_common(1)[0] if reasons else ("", 0)
    # A run that is taken up again has as many turns before it is given up again.
    if not silent or len(silent) % (REPEATS if why == "copies" else SILENCES):
        return
    step = (
        "raise DREAMPLAY_HEADROOM, the tokens that it may think, or choose another `model`, one that thinks less"
        if why == THOUGHT_ONLY
        else "choose another `model`"
    )
    raise ModelError(f"nobody has said a word for {len(silent)} turns (most often: {why}); {step}")


def _done(act: Action, context: Context, turn: Turn) -> dict[str, Any] | None:
    """The event that an act of the visitor leaves; None if she listens."""
    aside = turn.cue is not None and turn.cue.aside
    hears = (act.whisper.to,) if act.whisper else ()
    cue = Cue(
        to=next(iter(hears), None), pressure="", tactic="", material="", text="", hears=hears, aside=aside
    ) if hears or aside else None  # fmt: skip
    number = turn.number
    if act.say:
        return {"kind": "line", "text": act.say, "turn": number, "cue": cue}
    if act.whisper:
        return {
            "kind": "line", "text": act.whisper.text, "turn": number, "cue": cue, "witnesses": turn.hearing(hears)
        }  # fmt: skip
    if act.do:
        return {"kind": "action", "text": act.do}
    if act.fear:
        return {"kind": "fear", "speaker": VISITOR, "text": act.fear, "witnesses": (VISITOR,)}
    if act.play or act.hand_back:
        return {
            "kind": "control", "speaker": act.play or act.hand_back, "controller": "visitor" if act.play else "model",
            "witnesses": (VISITOR,), "turn": number,
        }  # fmt: skip
    if act.go or act.come:
        kind = "entrance" if act.come else "exit"
        text = templates.render(f"{kind}.jinja", name=context.cast.name(VISITOR))
        here = dict.fromkeys([*turn.present, VISITOR])
        return {"kind": kind, "speaker": VISITOR, "text": text, "witnesses": tuple(here)}
    return {"kind": "silence", "turn": number, "cue": cue} if number else None


def _asked(state: State, context: Context, now: Situation, ending: bool) -> tuple[str, str]:
    """As whom the visitor is asked now, and why; the reason is empty if she is not."""
    script = context.script
    if VISITOR not in now.scene.present:
        return "", ""
    if state.get("listened", -1) != len(script):
        why = opening(now, context.cast, ending=ending, every_line=context.every_line)
        if why or (not now.unanswered and context.wants(state)):
            return VISITOR, why or "wish"
    if now.scene.kind == "crossroads" and ending:
        done, hers = {*given(state, now.scene), *recorded(script, now.scene)}, {VISITOR, *in_hand(script)}
        for role in now.present:
            if role in hers and role not in done:
                return role, "stance"
    return "", ""


async def decide(state: State, runtime: Runtime[Context]) -> State:
    """One character decides, alone, at the same time as the others; nobody hears anybody's answer first, not even
    where some of the answers stood in the script before the run was taken up again.
    """
    context = runtime.context
    beat, scene = context.scenes[state["scene"]]
    heard = context.script.without(scene.id, StanceEvent)
    role, here = state["speaker"], present(context.script, scene)
    turn = Turn(beat.id, scene, role, here, task="stance")
    stance, made = await context.agents[role].decide(turn, heard.view(role, here))
    return context.answered(PendingAnswer(
        kind="stance", scene=scene.id, speaker=role, text=stance.reason, choice=stance.choice, provenance=made
    ))  # fmt: skip


async def reflect(state: State, runtime: Runtime[Context]) -> State:
    """One character thinks about the scene, alone, at the same time as the others; nobody else ever learns of it, and
    of a thought that was not had nobody at all.
    """
    context = runtime.context
    beat, scene = context.scenes[state["scene"]]
    role, here = state["speaker"], present(context.script, scene)
    turn = Turn(beat.id, scene, role, here, task="reflection")
    text, attitudes, made = await context.agents[role].reflect(turn, context.script.view(role, here))
    return context.answered(PendingAnswer(
        kind="reflection", scene=scene.id, speaker=role, text=text, attitudes=attitudes, provenance=made
    ))  # fmt: skip


async def epilogue(state: State, runtime: Runtime[Context]) -> State:
    """Tell what came of it: who chose what as a fact, an evening with them as the narrator tells it, and last, as the
    author wrote it, the ending that follows from what was chosen.
    """
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    here = present(context.script, scene)
    view = context.script.common_view(here)
    stances = view.of_kind(StanceEvent)
    told = [event.provenance.by for event in context.script.in_scene(scene.id)]
    if stances and told.count("author") < 2:  # after the opening
        tell(runtime, context.record(state, kind="narration", text=context.narrator.desk.tally(stances)))
    if "narrator" not in told:
        view = context.script.common_view(here)
        text, made = await context.narrator.epilogue(view, scene, on_token(runtime, None, here))
        tell(runtime, context.record(state, kind="narration", text=text, provenance=made))
    if stances and told.count("author") < 3:
        tell(runtime, context.record(state, kind="narration", text=context.narrator.desk.ending(stances)))
    return {}


async def close_scene(state: State, runtime: Runtime[Context]) -> State:
    """Record what everybody answered, in the order of those present, and go on to the next scene."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    answered, stood = given(state, scene), recorded(context.script, scene)
    for role in present(context.script, scene):
        if role in answered and role not in stood and answered[role].counts:
            tell(runtime, context.record(state, **answered[role].event()))
    if context.pending:
        context.pending.clear()
    # What stands in the script need not stand in the state.
    return {"scene": state["scene"] + 1, "answers": Overwrite([])}  # type: ignore[typeddict-item]


async def recap(state: State, runtime: Runtime[Context]) -> State:
    """Retell old scenes, for each circle of witnesses apart, so that the next scene has room."""
    context = runtime.context
    ended = State(scene=state["scene"] - 1)
    _, scene = context.scenes[ended["scene"]]
    for retelling in retellings(state, context):
        view = context.script.common_view(retelling.circle)
        covers = retelling.covers(view)
        witnesses = tuple(role for role in context.cast.roles if role in retelling.circle)
        text, made = await context.narrator.recap(view, scene, retelling)
        tell(runtime, context.record(
            ended, kind="recap", text=text, witnesses=witnesses, covers=covers, provenance=made
        ))  # fmt: skip
    return {}
