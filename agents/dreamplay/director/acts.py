"""Acts: what a line may do to the person it is said to, chosen from what was just done to the speaker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dreamplay.director import relevance
from dreamplay.director.config import DirectorConfig
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.director.turn_taking import Floor
from dreamplay.languages.language import Language
from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import EventBase, LineEvent
from dreamplay.schema.script import attitudes
from dreamplay.schema.topic import Act
from dreamplay.threads import signs

AFTER: Mapping[str, Mapping[str, float]] = {
    "ask": {"tell": 5, "dodge": 2, "ask": 1, "lie": 1, "confess": 1, "refuse": 1, "tease": 0.5, "say nothing": 0.3},
    "press": {"tell": 2, "refuse": 2, "confess": 2, "yield": 2, "accuse": 1, "lie": 1, "say nothing": 0.5},
    "accuse": {"refuse": 3, "confess": 2, "accuse": 2, "dodge": 1, "lie": 1, "yield": 1, "say nothing": 0.5},
    "offer": {"yield": 2, "refuse": 2, "ask": 2, "offer": 1, "dodge": 1},
    "promise": {"ask": 2, "press": 1, "yield": 2, "tease": 1, "comfort": 1},
    "confess": {"comfort": 2, "press": 2, "ask": 2, "accuse": 1, "confess": 1, "say nothing": 0.3},
    "refuse": {"press": 3, "offer": 2, "accuse": 1, "yield": 1, "ask": 1},
    "dodge": {"press": 4, "accuse": 1, "ask": 1, "tease": 1, "yield": 1},
    "lie": {"ask": 2, "press": 2, "tell": 1, "accuse": 1},
    "tease": {"tease": 2, "tell": 2, "refuse": 1, "change the subject": 1, "ask": 1},
    "comfort": {"yield": 2, "confess": 2, "refuse": 1, "change the subject": 1, "tell": 1},
    "yield": {"tell": 2, "comfort": 1, "offer": 1, "promise": 1, "ask": 1},
    "tell": {"ask": 4, "tell": 3, "refuse": 2, "yield": 1, "tease": 1, "accuse": 0.5, "offer": 0.5},
    "": {"tell": 4, "ask": 3, "accuse": 1, "offer": 1, "tease": 1, "comfort": 1},
}
"""What usually follows on an act, as weights; "" is when something has happened, or nothing has been said yet."""
_OF_KIND: Mapping[str, Act] = {
    "accusation": "accuse", "question": "ask", "request": "ask", "offer": "offer", "promise": "promise",
}  # fmt: skip
_WARM = frozenset({"comfort", "yield", "confess", "offer", "promise"})
_COLD = frozenset({"accuse", "press", "refuse", "lie", "dodge"})
_HOT = frozenset({"accuse", "press", "confess", "refuse", "yield", "promise"})
_COOL = frozenset({"tease", "tell", "change the subject"})
_WORDS = {
    "ask": "asks, wants to know", "tell": "tells something, explains", "press": "insists, presses for an answer",
    "dodge": "avoids the question", "refuse": "refuses, says no", "lie": "lies, hides the truth",
    "accuse": "accuses, blames", "confess": "confesses, admits", "promise": "promises", "offer": "offers a bargain",
    "tease": "teases, jokes", "comfort": "comforts, is kind", "yield": "gives way, agrees",
    "change the subject": "talks of something else", "say nothing": "keeps silent",
}  # fmt: skip


@dataclass(frozen=True)
class Acts:
    """Chooses the acts of a run."""

    cast: Cast
    seed: int
    pressures: Pressures
    embedder: Embedder
    config: DirectorConfig
    _likely: dict[tuple[str, str, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)
    """How much an act is like somebody in a beat. Computed once for each."""

    def suggest(
        self, now: Situation, speaker: str, floor: Floor, *, among: Collection[str] = (), likely: str = ""
    ) -> str:
        """What the line of a speaker may do, by dice: weighed by what was just done to them, by what they think of
        whoever did it, by how much has happened in the scene, and by who they are at this point of the story.

        Args:
            now: where the scene stands.
            speaker: whose line it is.
            floor: why they have the floor.
            among: the acts to choose from. Empty: all.
            likely: the act of the move that fits best, if there is one; it becomes more likely.
        """
        if floor.reason == "interrupts" and (not among or "interrupt" in among):
            return "interrupt"
        weights = dict(AFTER[done(floor.event, now.language)])
        if likely:
            weights[likely] = 3 * weights.get(likely, 1.0)
        known = {act: weight for act, weight in weights.items() if not among or act in among} or {"tell": 1.0}
        other = floor.event.speaker if floor.event else None
        regard = attitudes(now.script, speaker).get(other, 0.0) if other else 0.0
        heat = 2 * self.pressures.heat(now) - 1
        own = next((event.cue.act for event in reversed(now.turns) if event.speaker == speaker and event.cue), "")
        for act in known:
            known[act] *= self.config.of_regard ** (regard * ((act in _WARM) - (act in _COLD)))
            known[act] *= self.config.of_heat ** (heat * ((act in _HOT) - (act in _COOL)))
            known[act] *= self._of_character(now, speaker, act) * (0.3 if act == own else 1.0)
        return now.dice(self.seed, "act").choices(list(known), list(known.values()))[0]

    def _of_character(self, now: Situation, speaker: str, act: str) -> float:
        """How much an act is like somebody, where they stand at this point of the story."""
        private = self.cast.personas[speaker].private
        if private is None or act not in _WORDS:
            return 1.0
        known = speaker, now.beat, act
        if known not in self._likely:
            here = private.arc.get(now.beat) or private.want
            near = relevance.similarity(self.cast, self.embedder, _WORDS[act], here)
            self._likely[known] = float(self.config.of_persona**near)
        return self._likely[known]


def done(event: EventBase | None, language: Language) -> str:
    """What an event did to whoever it was for, as far as it can be known."""
    if not isinstance(event, LineEvent):
        return ""
    act = event.cue.act if event.cue and event.cue.act in AFTER else ""
    put = {each.kind for each in signs.puts(event.text, event.cue, language)}
    if act in ("press", "accuse", "offer") or not put:
        return act or "tell"
    return next((known for kind, known in _OF_KIND.items() if kind in put), "tell")


def shown(words: str, language: Language) -> str:
    """The act that the words of a move show by their verb: "asks {elara} why" is to ask. Otherwise it is to tell."""
    return next((act for verb, act in language.act_verbs.items() if words.startswith(f"{verb} ")), "tell")
