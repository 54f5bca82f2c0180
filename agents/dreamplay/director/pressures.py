"""Pressures: which of the things that happen in a scene comes next, when, and whom it falls to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dreamplay.director.config import DirectorConfig
from dreamplay.director.situation import Situation
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import EntranceEvent, EventBase, NarrationEvent
from dreamplay.schema.scene import Pressure
from dreamplay.schema.story import Length


@dataclass(frozen=True)
class Pressures:
    """The pressures of a run: all play whose condition holds, spread evenly over the turns of their scene."""

    cast: Cast
    length: Length
    config: DirectorConfig

    def due(self, now: Situation, *, owed: bool, idle: Callable[[], bool]) -> Pressure | None:
        """The pressure that comes before the next turn, if any.

        Args:
            now: where the scene stands.
            owed: whether somebody owes an answer; it waits a little for them.
            idle: finds out whether nothing more can be said of the topics of the scene, so that it comes early.
        """
        pressure, scene, taken = self.next(now), now.scene, len(now.contracted)
        if pressure is None:
            return None
        left, told = len(self._able(now)) - len(self.told(now)), len(self.told(now))
        planned = max(self.planned(now), 1)
        later = any(topic.id not in self._bound(now) for topic in scene.topics)
        at = (told + later) * planned / (told + left + later)
        pressed = planned - taken <= left or taken >= at + self.config.waits
        answered = bool(now.turns) and not owed and not now.since
        decided = taken >= scene.turns.min and now.answer is not None
        if pressed or (taken >= at and not owed):
            return pressure
        early = answered and ((decided and self._quiet(now)) or idle())
        return pressure if early else None

    def next(self, now: Situation) -> Pressure | None:
        """The next pressure that has not come yet. A branch that goes on with other dice has been told some."""
        told = now.narrated
        return next((each for each in self._able(now) if self.cast.fill(each.text) not in told), None)

    def told(self, now: Situation) -> list[Pressure]:
        """The pressures that have come."""
        told = now.narrated
        return [each for each in now.scene.pressures if self.cast.fill(each.text) in told] if told else []

    def heat(self, now: Situation) -> float:
        """How far what raises the heat of the scene has come, from 0 to 1: no further than the turns have."""
        come = len(self.told(now)) / len(able) if (able := self._able(now)) else 0.0
        return min(come, len(now.contracted) / max(self.planned(now), 1))

    def planned(self, now: Situation) -> int:
        """The turns over which they are spread."""
        return now.scene.turns.min if self.length == "short" else now.scene.turns.max

    def handed(self, now: Situation, event: EventBase) -> tuple[str, ...]:
        """Whom an event falls to: whom its author says, else those who can begin the topic that it opens, else the
        first who is named in it; and whoever has come in."""
        if isinstance(event, EntranceEvent):
            return (event.speaker,)
        pressure = self.of(now, event)
        if pressure is None:
            return ()
        if pressure.to:
            return (pressure.to,)
        if topic := next((each for each in now.scene.topics if each.id == pressure.opens), None):
            return tuple(dict.fromkeys(move.role for move in topic.moves if move.opens))
        return self.cast.mentioned(event.text)[-1:]

    def of(self, now: Situation, event: EventBase) -> Pressure | None:
        """The pressure that an event is; None if it is none."""
        if not isinstance(event, NarrationEvent):
            return None
        return next((each for each in now.scene.pressures if self.cast.fill(each.text) == event.text), None)

    def _able(self, now: Situation) -> Sequence[Pressure]:
        """The pressures that can come or have come, in the author's order. One that begins with somebody who has left
        cannot come any more."""
        told, gone = now.narrated, now.gone
        return [
            each
            for each in now.scene.pressures
            if (text := self.cast.fill(each.text)) in told
            or (now.holds(each.when) and gone.isdisjoint({each.to, *self.cast.mentioned(text)[-1:]}))
        ]

    def _quiet(self, now: Situation) -> bool:
        """Whether there have been some turns since the last pressure."""
        last = next((e.id for e in reversed(now.events) if self.of(now, e)), -1)
        return sum(turn.id > last for turn in now.turns[-self.config.waits - 1 :]) > self.config.waits

    @staticmethod
    def _bound(now: Situation) -> set[str]:
        """The topics that begin with something that happens."""
        return {each.opens for each in now.scene.pressures if each.opens}
