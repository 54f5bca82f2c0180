"""Glimpses: what somebody could say of a shared dream by daylight."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dreamplay.director import relevance
from dreamplay.director.at_hand import own_cues
from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.library import templates
from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import DreamEvent, TurnEvent
from dreamplay.schema.script import Script

_JOINED = re.compile(r"\s*(?:and|but|or|so|then|because|until|while|when|as|if)\b", re.IGNORECASE)
"""How a clause begins that cannot follow "that", or that has its subject in the sentence before."""


@dataclass(frozen=True)
class Glimpses:
    """Finds what is said of the dreams of a run."""

    cast: Cast
    seed: int
    embedder: Embedder
    config: DirectorConfig

    def drawn(self, now: Situation, speaker: str) -> tuple[str, str]:
        """A piece of the last dream and what the speaker says of it, as matter; both empty in most turns. Once in a
        scene somebody speaks of it who has not spoken of it yet."""
        dice = now.dice(self.seed, "dream")
        turns = now.script.in_scene(now.scene.id, TurnEvent)[-self.config.horizon :]
        if now.unanswered or now.scene.kind == "dream" or any(event.cue and event.cue.glimpse for event in turns):
            return "", ""
        dreamt = self._dreamt(now.script, speaker) if dice.random() < self.config.of_the_dream else []
        if not dreamt:
            return "", ""
        glimpse = dice.choice(dreamt)
        number = sum(bool(event.cue and event.cue.glimpse) for event in now.script.of_kind(TurnEvent))
        return glimpse, templates.render("glimpse.jinja", glimpse=glimpse, number=number)

    def _dreamt(self, script: Script, speaker: str) -> list[str]:
        """The clauses of the last dream that are closest to the speaker, as material for a remark about it."""
        dreams = script.visible_to(speaker, kind=DreamEvent)
        if not dreams or any(cue.glimpse for cue in own_cues(script, speaker, self.config.horizon, dreams[-1].id)):
            return []
        clauses = [re.split(r"[,;:]| and | until | while ", t)[0] for t in re.split(r"[.!?…]\s*", dreams[-1].text)]
        least, most = self.config.glimpse
        whole = [text.strip() for text in clauses if not _JOINED.match(text)]
        shown = [text for text in whole if least <= text.count(" ") <= most]
        dreamers = [role for role in dreams[-1].witnesses if role in self.cast.characters]
        owners = relevance.owners(self.cast, self.embedder, shown, dreamers) if shown else {}
        return [self._lowered(text) for text in shown if owners.get(text) == speaker]

    def _lowered(self, text: str) -> str:
        """A sentence with a small first letter, unless it begins with a name or "I"."""
        first = text.split()[0]
        return text if self.cast.mentioned(first) or first == "I" else text[:1].lower() + text[1:]
