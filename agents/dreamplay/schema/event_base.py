"""What events of several kinds have in common: the bases of the classes in `event`, and the values in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.provenance import Place, Provenance
from dreamplay.schema.scene import VISITOR

Kind = Literal[
    "narration", "line", "action", "silence", "thought", "dream", "outcome", "reflection", "stance", "recap",
    "entrance", "exit", "fear", "control",
]  # fmt: skip
PROLOGUE = "prologue"
"""The beat and scene of the lines that an author wrote for the night before."""
PROLOGUE_TITLE = "The night before"
"""What a reader sees instead of a beat's title."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("there are no words")
    return text


Spoken = Annotated[Words, AfterValidator(_not_blank)]
"""Words of an event that is nothing without them."""


class Cue(FrozenModel):
    """The direction of one turn. Only the speaker gets it."""

    to: str | None
    """The role that is spoken to."""
    pressure: Words
    """The newest pressure of the scene; empty if there is none."""
    tactic: Words
    """How the speaker speaks."""
    material: Words
    """What the speaker speaks about."""
    text: Words
    """The cue as it stands in the prompt. Empty for a model that is not led."""
    glimpse: Words = ""
    """Of material about a dream: the part of the dream that it speaks of."""
    hears: tuple[str, ...] = ()
    """The roles that the line is whispered to. Empty: everybody present perceives it."""
    aside: bool = False
    """Whether this is the turn of one of the scene's asides, whatever the speaker then makes of it."""

    topic: str = ""
    """The id of the topic of the scene that it belongs to; empty if it is none."""
    move: Place | None = None
    """The index of the topic's move that it gives; where there are `options`, of the one that the line took up. None if
    it took up none of them: `topic` and `material` are then empty."""
    written: Words = ""
    """What that move says in the story, if the speaker is given other words, as those of their own are. Empty:
    `material`."""
    act: str = ""
    """What the line does, in a word: see `Act`. Empty: nothing in particular."""
    answers: Place | None = None
    """The id of the event that it takes up: of a question, an accusation, an offer, or what has just happened."""
    things: tuple[Words, ...] = ()
    """What is at hand to speak of, for a model that may use it or leave it."""
    options: tuple[Words, ...] = ()
    """What the speaker could do now, for a model that may choose: moves of the topic."""

    @property
    def bare(self) -> str:
        """The cue without its tactic: all that a small model can follow."""
        return self.text.replace(f" {self.tactic} that ", " that ", 1) if self.tactic else self.text


class EventBase(FrozenModel):
    """The fields that all events have. In Python every event also has a `speaker`, which may be None, and a `text`,
    which may be empty.
    """

    happens: ClassVar[bool] = True
    """Whether it is something that characters could perceive. A thought is nobody else's, and a recap only repeats."""
    backstage: ClassVar[bool] = False
    """Whether it is about how the play is played, and shown to nobody."""
    in_prompts: ClassVar[bool] = True
    """Whether it stands in the script part of prompts, as common ground of its witnesses."""

    id: Place
    """Place in the script, counted from 0."""
    kind: Kind
    """The kind of event."""
    beat: str
    """The id of the beat, or `prologue`."""
    scene: str
    """The id of the scene, or `prologue`."""
    witnesses: tuple[str, ...] = ()
    """The roles that perceived it. Nobody else ever learns of it through the program; empty means nobody."""
    provenance: Provenance = Provenance(by="author")
    """Where it came from and what it cost."""

    @property
    def worded(self) -> str:
        """The text as readers and prompts have it: what repeats a line is a quotation of it."""
        return self.text

    def perceived_by(self, roles: Collection[str]) -> bool:
        """Whether any of these roles perceived it."""
        return any(role in self.witnesses for role in roles)

    @property
    def by_visitor(self) -> bool:
        """Whether it is the visitor's own, and not that of a role which they play."""
        return self.speaker == VISITOR

    if TYPE_CHECKING:  # fields of some classes and properties of others, which pydantic lets no field override

        @property
        def speaker(self) -> str | None:
            """Whose event it is, as a role."""

        @property
        def text(self) -> str:
            """The words; empty if there are none."""


class ToldEvent(EventBase):
    """Told by the author or the narrator, and spoken by nobody."""

    text: Spoken
    """The text."""

    @property
    def speaker(self) -> None:
        """Nobody."""
        return


class TurnEvent(EventBase):
    """Uses up a turn of the scene, or would if it were not the visitor's."""

    speaker: str
    """The role whose turn it is."""
    turn: Place = 0
    """Turn of the scene, counted from 1; 0 for what the visitor says in their own name, and in the prologue."""
    cue: Cue | None = None
    """The direction that the speaker got; None for what a visitor says aloud, and for a line that was put in by hand
    and says no move of a topic."""
    leaves: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether the speaker then goes: their exit is the next event."""

    @property
    def hears(self) -> tuple[str, ...]:
        """The roles that it is whispered to; empty if everybody present hears it."""
        return self.cue.hears if self.cue else ()


class MoveEvent(EventBase):
    """Somebody comes or goes."""

    speaker: str
    """The role that comes or goes."""
    text: Spoken
    """The sentence that says so."""


class AnswerEvent(EventBase):
    """What somebody answered at the end of a scene, when everybody present was asked at once."""

    speaker: str
    """The role that answers."""
    text: Words = ""
    """The reason, in the first person."""


class BackstageEvent(EventBase):
    """A decision of the visitor about the play, which only they know of."""

    happens: ClassVar[bool] = False
    backstage: ClassVar[bool] = True
    in_prompts: ClassVar[bool] = False
