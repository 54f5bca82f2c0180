"""The director: who speaks next, with which cue, and when a scene is over. Code, never a model.

Everything is decided from the script and the run's seed, so that a run can be taken up again from its transcript.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from dreamplay.director import cues
from dreamplay.director.cues import WHISPERING, Cues
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import BACKSTAGE, MOVES, Cue, Event, by_visitor
from dreamplay.schema.script import Script, present, turns
from dreamplay.schema.story import VISITOR, Aside, Length, Move, Scene

AskOccasion = Literal["start", "end", "round", "addressed", "line"]
"""Why the visitor is asked: the scene begins or ends, all have spoken since she did, she was spoken to, or she wants to
be asked after every line.
"""

_BOREDOM = 1.6
"""How fast the wish to speak grows with each turn of silence; above 1, so that silence outweighs talkativeness."""

_TURNS_A_PRESSURE = 3.2
"""Turns that a pressure is given to be answered before the next one comes."""


@dataclass(frozen=True)
class Director:
    """Reads the whole script, tells nobody what is in it, and only ever hands a speaker his own cue."""

    cast: Cast
    seed: int
    length: Length = "full"

    def over(self, script: Script, scene: Scene) -> bool:
        """Whether the turn contract is met: enough turns, everyone present has had one, and whoever was to come, go
        or whisper has done so. What the visitor says, and what she is answered, comes on top.
        """
        if self.unanswered(script, scene):
            return False
        taken = contracted(script, scene)
        if len(taken) >= max(scene.turns.max, scene.turns.min):
            return True
        if self.length == "full" or len(taken) < scene.turns.min:
            return False
        done = _moved(script, scene), whispered(taken)
        heard = {event.speaker for event in turns(script, scene)}
        return done == (len(scene.moves), len(scene.asides)) and heard.issuperset(_agents(script, scene))

    def unanswered(self, script: Script, scene: Scene) -> Event | None:
        """What the visitor has just said or done, if somebody else is there who perceived it."""
        if VISITOR not in scene.present:
            return None
        last = next((e for e in reversed(script.in_scene(scene.id)) if e.kind not in BACKSTAGE), None)
        heard = last and by_visitor(last) and set(last.witnesses) & set(_agents(script, scene))
        return last if heard else None

    def opening(self, script: Script, scene: Scene, every_line: bool) -> AskOccasion | None:
        """Why the visitor is asked now, if she is. It follows from the script alone; that she has been asked and would
        rather listen is for the graph to remember.
        """
        if VISITOR not in scene.present or self.unanswered(script, scene):
            return None
        if self.over(script, scene):
            return "end"
        taken = turns(script, scene)
        if not taken:
            return "start"
        if VISITOR not in present(script, scene):
            return None
        here = [event for event in script.in_scene(scene.id) if event.kind not in (*BACKSTAGE, *MOVES)]
        hers = max((event.id for event in here if event.speaker == VISITOR), default=-1)
        since = sum(event.id > hers for event in taken)
        last = taken[-1]
        to = {last.cue.to if last.cue else None, *self.cast.mentioned(last.text)}
        if last is here[-1] and VISITOR in to and VISITOR in last.witnesses:
            return "addressed"
        if since and since % len(_agents(script, scene)) == 0:
            return "round"
        return "line" if every_line else None

    def move(self, script: Script, scene: Scene) -> Move | None:
        """Who comes or goes now, if somebody does."""
        left = scene.ordered_moves[_moved(script, scene) :]
        return left[0] if left and left[0].after <= len(contracted(script, scene)) else None

    def aside(self, script: Script, scene: Scene) -> Aside | None:
        """What is whispered in the next turn, if that turn is an aside's. First the visitor is answered."""
        if not scene.asides or self.unanswered(script, scene):
            return None
        taken = contracted(script, scene)
        left = scene.ordered_asides[whispered(taken) :]
        return left[0] if left and left[0].after <= len(taken) else None

    def pressure(self, script: Script, scene: Scene) -> str | None:
        """The pressure that is due before the next turn, if one is: they are spread evenly over the turns. What
        demands an answer of everybody waits while somebody whispers, or has yet to answer the visitor.
        """
        if self.unanswered(script, scene) or self.aside(script, scene):
            return None
        taken = len(contracted(script, scene))
        raised = max(0, len(script.in_scene(scene.id, "narration")) - 1)  # the first narration is the opening
        planned = scene.turns.min if self.length == "short" else scene.turns.max
        pressures = self._pressures(scene, planned)
        if raised < len(pressures) and taken * len(pressures) >= raised * planned:
            # A branch that goes on with other dice has been told pressures that these dice may choose again.
            told = {event.text for event in script.in_scene(scene.id)}
            return next((text for text in map(self.cast.fill, pressures[raised:]) if text not in told), None)
        return None

    def _pressures(self, scene: Scene, planned: int) -> list[str]:
        """As many of the scene's pressures as its turns can answer: the last one, which is the hottest, and others by
        the dice, in the author's order.
        """
        fitting = min(len(scene.pressures), max(1, round(planned / _TURNS_A_PRESSURE)))
        last = len(scene.pressures) - 1
        others = random.Random(f"{self.seed}/{scene.id}/pressures").sample(range(max(last, 0)), max(fitting - 1, 0))
        return [scene.pressures[i] for i in sorted([*others, last])] if scene.pressures else []

    def speaker(self, script: Script, scene: Scene) -> str:
        """Who speaks next: whose aside it is, who was called by name, else by silence, talkativeness and the dice. The
        visitor is answered by somebody who perceived what she said or did.
        """
        if aside := self.aside(script, scene):
            return aside.role
        dice = cues.dice(self.seed, script, scene, "speaker")
        here = script.in_scene(scene.id)
        taken = turns(script, scene)
        last = taken[-1].speaker if taken else None
        there = _agents(script, scene)
        if visited := self.unanswered(script, scene):
            able = [role for role in there if role in visited.witnesses]
        else:
            able = [role for role in there if role != last] or there
            able = self._owed(scene, taken, contracted(script, scene), able) or able
        heard = visited or (here[-1] if here else None)
        called = self.cast.mentioned(heard.text) if heard else ()
        addressed = [role for role in called if heard and role in able and role in heard.witnesses]
        if addressed and (visited or not self._left_out(taken, able)):
            return addressed[0]
        weights = [self.cast.personas[role].talkativeness * _BOREDOM ** self._silence(taken, role) for role in able]
        return dice.choices(able, weights)[0]

    @staticmethod
    def _owed(scene: Scene, turns: Sequence[Event], contracted: Sequence[Event], able: Sequence[str]) -> list[str]:
        """Those who must speak now, so that everybody has had a turn before leaving, or before the scene ends: the
        turns that are left until then are no more than those that are still to be heard.
        """
        taken = len(contracted)
        whispers = scene.ordered_asides[whispered(contracted) :] if scene.asides else []
        leaves = {move.role: move.after for move in scene.moves if move.kind == "exit" and move.after > taken}
        comes = {move.role for move in scene.moves if move.kind == "entrance" and move.after > taken}
        for end in sorted({*leaves.values(), scene.turns.max}):
            asides = [aside for aside in whispers if aside.after < end]
            going = {role for role in (*able, *comes) if leaves.get(role, scene.turns.max) <= end}
            going -= {aside.role for aside in asides}
            unheard = {role for role in going if not any(event.speaker == role for event in reversed(turns))}
            if end - taken - len(asides) <= len(unheard):
                return [role for role in able if role in unheard]
        return []

    def _left_out(self, turns: Sequence[Event], able: Sequence[str]) -> bool:
        """Whether two have talked past the others for so long that somebody else must come in."""
        recent = [event.speaker for event in turns[-4:]]
        return len(able) > 1 and len(recent) == 4 and len(set(recent)) == 2

    @staticmethod
    def _silence(turns: Sequence[Event], role: str) -> int:
        """Turns since the role last spoke in the scene; capped, so that the weights stay numbers."""
        for since, event in enumerate(reversed(turns)):
            if event.speaker == role:
                return min(since, 12)
        return min(len(turns) + 2, 12)

    def cue(self, script: Script, scene: Scene, speaker: str) -> Cue:
        """What the speaker has in mind; see `Cues.draw`."""
        aside = self.aside(script, scene)
        own = aside if aside and aside.role == speaker else None
        return self._cues.draw(script, scene, speaker, aside=own, visited=self.unanswered(script, scene))

    @cached_property
    def _cues(self) -> Cues:
        return Cues(self.cast, self.seed)


def contracted(script: Script, scene: Scene) -> list[Event]:
    """The turns that the scene itself asks for: none of the visitor's, and no answer to her."""
    taken = turns(script, scene)
    if VISITOR not in scene.present:
        return taken
    here = [event for event in script.in_scene(scene.id) if event.kind not in BACKSTAGE]
    answers = {event.id for before, event in pairwise(here) if by_visitor(before)}
    return [event for event in taken if event.id not in answers]


def _agents(script: Script, scene: Scene) -> list[str]:
    """Those present but for the visitor."""
    return [role for role in present(script, scene) if role != VISITOR]


def _moved(script: Script, scene: Scene) -> int:
    """Moves of the scene that were made. The visitor comes and goes as she likes."""
    return sum(event.speaker != VISITOR for event in script.in_scene(scene.id, *MOVES))


def whispered(taken: Sequence[Event]) -> int:
    """Asides that had their turn, those too that ended in silence, or that whoever plays their speaker said aloud."""
    return sum(bool(event.cue and event.cue.tactic == WHISPERING) for event in taken)
