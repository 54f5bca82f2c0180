"""Earlier scenes in short: which of their events stand in the prompts of a model that is not led.

The scene that runs stands word for word, and so do the newest before it, as far as there is room, and the last dream.
Of an older scene, how it began and what came of it is told, and of the last one the last words in any case. Whatever
else somebody needs of them is in their brief: memories that come up, what is open, what they think of whom. The
prologue stays, since it shows how each of them talks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dreamplay.schema.event import (
    PROLOGUE,
    ActionEvent,
    DreamEvent,
    Event,
    LineEvent,
    NarrationEvent,
    OutcomeEvent,
    RecapEvent,
    StanceEvent,
)
from dreamplay.sentences import sentences

LAST_WORDS = 1
"""Lines and actions of the last scene that stand word for word."""


@dataclass(frozen=True)
class Past:
    """Shortens the past, and keeps what it has shortened."""

    room: float
    """Tokens that earlier scenes may take word for word. A scene for which there is no room, and all before it, are
    told in short."""
    size: Callable[[Event], float] = field(repr=False, compare=False)
    """Tokens of an event."""
    _begun: dict[int, tuple[Event, Event]] = field(default_factory=dict, repr=False, compare=False)
    """What was told, by its id, with the same in short."""
    _last: list[tuple[Sequence[Event], list[Event]]] = field(default_factory=list, repr=False, compare=False)
    """The events that were shortened last, if any were, and what stands of them."""
    _before: list[tuple[Sequence[Event], bool, list[Event]]] = field(default_factory=list, repr=False, compare=False)
    """Of the last of them, those before the scene that runs, whether it has a dream, and what stands of them."""

    def shortened(self, events: Sequence[Event]) -> list[Event]:
        """The events without what need not be told again of earlier scenes. What stands of a scene changes only when
        the next one begins, so that a prompt mostly begins like the one before it.

        Args:
            events: what everybody present may read, with recaps in place of what they cover.
        """
        if not self._last or self._last[0][0] is not events:  # a turn asks for them several times
            self._last[:] = [(events, self._standing(events))]
        return self._last[0][1]

    def _standing(self, events: Sequence[Event]) -> list[Event]:
        begins = _running(events)
        before, running = events[:begins], events[begins:]
        dreamt = any(isinstance(event, DreamEvent) for event in running)
        if not self._before or self._before[0][:2] != (before, dreamt):  # the same for each turn of a scene
            self._before[:] = [(before, dreamt, self._of_earlier(before, dreamt))]
        return [*self._before[0][2], *running]

    def _of_earlier(self, events: Sequence[Event], dreamt: bool) -> list[Event]:
        """What stands of the scenes before the one that runs, and of the last dream unless there was another since."""
        scenes: dict[str, list[Event]] = {}
        for event in events:
            if not isinstance(event, RecapEvent):
                scenes.setdefault(event.scene, []).append(event)
        whole = self._whole(scenes)
        kept = {event.id: event for scene in scenes.values() for event in self._in_short(scene)}
        kept |= {event.id: event for scene in whole for event in scenes[scene]}
        for last in [*scenes.values()][-1:]:
            said = [event for event in last if isinstance(event, LineEvent | ActionEvent)]
            kept |= {event.id: event for event in said[-LAST_WORDS:]}
        dreams = [] if dreamt else [event for event in events if isinstance(event, DreamEvent)]
        kept |= {event.id: event for event in dreams[-1:]}
        return [
            event if isinstance(event, RecapEvent) else kept[event.id]
            for event in events
            if isinstance(event, RecapEvent) or event.id in kept
        ]

    def _whole(self, scenes: Mapping[str, Sequence[Event]]) -> list[str]:
        """The newest of some scenes that there is room for."""
        taken, found = 0.0, list[str]()
        for scene, events in reversed([*scenes.items()]):
            taken += sum(self.size(event) for event in events if event.in_prompts)
            if taken > self.room:
                break
            found.append(scene)
        return found

    def _in_short(self, scene: Sequence[Event]) -> list[Event]:
        """How a scene began, and what came of it: its outcome and what was chosen, or what happened last."""
        if scene[0].beat == PROLOGUE:
            return [*scene]
        told = [event for event in scene if isinstance(event, NarrationEvent)]
        came = [event for event in scene if isinstance(event, OutcomeEvent | StanceEvent)]
        return [*(came or told[1:][-1:]), *map(self._beginning, told[:1])]

    def _beginning(self, event: Event) -> Event:
        """The first sentence of what was told."""
        known = self._begun.get(event.id)
        if known is None or known[0] is not event:
            text = sentences(event.text)[0]
            known = self._begun[event.id] = (event, event.model_copy(update={"text": text}))
        return known[1]


def _running(events: Sequence[Event]) -> int:
    """The index at which the scene that runs begins."""
    scene, begins = None, len(events)
    for event in reversed(events):
        if not isinstance(event, RecapEvent):
            scene = scene or event.scene
            if event.scene != scene:
                break
        begins -= 1
    return begins
