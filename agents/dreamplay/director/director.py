"""The shipped director: what happens next in a scene, and when it is over.

Everything follows from the script and the seed of the run, so that a run can be resumed from its transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from dreamplay.director.base import Narration, SceneEnd, Step
from dreamplay.director.config import DirectorConfig
from dreamplay.director.cues import Cues
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.director.topic_steps import Choice
from dreamplay.director.topics import Topics
from dreamplay.director.turn_taking import Floor, TurnTaking
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.scene import Aside
from dreamplay.schema.story import Length


@dataclass(frozen=True)
class StandardDirector:
    """Gives the turn to whoever owes an answer, and lets two people finish; brings in the others by silence,
    talkativeness and chance; stays with a topic until it is settled; spreads the scene's pressures over its turns."""

    cast: Cast
    seed: int
    length: Length = "full"
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of moves and material."""
    config: DirectorConfig = field(default_factory=DirectorConfig)

    Config: ClassVar = DirectorConfig

    def next(self, now: Situation) -> Step:
        """See `Director.next`."""
        if self._moves(now):
            return now.moves[0]
        if self.over(now):
            return SceneEnd()
        if aside := self._aside(now):
            return now.turn(aside.role, self._cues.whisper(now, aside))
        if not now.unanswered:
            owed = self._turns.owed(now) is not None
            if pressure := self._pressures.due(now, owed=owed, idle=lambda: self._exhausted(now)):
                return Narration(self.cast.fill(pressure.text))
        floors = self._turns.floors(now, self._topics.answering(now))
        for number, floor in enumerate(floors):
            choice = self._topics.next(now, floor)
            if choice is None and self._binds(now, floor):
                floor, choice = self._instead(now, floor, floors[number + 1 :])
            elif choice is None and floor is not floors[-1]:
                continue
            if choice:
                return now.turn(choice.step.move.role, self._cues.of_topic(now, choice, floor))
            break
        speaker = self._turns.draw(now, floor.roles)
        return now.turn(speaker, self._cues.draw(now, speaker, floor))

    @staticmethod
    def _binds(now: Situation, floor: Floor) -> bool:
        """Whether somebody with the floor speaks even if no topic has a move for them. Whoever is not led can say
        anything; whoever is led should say what belongs to a topic, unless an answer is owed."""
        return now.direction != "led" or not now.scene.topics or floor.reason in ("visitor", "asked")

    def _instead(self, now: Situation, floor: Floor, others: Sequence[Floor]) -> tuple[Floor, Choice | None]:
        """Of a model that is led: somebody else who has a move that answers the same line; else the floor stays."""
        if now.direction == "led" and floor.event:
            for other in others:
                choice = self._topics.next(now, other)
                if choice and choice.step.answers == floor.event.id:
                    return other, choice
        return floor, None

    def over(self, now: Situation) -> bool:
        """Whether the scene is complete: it has enough turns, everybody present has had one, all moves, asides and
        pressures are done, and nobody owes an answer that two more turns can give. It ends before its last turn when
        its outcome is decided, or when nothing more can be said of its topics; and at once if nobody is left to talk
        to. Turns of the visitor, and answers to them, do not count."""
        taken, turns = len(now.contracted), now.scene.turns
        if now.unanswered or (taken < turns.min and not now.deserted):
            return False
        owed = self._turns.owed(now) is not None or self._turns.waiting(now) is not None
        all_heard = now.heard.issuperset(now.cast)
        if now.deserted or taken >= turns.max:
            more = taken in (turns.max, turns.limit) and self._waits(now)
            return now.deserted or (all_heard and not owed and not more) or (taken >= turns.limit and not more)
        if owed or now.moves or now.asides or self._pressures.next(now) or not all_heard:
            return False
        if any(self._pressures.of(now, event) for event in now.since):  # somebody has to answer it
            return False
        return now.answer is not None or self.length == "short" or self._exhausted(now)

    def _waits(self, now: Situation) -> bool:
        """Whether the last line, of a model that is not led, leaves something to whoever it is said to: a question, or
        what is to come of the scene. They have the last word."""
        if now.direction == "led" or not now.turns:
            return False
        open_yet = now.scene.outcome is not None and now.answer is None
        cue = now.turns[-1].cue
        return self._turns.asked(now) or (open_yet and cue is not None and cue.to in now.cast)

    def _exhausted(self, now: Situation) -> bool:
        """Whether the scene has topics of which nobody has anything more to say."""
        return bool(now.scene.topics) and not self._topics.fits(now, self._turns.floors(now)[-1])

    def _moves(self, now: Situation) -> bool:
        """Whether somebody comes or goes now. Somebody who owes an answer goes a little later."""
        if not now.moves or now.moves[0].after > len(now.contracted):
            return False
        move, owed = now.moves[0], self._turns.owed(now)
        stays = not move.comes and owed is not None and move.role in owed.roles
        return not stays or len(now.contracted) >= min(move.after + self.config.waits, now.scene.turns.limit)

    def _aside(self, now: Situation) -> Aside | None:
        """The aside that is due in the next turn, if any. An answer to the visitor comes first, and so does one to what
        was asked last, if there is time for it before somebody goes or the scene is over."""
        if not now.asides or now.unanswered:
            return None
        ends = [now.scene.turns.max, *(move.after for move in now.moves if not move.comes)]
        left = min(ends) - len(now.contracted)
        if self._turns.asked(now) and left > len(now.asides) + len(set(now.cast) - now.heard):
            return None
        there = set(now.present)
        due = [aside for aside in now.asides if aside.after <= len(now.contracted)]
        return next((each for each in due if {each.role, *each.to} < there), None)

    @cached_property
    def _pressures(self) -> Pressures:
        return Pressures(self.cast, self.length, self.config)

    @cached_property
    def _turns(self) -> TurnTaking:
        return TurnTaking(self.cast, self.seed, self._pressures, self.config)

    @cached_property
    def _topics(self) -> Topics:
        return Topics(self.cast, self.seed, self._turns, self.embedder, self.config)

    @cached_property
    def _cues(self) -> Cues:
        return Cues(self.cast, self.seed, self.embedder, self.config)
