"""Topics: which of a scene's moves comes next.

The director opens a topic, stays with it as long as somebody has something to answer, lets others join, and goes on to
the next one. Like everything that it decides, this follows from the script and the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dreamplay.director import relevance
from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.conditions import holds
from dreamplay.schema.event import NarrationEvent, TurnEvent
from dreamplay.schema.script import answer_of
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


@dataclass(frozen=True)
class Topics:
    """Chooses the moves of a run."""

    cast: Cast
    seed: int
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of moves and personas."""
    config: DirectorConfig = field(default_factory=DirectorConfig)

    def replies(self, now: Situation, roles: Sequence[str]) -> list[Step]:
        """What these roles can answer now: to the last move, else to an earlier one that nobody has answered."""
        topic, used = self._current(now)
        if topic is None:
            return []
        for number, event in reversed(used):
            given = [n for n, other in used if other.id > event.id]
            found = [
                self._step(now, topic, n, event)
                for n, move in self._able(now, topic, roles)
                if self._answers(topic, move, number)
                and move.role != event.speaker
                and not any(
                    self._answers(topic, topic.moves[g], number) and topic.moves[g].role == move.role for g in given
                )
            ]
            if found:
                return found
        return []

    def joining(self, now: Situation, roles: Sequence[str]) -> list[Step]:
        """What these roles can say of the topic that runs without having been asked."""
        topic, used = self._current(now)
        if topic is None:
            return []
        last = used[-1][1]
        return [self._step(now, topic, n, last) for n, move in self._able(now, topic, roles) if move.joins]

    def openings(self, now: Situation, roles: Sequence[str]) -> list[Step]:
        """With what these roles can begin one of the next topics, in the order of the file: the one that has just been
        opened by what happened, else those that need nothing to happen."""
        begun = {event.cue.topic for event in now.turns if event.cue}
        fallen = self.opened(now)
        bound = {each.opens for each in now.scene.pressures if each.opens}
        fresh = [topic for topic in now.scene.topics if topic.id not in begun and self._holds(now, topic)]
        fresh = [topic for topic in fresh if topic.id == fallen] or [
            topic for topic in fresh if topic.id not in bound or topic.id in self._told(now)
        ]
        found: list[list[Step]] = []
        for topic in fresh:
            steps = [self._step(now, topic, n) for n, move in self._able(now, topic, roles) if move.opens]
            found += [steps] if steps else []
        return [step for steps in found[: self.config.topics_ahead] for step in steps]

    def opened(self, now: Situation) -> str | None:
        """The topic that is opened by what has happened since the last turn; None if there is none."""
        for event in reversed(now.events):
            if isinstance(event, TurnEvent):
                return None
            for each in now.scene.pressures:
                if each.opens and self.cast.fill(each.text) == event.text:
                    return each.opens
        return None

    def over(self, now: Situation) -> bool:
        """Whether the topic that runs is settled or has been spoken of long enough."""
        topic, used = self._current(now)
        return topic is None or len(used) >= self.config.topic_lines or topic.moves[used[-1][0]].settles

    def pick(self, steps: Sequence[Step], dice: random.Random) -> Step:
        """One of several steps, by dice: the more likely, the closer it is to what the persona is like, so that
        another persona in the role makes another play."""
        weights = [
            self.cast.personas[step.move.role].talkativeness
            * self.config.of_persona ** relevance.likeness(self.cast, self.embedder, step.move.does, step.move.role)
            for step in steps
        ]
        return dice.choices(steps, weights)[0]

    def _current(self, now: Situation) -> tuple[Topic | None, list[tuple[int, TurnEvent]]]:
        """The topic of the last turn that had one, and the moves of it that were played, with their events."""
        turns = [event for event in now.turns if event.cue and event.cue.topic]
        if not turns or not turns[-1].cue:
            return None, []
        name = turns[-1].cue.topic
        topic = next((topic for topic in now.scene.topics if topic.id == name), None)
        used = [
            (event.cue.move, event)
            for event in turns
            if event.cue
            and event.cue.topic == name
            and event.cue.move is not None
            and topic
            and event.cue.move < len(topic.moves)
        ]
        return (topic, used) if used else (None, [])

    def _able(self, now: Situation, topic: Topic, roles: Sequence[str]) -> Iterator[tuple[int, TopicMove]]:
        """The moves of a topic that these roles can still make, before somebody who is there."""
        used = {event.cue.move for event in now.turns if event.cue and event.cue.topic == topic.id}
        for number, move in enumerate(topic.moves):
            there = move.to is None or move.to in now.present
            if number not in used and move.role in roles and there and self._holds(now, move):
                yield number, move

    def _holds(self, now: Situation, part: Topic | TopicMove) -> bool:
        return holds(part.when, lambda scene: answer_of(now.script, scene))

    @staticmethod
    def _answers(topic: Topic, move: TopicMove, number: int) -> bool:
        """Whether a move answers that of this number."""
        other = topic.moves[number]
        return move.answers is not None and move.answers in (other.id, other.role)

    def _step(self, now: Situation, topic: Topic, number: int, answered: TurnEvent | None = None) -> Step:
        move = topic.moves[number]
        named = [role for role in reversed(self.cast.mentioned(self.cast.fill(move.does))) if role in now.present]
        to = move.to or next((role for role in named if role != move.role), None)
        if to is None and answered and answered.speaker != move.role and answered.speaker in now.present:
            to = answered.speaker
        return Step(topic, number, to, answered.id if answered else None)

    def _told(self, now: Situation) -> set[str]:
        """The topics whose event has happened."""
        told = {event.text for event in now.script.in_scene(now.scene.id, NarrationEvent)}
        return {each.opens for each in now.scene.pressures if each.opens and self.cast.fill(each.text) in told}
