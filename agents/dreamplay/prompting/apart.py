"""What a speaker has lived through, and not everybody present. It stands in the tail of a prompt alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, ActionEvent, Event, LineEvent, OutcomeEvent
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

_JUST_NOW = 4
"""Events at most of the scene that runs."""
_SCENES = 2
"""Earlier scenes at most, the newest: the last one, and what came of the one before it."""
_LINES = 6
"""Lines at most of an earlier scene, the last."""
_FEWEST = 2
"""The same where there is little room."""
_BACK = 30
"""Events that are looked through for what has just happened."""
_FAR = 300
"""Events that are looked through for earlier scenes, so that a turn of a long play costs no more."""


@dataclass(frozen=True)
class PrivateScene:
    """A scene, or the part of it, that not everybody present has lived through, in short."""

    when: str
    """Where and when, in words that follow "from"."""
    names: str
    """The names of those who were there, the reader included."""
    told: tuple[Event, ...]
    """Its last lines and what came of it, in order."""

    @cached_property
    def shorter(self) -> tuple[PrivateScene, ...]:
        """The scene with fewer and fewer of its lines, down to the last two, each time without the oldest."""
        first = [at for at, event in enumerate(self.told) if not isinstance(event, OutcomeEvent)][:-_FEWEST]
        return tuple(replace(self, told=self.told[at + 1 :]) for at in first)

    @cached_property
    def outcome(self) -> PrivateScene | None:
        """The scene with what came of it alone; None if nothing was decided before them alone."""
        decided = tuple(event for event in self.told if isinstance(event, OutcomeEvent))
        return replace(self, told=decided) if decided else None


def just_now(turn: Turn, view: View) -> tuple[Event, ...]:
    """What the speaker perceived in this scene of late, and somebody present did not."""
    here = [event for event in view.events[-_BACK:] if event.scene == turn.scene.id]
    return tuple(_private(here, turn)[-_JUST_NOW:])


@dataclass(frozen=True)
class Apart:
    """Finds what a speaker has lived through in earlier scenes apart from those present. It stays the same as long as a
    scene runs and nobody comes or goes, and is then not looked for again."""

    cast: Cast
    """Gives the names."""
    places: Mapping[str, str]
    """Place of each scene, by its id."""
    _found: dict[str, tuple[tuple[str, ...], list[Event], tuple[PrivateScene, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """By the speaker: those who were present last, what was looked through, and what was found."""

    def earlier(self, turn: Turn, view: View) -> tuple[PrivateScene, ...]:
        """The last scenes that the speaker has lived through, and somebody present has not, the oldest first: the last
        words of the newest, and what came of the others.

        Args:
            turn: whose turn it is, and who is present.
            view: what the speaker may read.
        """
        before = [event for event in view.events[-_FAR:] if event.scene != turn.scene.id]
        known = self._found.get(turn.speaker)
        if known is None or known[:2] != (turn.present, before):
            known = self._found[turn.speaker] = (turn.present, before, self._earlier(before, turn))
        return known[2]

    def _earlier(self, before: Sequence[Event], turn: Turn) -> tuple[PrivateScene, ...]:
        scenes: dict[str, list[Event]] = {}
        for event in _private(before, turn):
            if event.scene != PROLOGUE:
                scenes.setdefault(event.scene, []).append(event)
        found = []
        for scene, events in scenes.items():
            spoken = LineEvent if any(isinstance(event, LineEvent) for event in events) else ActionEvent
            said = [event.id for event in events if isinstance(event, spoken)][-_LINES:]
            decided = [event.id for event in events if isinstance(event, OutcomeEvent)][-1:]
            if told := tuple(event for event in events if event.id in (*said, *decided)):
                there = [role for role in self.cast.roles if role in told[-1].witnesses]
                found.append(PrivateScene(when(self.places, scene), self.cast.listed(there), told))
        decided_before = [scene.outcome for scene in found[:-1] if scene.outcome]
        return (*decided_before[1 - _SCENES :], *found[-1:])


def when(places: Mapping[str, str], scene: str) -> str:
    """Where and when an earlier scene was, in words that follow "from"."""
    place = PROLOGUE_TITLE if scene == PROLOGUE else places[scene]
    return place[0].lower() + place[1:] if place.startswith(("The ", "A ", "An ")) else place


def _private(events: Sequence[Event], turn: Turn) -> list[Event]:
    """Those of some events that somebody present did not perceive."""
    here = turn.present
    return [event for event in events if event.in_prompts and event.happens and _hidden(event.witnesses, here)]


@lru_cache(maxsize=4096)
def _hidden(those: tuple[str, ...], here: tuple[str, ...]) -> bool:
    """Whether what those perceived is hidden from somebody here."""
    return not set(here).issubset(those)
