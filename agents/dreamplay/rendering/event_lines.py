"""An event as a line of the terminal. One table defines the format of each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from dreamplay.rendering.event_words import played_by
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import (
    ActionEvent,
    ControlEvent,
    DreamEvent,
    EntranceEvent,
    Event,
    EventBase,
    ExitEvent,
    FearEvent,
    LineEvent,
    MoveEvent,
    NarrationEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    SilenceEvent,
    StanceEvent,
    ThoughtEvent,
)
from dreamplay.schema.story import Story

_COLOURS = ("cyan", "yellow", "magenta", "green", "bright_blue", "bright_red", "bright_cyan", "bright_yellow")


@dataclass(frozen=True)
class Shown:
    """The printed form of an event."""

    text: Text
    apart: bool = False
    """Whether it has a blank line above and below."""
    indented: bool = False


@dataclass(frozen=True)
class EventLines:
    """Formats the events of one run as lines."""

    story: Story
    cast: Cast
    numbers: bool = False
    """Whether each line begins with the number of its event."""

    def shown(self, event: Event, gesture: str = "") -> Shown | None:
        """The printed form of an event; None if it is not printed. `gesture` is what the speaker of a line does."""
        return self._line(event, gesture) if isinstance(event, LineEvent) else SHOWN[type(event)](self, event)

    def _number(self, event: EventBase) -> tuple[str, str]:
        return (f"{event.id:>4}  " if self.numbers else "", "not italic dim")

    def _name(self, role: str) -> tuple[str, str]:
        return self.cast.name(role), f"bold {_COLOURS[self.cast.roles.index(role) % len(_COLOURS)]}"

    def _line(self, event: LineEvent, gesture: str = "") -> Shown:
        by = f"{played_by(event, self.cast)} ({gesture})" if gesture else played_by(event, self.cast)
        manner = f"{by} whispers to {self.cast.listed(event.hears)}" if event.hears else by
        name = self._name(event.speaker)
        return Shown(Text.assemble(self._number(event), name, (manner, "italic"), f": {event.text}"))

    def _silence(self, event: SilenceEvent) -> Shown | None:
        said = f"{self.cast.name(event.speaker)} says nothing"
        return Shown(Text.assemble(self._number(event), said, style="italic")) if event.chosen else None

    def _thought(self, event: ThoughtEvent) -> Shown | None:
        thought = Text.assemble(
            self._number(event), f"({self.cast.name(event.speaker)} thinks: {event.text})", style="dim"
        )
        return Shown(thought) if self.numbers else None

    def _reflection(self, event: ReflectionEvent) -> Shown | None:
        thought = Text(f"({self.cast.name(event.speaker)} thinks: {event.text})", style="dim")
        return None if event.failed else Shown(thought)

    def _stance(self, event: StanceEvent) -> Shown:
        choice = next(self.cast.fill(each.text) for each in self.story.choices if each.id == event.choice)
        chooses = (f"{played_by(event, self.cast)} chooses to {choice}.", "italic")
        because = f" {event.worded}" if event.text else ""
        return Shown(Text.assemble(self._number(event), self._name(event.speaker), chooses, because))

    def _dream(self, event: DreamEvent) -> Shown:
        told = Text.assemble(self._number(event), event.text, style="italic bright_blue")
        return Shown(told, apart=True, indented=True)

    def _action(self, event: ActionEvent) -> Shown:
        who = f"{self.cast.name(event.speaker)}{played_by(event, self.cast)}"
        return Shown(Text.assemble(self._number(event), f"{who} {event.text}", style="italic"))

    def _told(self, event: NarrationEvent | MoveEvent) -> Shown:
        return Shown(Text.assemble(self._number(event), event.text, style="italic dim"), apart=True)


def _nothing(lines: EventLines, event: EventBase) -> None:
    """None, for an event that is silent, repeats others, or is not part of the story."""


SHOWN: Mapping[type[EventBase], Callable[[EventLines, Any], Shown | None]] = {
    NarrationEvent: EventLines._told,
    LineEvent: EventLines._line,
    ActionEvent: EventLines._action,
    SilenceEvent: EventLines._silence,
    ThoughtEvent: EventLines._thought,
    DreamEvent: EventLines._dream,
    OutcomeEvent: EventLines._told,
    ReflectionEvent: EventLines._reflection,
    StanceEvent: EventLines._stance,
    RecapEvent: _nothing,
    EntranceEvent: EventLines._told,
    ExitEvent: EventLines._told,
    FearEvent: _nothing,
    ControlEvent: _nothing,
}
