"""What a visitor is told on the page: what they are asked, what waits, and what cannot be done."""

from __future__ import annotations

from typing import Any

import dreamplay as dp
from dreamplay.participants.guest import Asked
from dreamplay.web.scene_view import SceneView
from dreamplay.web.visit_form import fields
from dreamplay.web.wording import refusal

_ASKED = {
    "start": "A new scene. Say something, or listen?",
    "end": "The scene is ending. A last word, or listen?",
    "round": "All have spoken. A word, or listen?",
    "addressed": "You have been spoken to. An answer, or listen?",
    "line": "A word, or listen?",
    "wish": "A word, or listen?",
}
_WAITING = {
    "opening": "The play is being opened. What you say waits until it begins.",
    "playing": "The others speak. What you say comes next.",
    "pausing": "The play pauses after this line. What you say waits until it goes on.",
    "paused": "The play is paused. What you say waits until it goes on.",
    "failed": "The play has stopped. What you say waits until it goes on.",
}


def told(play: dp.LivePlay, moment: dp.Moment, view: SceneView) -> dict[str, Any] | None:
    """How a moment is for the visitor of a play, as JSON; None if nobody takes part live, or the play is over."""
    visit, visitor = play.visit, view.cast.visitor
    if visit is None or visitor is None or visit.interventions is not None or moment.state not in _WAITING:
        return None
    asked, held, cast = moment.asked, play.readers, view.cast
    away = asked.away if asked else play.away
    return {
        "asked": asked is not None,
        "question": _question(asked, view) if asked else _meanwhile(moment.state, away=away),
        "task": asked.task if asked else "line",
        "role": asked.role if asked else visitor,
        "name": cast.name(asked.role if asked else visitor),
        "own": asked is None or asked.role == visitor,
        "away": away,
        "here": [role for role in asked.here if role != asked.role] if asked else None,
        "held": [{"role": role, "name": cast.name(role)} for role in cast.characters if role in held],
        "free": [{"role": role, "name": cast.name(role)} for role in cast.characters if role not in held],
        "waiting": [{"words": words(each, view), **fields(each)} for each in moment.typed],
        "refused": moment.refused and {"why": refusal(moment.refused.why), **fields(moment.refused.line)},
    }


def words(meant: str | dp.Action, view: SceneView) -> str:
    """What waits, in words."""
    if isinstance(meant, str):
        return meant
    cast = view.cast
    match meant.said:
        case {"whisper": whisper}:
            return f"To {_name(whisper.to, view)}: {whisper.text}"
        case {"do": text}:
            return f"{cast.name(cast.visitor or '')} {text}"
        case {"stance": stance}:
            return f"{view.choice(stance.choice)}: {stance.because}"
        case {"fear": text}:
            return f"Your fear: {text}"
        case {"play": role}:
            return f"You take over {_name(role, view)}"
        case {"hand_back": role}:
            return f"You hand back {_name(role, view)}"
        case {"go": _}:
            return "You leave"
        case {"come": _}:
            return "You come back"
    return "You listen"


def _name(word: str, view: SceneView) -> str:
    return view.name(view.cast.role_of(word)) or word


def _question(asked: Asked, view: SceneView) -> str:
    name, own = view.name(asked.role), asked.role == view.cast.visitor
    if asked.task == "stance":
        return (
            "They decide, and so do you. Choose and say why, or take no stance?"
            if own
            else f"You decide for {name}. Choose and say why, or let {name} decide?"
        )
    if asked.away:
        return "You are away. Come back, or let them go on without you?"
    if not own:
        return f"It is {name}'s turn, for whom you speak. A line, or silence?"
    return _ASKED.get(asked.occasion, _ASKED["line"])


def _meanwhile(state: str, *, away: bool) -> str:
    if away and state == "playing":
        return "You are away, and the others go on without you."
    return _WAITING[state]
