"""An episode: a run as one of its characters lived it, from which a model can learn to play them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from dreamplay import languages
from dreamplay.participants.reply import TurnReply
from dreamplay.prompting.brief import wanted
from dreamplay.prompting.context_window import fit_events
from dreamplay.prompting.event_text import EventText
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import Viewpoint, is_told
from dreamplay.schema.event import (
    Event,
    LineEvent,
    ReflectionEvent,
    SilenceEvent,
    ThoughtEvent,
    TurnEvent,
    is_gesture,
)

ROOM = 6000
"""Tokens at most, by estimate, of what is told before a line. The oldest lines are left out first."""
Messages = list[dict[str, str]]
"""Chat messages, each with `role` and `content`."""


@dataclass(frozen=True)
class Moment:
    """A turn in which the model said something for the character, and no check found a fault in it."""

    event: LineEvent
    before: tuple[Event, ...]
    """What the character had perceived when they spoke."""
    turn: TurnReply
    """What they thought, did and said."""

    @property
    def reply(self) -> str:
        """The turn as a model writes it: a thought in tags, a gesture in parentheses, the words."""
        thought = f"<private>{self.turn.thought}</private>" if self.turn.thought else ""
        return " ".join(filter(None, [thought, self.turn.perceived]))


@dataclass(frozen=True)
class Episode:
    """What one character perceived of a run, and what they said. There is nothing in it that they did not witness."""

    log: RunLog
    role: str
    steps: tuple[Event | Moment, ...]
    """What they perceived, in order, with what can be learnt from as moments."""
    skipped: Counter[str]
    """What of their turns is nothing to learn from, in words, and how often."""

    @classmethod
    def of(cls, log: RunLog, role: str, eyes: Viewpoint) -> Episode:
        """The episode of a role: of the events that they perceived, those that the viewpoint sees as well."""
        own = Viewpoint.of(role, log.cast, log.script)
        steps: list[Event | Moment] = []
        before: list[Event] = []
        skipped = Counter[str]()
        for part in _turns(event for event in log.script if own.sees(event) and eyes.sees(event)):
            event = part[-1]
            if event.speaker == role and isinstance(event, LineEvent | SilenceEvent):
                turn = _turn(part, event)
                if why := _why_not(event, turn):
                    skipped[why] += 1
                elif isinstance(event, LineEvent):
                    steps.append(Moment(event, tuple(before), turn))
            told = [event for event in part if is_told(event)]
            before += told
            if not (steps and isinstance(steps[-1], Moment) and steps[-1].event is event):
                steps += told
        return cls(log, role, tuple(steps), skipped)

    @property
    def name(self) -> str:
        """The name of the character."""
        return self.log.cast.name(self.role)

    @property
    def moments(self) -> list[Moment]:
        """What can be learnt from, in order."""
        return [step for step in self.steps if isinstance(step, Moment)]

    def system(self, *, secrets: bool) -> str:
        """The system message: premise and cast as everybody knows them, whom to play, and how.

        Args:
            secrets: whether the character's own private sheet is in it.
        """
        cast, me = self.log.cast, self.name
        people = [
            f"{each.name}{f', called {each.called}' if each.called else ''}: {each.who}. {each.voice}"
            for each in cast.personas.values()
        ]
        how = (
            f"You are {me}. Say what {me} says next, in the first person and in the voice of {me}. What {me} does "
            f"stands in parentheses, and what {me} only thinks between <private> and </private>."
        )
        sheet = cast.personas[self.role].private if secrets else None
        own = (
            f"\nOnly {me} knows this. {wanted(me, sheet.want)} Belief: {sheet.belief} Secret fear: {sheet.fear} "
            f"Secret wish: {sheet.wish}"
            if sheet
            else ""
        )
        return cast.fill("\n".join([f"A play for voices. {self.log.header.story.premise}\n", *people, f"\n{how}{own}"]))

    def prompt(self, moment: Moment) -> Messages:
        """What is said to a model that is to speak at a moment: the system message, and what they have perceived."""
        known = fit_events(moment.before, self._words.sizes(moment.before), ROOM)
        told = self._told(known, moment)
        return [{"role": "system", "content": self.system(secrets=False)}, {"role": "user", "content": told}]

    def chat(self, *, secrets: bool) -> Messages:
        """The whole episode up to their last words: the system message, and then by turns what they perceived and what
        they said."""
        chat = [{"role": "system", "content": self.system(secrets=secrets)}]
        heard: list[Event] = []
        for step in self.steps:
            if isinstance(step, Moment):
                chat.append({"role": "user", "content": self._told(heard, step)})
                chat.append({"role": "assistant", "content": step.reply})
                heard = []
            else:
                heard.append(step)
        return chat

    def _told(self, events: Sequence[Event], moment: Moment) -> str:
        """What they perceived, and who speaks now; of a whisper also who alone hears it."""
        hears = moment.event.hears
        asked = f"Now {self.name}, in a whisper to {self.log.cast.listed(hears)}." if hears else f"Now {self.name}."
        return f"{''.join(map(self._put, events))}\n{asked}".strip()

    def _put(self, event: Event) -> str:
        """An event on a line of its own, as in the prompts of a play, with whispers and their own reflections."""
        if isinstance(event, ReflectionEvent):
            return f"({self.name} thinks: {' '.join(event.text.split())})\n"
        if isinstance(event, LineEvent) and event.hears:
            return f"{self._words.noted(event)}\n"
        return self._words.spoken(event)

    @cached_property
    def _words(self) -> EventText:
        return EventText(self.log.cast, cues=False, language=languages.get(self.log.header.story.language))


def _turns(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events, with a thought and a gesture in one part with the line or silence of their turn."""
    part: list[Event] = []
    for event in events:
        inner = isinstance(event, ThoughtEvent) or is_gesture(event)
        if part and not (event.speaker == part[-1].speaker and (inner or isinstance(event, TurnEvent))):
            yield part
            part = []
        part.append(event)
        if not inner:
            yield part
            part = []
    if part:
        yield part


def _turn(part: Sequence[Event], event: LineEvent | SilenceEvent) -> TurnReply:
    thought = "".join(each.text for each in part if isinstance(each, ThoughtEvent))
    gesture = "".join(each.text for each in part if is_gesture(each))
    return TurnReply(thought, gesture, event.text, event.leaves)


def _why_not(event: LineEvent | SilenceEvent, turn: TurnReply) -> str:
    """Why nothing can be learnt from a turn; empty if something can."""
    made = event.provenance
    if made.by == "author":
        return "lines that an author wrote: the prologue, and what-ifs (they are told as context)"
    if made.by == "person":
        return "turns of a person (they are told as context, and no line of a person is to be learnt)"
    if isinstance(event, SilenceEvent):
        return "turns in which they chose to say nothing" if event.chosen else "turns in which no line could stand"
    if {turn.text, turn.perceived} & {refused.text for refused in made.refused}:
        return "lines in which a check found a fault, said for want of a better one (they are told as context)"
    return ""
