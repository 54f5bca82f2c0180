"""The shipped director: who speaks next, with which cue, and when a scene is over.

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
from dreamplay.director.situation import Situation
from dreamplay.director.topics import Step as TopicStep
from dreamplay.director.topics import Topics
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.conditions import holds
from dreamplay.schema.event import TurnEvent
from dreamplay.schema.scene import Aside, Pressure, Scene
from dreamplay.schema.script import answer_of
from dreamplay.schema.story import Length


@dataclass(frozen=True)
class StandardDirector:
    """Gives the turn to whoever is called by name, otherwise by silence, talkativeness and chance; spreads the scene's
    pressures evenly over its turns."""

    cast: Cast
    seed: int
    length: Length = "full"
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of topics."""
    config: DirectorConfig = field(default_factory=DirectorConfig)

    Config: ClassVar = DirectorConfig

    def next(self, now: Situation) -> Step:
        """See `Director.next`."""
        moves = now.scene.ordered_moves[now.moved :]
        if moves and moves[0].after <= len(now.contracted):
            return moves[0]
        if self.over(now):
            return SceneEnd()
        aside = self._aside(now)
        if pressure := self._pressure(now, aside):
            return Narration(pressure)
        if aside:
            return now.turn(aside.role, self._cues.whisper(now, aside))
        if step := None if now.unanswered else self._step(now):
            return now.turn(step.move.role, self._cues.of_topic(now, step))
        speaker = self._speaker(now)
        return now.turn(speaker, self._cues.draw(now, speaker))

    def over(self, now: Situation) -> bool:
        """Whether the scene is complete: it has enough turns, everybody present has had one, all moves, asides and
        pressures are done, and nobody owes an answer that two more turns can give. It ends before its last turn when
        its outcome is decided, or when nothing more can be said of its topics. Turns of the visitor, and answers to
        them, do not count."""
        if now.unanswered:
            return False
        taken, turns = len(now.contracted), now.scene.turns
        if taken < turns.min:
            return False
        if taken >= turns.max:
            return taken >= turns.max + self.config.waits or not turns.max or not self._open(now)
        heard = {event.speaker for event in now.turns}
        done = now.moved == len(now.scene.moves) and now.whispered == len(now.scene.asides)
        if not done or not heard.issuperset(now.cast) or self._next_pressure(now) or self._open(now):
            return False
        decided = answer_of(now.script, now.scene.id) is not None
        return decided or self.length == "short" or bool(now.scene.topics and not self._step(now))

    def _open(self, now: Situation) -> bool:
        """Whether somebody has been asked something and can answer it."""
        able = [role for role in now.cast if not now.turns or role != now.turns[-1].speaker]
        return bool(now.turns) and self._asked(now) in able

    def _asked(self, now: Situation) -> str | None:
        """Who has been asked something by the last line."""
        last = now.turns[-1] if now.turns else None
        if last is None or "?" not in last.text:
            return None
        to = last.cue.to if last.cue else None
        called = [role for role in self.cast.mentioned(last.text) if role in now.cast and role != last.speaker]
        return called[0] if called else to if to in now.cast else None

    def _step(self, now: Situation) -> TopicStep | None:
        """The next move of the scene's topics; None if there is none."""
        if not now.scene.topics:
            return None
        dice, topics = now.dice(self.seed, "topic"), self._topics
        last = now.turns[-1].speaker if now.turns else None
        able = [role for role in now.cast if role != last] or list(now.cast)
        owed, asked = self._owed(now, able), self._asked(now)
        replies, joins = topics.replies(now, able), topics.joining(now, able)
        ways = [[step for step in replies if step.move.role == asked], replies, joins]
        if not asked and joins and dice.random() < self.config.joining:
            ways = [joins, replies]
        openings = topics.openings(now, able)
        fresh = bool(now.events) and not isinstance(now.events[-1], TurnEvent)
        ways = [openings, *ways] if topics.over(now) or (fresh and topics.opened(now)) else [*ways, openings]
        if owed:
            ways = [[step for step in way if step.move.role in owed] for way in ways]
        return next((topics.pick(way, dice) for way in ways if way), None)

    @staticmethod
    def _aside(now: Situation) -> Aside | None:
        """The aside that is due in the next turn, if any. An answer to the visitor comes first."""
        if not now.scene.asides or now.unanswered:
            return None
        left = now.scene.ordered_asides[now.whispered :]
        return left[0] if left and left[0].after <= len(now.contracted) else None

    def _pressure(self, now: Situation, aside: Aside | None) -> str | None:
        """The pressure that is due before the next turn, if any: they are spread evenly over the turns, and wait a
        little for somebody who owes an answer. None comes during an aside, or before the visitor is answered."""
        pressure = self._next_pressure(now)
        if pressure is None or now.unanswered or aside:
            return None
        scene, taken = now.scene, len(now.contracted)
        planned = scene.turns.min if self.length == "short" else scene.turns.max
        raised, count = len(self._raised(now)), len(self._pressures(now))
        later = bool(scene.topics) and not all(topic.id in _bound(scene) for topic in scene.topics)
        due = (raised + later) * planned / (count + later)
        if taken >= due + self.config.waits or (taken >= due and not self._open(now)):
            return self.cast.fill(pressure.text)
        idle = bool(scene.topics and now.turns) and self._step(now) is None
        return self.cast.fill(pressure.text) if idle else None

    def _next_pressure(self, now: Situation) -> Pressure | None:
        """The next pressure that has not come yet. A branch that goes on with other dice has been told some."""
        told = {event.text for event in now.script.in_scene(now.scene.id)}
        return next((each for each in self._pressures(now) if self.cast.fill(each.text) not in told), None)

    def _raised(self, now: Situation) -> list[Pressure]:
        """The pressures that have come."""
        told = {event.text for event in now.script.in_scene(now.scene.id)}
        return [each for each in self._pressures(now) if self.cast.fill(each.text) in told]

    @staticmethod
    def _pressures(now: Situation) -> list[Pressure]:
        """The pressures of the scene that can come, in the author's order."""
        return [each for each in now.scene.pressures if holds(each.when, lambda scene: answer_of(now.script, scene))]

    def _speaker(self, now: Situation) -> str:
        """Who speaks next if no aside is due: whoever was called by name, otherwise by silence, talkativeness and
        chance. The visitor is answered by somebody who perceived what was said or done."""
        dice = now.dice(self.seed, "speaker")
        here = now.script.in_scene(now.scene.id)
        last = now.turns[-1].speaker if now.turns else None
        if now.unanswered:
            able = [role for role in now.cast if role in now.unanswered.witnesses]
        else:
            able = [role for role in now.cast if role != last] or list(now.cast)
            able = self._owed(now, able) or able
        heard = now.unanswered or (here[-1] if here else None)
        called = self.cast.mentioned(heard.text) if heard else ()
        addressed = [role for role in called if heard and role in able and role in heard.witnesses]
        if addressed and (now.unanswered or not self._left_out(now.turns, able)):
            return addressed[0]
        readiness = [self.cast.personas[role].talkativeness for role in able]
        silence = [self.config.boredom ** self._silence(now.turns, role) for role in able]
        return dice.choices(able, [mine * since for mine, since in zip(readiness, silence, strict=True)])[0]

    @staticmethod
    def _owed(now: Situation, able: Sequence[str]) -> list[str]:
        """Those who must speak now so that everybody has a turn before leaving or before the end of the scene: no more
        turns are left than roles that have yet to speak."""
        scene, taken = now.scene, len(now.contracted)
        whispers = scene.ordered_asides[now.whispered :] if scene.asides else []
        leaves = {move.role: move.after for move in scene.moves if move.kind == "exit" and move.after > taken}
        comes = {move.role for move in scene.moves if move.kind == "entrance" and move.after > taken}
        for end in sorted({*leaves.values(), scene.turns.max}):
            asides = [aside for aside in whispers if aside.after < end]
            going = {role for role in (*able, *comes) if leaves.get(role, scene.turns.max) <= end}
            going -= {aside.role for aside in asides}
            unheard = {role for role in going if not any(event.speaker == role for event in reversed(now.turns))}
            if end - taken - len(asides) <= len(unheard):
                return [role for role in able if role in unheard]
        return []

    def _left_out(self, turns: Sequence[TurnEvent], able: Sequence[str]) -> bool:
        """Whether two have talked to each other for so long that somebody else must speak."""
        recent = [event.speaker for event in turns[-self.config.duet :]]
        return len(able) > 1 and len(recent) == self.config.duet and len(set(recent)) == 2

    def _silence(self, turns: Sequence[TurnEvent], role: str) -> int:
        """Turns since the role last spoke in the scene, up to the cap."""
        cap = self.config.silence_cap
        for since, event in enumerate(reversed(turns)):
            if event.speaker == role:
                return min(since, cap)
        return min(len(turns) + 2, cap)

    @cached_property
    def _topics(self) -> Topics:
        return Topics(self.cast, self.seed, self.embedder, self.config)

    @cached_property
    def _cues(self) -> Cues:
        return Cues(self.cast, self.seed, self.embedder, self.config)


def _bound(scene: Scene) -> set[str]:
    """The topics that begin with something that happens."""
    return {each.opens for each in scene.pressures if each.opens}
