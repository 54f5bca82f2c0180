"""An event of a comparison as text, for the report and the page. One table defines the format of each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dreamplay.comparison.event_view import EventView
from dreamplay.schema.cast import listed
from dreamplay.schema.event import (
    EVENT_CLASSES,
    ActionEvent,
    ControlEvent,
    DreamEvent,
    EntranceEvent,
    EventBase,
    ExitEvent,
    FearEvent,
    LineEvent,
    NarrationEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    SilenceEvent,
    StanceEvent,
    ThoughtEvent,
)
from dreamplay.schema.scene import VISITOR

Phrase = tuple[str, str]
"""The speaker or kind of an event, with its punctuation, and the text."""


@dataclass(frozen=True)
class Names:
    """The names of roles and choices."""

    roles: Mapping[str, str]
    choices: Mapping[str, str]

    def role(self, role: str) -> str:
        """The name of a role, or the role itself if it has none."""
        return self.roles.get(role, role)


def phrase(said: EventView, names: Mapping[str, str], choices: Mapping[str, str]) -> Phrase:
    """An event in two parts. Speech has a speaker and a colon. Narration, such as an exit or an entrance, has only
    its text.
    """
    called = Names(names, choices)
    who = called.role(said.speaker) if said.speaker else ""
    by = f" (played by {called.role(VISITOR)})" if said.by_visitor else ""
    return PHRASES[EVENT_CLASSES[said.kind]](said, f"{who}{by}", called)


def _line(said: EventView, who: str, names: Names) -> Phrase:
    if not said.hears:
        return f"{who}:", said.text
    return f"{who} whispers to {listed([names.role(role) for role in said.hears])}:", said.text


def _stance(said: EventView, who: str, names: Names) -> Phrase:
    return f"{who} chooses to {names.choices.get(said.choice or '', said.choice)}{':' if said.text else '.'}", said.text


def _reflection(said: EventView, who: str, names: Names) -> Phrase:
    return (f"{who} thinks:", said.text) if said.text else (who, "has no thought that could stand")


def _told(said: EventView, who: str, names: Names) -> Phrase:
    return "", said.text


PHRASES: Mapping[type[EventBase], Callable[[EventView, str, Names], Phrase]] = {
    NarrationEvent: _told,
    LineEvent: _line,
    ActionEvent: lambda said, who, names: (who, said.text),
    SilenceEvent: lambda said, who, names: (who, "says nothing"),
    ThoughtEvent: lambda said, who, names: (f"{who} thinks:", said.text),
    OutcomeEvent: _told,
    DreamEvent: lambda said, who, names: ("Dream:", said.text),
    ReflectionEvent: _reflection,
    StanceEvent: _stance,
    RecapEvent: _told,
    EntranceEvent: _told,
    ExitEvent: _told,
    FearEvent: _told,
    ControlEvent: _told,
}
