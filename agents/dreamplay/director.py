"""The director: who speaks next, with which cue, and when a scene is over. Code, never a model.

Everything is decided from the script and the run's seed, so that a run can be taken up again from its transcript.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dreamplay import library
from dreamplay.script import Cue, Event, Script
from dreamplay.story import Cast, Length, Scene

TURNS = ("line", "silence")
"""The kinds of event that use up a turn of the contract."""

_BOREDOM = 1.6
"""How fast the wish to speak grows with each turn of silence; above 1, so that silence outweighs talkativeness."""

_OF_THE_MOMENT = 0.35
"""Share of cues that begin with what the scene gives rather than with what the persona brings."""

_OF_THE_DREAM = 0.2
"""Share of cues after a dream with which somebody who has not yet spoken of it does."""

_OF_THE_SCENE = 0.5
"""Share of cues whose tactic is the scene's, where it has any, rather than the persona's own."""

_GLIMPSE = range(2, 8)
"""Spaces in a clause of a dream that can be spoken of: enough to see something, and too few to tell it over again."""

_TURNS_A_PRESSURE = 3.2
"""Turns that a pressure is given to be answered before the next one comes."""


@dataclass(frozen=True)
class Director:
    """Reads the whole script, tells nobody what is in it, and only ever hands a speaker his own cue."""

    cast: Cast
    seed: int
    length: Length = "full"

    def over(self, script: Script, scene: Scene) -> bool:
        """Whether the turn contract is met: enough turns, and everyone present has had one."""
        turns = [event for event in script.in_scene(scene.id) if event.kind in TURNS]
        if len(turns) >= max(scene.turns.max, scene.turns.min):
            return True
        heard = {event.speaker for event in turns}
        return self.length == "short" and len(turns) >= scene.turns.min and heard.issuperset(scene.present)

    def pressure(self, script: Script, scene: Scene) -> str | None:
        """The pressure that is due before the next turn, if one is: they are spread evenly over the turns."""
        turns, raised = self._progress(script, scene)
        planned = scene.turns.min if self.length == "short" else scene.turns.max
        pressures = self._pressures(scene, planned)
        if raised < len(pressures) and turns * len(pressures) >= raised * planned:
            return self.cast.fill(pressures[raised])
        return None

    def _pressures(self, scene: Scene, planned: int) -> list[str]:
        """As many of the scene's pressures as its turns can answer: the last one, which is the hottest, and others by
        the dice, in the author's order.
        """
        fitting = min(len(scene.pressures), max(1, round(planned / _TURNS_A_PRESSURE)))
        last = len(scene.pressures) - 1
        others = random.Random(f"{self.seed}/{scene.id}/pressures").sample(range(max(last, 0)), max(fitting - 1, 0))
        return [scene.pressures[i] for i in sorted([*others, last])] if scene.pressures else []

    def _dice(self, script: Script, scene: Scene, use: str) -> random.Random:
        """The dice of one turn: the same for the same seed, however the run came to this turn."""
        turns, _ = self._progress(script, scene)
        return random.Random(f"{self.seed}/{scene.id}/{turns}/{use}")

    def _progress(self, script: Script, scene: Scene) -> tuple[int, int]:
        """Turns taken and pressures raised in the scene. The first narration is the opening."""
        kinds = [event.kind for event in script.in_scene(scene.id)]
        return sum(kind in TURNS for kind in kinds), max(0, kinds.count("narration") - 1)

    def speaker(self, script: Script, scene: Scene) -> str:
        """Who speaks next: who was called by name, else by silence, talkativeness and the dice."""
        dice = self._dice(script, scene, "speaker")
        here = script.in_scene(scene.id)
        turns = [event for event in here if event.kind in TURNS]
        last = turns[-1].speaker if turns else None
        heard = {event.speaker for event in turns}
        able = [role for role in scene.present if role != last] or list(scene.present)
        waiting = [role for role in able if role not in heard]
        if scene.turns.max - len(turns) <= len(waiting):
            able = waiting or able
        addressed = [role for role in self.cast.mentioned(here[-1].text) if role in able] if here else []
        if addressed and not self._left_out(turns, able):
            return addressed[0]
        weights = [self.cast.personas[role].talkativeness * _BOREDOM ** self._silence(turns, role) for role in able]
        return dice.choices(able, weights)[0]

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
        """What the speaker has in mind: pressure x tactic x material, none twice while others are left."""
        dice = self._dice(script, scene, "cue")
        persona = self.cast.personas[speaker]
        here = script.in_scene(scene.id)
        others = self._addressees(here, scene, speaker)
        mine = [event.cue for event in script if event.cue and event.speaker == speaker]
        told = {event.cue.material for event in here if event.cue} | {cue.material for cue in mine}
        moment = [text for text in scene.material if speaker not in self._named(text)]
        of_own = [text for text in persona.material if not set(self._named(text)) & {speaker}]
        pools = [moment, of_own] if dice.random() < _OF_THE_MOMENT else [of_own, moment]
        fresh = [text for pool in pools for text in dice.sample(pool, len(pool)) if text not in told]
        material = fresh[0] if fresh else dice.choice(of_own or list(persona.material))
        dreamt = self._dreamt(script, speaker) if scene.kind != "dream" and dice.random() < _OF_THE_DREAM else []
        glimpse = dice.choice(dreamt) if dreamt else ""
        if glimpse:
            number = sum(bool(event.cue and event.cue.glimpse) for event in script)
            material = library.render("glimpse.jinja", glimpse=glimpse, number=number)
        ways = scene.tactics if scene.tactics and dice.random() < _OF_THE_SCENE else persona.tactics
        tactic = self._least_used(ways, [cue.tactic for cue in mine], dice)
        # Nobody is told in the third person what he does himself: «tells Leo that Leo …».
        to = next((role for role in others if role not in self._named(material)), others[0] if others else None)
        pressures = [event.text for event in here if event.kind == "narration"]
        matter = self.cast.fill(material)
        tell = f"tells {self.cast.name(to)}" if to else "says"
        return Cue(
            to=to,
            pressure=pressures[-1] if pressures else "",
            tactic=tactic,
            material=material,
            glimpse=glimpse,
            text=f"{persona.name} {tell} {self.cast.fill(tactic)} that {matter}.",
        )

    def _dreamt(self, script: Script, speaker: str) -> list[str]:
        """What the speaker saw in the last dream, in short: material for a first waking word about it."""
        seen = script.visible_to(speaker)
        dream = next((event for event in reversed(seen) if event.kind == "dream"), None)
        if dream is None or any(e.speaker == speaker and e.cue and e.cue.glimpse for e in seen if e.id > dream.id):
            return []
        clauses = [re.split(r"[,;:]| and | until | while ", text)[0] for text in re.split(r"[.!?…]\s*", dream.text)]
        shown = [text.strip() for text in clauses if text.strip().count(" ") in _GLIMPSE]
        return [self._lowered(text) for text in shown if speaker not in self.cast.mentioned(text)]

    def _lowered(self, text: str) -> str:
        """A sentence as it goes on after a comma; names keep their capital, and so does «I»."""
        first = text.split()[0]
        return text if self.cast.mentioned(first) or first == "I" else text[:1].lower() + text[1:]

    def _addressees(self, here: Sequence[Event], scene: Scene, speaker: str) -> list[str]:
        """Whom a line can be meant for: whoever spoke last first, then the others present."""
        recent = [e.speaker for e in reversed(here) if e.speaker and e.speaker != speaker]
        order = dict.fromkeys([*recent, *(role for role in scene.present if role != speaker)])
        return [role for role in order if role in scene.present]

    def _named(self, text: str) -> tuple[str, ...]:
        return self.cast.mentioned(self.cast.fill(text))

    @staticmethod
    def _least_used(options: Sequence[str], used: Sequence[str], dice: random.Random) -> str:
        """One of the options used least so far: none comes twice while others are left."""
        fewest = min(used.count(option) for option in options)
        return dice.choice([option for option in options if used.count(option) == fewest])
