"""The event: everything that happens in a run is one, and a run is their list. One class for each kind.

`Event` is the union of the classes, told apart by `kind`. Code that needs a group of kinds asks for their common base
(`TurnEvent`, `MoveEvent`, ...) or for one of the class attributes of `EventBase`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.event_base import PROLOGUE as PROLOGUE
from dreamplay.schema.event_base import PROLOGUE_TITLE as PROLOGUE_TITLE
from dreamplay.schema.event_base import AnswerEvent as AnswerEvent
from dreamplay.schema.event_base import BackstageEvent as BackstageEvent
from dreamplay.schema.event_base import Cue as Cue
from dreamplay.schema.event_base import EventBase as EventBase
from dreamplay.schema.event_base import Kind as Kind
from dreamplay.schema.event_base import MoveEvent as MoveEvent
from dreamplay.schema.event_base import Spoken
from dreamplay.schema.event_base import ToldEvent as ToldEvent
from dreamplay.schema.event_base import TurnEvent as TurnEvent
from dreamplay.schema.provenance import Place

_BRACKETS = str.maketrans("[]{}", "()()")


class DreamContribution(FrozenModel):
    """Whose hidden fear and wish went into a dream."""

    role: str
    """Whose they are."""
    fear: Words
    """The hidden fear."""
    wish: Words
    """The hidden wish."""


class NarrationEvent(ToldEvent):
    """A scene's opening, a pressure, or a part of the epilogue."""

    kind: Literal["narration"] = "narration"


class DreamEvent(ToldEvent):
    """A shared dream, made from what its dreamers hide."""

    kind: Literal["dream"] = "dream"
    ledger: tuple[DreamContribution, ...] = ()
    """What was pooled, for readers of the transcript. No prompt quotes it."""


class RecapEvent(ToldEvent):
    """A summary that stands in prompts for what its witnesses, and nobody else, perceived."""

    happens: ClassVar[bool] = False

    kind: Literal["recap"] = "recap"
    covers: tuple[Place, Place]
    """The first and the last id of what it stands for."""


class LineEvent(TurnEvent):
    """Somebody says something, aloud or in a whisper."""

    kind: Literal["line"] = "line"
    text: Spoken
    """What is said."""
    placed: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether it was put in by hand where a branch begins. If it says a move of a topic, its cue has that move; if it
    says none, it takes the place of no turn that the scene asks for."""


class SilenceEvent(TurnEvent):
    """A turn in which nothing was said: no line could stand, or the speaker chose to say nothing."""

    in_prompts: ClassVar[bool] = False

    kind: Literal["silence"] = "silence"
    chosen: bool = False
    """Whether a character chose to say nothing. Otherwise no line could stand, or a person did not speak."""

    @property
    def text(self) -> Literal[""]:
        """Nothing."""
        return ""


class ThoughtEvent(EventBase):
    """What somebody thinks before a line. Only they know of it."""

    happens: ClassVar[bool] = False
    in_prompts: ClassVar[bool] = False

    kind: Literal["thought"] = "thought"
    speaker: str
    """The role that thinks."""
    text: Spoken
    """The thought, in the first person."""


class OutcomeEvent(ToldEvent):
    """What came of a scene. All present perceive it."""

    kind: Literal["outcome"] = "outcome"
    outcome: str
    """The id of the outcome."""
    answer: str
    """The id of the answer."""


class ActionEvent(EventBase):
    """Something that somebody did, in words that follow the speaker's name."""

    kind: Literal["action"] = "action"
    speaker: str
    """The role that does it."""
    text: Spoken
    """What is done, in words that follow the name."""


class EntranceEvent(MoveEvent):
    """Somebody comes in."""

    kind: Literal["entrance"] = "entrance"


class ExitEvent(MoveEvent):
    """Somebody goes."""

    kind: Literal["exit"] = "exit"


class StanceEvent(AnswerEvent):
    """A choice at a crossroads."""

    kind: Literal["stance"] = "stance"
    choice: str
    """The id of the choice."""
    said: Place | None = Field(default=None, exclude_if=lambda value: value is None)
    """The id of the line that the choice follows from, if no model was asked: `text` is then what was said in it, or
    empty if somebody present had not heard it."""

    @property
    def worded(self) -> str:
        """The reason, in quotation marks if it is what they said."""
        return self.quoting(self.text)

    def quoting(self, words: str) -> str:
        """The reason, or a part of it, as it is written."""
        return f"“{words}”" if words and self.said is not None else words


class ReflectionEvent(AnswerEvent):
    """What a scene meant to somebody. Only they know of it."""

    happens: ClassVar[bool] = False
    in_prompts: ClassVar[bool] = False

    kind: Literal["reflection"] = "reflection"
    attitudes: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(default_factory=dict)
    """What the speaker now thinks of others, by role, from -1 to 1."""
    why: dict[str, Words] = Field(default_factory=dict)
    """Why the speaker thinks so of others, by role, in a few words."""
    wants: Words = ""
    """What the speaker now wants; empty if they did not say."""
    promised: dict[str, Words] = Field(default_factory=dict)
    """What the speaker promised, by the role that was promised it."""
    was_promised: dict[str, Words] = Field(default_factory=dict)
    """What the speaker was promised, by the role that promised it."""
    failed: bool = False
    """Whether no answer of the model was accepted. There is then nothing else in it, and nobody knows of it."""

    @model_validator(mode="after")
    def _thought(self) -> Self:
        if self.failed and (self.text or self.named or self.wants):
            raise ValueError("failed: a reflection that failed has no words and no attitudes")
        if not self.failed and not self.text.strip():
            raise ValueError("text: a reflection without words has failed")
        return self

    @property
    def named(self) -> dict[str, Mapping[str, object]]:
        """The fields that say something of others, by role."""
        fields = ("attitudes", "why", "promised", "was_promised")
        return {name: told for name in fields if (told := getattr(self, name))}


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
    | ThoughtEvent
    | DreamEvent
    | OutcomeEvent
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
_FIELDS = {each: each.model_fields.keys() for each in EVENT_CLASSES.values()}


@cache
def classes_of(kind: type[EventBase]) -> frozenset[type[EventBase]]:
    """The classes of events that are of a kind. To look for the class of an event among them is many times faster than
    `isinstance` is with the classes of pydantic, and a turn of a long play looks through thousands of events."""
    return frozenset(each for each in EVENT_CLASSES.values() if issubclass(each, kind))


def validate_event(fields: Mapping[str, Any]) -> Event:
    """An event from its fields.

    Raises:
        ValueError: a field does not fit its kind; the message, or the location of a pydantic error, names it.
    """
    kind = fields.get("kind")
    made = EVENT_CLASSES.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise ValueError(f"kind: {str(kind)[:40]!r} is no kind of event; there are {', '.join(EVENT_CLASSES)}")
    if not fields.keys() <= _FIELDS[made]:
        other = next(name for name in fields if name not in _FIELDS[made])
        raise ValueError(f"{other[:40]}: a {kind} has none")
    return made.model_validate(fields)


@dataclass(frozen=True)
class Token:
    """A piece of text as the model speaks it. It may yet be rejected: nothing stands until its event comes."""

    speaker: str | None
    text: str
    witnesses: tuple[str, ...] = ()
    """Those who perceive it as it is spoken."""


def invites_answer(event: Event) -> bool:
    """Whether the visitor said or did it in their own name, so that somebody can answer."""
    return isinstance(event, LineEvent | ActionEvent) and event.by_visitor


def is_gesture(event: Event) -> bool:
    """Whether it is what a character does in a turn, before the line or the silence of that turn."""
    return isinstance(event, ActionEvent) and event.provenance.by == "agent"


def goes_on(event: Event) -> bool:
    """Whether the turn that it belongs to goes on with the next event. The events of a turn are a thought, a gesture, a
    line or a silence, and an exit, in this order; all but the third may be missing."""
    return isinstance(event, ThoughtEvent) or is_gesture(event) or (isinstance(event, TurnEvent) and event.leaves)


def turn_start(events: Sequence[Event], number: int) -> int:
    """The first event of the turn that the event with a number belongs to; the number itself if it is in no turn, or
    its turn begins with it. The length of the events stands for the one that comes next.
    """
    while number and goes_on(events[number - 1]):
        number -= 1
    return number


def sanitize(text: str) -> str:
    """Untrusted text on one line, without the characters of a cue, a placeholder or a chat mark."""
    return " ".join(text.split()).translate(_BRACKETS).replace("<|", "(").replace("|>", ")")
