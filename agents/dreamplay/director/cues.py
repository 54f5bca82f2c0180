"""Cues: what a speaker has in mind, drawn for one turn. Pressure x tactic x material, by the dice of the run.

Like everything the director decides, it follows from the script and the seed alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dreamplay.director import relevance
from dreamplay.library import templates
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import TURNS, Cue, Event
from dreamplay.schema.script import Script, attitudes, present, turns
from dreamplay.schema.story import VISITOR, Aside, Scene
from dreamplay.schema.view import last_heard

_OF_THE_MOMENT = 0.35
"""Share of cues that begin with what the scene gives the speaker, as long as it does, rather than with what the persona
brings."""

_AT_HAND = 6
"""Matters that come to a speaker's mind, by the dice, of which the nearest to what was just heard becomes the cue: with
more, the same is answered to the same whatever the seed.
"""

_OF_THE_DREAM = 0.2
"""Share of cues after a dream with which somebody who has not yet spoken of it does; once in a scene, since everybody
sounds alike there."""

_OF_THE_SCENE = 0.5
"""Share of cues whose tactic is the scene's, where it has any, rather than the persona's own."""

_GLIMPSE = range(2, 8)
"""Spaces in a clause of a dream that can be spoken of: enough to see something, and too few to tell it over again."""

_TO_VISITOR = 0.12
"""Share of cues that are meant for the visitor, where there is one who has not just spoken anyway: of a quarter of them
a small model makes a habit, and begins every line with her name.
"""

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
class Cues:
    """Draws the cues of a run. Reads the whole script, and only ever hands a speaker his own."""

    cast: Cast
    seed: int
    _owners: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By scene: whose each piece of its material is. Found once, since a scene does not change."""

    def draw(
        self, script: Script, scene: Scene, speaker: str, *, aside: Aside | None = None, visited: Event | None = None
    ) -> Cue:
        """What the speaker has in mind: pressure x tactic x material, none twice while others are left.

        Args:
            script: all of it.
            scene: the scene that runs.
            speaker: whose cue it is.
            aside: what the author has her whisper now.
            visited: what the visitor has said or done, to be answered now.
        """
        if aside:
            return self._whisper(script, scene, aside)
        rolled = dice(self.seed, script, scene, "cue")
        persona = self.cast.personas[speaker]
        others = self._addressees(script, scene, speaker)
        if VISITOR in others and not visited and rolled.random() < _TO_VISITOR:
            others = [VISITOR, *(role for role in others if role != VISITOR)]
        mine = self._cues(script, speaker)
        heard = [event.cue for event in script.in_scene(scene.id, *TURNS)[-_HORIZON:] if event.cue]
        told = {cue.material for cue in (*heard, *mine)}
        owners = self._owned(scene)
        moment = [text for text in scene.material if owners.get(text) == speaker]
        of_own = [text for text in persona.material if not set(self._named(text)) & {speaker}]
        pools = [moment, of_own] if rolled.random() < _OF_THE_MOMENT else [of_own, moment]
        fresh = next((left for pool in pools if (left := [text for text in pool if text not in told])), [])
        some = rolled.sample(fresh, min(_AT_HAND, len(fresh))) or [rolled.choice(of_own or list(persona.material))]
        last = last_heard(script.visible_to(speaker))
        material = relevance.nearest(self.cast, some, last)
        by_day = not visited and scene.kind != "dream" and not any(cue.glimpse for cue in heard)
        dreamt = self._dreamt(script, speaker) if by_day and rolled.random() < _OF_THE_DREAM else []
        glimpse = rolled.choice(dreamt) if dreamt else ""
        if glimpse:
            number = sum(bool(event.cue and event.cue.glimpse) for event in script)
            material = templates.render("glimpse.jinja", glimpse=glimpse, number=number)
        ways = scene.tactics if scene.tactics and rolled.random() < _OF_THE_SCENE else persona.tactics
        tactic = self._least_used(ways, [cue.tactic for cue in mine], rolled)
        if visited:
            return self._answer(script, scene, speaker, visited, tactic=tactic, material=material)
        # Nobody is told in the third person what he does himself: «tells Leo that Leo …».
        to = next((role for role in others if role not in self._named(material)), others[0] if others else None)
        if to and (tone := self._tone(script, scene, speaker, to)):
            tactic = tone
        tell = f"tells {self.cast.called(to)}" if to else "says"
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
        regard = attitudes(script, speaker).get(to, 0.0)
        tone = "warmly" if regard >= WARM else "coldly" if regard <= COLD else None
        return tone if dice(self.seed, script, scene, "tone").random() < _OF_REGARD else None

    @staticmethod
    def _cues(script: Script, speaker: str, after: int = -1) -> list[Cue]:
        """What the speaker has had in mind of late, or since an event."""
        turns = script.visible_to(speaker, kinds=TURNS)[-_HORIZON:]
        return [event.cue for event in turns if event.cue and event.speaker == speaker and event.id > after]

    def _dreamt(self, script: Script, speaker: str) -> list[str]:
        """What of the last dream sounds like the speaker, in short: material for a first waking word about it."""
        dreams = script.visible_to(speaker, kinds=("dream",))
        if not dreams or any(cue.glimpse for cue in self._cues(script, speaker, after=dreams[-1].id)):
            return []
        clauses = [re.split(r"[,;:]| and | until | while ", t)[0] for t in re.split(r"[.!?…]\s*", dreams[-1].text)]
        shown = [text.strip() for text in clauses if text.strip().count(" ") in _GLIMPSE]
        dreamers = [role for role in dreams[-1].witnesses if role != VISITOR]
        owners = relevance.owners(self.cast, shown, dreamers) if shown else {}
        return [self._lowered(text) for text in shown if owners.get(text) == speaker]

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
            self._owners[scene.id] = relevance.owners(self.cast, scene.material, roles) if scene.material else {}
        return self._owners[scene.id]

    def _named(self, text: str) -> tuple[str, ...]:
        return self.cast.mentioned(self.cast.fill(text))

    @staticmethod
    def _least_used(options: Sequence[str], used: Sequence[str], rolled: random.Random) -> str:
        """One of the options used least so far: none comes twice while others are left."""
        fewest = min(used.count(option) for option in options)
        return rolled.choice([option for option in options if used.count(option) == fewest])


def dice(seed: int, script: Script, scene: Scene, use: str) -> random.Random:
    """The dice of one turn: the same for the same seed, however the run came to this turn."""
    return random.Random(f"{seed}/{scene.id}/{len(turns(script, scene))}/{use}")
