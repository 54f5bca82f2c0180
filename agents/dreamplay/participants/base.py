"""The protocol of participants. The graph treats a model, a person and a file of interventions alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dreamplay.models.base import OnToken
from dreamplay.participants.actions import Action
from dreamplay.schema.event import Event
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


@dataclass(frozen=True)
class Line:
    """What a model says and does in a turn."""

    text: str
    """Empty if the turn passes in silence."""
    provenance: Provenance
    thought: str = ""
    """What the speaker thinks before. Nobody else learns of it."""
    gesture: str = ""
    """What the speaker does, in words that follow the name."""
    chosen: bool = False
    """Whether nothing is said because the speaker chose so. Otherwise no candidate passed the checks."""
    leaves: bool = False
    """Whether the speaker then goes."""


@dataclass(frozen=True)
class Stance:
    """What somebody decides at a crossroads."""

    choice: str | None
    """The id of a choice; None if they leave the decision to whoever else can decide for the role."""
    reason: str
    provenance: Provenance
    said: int | None = None
    """The id of the line that the choice follows from; the reason is then what was said in it: see `StanceEvent`."""


@dataclass(frozen=True)
class Reflection:
    """What a scene has meant to somebody."""

    text: str
    """Empty if no answer passed the checks."""
    provenance: Provenance
    attitudes: Mapping[str, float] = field(default_factory=dict)
    """What they now think of each of the others who were there, by role, from -1 to 1."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Why, by role."""
    wants: str = ""
    """What they now want."""
    promised: Mapping[str, str] = field(default_factory=dict)
    """What they promised, by the role that was promised it."""
    was_promised: Mapping[str, str] = field(default_factory=dict)
    """What they were promised, by the role that promised it."""


@dataclass(frozen=True)
class Undo:
    """A person takes back what they did last, and all that followed."""

    event: Event | None
    """What they did. None: an answer at a crossroads, which is no event yet."""


@dataclass(frozen=True)
class Quit:
    """A person stops the run."""


Outcome = Line | Stance | Reflection | Action
"""The result of a turn. An `Action` comes from a person or a file."""
Departure = Undo | Quit
"""A result that ends the play or goes back in it."""


class Participant(Protocol):
    """Takes turns. It is given what its role may read, and never the script."""

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome | Departure:
        """Do what the turn asks for: speak, take a stance, or reflect.

        Args:
            turn: who is asked, what for, and before whom.
            view: what the speaker may read.
            on_token: takes a line piece by piece, as it is spoken.

        Raises:
            ModelError: the model gave up.
        """

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """Whether they want a turn now without being asked. `turn` is the one that they would get."""
