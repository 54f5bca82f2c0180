"""The director: who speaks next, with which cue, and when a scene is over. Code, never a model.

Everything is decided from the script and the run's seed, so that a run can be taken up again from its transcript.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from dreamplay import library
from dreamplay.script import BACKSTAGE, MOVES, TURNS, Cue, Event, Script, by_visitor, present, regards, turns
from dreamplay.stage import affinity
from dreamplay.story import VISITOR, Aside, Cast, Length, Move, Scene

Opening = Literal["start", "end", "round", "addressed", "line"]
"""Why the visitor is asked: the scene begins or ends, all have spoken since she did, she was spoken to, or she wants to
be asked after every line.
"""

_BOREDOM = 1.6
"""How fast the wish to speak grows with each turn of silence; above 1, so that silence outweighs talkativeness."""

_OF_THE_MOMENT = 0.35
"""Share of cues that begin with what the scene gives the speaker, as long as it does, rather than with what the persona
brings."""

_OF_THE_DREAM = 0.2
"""Share of cues after a dream with which somebody who has not yet spoken of it does; once in a scene, since everybody
sounds alike there."""

_OF_THE_SCENE = 0.5
"""Share of cues whose tactic is the scene's, where it has any, rather than the persona's own."""

_GLIMPSE = range(2, 8)
"""Spaces in a clause of a dream that can be spoken of: enough to see something, and too few to tell it over again."""

_TO_VISITOR = 0.25
"""Share of cues that are meant for the visitor, where there is one who has not just spoken anyway."""

_TURNS_A_PRESSURE = 3.2
"""Turns that a pressure is given to be answered before the next one comes."""

_HORIZON = 200
"""Turns after which a matter may come up again: more than the shipped stories have, and a longer play, which uses
up all there is to talk about, costs no more a turn.
"""

WARM, COLD = 1.0, -0.6
"""Regard from which somebody is spoken to warmly, and down to which coldly. Models mark kindly: a tone that most cues
had would make everybody sound alike, so nothing but the full mark is warm.
"""

_OF_REGARD = 0.5
"""Share of cues to somebody at such an extreme that have its tone instead of the speaker's own way."""

WHISPERING = "in a whisper, for nobody else to hear,"
"""The tactic of an aside."""


@dataclass(frozen=True)
class Director:
    """Reads the whole script, tells nobody what is in it, and only ever hands a speaker his own cue."""

    cast: Cast
    seed: int
    length: Length = "full"
    _owners: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By scene: whose each piece of its material is. Found once, since a scene does not change."""

    def over(self, script: Script, scene: Scene) -> bool:
        """Whether the turn contract is met: enough turns, everyone present has had one, and whoever was to come, go
        or whisper has done so. What the visitor says, and what she is answered, comes on top.
        """
        if self.unanswered(script, scene):
            return False
        taken = self._contracted(script, scene)
        if len(taken) >= max(scene.turns.max, scene.turns.min):
            return True
        if self.length == "full" or len(taken) < scene.turns.min:
            return False
        done = _moved(script, scene), _whispered(taken)
        heard = {event.speaker for event in turns(script, scene)}
        return done == (len(scene.moves), len(scene.asides)) and heard.issuperset(_agents(script, scene))

    def unanswered(self, script: Script, scene: Scene) -> Event | None:
        """What the visitor has just said or done, if somebody else is there who perceived it."""
        if VISITOR not in scene.present:
            return None
        last = next((e for e in reversed(script.in_scene(scene.id)) if e.kind not in BACKSTAGE), None)
        heard = last and by_visitor(last) and set(last.witnesses) & set(_agents(script, scene))
        return last if heard else None

    def opening(self, script: Script, scene: Scene, every_line: bool) -> Opening | None:
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

    @staticmethod
    def _contracted(script: Script, scene: Scene) -> list[Event]:
        """The turns that the scene itself asks for: none of the visitor's, and no answer to her."""
        taken = turns(script, scene)
        if VISITOR not in scene.present:
            return taken
        here = [event for event in script.in_scene(scene.id) if event.kind not in BACKSTAGE]
        answers = {event.id for before, event in pairwise(here) if by_visitor(before)}
        return [event for event in taken if event.id not in answers]

    def move(self, script: Script, scene: Scene) -> Move | None:
        """Who comes or goes now, if somebody does."""
        left = scene.ordered_moves[_moved(script, scene) :]
        return left[0] if left and left[0].after <= len(self._contracted(script, scene)) else None

    def aside(self, script: Script, scene: Scene) -> Aside | None:
        """What is whispered in the next turn, if that turn is an aside's. First the visitor is answered."""
        if not scene.asides or self.unanswered(script, scene):
            return None
        taken = self._contracted(script, scene)
        left = scene.ordered_asides[_whispered(taken) :]
        return left[0] if left and left[0].after <= len(taken) else None

    def pressure(self, script: Script, scene: Scene) -> str | None:
        """The pressure that is due before the next turn, if one is: they are spread evenly over the turns. What
        demands an answer of everybody waits while somebody whispers, or has yet to answer the visitor.
        """
        if self.unanswered(script, scene) or self.aside(script, scene):
            return None
        taken = len(self._contracted(script, scene))
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

    def _dice(self, script: Script, scene: Scene, use: str) -> random.Random:
        """The dice of one turn: the same for the same seed, however the run came to this turn."""
        return random.Random(f"{self.seed}/{scene.id}/{len(turns(script, scene))}/{use}")

    def speaker(self, script: Script, scene: Scene) -> str:
        """Who speaks next: whose aside it is, who was called by name, else by silence, talkativeness and the dice. The
        visitor is answered by somebody who perceived what she said or did.
        """
        if aside := self.aside(script, scene):
            return aside.role
        dice = self._dice(script, scene, "speaker")
        here = script.in_scene(scene.id)
        taken = turns(script, scene)
        last = taken[-1].speaker if taken else None
        there = _agents(script, scene)
        if visited := self.unanswered(script, scene):
            able = [role for role in there if role in visited.witnesses]
        else:
            able = [role for role in there if role != last] or there
            able = self._owed(scene, taken, self._contracted(script, scene), able) or able
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
        whispers = scene.ordered_asides[_whispered(contracted) :] if scene.asides else []
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
        """What the speaker has in mind: pressure x tactic x material, none twice while others are left."""
        if (aside := self.aside(script, scene)) and aside.role == speaker:
            return self._whisper(script, scene, aside)
        dice = self._dice(script, scene, "cue")
        persona = self.cast.personas[speaker]
        others = self._addressees(script, scene, speaker)
        visited = self.unanswered(script, scene)
        if VISITOR in others and not visited and dice.random() < _TO_VISITOR:
            others = [VISITOR, *(role for role in others if role != VISITOR)]
        mine = self._cues(script, speaker)
        heard = [event.cue for event in script.in_scene(scene.id, *TURNS)[-_HORIZON:] if event.cue]
        told = {cue.material for cue in (*heard, *mine)}
        owners = self._owned(scene)
        moment = [text for text in scene.material if owners.get(text) == speaker]
        of_own = [text for text in persona.material if not set(self._named(text)) & {speaker}]
        pools = [moment, of_own] if dice.random() < _OF_THE_MOMENT else [of_own, moment]
        fresh = [text for pool in pools for text in dice.sample(pool, len(pool)) if text not in told]
        material = fresh[0] if fresh else dice.choice(of_own or list(persona.material))
        by_day = not visited and scene.kind != "dream" and not any(cue.glimpse for cue in heard)
        dreamt = self._dreamt(script, speaker) if by_day and dice.random() < _OF_THE_DREAM else []
        glimpse = dice.choice(dreamt) if dreamt else ""
        if glimpse:
            number = sum(bool(event.cue and event.cue.glimpse) for event in script)
            material = library.render("glimpse.jinja", glimpse=glimpse, number=number)
        ways = scene.tactics if scene.tactics and dice.random() < _OF_THE_SCENE else persona.tactics
        tactic = self._least_used(ways, [cue.tactic for cue in mine], dice)
        if visited:
            return self._answer(script, scene, speaker, visited, tactic=tactic, material=material)
        # Nobody is told in the third person what he does himself: «tells Leo that Leo …».
        to = next((role for role in others if role not in self._named(material)), others[0] if others else None)
        if to and (tone := self._tone(script, scene, speaker, to)):
            tactic = tone
        tell = f"tells {self.cast.name(to)}" if to else "says"
        return self._cue(script, scene, speaker, tell, tactic=tactic, material=material, to=to, glimpse=glimpse)

    def _whisper(self, script: Script, scene: Scene, aside: Aside) -> Cue:
        """The cue of an aside: the matter is the author's."""
        tell = f"tells {self.cast.listed(aside.to)}"
        return self._cue(
            script, scene, aside.role, tell, tactic=WHISPERING, material=aside.material, to=aside.to[0], hears=aside.to
        )

    def _answer(self, script: Script, scene: Scene, speaker: str, visited: Event, **matter: str) -> Cue:
        """The cue of whoever answers the visitor. A whisper is answered in a whisper."""
        name, done = self.cast.name(VISITOR), "said" if visited.kind == "line" else "done"
        tell = f"tells {name} in answer to what {name} has just {done},"
        apart = visited.cue is not None and bool(visited.cue.hears)
        hears = tuple(role for role in visited.witnesses if role != speaker) if apart else ()
        return self._cue(script, scene, speaker, tell, to=VISITOR, hears=hears, **matter)

    def _cue(
        self, script: Script, scene: Scene, speaker: str, tell: str, *, tactic: str, material: str, **rest: Any
    ) -> Cue:
        told = reversed(script.in_scene(scene.id, "narration"))
        pressure = next((event.text for event in told if speaker in event.witnesses), "")
        text = f"{self.cast.name(speaker)} {tell} {self.cast.fill(tactic)} that {self.cast.fill(material)}."
        return Cue(pressure=pressure, tactic=tactic, material=material, text=text, **rest)

    def _tone(self, script: Script, scene: Scene, speaker: str, to: str) -> str | None:
        """How the addressee is spoken to, in some of the turns, where the speaker's regard is at an extreme."""
        regard = regards(script, speaker).get(to, 0.0)
        tone = "warmly" if regard >= WARM else "coldly" if regard <= COLD else None
        return tone if self._dice(script, scene, "tone").random() < _OF_REGARD else None

    @staticmethod
    def _cues(script: Script, speaker: str, after: int = -1) -> list[Cue]:
        """What the speaker has had in mind of late, or since an event."""
        turns = script.visible_to(speaker, kinds=TURNS)[-_HORIZON:]
        return [event.cue for event in turns if event.cue and event.speaker == speaker and event.id > after]

    def _dreamt(self, script: Script, speaker: str) -> list[str]:
        """What the speaker saw in the last dream, in short: material for a first waking word about it."""
        dreams = script.visible_to(speaker, kinds=("dream",))
        if not dreams or any(cue.glimpse for cue in self._cues(script, speaker, after=dreams[-1].id)):
            return []
        clauses = [re.split(r"[,;:]| and | until | while ", t)[0] for t in re.split(r"[.!?…]\s*", dreams[-1].text)]
        shown = [text.strip() for text in clauses if text.strip().count(" ") in _GLIMPSE]
        return [self._lowered(text) for text in shown if speaker not in self.cast.mentioned(text)]

    def _lowered(self, text: str) -> str:
        """A sentence as it goes on after a comma; names keep their capital, and so does «I»."""
        first = text.split()[0]
        return text if self.cast.mentioned(first) or first == "I" else text[:1].lower() + text[1:]

    def _addressees(self, script: Script, scene: Scene, speaker: str) -> list[str]:
        """Whom a line can be meant for: whoever the speaker heard last first, then the others present."""
        here = present(script, scene)
        others = [role for role in here if role != speaker]
        order: list[str] = []
        for event in reversed(script.in_scene(scene.id)):
            if len(order) == len(others):
                break
            if event.speaker in others and event.speaker not in order and speaker in event.witnesses:
                order.append(event.speaker)
        return [*order, *(role for role in others if role not in order)]

    def _owned(self, scene: Scene) -> dict[str, str]:
        if scene.id not in self._owners:
            there = dict.fromkeys([*scene.present, *(move.role for move in scene.moves)])
            roles = [role for role in there if role != VISITOR]
            self._owners[scene.id] = affinity.owners(self.cast, scene.material, roles) if scene.material else {}
        return self._owners[scene.id]

    def _named(self, text: str) -> tuple[str, ...]:
        return self.cast.mentioned(self.cast.fill(text))

    @staticmethod
    def _least_used(options: Sequence[str], used: Sequence[str], dice: random.Random) -> str:
        """One of the options used least so far: none comes twice while others are left."""
        fewest = min(used.count(option) for option in options)
        return dice.choice([option for option in options if used.count(option) == fewest])


def _agents(script: Script, scene: Scene) -> list[str]:
    """Those present but for the visitor."""
    return [role for role in present(script, scene) if role != VISITOR]


def _moved(script: Script, scene: Scene) -> int:
    """Moves of the scene that were made. The visitor comes and goes as she likes."""
    return sum(event.speaker != VISITOR for event in script.in_scene(scene.id, *MOVES))


def _whispered(taken: Sequence[Event]) -> int:
    """Asides that had their turn, those too that ended in silence, or that whoever plays their speaker said aloud."""
    return sum(bool(event.cue and event.cue.tactic == WHISPERING) for event in taken)
