"""What a live play tells: how it stands, how far it is, and what was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreamplay.participants.actions import Action
from dreamplay.participants.guest import Asked, Refused
from dreamplay.schema.event import Event, Token

LiveState = Literal["opening", "playing", "pausing", "paused", "closing", "finished", "failed", "closed"]


@dataclass(frozen=True)
class Moment:
    """How a live play stands."""

    state: LiveState
    why: str = ""
    """Why it failed."""
    asked: Asked | None = None
    """What the visitor is asked; None while others speak, and without a visitor."""
    typed: tuple[str | Action, ...] = ()
    """What the visitor has typed or chosen and the play has not taken up."""
    refused: Refused | None = None
    """What the visitor wanted and cannot do; until they say something else, what they typed behind it waits."""


@dataclass(frozen=True)
class Rewound:
    """Something was taken back: an event, and all that followed it."""

    event: int
    """The id of the first event that is no more."""


@dataclass(frozen=True)
class Pace:
    """How far a live play is."""

    share: float
    """How much of it is done, from 0 to 1."""
    seconds_left: float | None
    """Until its end, without pauses and without the time that a visitor takes; None as long as that is not known."""


Seen = Event | Token | Moment | Rewound
"""What a listener is told of."""
