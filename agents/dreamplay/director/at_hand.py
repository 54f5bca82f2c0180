"""Things at hand: what a speaker could speak of now, from the persona and the scene, closest to what was just said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from dreamplay.director import relevance
from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, TurnEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.view import last_heard


@dataclass(frozen=True)
class AtHand:
    """Finds the things at hand in a run."""

    cast: Cast
    embedder: Embedder
    config: DirectorConfig
    _owners: dict[str, dict[str, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Scene to the role of each piece of its material. Computed once for each scene."""
    _brought: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Role to the material that they bring. Computed once for each role."""

    def one(self, now: Situation, speaker: str, dice: random.Random, *, without: str | None = None) -> str:
        """The thing that is most like an answer to what the speaker heard last, among some that are drawn. None comes
        twice while others are left.

        Args:
            now: where the scene stands.
            speaker: who would speak of it.
            dice: draws them.
            without: somebody to whom it is said, and of whom it should not tell.
        """
        fresh = self._fresh(now, speaker, dice)
        fresh = [text for text in fresh if without not in self.named(text)] or fresh
        some = dice.sample(fresh, min(self.config.at_hand, len(fresh))) or self._longest_ago(now, speaker)[:2]
        return relevance.nearest(self.cast, self.embedder, some, last_heard(now.script.visible_to(speaker)))

    def several(self, now: Situation, speaker: str, dice: random.Random) -> tuple[str, ...]:
        """Two or three things, the closest to what the speaker heard last first, of the scene and of their own. What
        they had at hand longest ago comes again once everything was."""
        heard = last_heard(now.script.visible_to(speaker))
        moment, own = self._pools(now, speaker)
        some = [*moment, *dice.sample(own, min(2 * self.config.at_hand, len(own)))]
        if (lacking := self.config.things - len(some)) > 0:
            shown = [
                thing for cue in reversed(own_cues(now.script, speaker, self.config.horizon)) for thing in cue.things
            ]
            old = [text for text in self._own(speaker) if text not in some]
            some += sorted(old, key=lambda text: -shown.index(text) if text in shown else -len(shown))[:lacking]
        return tuple(relevance.ranked(self.cast, self.embedder, some, heard)[: self.config.things])

    def named(self, text: str) -> tuple[str, ...]:
        """The roles that a piece of material names."""
        return self.cast.mentioned(self.cast.fill(text))

    def _fresh(self, now: Situation, speaker: str, dice: random.Random) -> list[str]:
        """What is left of what the scene gives the speaker, or of what they bring; by dice the one or the other."""
        moment, own = self._pools(now, speaker)
        first, second = (moment, own) if dice.random() < self.config.of_the_moment else (own, moment)
        return first or second

    def _pools(self, now: Situation, speaker: str) -> tuple[list[str], list[str]]:
        """What has not been spoken of yet: of what the scene gives the speaker, and of what they bring."""
        told = self._told(now.script, now.scene, speaker)
        owners = self._owned(now.scene)
        moment = [text for text in now.scene.material if owners.get(text) == speaker and text not in told]
        return moment, [text for text in self._own(speaker) if text not in told]

    def _own(self, speaker: str) -> list[str]:
        """The material of a persona that does not name them, since nobody tells of themselves in the third person."""
        if speaker not in self._brought:
            material = self.cast.personas[speaker].material
            self._brought[speaker] = [text for text in material if speaker not in self.named(text)] or [*material]
        return self._brought[speaker]

    def _longest_ago(self, now: Situation, speaker: str) -> list[str]:
        """All of their own, what they spoke of or had at hand longest ago first."""
        cues = own_cues(now.script, speaker, self.config.horizon)
        shown = [thing for cue in reversed(cues) for thing in (cue.material, *cue.things)]
        last = {thing: place for place, thing in reversed(list(enumerate(shown)))}
        return sorted(self._own(speaker), key=lambda text: -last.get(text, len(shown)))

    def _told(self, script: Script, scene: Scene, speaker: str) -> set[str]:
        """What was spoken of in the scene, and what the speaker spoke of or had at hand."""
        turns = [*script.in_scene(scene.id, TurnEvent)[-self.config.horizon :]]
        heard = [event.cue for event in turns if event.cue]
        mine = own_cues(script, speaker, self.config.horizon)
        return {cue.material for cue in (*heard, *mine)} | {thing for cue in mine for thing in cue.things}

    def _owned(self, scene: Scene) -> dict[str, str]:
        if scene.id not in self._owners:
            there = dict.fromkeys([*scene.present, *(move.role for move in scene.moves)])
            roles = [role for role in there if role in self.cast.characters]
            self._owners[scene.id] = (
                relevance.owners(self.cast, self.embedder, scene.material, roles) if scene.material else {}
            )
        return self._owners[scene.id]


def own_cues(script: Script, speaker: str, horizon: int, after: int = -1) -> Sequence[Cue]:
    """The speaker's earlier cues among so many turns that they witnessed, after an event if one is given."""
    turns = script.visible_to(speaker, kind=TurnEvent)[-horizon:]
    return [event.cue for event in turns if event.cue and event.speaker == speaker and event.id > after]
