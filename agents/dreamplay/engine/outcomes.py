"""Turns a line or an action into the fields of events."""

from __future__ import annotations

from typing import Any

from dreamplay.library import templates
from dreamplay.participants.actions import Action
from dreamplay.participants.base import Line
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.turn import Turn


def events_of(turn: Turn, outcome: Line | Action, cast: Cast) -> list[dict[str, Any]]:
    """The fields of the events that a turn makes, in order; none for a visitor who does nothing outside a turn of a
    role."""
    if isinstance(outcome, Line):
        return _played(turn, outcome, cast)
    done = _done(turn, outcome, cast)
    by_person = {"speaker": turn.speaker, "witnesses": turn.present, "provenance": Provenance(by="person")}
    return [by_person | done] if done else []


def _played(turn: Turn, line: Line, cast: Cast) -> list[dict[str, Any]]:
    """What a character thinks, does and says. The cost of the turn is that of the line or the silence."""
    made = line.provenance
    own = {"speaker": turn.speaker, "witnesses": turn.witnesses}
    beside = own | {"provenance": Provenance(by=made.by, prompt=made.prompt, seed=made.seed)}
    said: dict[str, Any] = {"kind": "line", "text": line.text}
    if not line.text:
        said = {"kind": "silence", "chosen": line.chosen}
    said |= {"turn": turn.number, "cue": turn.cue, "leaves": line.leaves, "provenance": made}
    gone = templates.render("exit.jinja", name=cast.name(turn.speaker)) if line.leaves else ""
    events = [
        beside | {"kind": "thought", "text": line.thought, "witnesses": (turn.speaker,)} if line.thought else {},
        beside | {"kind": "action", "text": line.gesture} if line.gesture else {},
        own | said,
        beside | {"kind": "exit", "text": gone, "witnesses": turn.present} if line.leaves else {},
    ]
    return [event for event in events if event]


def _done(turn: Turn, act: Action, cast: Cast) -> dict[str, Any] | None:
    visitor = cast.visitor
    assert visitor
    own: dict[str, Any] = {"turn": turn.number, "cue": _cue(turn, act)}
    if act.say:
        return {"kind": "line", "text": act.say, **own}
    if act.whisper:
        return {"kind": "line", "text": act.whisper.text, "witnesses": turn.hearing((act.whisper.to,)), **own}
    if act.do:
        return {"kind": "action", "text": act.do}
    if act.fear:
        return {"kind": "fear", "speaker": visitor, "text": act.fear, "witnesses": (visitor,)}
    if role := act.play or act.hand_back:
        by = "visitor" if act.play else "model"
        return {"kind": "control", "speaker": role, "controller": by, "witnesses": (visitor,), "turn": turn.number}
    if act.go or act.come:
        kind = "entrance" if act.come else "exit"
        text = templates.render(f"{kind}.jinja", name=cast.name(visitor))
        here = dict.fromkeys([*turn.present, visitor])
        return {"kind": kind, "speaker": visitor, "text": text, "witnesses": tuple(here)}
    return {"kind": "silence", **own} if turn.number else None


def _cue(turn: Turn, act: Action) -> Cue | None:
    """The cue that is recorded with a person's line: whom it was for, and whether the turn was an aside."""
    aside = turn.cue is not None and turn.cue.aside
    to = act.whisper.to if act.whisper else None
    if not (to or aside):
        return None
    return Cue(to=to, pressure="", tactic="", material="", text="", hears=(to,) if to else (), aside=aside)
