"""Steps: the moves of topics that can be made now, and what was played of a topic."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import TurnEvent
from dreamplay.schema.topic import Topic, TopicMove


@dataclass(frozen=True)
class Step:
    """A move of a topic."""

    topic: Topic
    number: int
    """The index of the move in the topic."""
    to: str | None
    """Who is spoken to."""
    answers: int | None = None
    """The id of the event that it answers."""

    @property
    def move(self) -> TopicMove:
        """The move itself."""
        return self.topic.moves[self.number]


def step_of(cast: Cast, present: Collection[str], topic: Topic, number: int, answered: TurnEvent | None = None) -> Step:
    """The step that a move is now: said to whom it says, or names, or else to whom it answers, if they are present."""
    move = topic.moves[number]
    named = [role for role in reversed(cast.mentioned(cast.fill(move.does))) if role in present]
    to = move.to or next((role for role in named if role != move.role), None)
    if to is None and answered and answered.speaker != move.role and answered.speaker in present:
        to = answered.speaker
    return Step(topic, number, to, answered.id if answered else None)


@dataclass(frozen=True)
class Choice:
    """The move that comes next, and those that the same floor would have allowed."""

    step: Step
    among: tuple[Step, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """What the speaker could do now, the chosen one first."""
        own = [step for step in self.among if step.move.role == self.step.move.role and step is not self.step]
        return tuple(step.move.does for step in (self.step, *own))


@dataclass(frozen=True)
class Run:
    """A topic that has been begun."""

    topic: Topic
    used: tuple[tuple[int, TurnEvent], ...]
    """The moves that were played, by index, with their events. At least one."""

    @property
    def settled(self) -> bool:
        """Whether a move that settles the topic has been made."""
        return any(self.topic.moves[number].settles for number, _ in self.used)
