"""A situation: the state of a scene, computed once for everything that decides what happens next."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from dreamplay.schema.direction import Direction
from dreamplay.schema.event import Cue, Event, MoveEvent, TurnEvent, invites_answer, is_gesture
from dreamplay.schema.scene import VISITOR, Scene
from dreamplay.schema.script import Script, present, turns
from dreamplay.schema.turn import Turn


@dataclass(frozen=True)
class Situation:
    """One moment of a scene. It reads the whole script, and is for directors and the engine, never for participants."""

    script: Script
    beat: str
    """The id of the beat."""
    scene: Scene
    present: tuple[str, ...]
    """Those present, in the order in which they came."""
    direction: Direction = "led"
    """How much the speaker is told of what to say."""

    @classmethod
    def of(cls, script: Script, beat: str, scene: Scene, direction: Direction = "led") -> Situation:
        """The situation in which a script has left a scene."""
        return cls(script, beat, scene, present(script, scene), direction)

    @cached_property
    def cast(self) -> tuple[str, ...]:
        """Those present who can be given a turn: all but the visitor."""
        return tuple(role for role in self.present if role != VISITOR)

    @cached_property
    def events(self) -> list[Event]:
        """What has happened in the scene that somebody could perceive, in order, whoever did."""
        return [event for event in self.script.in_scene(self.scene.id) if event.happens]

    @cached_property
    def turns(self) -> list[TurnEvent]:
        """The turns that the cast has taken in the scene, in order, silences included."""
        return turns(self.script, self.scene)

    @cached_property
    def contracted(self) -> list[TurnEvent]:
        """The turns that the scene itself asks for: none of the visitor's, and no answer to the visitor."""
        if not self.scene.visited:
            return self.turns
        done = [event for event in self.events if not is_gesture(event)]
        answers = {event.id for before, event in pairwise(done) if invites_answer(before)}
        return [event for event in self.turns if event.id not in answers]

    @cached_property
    def unanswered(self) -> Event | None:
        """What the visitor has just said or done, if somebody else is there who perceived it."""
        last = self.events[-1] if self.events and self.scene.visited else None
        return last if last and invites_answer(last) and set(last.witnesses) & set(self.cast) else None

    @cached_property
    def moved(self) -> int:
        """How many moves of the scene were made. Those that somebody made of their own accord do not count."""
        return sum(event.provenance.by == "author" for event in self.script.in_scene(self.scene.id, MoveEvent))

    @cached_property
    def whispered(self) -> int:
        """How many asides had their turn, including those that ended in silence or that a person said aloud."""
        return sum(bool(event.cue and event.cue.aside) for event in self.contracted)

    def dice(self, seed: int, use: str) -> random.Random:
        """The random numbers of this turn for one use. The same seed gives the same numbers, also after a resume."""
        return random.Random(f"{seed}/{self.scene.id}/{len(self.turns)}/{use}")

    def turn(self, speaker: str, cue: Cue | None = None) -> Turn:
        """The turn that somebody present takes now."""
        number = 0 if speaker == VISITOR else 1 + len(self.turns)
        leaves = self.may_leave(speaker)
        return Turn(self.beat, self.scene, speaker, self.present, number, len(self.turns), cue, may_leave=leaves)

    def may_leave(self, role: str) -> bool:
        """Whether somebody present may go of their own accord: from a waking scene that does not need them later, and
        in which at least two of the cast remain to talk."""
        scene = self.scene
        left = [move.role for move in scene.ordered_moves[self.moved :]]
        left += [each for aside in scene.ordered_asides[self.whispered :] for each in (aside.role, *aside.to)]
        remain = [other for other in self.cast if other != role]
        return scene.kind == "waking" and role in self.cast and role not in left and len(remain) > 1
