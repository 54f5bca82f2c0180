"""The event: everything that happens in a run is one, and a run is their list. One class for each kind.

`Event` is the union of the classes, told apart by `kind`. Code that needs a group of kinds asks for their common base
(`TurnEvent`, `MoveEvent`, ...) or for one of the class attributes of `EventBase`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.provenance import Place, Provenance
from dreamplay.schema.story import VISITOR

Kind = Literal[
    "narration", "line", "action", "silence", "dream", "reflection", "stance", "recap", "entrance", "exit", "fear",
    "control",
]  # fmt: skip
PROLOGUE = "prologue"
"""The beat and scene of the lines that an author wrote for the night before."""
PROLOGUE_TITLE = "The night before"
"""What a reader sees instead of a beat's title."""

_BRACKETS = str.maketrans("[]{}", "()()")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("there are no words")
    return text


Spoken = Annotated[Words, AfterValidator(_not_blank)]
"""Words of an event that is nothing without them."""


class Cue(FrozenModel):
    """One line of direction, made from pressure, tactic and material. Only the speaker gets it."""

    to: str | None
    """The role that is spoken to."""
    pressure: Words
    """The newest pressure of the scene; empty if there is none."""
    tactic: Words
    """How the speaker speaks."""
    material: Words
    """What the speaker speaks about."""
    text: Words
    """The cue as it stands in the prompt."""
    glimpse: Words = ""
    """Of material about a dream: the part of the dream that it speaks of."""
    hears: tuple[str, ...] = ()
    """The roles that the line is whispered to. Empty: everybody present perceives it."""
    aside: bool = False
    """Whether this is the turn of one of the scene's asides, whatever the speaker then makes of it."""

    @property
    def bare(self) -> str:
        """The cue without its tactic: all that a small model can follow."""
        return self.text.replace(f" {self.tactic} that ", " that ", 1) if self.tactic else self.text


class DreamContribution(FrozenModel):
    """Whose hidden fear and wish went into a dream."""

    role: str
    """Whose they are."""
    fear: Words
    """The hidden fear."""
    wish: Words
    """The hidden wish."""


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
    """What is told."""

    @property
    def speaker(self) -> None:
        """Nobody."""
        return


class NarrationEvent(ToldEvent):
    """A scene's opening, a pressure, or a part of the epilogue."""

    kind: Literal["narration"] = "narration"


class DreamEvent(ToldEvent):
    """A shared dream, made from what its dreamers hide."""

    kind: Literal["dream"] = "dream"
    ledger: tuple[DreamContribution, ...] = ()
    """What was pooled, for readers of the transcript. No prompt is made from it."""


class RecapEvent(ToldEvent):
    """A summary that stands in prompts for what its witnesses, and nobody else, perceived."""

    happens: ClassVar[bool] = False

    kind: Literal["recap"] = "recap"
    covers: tuple[Place, Place]
    """The first and the last id of what it stands for."""


class TurnEvent(EventBase):
    """Uses up a turn of the scene, or would if it were not the visitor's."""

    speaker: str
    """The role whose turn it is."""
    turn: Place = 0
    """Turn of the scene, counted from 1; 0 for what the visitor says in their own name, and in the prologue."""
    cue: Cue | None = None
    """The direction that the speaker got; None for what a visitor says aloud."""

    @property
    def hears(self) -> tuple[str, ...]:
        """The roles that it is whispered to; empty if everybody present hears it."""
        return self.cue.hears if self.cue else ()


class LineEvent(TurnEvent):
    """Somebody says something, aloud or in a whisper."""

    kind: Literal["line"] = "line"
    text: Spoken
    """What is said."""


class SilenceEvent(TurnEvent):
    """A turn in which nothing was said: no line could stand, or a person chose to say nothing."""

    in_prompts: ClassVar[bool] = False

    kind: Literal["silence"] = "silence"

    @property
    def text(self) -> Literal[""]:
        """Nothing."""
        return ""


class ActionEvent(EventBase):
    """Something that a person did, in words that follow the speaker's name."""

    kind: Literal["action"] = "action"
    speaker: str
    """The role that does it."""
    text: Spoken
    """What is done, in words that follow the name."""


class MoveEvent(EventBase):
    """Somebody comes or goes."""

    speaker: str
    """The role that comes or goes."""
    text: Spoken
    """How it is told."""


class EntranceEvent(MoveEvent):
    """Somebody comes in."""

    kind: Literal["entrance"] = "entrance"


class ExitEvent(MoveEvent):
    """Somebody goes."""

    kind: Literal["exit"] = "exit"


class AnswerEvent(EventBase):
    """What somebody answered at the end of a scene, when everybody present was asked at once."""

    speaker: str
    """The role that answers."""
    text: Words = ""
    """The reason, in the first person."""


class StanceEvent(AnswerEvent):
    """A choice at a crossroads."""

    kind: Literal["stance"] = "stance"
    choice: str
    """The id of the choice."""


class ReflectionEvent(AnswerEvent):
    """What a scene meant to somebody. Only they know of it."""

    happens: ClassVar[bool] = False
    in_prompts: ClassVar[bool] = False

    kind: Literal["reflection"] = "reflection"
    attitudes: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(default_factory=dict)
    """What the speaker now thinks of others, by role, from -1 to 1."""
    failed: bool = False
    """Whether no answer of the model was accepted. There are then no words and no attitudes, and nobody knows of it."""

    @model_validator(mode="after")
    def _thought(self) -> Self:
        if self.failed and (self.text or self.attitudes):
            raise ValueError("failed: a reflection that failed has no words and no attitudes")
        if not self.failed and not self.text.strip():
            raise ValueError("text: a reflection without words has failed")
        return self


class BackstageEvent(EventBase):
    """A decision of the visitor about the play, which only they know of."""

    happens: ClassVar[bool] = False
    backstage: ClassVar[bool] = True
    in_prompts: ClassVar[bool] = False


class FearEvent(BackstageEvent):
    """The visitor says what they fear; the next shared dream uses it."""

    kind: Literal["fear"] = "fear"
    speaker: str
    """The role of the visitor."""
    text: Spoken
    """The fear."""


class ControlEvent(BackstageEvent):
    """From here on the visitor, or the model again, speaks for a role."""

    kind: Literal["control"] = "control"
    speaker: str
    """The role."""
    controller: Literal["visitor", "model"]
    """Who speaks for the role: `visitor` or `model`."""
    turn: Place = 0
    """The turn of the role in which it was given back; 0 if it was not its turn."""

    @property
    def text(self) -> Literal[""]:
        """Nothing."""
        return ""


Event = Annotated[
    NarrationEvent
    | LineEvent
    | ActionEvent
    | SilenceEvent
    | DreamEvent
    | ReflectionEvent
    | StanceEvent
    | RecapEvent
    | EntranceEvent
    | ExitEvent
    | FearEvent
    | ControlEvent,
    Field(discriminator="kind"),
]
"""Any event. For annotations; `isinstance` takes `EventBase`, or a class."""

EVENT_CLASSES: Mapping[str, type[Event]] = {
    each.model_fields["kind"].default: each for each in get_args(get_args(Event)[0])
}
"""The class of each kind."""


def validate_event(fields: Mapping[str, Any]) -> Event:
    """An event from its fields.

    Raises:
        ValueError: a field does not fit its kind; the message, or the location of a pydantic error, names it.
    """
    kind = fields.get("kind")
    made = EVENT_CLASSES.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise ValueError(f"kind: {str(kind)[:40]!r} is no kind of event; there are {', '.join(EVENT_CLASSES)}")
    if other := next((name for name in fields if name not in made.model_fields), None):
        raise ValueError(f"{other[:40]}: a {kind} has none")
    return made.model_validate(fields)


@dataclass(frozen=True)
class Token:
    """A piece of text as the model speaks it. It may yet be rejected: nothing stands until its event comes."""

    speaker: str | None
    text: str
    witnesses: tuple[str, ...] = ()
    """Those who perceive it as it is spoken."""


def by_visitor(event: Event) -> bool:
    """Whether the visitor said or did it in their own name, so that somebody can answer."""
    return isinstance(event, LineEvent | ActionEvent) and event.speaker == VISITOR


def sanitize(text: str) -> str:
    """Words of strangers as words: on one line, and without what makes a cue, a placeholder or a mark of a chat."""
    return " ".join(text.split()).translate(_BRACKETS).replace("<|", "(").replace("|>", ")")
