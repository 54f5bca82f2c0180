"""What a speaker has lived through, and not everybody present. It stands in the tail of a prompt alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dreamplay.prompting.summarization import Circle
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, ActionEvent, Event, LineEvent, OutcomeEvent
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

_JUST_NOW = 4
"""Events at most of the scene that runs."""
_SCENES = 1
"""Earlier scenes at most, the newest. What was promised in others is open, and told as such."""
_LINES = 2
"""Lines and actions at most of an earlier scene, the last."""
_BACK = 30
"""Events that are looked through for what has just happened."""
_FAR = 300
"""Events that are looked through for earlier scenes, so that a turn of a long play costs no more."""


@dataclass(frozen=True)
class PrivateScene:
    """A scene, or the part of it, that not everybody present has lived through, in short."""

    when: str
    """Where and when, in words that follow a comma or "from"."""
    names: str
    """The names of those who were there, the reader included."""
    outcome: str
    """What came of it; empty if nothing was decided before them alone."""
    said: tuple[Event, ...]
    """The last lines and actions of it."""


def just_now(turn: Turn, view: View) -> tuple[Event, ...]:
    """What the speaker perceived in this scene of late, and somebody present did not."""
    here = Circle(turn.present)
    mine = [event for event in view.events[-_BACK:] if event.scene == turn.scene.id and _private(event, here)]
    return tuple(mine[-_JUST_NOW:])


def earlier(turn: Turn, view: View, cast: Cast, places: Mapping[str, str]) -> tuple[PrivateScene, ...]:
    """The last scenes that the speaker has lived through, and somebody present has not, the oldest first.

    Args:
        turn: whose turn it is, and who is present.
        view: what the speaker may read.
        cast: gives the names.
        places: place of each scene, by its id.
    """
    here = Circle(turn.present)
    scenes: dict[str, list[Event]] = {}
    for event in view.events[-_FAR:]:
        if event.scene not in (turn.scene.id, PROLOGUE) and _private(event, here):
            scenes.setdefault(event.scene, []).append(event)
    found = []
    for scene, events in scenes.items():
        said = [event for event in events if isinstance(event, LineEvent | ActionEvent)][-_LINES:]
        decided = [event.text for event in events if isinstance(event, OutcomeEvent)]
        if said:
            there = [role for role in cast.roles if role in said[-1].witnesses]
            found.append(
                PrivateScene(when(places, scene), cast.listed(there), decided[-1] if decided else "", tuple(said))
            )
    return tuple(found[-_SCENES:])


def when(places: Mapping[str, str], scene: str) -> str:
    """Where and when an earlier scene was, in words that follow "from"."""
    place = PROLOGUE_TITLE if scene == PROLOGUE else places[scene]
    return place[0].lower() + place[1:] if place.startswith(("The ", "A ", "An ")) else place


def _private(event: Event, here: Circle) -> bool:
    return event.in_prompts and event.happens and not here <= Circle(event.witnesses)
