"""Topics: which of a scene's moves comes next.

The director opens a topic, stays with it as long as somebody has something to answer, lets others join, and goes on to
the next one. Like everything that it decides, this follows from the script and the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from dreamplay.director import relevance
from dreamplay.director.addressee import addressee
from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.director.topic_steps import Choice, Run, Step, step_of
from dreamplay.director.turn_taking import Floor, TurnTaking
from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import TurnEvent
from dreamplay.schema.topic import Topic, TopicMove


@dataclass(frozen=True)
class Topics:
    """Chooses the moves of a run."""

    cast: Cast
    seed: int
    turns: TurnTaking
    embedder: Embedder
    """Makes the vectors of moves and personas."""
    config: DirectorConfig
    _voices: dict[tuple[str, str], relevance.Voices] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What a role is like in a beat. Put together once."""

    def next(self, now: Situation, floor: Floor) -> Choice | None:
        """The move that comes next, of those that fit who has the floor and why; None if there is none."""
        dice = now.dice(self.seed, "topic")
        found = self._fitting(now, floor, dice)
        return Choice(self.pick(now, found, dice), tuple(found)) if found else None

    def fits(self, now: Situation, floor: Floor) -> bool:
        """Whether there is a move that fits who has the floor and why."""
        return bool(self._fitting(now, floor, now.dice(self.seed, "topic")))

    def _fitting(self, now: Situation, floor: Floor, dice: random.Random) -> list[Step]:
        """The moves among which the next one is, of those that fit who has the floor and why."""
        if not now.scene.topics or floor.reason == "visitor":
            return []
        roles, left = floor.roles, self._left(now)
        if left and floor.reason == "interrupts":
            return []
        ways = [[step for step in way if step.move.role in roles] for way in self._ways(now, floor, dice)]
        ways = [way for way in ways if way]
        if left and ways:
            # An answer is still an answer; whoever is free to begin something begins what comes to a decision.
            bound = floor.reason in ("asked", "exchange", "event")
            ways = [self._deciding(now, ways[0] if bound else [step for way in ways for step in way], left), *ways]
        return next((way for way in ways if way), [])

    def answering(self, now: Situation) -> set[str]:
        """Those who have a move that answers the last line."""
        if not now.scene.topics or not now.turns:
            return set()
        steps = self.replies(now, self._run(now), now.cast)
        return {step.move.role for step in steps if step.answers == now.turns[-1].id}

    def _left(self, now: Situation) -> int:
        """The turns that are left for the outcome of the scene, if it is undecided and they are few; 0 otherwise."""
        left = self.turns.pressures.planned(now) - len(now.contracted)
        undecided = now.scene.outcome is not None and now.answer is None
        return left if undecided and 0 < left <= self.config.decides_in else 0

    def _deciding(self, now: Situation, steps: Sequence[Step], left: int) -> list[Step]:
        """The steps that come to a decision soonest, if there is time for it; empty if there is not."""
        far = {id(step): self._distance(now, step.topic, step.number, left) for step in steps}
        soonest = min(far.values())
        return [step for step in steps if far[id(step)] == soonest] if soonest < left else []

    def _distance(self, now: Situation, topic: Topic, number: int, most: int) -> int:
        """How many moves after this one decide the outcome at the earliest: 0 if it does itself, `most` if none does
        before so many."""
        if topic.moves[number].decides or most <= 0:
            return 0 if topic.moves[number].decides else most
        after = [
            n for n, move in able(self.cast, now, topic, now.cast) if n != number and self._answers(topic, move, number)
        ]
        return min([most, *(1 + self._distance(now, topic, n, most - 1) for n in after)])

    def _ways(self, now: Situation, floor: Floor, dice: random.Random) -> Iterator[list[Step]]:
        """What could come next, the best first."""
        roles, run = floor.roles, self._run(now)
        replies, joins = self.replies(now, run, roles), self.joining(now, run, roles)
        if floor.reason == "interrupts":
            return iter([joins])
        if floor.reason == "exchange":
            return iter([] if self.over(now) else [replies])
        if floor.reason == "asked":
            return iter([replies, joins, self.returns(now, roles)])
        openings = self.openings(now, roles)
        if floor.reason == "event":
            taken = [replace(step, answers=floor.event.id) for step in openings] if floor.event else openings
            more = self.returns(now, roles)
            return iter([taken, replies, joins, more] if self.opened(now) else [replies, joins, taken, more])
        if not self.over(now):
            to = now.turns[-1].cue.to if now.turns and now.turns[-1].cue else None
            awaited = any(step.answers == now.turns[-1].id and step.move.role == to for step in replies)
            if joins and not awaited and dice.random() < self.config.joining:
                replies, joins = joins, replies
            return iter([replies, joins, *self._further(now, roles, openings, dice)])
        return iter([*self._further(now, roles, openings, dice), replies, joins])

    def _further(
        self, now: Situation, roles: Sequence[str], openings: list[Step], dice: random.Random
    ) -> list[list[Step]]:
        """What begins another topic, or takes up one that was left."""
        returns = self.returns(now, roles)
        return [returns, openings] if returns and dice.random() < self.config.returns else [openings, returns]

    def replies(self, now: Situation, run: Run | None, roles: Sequence[str]) -> list[Step]:
        """What these roles can answer now: to the last move of a topic, else to an earlier one that nobody has
        answered. If whoever it was said to can answer it, nobody else does. Whoever has left gets no answer."""
        if run is None:
            return []
        topic, used = run.topic, run.used
        moves = list(able(self.cast, now, topic, roles))
        for number, event in reversed(used) if moves else ():
            given = [n for n, other in used if other.id > event.id]
            answers = [
                self._step(now, topic, n, event)
                for n, move in moves
                if self._answers(topic, move, number)
                and move.role != event.speaker
                and not any(
                    self._answers(topic, topic.moves[g], number) and topic.moves[g].role == move.role for g in given
                )
            ]
            if found := [step for step in answers if step.to is not None]:
                to = event.cue.to if event.cue else None
                return [step for step in found if step.move.role == to] or found
        return []

    def joining(self, now: Situation, run: Run | None, roles: Sequence[str]) -> list[Step]:
        """What these roles can say of a topic without having been asked."""
        if run is None:
            return []
        last = run.used[-1][1]
        return [self._step(now, run.topic, n, last) for n, move in able(self.cast, now, run.topic, roles) if move.joins]

    def returns(self, now: Situation, roles: Sequence[str]) -> list[Step]:
        """With what these roles can take up a topic that was left before it was settled: by an answer that was never
        given, else by what they have to say of it."""
        current = self._run(now)
        left = [run for topic in now.scene.topics if (run := now.runs.get(topic.id)) and not run.settled]
        left = [run for run in left if current is None or run.topic is not current.topic]
        left.sort(key=lambda run: run.used[-1][1].id)
        answers = [step for run in left for step in self.replies(now, run, roles)]
        return answers or [step for run in left for step in self.joining(now, run, roles)]

    def openings(self, now: Situation, roles: Sequence[str]) -> list[Step]:
        """With what these roles can begin one of the next topics, in the order of the file: the one that has just been
        opened by what happened, else those that need nothing to happen."""
        begun = set(now.by_topic)
        fallen = self.opened(now)
        bound = {each.opens for each in now.scene.pressures if each.opens}
        fresh = [topic for topic in now.scene.topics if topic.id not in begun and now.holds(topic.when)]
        fresh = [topic for topic in fresh if topic.id == fallen] or [
            topic for topic in fresh if topic.id not in bound or topic.id in self._told(now)
        ]
        found: list[list[Step]] = []
        for topic in fresh:
            steps = [self._step(now, topic, n) for n, move in able(self.cast, now, topic, roles) if move.opens]
            found += [steps] if steps else []
        return [step for steps in found[: self.config.topics_ahead] for step in steps]

    def opened(self, now: Situation) -> str | None:
        """The topic that is opened by what has happened since the last turn; None if there is none."""
        happened = [self.turns.pressures.of(now, event) for event in now.since]
        return next((each.opens for each in happened if each and each.opens), None)

    def over(self, now: Situation) -> bool:
        """Whether the topic that runs is settled or has been spoken of long enough."""
        run = self._run(now)
        if run is None or run.settled:
            return True
        of_it = takewhile(lambda event: event.cue and event.cue.topic in ("", run.topic.id), reversed(now.turns))
        return sum(1 for _ in islice(of_it, self.config.topic_lines)) == self.config.topic_lines

    def pick(self, now: Situation, steps: Sequence[Step], dice: random.Random) -> Step:
        """One of several steps, by dice: whose it is, by silence, talkativeness and how close their best step is to
        them; and which of theirs, by how close it is. So another persona in a role makes another play."""
        own: dict[str, list[tuple[float, Step]]] = {}
        for step in steps:
            role = step.move.role
            near = relevance.likeness(self.cast, self.embedder, step.move.does, self._voice(role, now.beat))
            own.setdefault(role, []).append((near, step))
        base, best = self.config.of_persona, {role: max(near for near, _ in found) for role, found in own.items()}
        # Half of it between roles: moves are mostly worded for whoever they were written for.
        roles = [self.turns.readiness(now, role) * base ** (best[role] / 2) for role in own]
        chosen = dice.choices(list(own), roles)[0]
        return dice.choices([s for _, s in own[chosen]], [base ** (n - best[chosen]) for n, _ in own[chosen]])[0]

    def _voice(self, role: str, beat: str) -> relevance.Voices:
        """What somebody is like in a beat."""
        if (role, beat) not in self._voices:
            self._voices[role, beat] = relevance.voices(self.cast, role, beat)
        return self._voices[role, beat]

    def _run(self, now: Situation) -> Run | None:
        """The topic of the last turn that had one."""
        last = next(reversed(now.by_topic), None)
        return now.runs.get(last or "")

    @staticmethod
    def _answers(topic: Topic, move: TopicMove, number: int) -> bool:
        """Whether a move answers that of this number."""
        other = topic.moves[number]
        return move.answers is not None and move.answers in (other.id, other.role)

    def _step(self, now: Situation, topic: Topic, number: int, answered: TurnEvent | None = None) -> Step:
        return step_of(self.cast, now.present, topic, number, answered)

    def _told(self, now: Situation) -> set[str]:
        """The topics whose event has happened."""
        return {each.opens for each in self.turns.pressures.told(now) if each.opens}


def able(cast: Cast, now: Situation, topic: Topic, roles: Sequence[str]) -> Iterator[tuple[int, TopicMove]]:
    """The moves of a topic that these roles can still make, with their indices: none that decides otherwise what has
    been decided, and none that is said to somebody who has left or has yet to come."""
    answer, away, used = now.answer, now.away, now.used.get(topic.id, ())
    for number, move in enumerate(topic.moves):
        if number in used or move.role not in roles:
            continue
        stands = answer is None or move.decides in (None, answer)
        heard = not away or addressee(move, move.does, cast, now.language) not in away
        if heard and stands and now.holds(move.when):
            yield number, move
