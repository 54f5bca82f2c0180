"""Actions: what a visitor does in a turn, and reading them back from events."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from dreamplay.schema.base import FrozenModel, Role, Text
from dreamplay.schema.event import (
    ActionEvent,
    ControlEvent,
    EntranceEvent,
    Event,
    ExitEvent,
    FearEvent,
    LineEvent,
    StanceEvent,
)

SpokenText = Annotated[Text, AfterValidator(lambda text: " ".join(text.split()))]
"""What is said or done, on one line."""


class Whisper(FrozenModel):
    """Words that only one character hears."""

    to: Text
    """A name or a role."""
    text: SpokenText
    """What is whispered."""


class StanceChoice(FrozenModel):
    """A choice at the crossroads."""

    choice: Role
    """The id of one of the story's choices."""
    because: SpokenText
    """The reason, in the first person."""


class Action(FrozenModel):
    """What a visitor does in a turn. At most one field is set; with none, the visitor listens."""

    say: SpokenText | None = None
    """What is said aloud."""
    whisper: Whisper | None = None
    """What is said to one character alone, who answers in a whisper."""
    do: SpokenText | None = None
    """What everybody sees the visitor do, in words that can follow their name: "puts the clock on the table"."""
    fear: SpokenText | None = None
    """The visitor's hidden fear. Nobody knows it until the next shared dream, which pools it."""
    go: bool = False
    """The visitor leaves, and knows nothing of what happens meanwhile."""
    come: bool = False
    """The visitor comes back."""
    play: Text | None = None
    """Whom the visitor speaks for from here on: a name or a role."""
    hand_back: Text | None = None
    """Whom the model plays again: a name or a role."""
    stance: StanceChoice | None = None
    """What is chosen at a crossroads."""

    @property
    def said(self) -> dict[str, Any]:
        """The fields of the action alone, without those that say when it is done."""
        return {name: value for name in Action.model_fields if (value := getattr(self, name))}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.said) > 1:
            raise ValueError(f"one thing at a time, and here are {' and '.join(self.said)}")
        return self


def left_by(event: Event) -> dict[str, Any] | None:
    """The action that made an event, with roles in place of names; None for a turn in which nothing was said."""
    match event:
        case LineEvent() if event.cue and event.cue.to:
            return {"whisper": {"to": event.cue.to, "text": event.text}}
        case LineEvent():
            return {"say": event.text}
        case ActionEvent():
            return {"do": event.text}
        case FearEvent():
            return {"fear": event.text}
        case ExitEvent():
            return {"go": True}
        case EntranceEvent():
            return {"come": True}
        case ControlEvent():
            return {"play" if event.controller == "visitor" else "hand_back": event.speaker}
        case StanceEvent():
            return {"stance": {"choice": event.choice, "because": event.text}}
        case _:
            return None
