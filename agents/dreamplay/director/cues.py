"""Cues: what a speaker has in mind, drawn for one turn from pressures, tactics and material.

Like everything that the director decides, a cue follows from the script and the seed alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dreamplay.director import relevance
from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.director.topics import Step
from dreamplay.library import templates
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, DreamEvent, Event, LineEvent, NarrationEvent, TurnEvent
from dreamplay.schema.scene import Aside, Scene
from dreamplay.schema.script import Script, attitudes
from dreamplay.schema.view import last_heard

_WHISPERING = "in a whisper, for nobody else to hear,"
"""How an aside is said."""


@dataclass(frozen=True)
class Cues:
    """Draws the cues of a run. It reads the whole script, and gives a speaker nothing but their cue."""

    cast: Cast
    seed: int
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of topics."""
    config: DirectorConfig = field(default_factory=DirectorConfig)
    _owners: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Scene to the role of each piece of its material. Computed once for each scene."""

    def of_topic(self, now: Situation, step: Step) -> Cue:
        """The cue that gives a move of a topic."""
        does = self.cast.fill(step.move.does)
        text = f"{self.cast.name(step.move.role)} {does.rstrip('.')}." if now.direction == "led" else ""
        return Cue(
            to=step.to, pressure=self._newest(now, step.move.role), tactic="", material=step.move.does, text=text,
            topic=step.topic.id, move=step.number, act=step.move.act or "", answers=step.answers,
        )  # fmt: skip

    def draw(self, now: Situation, speaker: str) -> Cue:
        """Draw a cue: pressure, tactic and material. Nothing is drawn twice while others are left. If a visitor has
        just said or done something, the cue is an answer to it.

        Args:
            now: where the scene stands.
            speaker: whose cue it is.
        """
        config, script, scene, visited = self.config, now.script, now.scene, now.unanswered
        rolled = now.dice(self.seed, "cue")
        persona = self.cast.personas[speaker]
        others = self._addressees(now, speaker)
        visitor = self.cast.visitor
        if visitor in others and not visited and rolled.random() < config.to_visitor:
            others.sort(key=lambda role: role != visitor)
        mine = self._cues(script, speaker)
        heard = [event.cue for event in script.in_scene(scene.id, TurnEvent)[-config.horizon :] if event.cue]
        told = {cue.material for cue in (*heard, *mine)}
        owners = self._owned(scene)
        moment = [text for text in scene.material if owners.get(text) == speaker]
        of_own = [text for text in persona.material if not set(self._named(text)) & {speaker}]
        pools = [moment, of_own] if rolled.random() < config.of_the_moment else [of_own, moment]
        fresh = next((left for pool in pools if (left := [text for text in pool if text not in told])), [])
        some = rolled.sample(fresh, min(config.at_hand, len(fresh))) or [rolled.choice(of_own or [*persona.material])]
        material = relevance.nearest(self.cast, self.embedder, some, last_heard(script.visible_to(speaker)))
        by_day = not visited and scene.kind != "dream" and not any(cue.glimpse for cue in heard)
        dreamt = self._dreamt(script, speaker) if by_day and rolled.random() < config.of_the_dream else []
        glimpse = rolled.choice(dreamt) if dreamt else ""
        if glimpse:
            number = sum(bool(event.cue and event.cue.glimpse) for event in script.of_kind(TurnEvent))
            material = templates.render("glimpse.jinja", glimpse=glimpse, number=number)
        ways = scene.tactics if scene.tactics and rolled.random() < config.of_the_scene else persona.tactics
        tactic = self._least_used(ways, [cue.tactic for cue in mine], rolled)
        if visited:
            return self._answer(now, speaker, visited, tactic=tactic, material=material)
        # A cue does not tell a character about themselves in the third person: "tells Leo that Leo ...".
        to = next((role for role in others if role not in self._named(material)), others[0] if others else None)
        if to and (tone := self._tone(now, speaker, to)):
            tactic = tone
        tell = f"tells {self.cast.called(to)}" if to else "says"
        return self._cue(now, speaker, tell, tactic=tactic, material=material, to=to, glimpse=glimpse)

    def whisper(self, now: Situation, aside: Aside) -> Cue:
        """The cue of an aside, whose material the author wrote."""
        tell = f"tells {self.cast.listed(aside.to)}"
        return self._cue(
            now,
            aside.role,
            tell,
            tactic=_WHISPERING,
            material=aside.material,
            to=aside.to[0],
            hears=aside.to,
            aside=True,
        )

    def _answer(self, now: Situation, speaker: str, visited: Event, **matter: str) -> Cue:
        """The cue for an answer to the visitor. A whisper is answered in a whisper."""
        visitor = visited.speaker or ""
        name, done = self.cast.name(visitor), "said" if visited.kind == "line" else "done"
        tell = f"tells {name} in answer to what {name} has just {done},"
        apart = isinstance(visited, LineEvent) and visited.hears
        hears = tuple(role for role in visited.witnesses if role != speaker) if apart else ()
        return self._cue(now, speaker, tell, to=visitor, hears=hears, **matter)

    def _cue(self, now: Situation, speaker: str, tell: str, *, tactic: str, material: str, **rest: Any) -> Cue:
        pressure = self._newest(now, speaker)
        text = f"{self.cast.name(speaker)} {tell} {self.cast.fill(tactic)} that {self.cast.fill(material)}."
        return Cue(pressure=pressure, tactic=tactic, material=material, text=text, **rest)

    @staticmethod
    def _newest(now: Situation, speaker: str) -> str:
        """What has happened last in the scene before the speaker; empty if nothing has."""
        told = reversed(now.script.in_scene(now.scene.id, NarrationEvent))
        return next((event.text for event in told if speaker in event.witnesses), "")

    def _tone(self, now: Situation, speaker: str, to: str) -> str | None:
        """The tone towards the addressee, in some of the turns in which the speaker's attitude is extreme."""
        regard = attitudes(now.script, speaker).get(to, 0.0)
        tone = "warmly" if regard >= self.config.warm else "coldly" if regard <= self.config.cold else None
        return tone if now.dice(self.seed, "tone").random() < self.config.of_attitude else None

    def _cues(self, script: Script, speaker: str, after: int = -1) -> list[Cue]:
        """The speaker's earlier cues, after an event if one is given."""
        turns = script.visible_to(speaker, kind=TurnEvent)[-self.config.horizon :]
        return [event.cue for event in turns if event.cue and event.speaker == speaker and event.id > after]

    def _dreamt(self, script: Script, speaker: str) -> list[str]:
        """The clauses of the last dream that are closest to the speaker, as material for a remark about it."""
        dreams = script.visible_to(speaker, kind=DreamEvent)
        if not dreams or any(cue.glimpse for cue in self._cues(script, speaker, after=dreams[-1].id)):
            return []
        clauses = [re.split(r"[,;:]| and | until | while ", t)[0] for t in re.split(r"[.!?…]\s*", dreams[-1].text)]
        least, most = self.config.glimpse
        shown = [text.strip() for text in clauses if least <= text.strip().count(" ") <= most]
        dreamers = [role for role in dreams[-1].witnesses if role in self.cast.characters]
        owners = relevance.owners(self.cast, self.embedder, shown, dreamers) if shown else {}
        return [self._lowered(text) for text in shown if owners.get(text) == speaker]

    def _lowered(self, text: str) -> str:
        """A sentence with a small first letter, unless it begins with a name or "I"."""
        first = text.split()[0]
        return text if self.cast.mentioned(first) or first == "I" else text[:1].lower() + text[1:]

    @staticmethod
    def _addressees(now: Situation, speaker: str) -> list[str]:
        """Possible addressees: whoever the speaker heard last comes first, then the others present."""
        others = [role for role in now.present if role != speaker]
        order: list[str] = []
        for event in reversed(now.script.in_scene(now.scene.id)):
            if len(order) == len(others):
                break
            if event.speaker in others and event.speaker not in order and speaker in event.witnesses:
                order.append(event.speaker)
        return [*order, *(role for role in others if role not in order)]

    def _owned(self, scene: Scene) -> dict[str, str]:
        if scene.id not in self._owners:
            there = dict.fromkeys([*scene.present, *(move.role for move in scene.moves)])
            roles = [role for role in there if role in self.cast.characters]
            self._owners[scene.id] = (
                relevance.owners(self.cast, self.embedder, scene.material, roles) if scene.material else {}
            )
        return self._owners[scene.id]

    def _named(self, text: str) -> tuple[str, ...]:
        return self.cast.mentioned(self.cast.fill(text))

    @staticmethod
    def _least_used(options: Sequence[str], used: Sequence[str], rolled: random.Random) -> str:
        """One of the options that were used least so far, so that none repeats while others are left."""
        fewest = min(used.count(option) for option in options)
        return rolled.choice([option for option in options if used.count(option) == fewest])
