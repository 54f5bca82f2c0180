"""The text of an event in a prompt, and how many tokens it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dreamplay.languages import move_note
from dreamplay.languages.english import ENGLISH
from dreamplay.languages.language import Language
from dreamplay.languages.move_note import MoveNote
from dreamplay.models.tokens import tokens
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import (
    PROLOGUE,
    ActionEvent,
    ControlEvent,
    Cue,
    DreamEvent,
    EntranceEvent,
    Event,
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
    sanitize,
)


@dataclass(frozen=True)
class EventText:
    """Puts the events of one run into words."""

    cast: Cast
    cue_manner: bool = True
    """Whether a cue says how a line is spoken: see `ModelProfile`."""
    cues: bool = True
    """Whether the prologue shows cues: to a model that is led, and so has to learn how a cue becomes a line."""
    language: Language = ENGLISH
    begin_moves: bool = True
    """Whether moves are begun the first time: see `ModelProfile`."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The texts of the story's choices, by id."""
    _told: dict[int, tuple[Event, str, float]] = field(default_factory=dict, repr=False, compare=False)
    _counted: tuple[list[Event], list[float]] = field(default_factory=lambda: ([], []), repr=False, compare=False)
    """The events of the last prompt, and the tokens of each."""
    _written: list[tuple[Sequence[Event], str]] = field(default_factory=list, repr=False, compare=False)
    """The events that were put into one text last, if any were, and the text."""

    def sizes(self, events: Sequence[Event]) -> Sequence[float]:
        """Tokens of each event. Those that the last prompt began with as well are not counted again."""
        known, sizes = self._counted
        same = len(known) if known == list(events[: len(known)]) else 0
        del known[same:], sizes[same:]
        known.extend(events[same:])
        sizes.extend(map(self.size, events[same:]))
        return sizes

    def script(self, events: Sequence[Event]) -> str:
        """The script of a prompt. What the last one began with as well is not put together again."""
        known, text = self._written[0] if self._written else ((), "")
        if known is not events:
            same = len(known) if list(known) == list(events[: len(known)]) else 0
            text = "".join([text if same else "", *map(self.spoken, events[same:])])
            self._written[:] = [(events, text)]
        return text

    def size(self, event: Event) -> float:
        """Tokens of an event in the script."""
        return self._put(event)[2]

    def spoken(self, event: Event) -> str:
        """An event as it stands in the script."""
        return self._put(event)[1]

    def _put(self, event: Event) -> tuple[Event, str, float]:
        """An event, its words and their tokens, put into words only once: a long play costs no more a turn."""
        known = self._told.get(event.id)
        if known is None or known[0] is not event:
            text = self._worded(event)
            known = self._told[event.id] = (event, text, tokens(text))
        return known

    def _worded(self, event: Event) -> str:
        """An event in words. One line each: no text can pass for another event."""
        told = event.worded
        text = sanitize(told) if event.provenance.by == "person" else " ".join(told.split())
        return WORDS[type(event)](self, event, text)

    def _line(self, event: LineEvent, text: str) -> str:
        line = f"{self.cast.name(event.speaker)}: {text}\n"
        shows = self.cues and event.beat == PROLOGUE and event.cue
        return f"[{self.cued(event.cue)}]\n{line}" if shows and event.cue else line

    def _silence(self, event: SilenceEvent, text: str) -> str:
        return f"({self.cast.name(event.speaker)} says nothing)\n" if event.chosen else ""

    def _action(self, event: ActionEvent, text: str) -> str:
        return f"({self.cast.name(event.speaker)} {text})\n"

    def _stance(self, event: StanceEvent, text: str) -> str:
        if text:
            return f"{self.cast.name(event.speaker)} decides: {text}\n"
        choice = self.choices.get(event.choice)
        return f"({self.cast.name(event.speaker)} chooses to {choice})\n" if choice else ""

    def cued(self, cue: Cue) -> str:
        """A cue as this model reads it, with the manner or without."""
        return cue.text if self.cue_manner else cue.bare

    def begun(self, cue: Cue, role: str, *, again: bool) -> str:
        """The first words of the cue's matter as the speaker says it, for an engine that continues what was begun.
        "asks why" begins with "Why", "promises" with "I", "refuses" with "No", "his clock" with "My". Empty where it
        cannot be told.

        Args:
            cue: what is said.
            role: who says it.
            again: whether it is asked for again. The first time only a question, a promise, a yes or a no is begun, if
                the profile says so: in these a small model fails.
        """
        matter, name = self.cast.fill(cue.material), self.cast.name(role)
        if cue.topic:
            note = self.note(cue)
            if note is None or not (again or (self.begin_moves and note.form in ("question", "act"))):
                return ""
            return note.begun(self.cast.called(role), self.language, aside=cue.answers is None)
        if not again:
            return ""
        if asks := self.language.asked_matter.search(matter):
            return str(asks["word"]).capitalize()
        for own, begun in self.language.own_matter:
            if re.match(own.format(name=re.escape(name)), matter):
                return begun
        return matter[:1].upper() + matter[1:].partition(" ")[0]

    def note(self, cue: Cue) -> MoveNote | None:
        """The move that a cue gives, taken apart; None if it is of no topic, or in a language whose moves are not
        known."""
        if not cue.topic:
            return None
        return move_note.read(self.cast.fill(cue.material), self.cast.all_names, self.language)

    def noted(self, event: Event) -> str:
        """An event as it stands in a tail, on one line, and whether it was whispered."""
        whisper = isinstance(event, LineEvent) and event.hears
        text = self.spoken(event).strip()
        return text.replace(":", " whispered:", 1) if whisper else text


def _told(words: EventText, event: EventBase, text: str) -> str:
    return f"\n{text}\n"


def _nothing(words: EventText, event: EventBase, text: str) -> str:
    """Nothing was perceived, or nothing that is common ground."""
    return ""


WORDS: Mapping[type[EventBase], Callable[[EventText, Any, str], str]] = {
    NarrationEvent: _told,
    LineEvent: EventText._line,
    ActionEvent: EventText._action,
    SilenceEvent: EventText._silence,
    ThoughtEvent: _nothing,
    DreamEvent: _told,
    OutcomeEvent: _told,
    ReflectionEvent: _nothing,
    StanceEvent: EventText._stance,
    RecapEvent: _told,
    EntranceEvent: _told,
    ExitEvent: _told,
    FearEvent: _nothing,
    ControlEvent: _nothing,
}
"""How each kind of event stands in the script of a prompt; empty for what does not."""
