"""The shipped director: who speaks next, with which cue, and when a scene is over.

Everything follows from the script and the seed of the run, so that a run can be resumed from its transcript.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from dreamplay.director.base import Narration, SceneEnd, Step
from dreamplay.director.config import DirectorConfig
from dreamplay.director.cues import Cues
from dreamplay.director.situation import Situation
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import NarrationEvent, TurnEvent
from dreamplay.schema.story import Aside, Length, Scene


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
        speaker = aside.role if aside else self._speaker(now)
        return now.turn(speaker, self._cues.draw(now, speaker, aside=aside))

    def over(self, now: Situation) -> bool:
        """Whether the scene is complete: it has enough turns, everybody present has had one, and all moves and asides
        are done. Turns of the visitor, and answers to them, do not count."""
        if now.unanswered:
            return False
        taken, scene = len(now.contracted), now.scene
        if taken >= max(scene.turns.max, scene.turns.min):
            return True
        if self.length == "full" or taken < scene.turns.min:
            return False
        heard = {event.speaker for event in now.turns}
        done = now.moved == len(scene.moves) and now.whispered == len(scene.asides)
        return done and heard.issuperset(now.cast)

    @staticmethod
    def _aside(now: Situation) -> Aside | None:
        """The aside that is due in the next turn, if any. An answer to the visitor comes first."""
        if not now.scene.asides or now.unanswered:
            return None
        left = now.scene.ordered_asides[now.whispered :]
        return left[0] if left and left[0].after <= len(now.contracted) else None

    def _pressure(self, now: Situation, aside: Aside | None) -> str | None:
        """The pressure that is due before the next turn, if any: they are spread evenly over the turns. None comes
        during an aside, or before the visitor is answered."""
        if now.unanswered or aside:
            return None
        scene, taken = now.scene, len(now.contracted)
        raised = max(0, len(now.script.in_scene(scene.id, NarrationEvent)) - 1)  # the first narration is the opening
        planned = scene.turns.min if self.length == "short" else scene.turns.max
        pressures = self._pressures(scene, planned)
        if raised < len(pressures) and taken * len(pressures) >= raised * planned:
            # A branch that goes on with other dice has been told pressures that these dice may choose again.
            told = {event.text for event in now.script.in_scene(scene.id)}
            return next((text for text in map(self.cast.fill, pressures[raised:]) if text not in told), None)
        return None

    def _pressures(self, scene: Scene, planned: int) -> list[str]:
        """As many of the scene's pressures as its turns can answer: the last one, which is the strongest, and others at
        random, in the author's order."""
        fitting = min(len(scene.pressures), max(1, round(planned / self.config.turns_a_pressure)))
        last = len(scene.pressures) - 1
        others = random.Random(f"{self.seed}/{scene.id}/pressures").sample(range(max(last, 0)), max(fitting - 1, 0))
        return [scene.pressures[i] for i in sorted([*others, last])] if scene.pressures else []

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
    def _cues(self) -> Cues:
        return Cues(self.cast, self.seed, self.embedder, self.config)
