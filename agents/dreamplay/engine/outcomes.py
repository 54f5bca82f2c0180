"""Turns a line or an action into the fields of an event."""

from __future__ import annotations

from typing import Any

from dreamplay.library import templates
from dreamplay.participants.actions import Action
from dreamplay.participants.base import Line
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.turn import Turn


def event_of(turn: Turn, outcome: Line | Action, cast: Cast) -> dict[str, Any] | None:
    """The fields of the event that a turn makes; None for a visitor who does nothing outside a turn of a role."""
    if isinstance(outcome, Line):
        said = {"kind": "line", "text": outcome.text} if outcome.text else {"kind": "silence"}
        event: dict[str, Any] | None = said | {"turn": turn.number, "cue": turn.cue}
        made, witnesses = outcome.provenance, turn.witnesses
    else:
        event, made, witnesses = _done(turn, outcome, cast), Provenance(by="person"), turn.present
    return {"speaker": turn.speaker, "witnesses": witnesses, "provenance": made} | event if event else None


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
