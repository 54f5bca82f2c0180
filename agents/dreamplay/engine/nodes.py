"""The nodes of the graph.

A stopped run continues at `open_scene` of its last scene. So every node looks at the script before it records anything:
what is in the script already is neither told nor asked for again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import takewhile

from dreamplay.director.base import SceneEnd
from dreamplay.director.situation import Situation
from dreamplay.director.uptake import with_uptake
from dreamplay.director.visits import opening
from dreamplay.engine import conclusion
from dreamplay.engine.langgraph import Overwrite, Runtime
from dreamplay.engine.outcomes import events_of
from dreamplay.engine.state import Context, State, given, on_token, recorded, retellings, tell
from dreamplay.errors import ModelError
from dreamplay.participants.base import Line, Reflection, Stance
from dreamplay.runs.pending_answers import Judged, PendingAnswer
from dreamplay.schema.event import PROLOGUE, Cue, DreamEvent, SilenceEvent, StanceEvent, TurnEvent, is_gesture
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Move, Scene, moved
from dreamplay.schema.script import Script, answer_of, attended, given_fear, present, turns
from dreamplay.schema.turn import Turn
from dreamplay.validation.generate import THOUGHT_ONLY

SILENCES = 5
"""Silent turns in a row after which the play ends with an error."""
REPEATS = 50
"""The same if all candidates were rejected as copies. In a long story with little material, a model may still find
something new."""


async def open_scene(state: State, runtime: Runtime[Context]) -> State:
    """Narrate the opening of the scene. The prologue comes before the first one."""
    context = runtime.context
    for line in context.story.prologue[len(context.script.in_scene(PROLOGUE)) :]:
        fill = context.cast.fill
        cue = Cue(to=None, pressure="", tactic=line.tactic or "", material="", text=fill(line.cue))
        tell(runtime, context.record(
            state, kind="line", speaker=line.role, text=fill(line.line), cue=cue, beat=PROLOGUE, scene=PROLOGUE,
            witnesses=context.cast.roles,
        ))  # fmt: skip
    _, scene = context.scenes[state["scene"]]
    # A model that writes the last minute from the whole story writes it from what came of it, and has the last image.
    # Of one that tells what everybody does with a thing, the author's words are the better end.
    if scene.kind == "epilogue" and context.narrator.desk.profile.epilogue_scope == "story":
        _tell_ending(state, runtime)
    if all(event.text == _ending(context, scene) for event in context.script.in_scene(scene.id)):
        tell(runtime, context.record(state, kind="narration", text=_opening(context, scene)))
    return {}


def _opening(context: Context, scene: Scene) -> str:
    """How a scene begins, after what came of those before it."""
    return context.cast.fill(scene.begins(partial(answer_of, context.script)))


async def dream(state: State, runtime: Runtime[Context]) -> State:
    """Make one dream from the hidden fears of everybody present, who all witness it."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    if not context.script.in_scene(scene.id, DreamEvent):
        here = present(context.script, scene)
        after = [later for _, later in context.scenes[state["scene"] + 1 :] if later.kind == "dream"]
        text, ledger, made = await context.narrator.dream(
            context.script.common_view(here), scene, given_fear(context.script), on_token(runtime, None, here),
            dreamt={role: context.script.visible_to(role, kind=DreamEvent) for role in here},
            to_come={role for later in after for role in later.present},
        )  # fmt: skip
        tell(runtime, context.record(state, kind="dream", text=text, ledger=ledger, provenance=made))
    return {}


async def direct(state: State, runtime: Runtime[Context]) -> State:
    """Carry out what the director decides until somebody takes a turn or the scene ends: moves and pressures. A visitor
    who is due comes first. What a line has decided is told before anything else, and what nothing has decided has its
    answer when the scene ends. No model is called."""
    context, asked = runtime.context, False
    while True:
        now = context.situation(state)
        if conclusion.undecided(now) and (answer := conclusion.by_line(now)):
            made = conclusion.concluded(context, now.scene, answer, Provenance(by="author"))
            tell(runtime, context.record(state, **made))
            continue
        step = context.director.next(now)
        if isinstance(step, Move):
            # Whoever comes in sees it, and whoever goes sees it too.
            witnesses = moved(now.present, step.role, comes=True) if step.comes else now.present
            text = context.cast.fill(step.text)
            tell(runtime, context.record(state, kind=step.kind, speaker=step.role, text=text, witnesses=witnesses))
            continue
        ending = isinstance(step, SceneEnd)
        if conclusion.undecided(now) and conclusion.to_judge(context, state, now, ending=ending):
            return {"turn": None, "judging": True, "ending": ending}
        turn = None if asked else _visitor_turn(state, context, now, ending)
        if ending and conclusion.undecided(now) and (turn is None or turn.task == "stance"):
            tell(runtime, context.record(state, **conclusion.otherwise(context, state, now.scene)))
            asked = turn is None
            continue
        if turn or isinstance(step, SceneEnd):
            return {"turn": turn, "judging": False}
        asked = True
        if isinstance(step, Turn):
            return {"turn": step, "judging": False}
        tell(runtime, context.record(state, kind="narration", text=step.text))


async def outcome(state: State, runtime: Runtime[Context]) -> State:
    """Ask the narrator's model once what came of the scene: whether it is decided by now, and at the end what comes
    nearest to what was played. An answer that is none decides nothing."""
    context = runtime.context
    now = context.situation(state)
    before = conclusion.judged(state, now.scene).usage
    view, last = context.script.common_view(now.present), state.get("ending", False)
    answer, made = await context.narrator.outcome(view, now.scene, len(now.turns), last=last)
    made = made.model_copy(update={"usage": before + made.usage})
    if answer:
        tell(runtime, context.record(state, **conclusion.concluded(context, now.scene, answer, made)))
        return {"judging": False}
    open_yet = Judged(scene=now.scene.id, turns=len(now.turns), last=last, usage=made.usage)
    if context.pending:
        context.pending.keep_judged(open_yet)
    return {"judging": False, "judged": open_yet.model_dump(mode="json")}


async def take_turn(state: State, runtime: Runtime[Context]) -> State:
    """Have a role take its turn: a line, an action, silence, leaving, or listening."""
    context, turn = runtime.context, state["turn"]
    assert turn
    outcome = await context.take(turn, on_token(runtime, turn.speaker, turn.witnesses))
    if isinstance(outcome, Stance | Reflection):
        return context.answered(_kept(turn, outcome))
    if isinstance(outcome, Line):
        said = turns(context.script, turn.scene)
        turn = replace(
            turn, cue=with_uptake(turn, outcome.text or outcome.gesture, context.cast, context.embedder, said)
        )
    events = events_of(turn, outcome, context.cast)
    if not events:
        return {"listened": len(context.script)}
    for event in context.record_all(state, events):
        tell(runtime, event)
    if isinstance(outcome, Line) and not outcome.text:
        heard(context.script)
    return {}


def heard(script: Script) -> None:
    """End a play that is nothing but silence. One silent turn is a pause; many in a row, in which nothing is done
    either, mean that the model cannot play.

    Raises:
        ModelError: nobody has said a word for so many turns.
    """
    done = [event for event in script if isinstance(event, TurnEvent) or is_gesture(event)]
    silent = list(takewhile(lambda event: isinstance(event, SilenceEvent), reversed(done)))
    silent = [event for event in silent if event.provenance.by == "agent"]  # a person may well say nothing
    reasons = Counter(refusal.kind for event in silent for refusal in event.provenance.refused)
    why, _ = reasons.most_common(1)[0] if reasons else ("they chose to say nothing", 0)
    # A run that is taken up again has as many turns before it is given up again.
    if not silent or len(silent) % (REPEATS if why == "copies" else SILENCES):
        return
    step = (
        "raise DREAMPLAY_HEADROOM, the tokens that it may think, or choose another `model`, one that thinks less"
        if why == THOUGHT_ONLY
        else "choose another `model`"
    )
    raise ModelError(f"nobody has said a word for {len(silent)} turns (most often: {why}); {step}")


def _visitor_turn(state: State, context: Context, now: Situation, ending: bool) -> Turn | None:
    """The turn in which the visitor is asked now, for themself or for whom they play; None if they are not."""
    visitor = context.cast.visitor
    if context.visitor is None or visitor is None:
        return None
    if state.get("listened", -1) != len(context.script):
        own = now.turn(visitor)
        if why := opening(now, context.cast, ending=ending, every_line=context.every_line):
            return replace(own, occasion=why)
        wish = replace(own, occasion="wish")
        if not now.unanswered and context.visitor.wants_turn(wish, context.visitor_view(wish)):
            return wish
    if now.scene.kind == "crossroads" and ending:
        answers = given(state, now.scene)
        answered = any(each.provenance.by == "person" for each in answers.values())
        decided = {*answers, *recorded(context.script, now.scene)}
        for role in now.present:
            if context.attended(role) and role not in decided:
                return replace(now.turn(role), number=0, task="stance", answered=answered)
    return None


async def answer(state: State, runtime: Runtime[Context]) -> State:
    """Have one character decide or reflect, alone and in parallel with the others. A reflection has no other witness,
    and a failed one has none at all."""
    context, turn = runtime.context, state["turn"]
    assert turn
    outcome = await context.participants[turn.speaker].take_turn(turn, context.view(turn), lambda text: None)
    assert isinstance(outcome, Stance | Reflection)
    return context.answered(_kept(turn, outcome))


def _kept(turn: Turn, outcome: Stance | Reflection) -> PendingAnswer:
    """The answer in the form in which it is kept until it is recorded."""
    scene, made = turn.scene.id, outcome.provenance
    if isinstance(outcome, Stance):
        return PendingAnswer(
            kind="stance",
            scene=scene,
            speaker=turn.speaker,
            text=outcome.reason,
            choice=outcome.choice,
            said=outcome.said,
            provenance=made,
        )
    return PendingAnswer(
        kind="reflection", scene=scene, speaker=turn.speaker, text=outcome.text, attitudes=dict(outcome.attitudes),
        why=dict(outcome.why), wants=outcome.wants, promised=dict(outcome.promised),
        was_promised=dict(outcome.was_promised), provenance=made,
    )  # fmt: skip


async def epilogue(state: State, runtime: Runtime[Context]) -> State:
    """Tell the end: the last minute, as the narrator tells it, and the author's ending for what was chosen, unless it
    was told before. Who chose what has just been told by themselves."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    scene = scene.model_copy(update={"opening": _opening(context, scene)})
    here = present(context.script, scene)
    if all(event.provenance.by != "narrator" for event in context.script.in_scene(scene.id)):
        view = context.script.common_view(here)
        text, made = await context.narrator.epilogue(view, scene, on_token(runtime, None, here))
        tell(runtime, context.record(state, kind="narration", text=text, provenance=made))
    _tell_ending(state, runtime)
    return {}


def _tell_ending(state: State, runtime: Runtime[Context]) -> None:
    """Tell what the author has written of what came of it, once."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    ending = _ending(context, scene)
    if ending and all(event.text != ending for event in context.script.in_scene(scene.id)):
        tell(runtime, context.record(state, kind="narration", text=ending))


def _ending(context: Context, scene: Scene) -> str:
    """What the author has written of what came of it; empty if nobody has chosen anything. A visitor who has come
    since then hears it as well."""
    view = context.script.common_view(set(present(context.script, scene)) - {context.cast.visitor})
    return context.narrator.desk.ending(view.of_kind(StanceEvent))


async def close_scene(state: State, runtime: Runtime[Context]) -> State:
    """Record the answers in the order of those who were there, and go on to the next scene."""
    context = runtime.context
    _, scene = context.scenes[state["scene"]]
    answered, stood = given(state, scene), recorded(context.script, scene)
    for role in attended(context.script, scene):
        if role in answered and role not in stood and answered[role].counts:
            tell(runtime, context.record(state, **answered[role].event()))
    if context.pending:
        await context.settled()  # or a power cut could take them from both files
        await context.pending.clear()
    # What stands in the script need not stand in the state.
    return {"scene": state["scene"] + 1, "answers": Overwrite([])}  # type: ignore[typeddict-item]


async def recap(state: State, runtime: Runtime[Context]) -> State:
    """Summarize old scenes, once for each group of witnesses, so that the next scene fits."""
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
