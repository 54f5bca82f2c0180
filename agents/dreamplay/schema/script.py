"""The script: the ordered events of a run, read on behalf of those who witnessed them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload

from dreamplay.schema.event import (
    PROLOGUE,
    ControlEvent,
    EntranceEvent,
    Event,
    EventBase,
    ExitEvent,
    FearEvent,
    MoveEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    SilenceEvent,
    TurnEvent,
    classes_of,
)
from dreamplay.schema.scene import VISITOR, Scene, moved
from dreamplay.schema.view import View, controlled

E = TypeVar("E", bound=EventBase)


class Script:
    """The ordered events. `visible_to` is the only way to read them on somebody's behalf."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._scenes: dict[str, list[Event]] = {}
        self._views: dict[Hashable, tuple[int, list[Event]]] = {}
        self._given: dict[tuple[str, ...], View] = {}
        """The newest view of those who have read, by their roles."""
        for event in events:
            self.append(event)

    def append(self, event: Event) -> None:
        """Add the next event.

        Raises:
            ValueError: its id is not the next one.
        """
        if event.id != len(self._events):
            raise ValueError(f"event {event.id} cannot follow event {len(self._events) - 1}")
        self._add(event)

    def without(self, scene: str, kind: type[EventBase]) -> Script:
        """The script as it is for somebody from whom one kind of event in a scene is kept. The others keep their ids,
        so that there are gaps wherever something came after what is left out.
        """
        if not self.in_scene(scene, kind):
            return self
        kept = Script()
        for event in self._events:
            if event.scene != scene or not isinstance(event, kind):
                kept._add(event)
        return kept

    def _add(self, event: Event) -> None:
        self._events.append(event)
        self._scenes.setdefault(event.scene, []).append(event)

    @overload
    def visible_to(self, *roles: str) -> list[Event]: ...

    @overload
    def visible_to(self, *roles: str, kind: type[E]) -> list[E]: ...

    def visible_to(self, *roles: str, kind: type[EventBase] = EventBase) -> list[Any]:
        """The events that all of these roles witnessed, in order: for one role its knowledge, for several their common
        ground. Names must match exactly, and without roles the result is empty. With `kind`, only that class.
        """
        asked = frozenset(roles)
        source = self._events if kind is EventBase else self._all(kind)
        return list(self._view((asked, kind), source, lambda e: asked.issubset(e.witnesses))) if asked else []

    def view(self, role: str, present: Iterable[str]) -> View:
        """The events that a role may read in a scene with these present: its own, and the common ground of all."""
        return self._viewed((role,), self.common_view(present))

    def common_view(self, roles: Iterable[str]) -> View:
        """The events that all of these roles may read: their common ground."""
        return self._viewed(tuple(roles), None)

    def joint_view(self, roles: Iterable[str], present: Iterable[str]) -> View:
        """What any of these roles may read: of a person who plays them all."""
        asked = tuple(dict.fromkeys(roles))
        events = tuple(event for event in self if event.perceived_by(asked))
        return View(asked, events, events, self.common_view(present))

    def _viewed(self, roles: tuple[str, ...], shared: View | None) -> View:
        """A view: the last one, if they have witnessed nothing since. All who answer at the end of a scene then read
        the very same common ground, and what is made of it for one of them is there for the others."""
        seen, last = self.visible_to(*roles), self._given.get(roles)
        if last is None or len(last.events) != len(seen) or last.shared is not shared:
            last = self._given[roles] = View(roles, tuple(seen), tuple(self._summarized(*roles)), shared)
        return last

    def _summarized(self, *roles: str) -> list[Event]:
        """What all of these roles witnessed, with recaps in place of what they cover: see `View.summarized`. A circle
        is those who, and nobody else, witnessed the same; its recap is witnessed by them, and covers that alone.
        """
        seen = self.visible_to(*roles)
        key = ("summarized", frozenset(roles))
        looked_at, found = self._views.get(key, (0, []))
        new = seen[looked_at:]
        found.extend(new)
        if any(isinstance(event, RecapEvent) for event in new):
            found = _with_recaps(found)
        self._views[key] = (len(seen), found)
        return found

    @overload
    def in_scene(self, scene: str) -> list[Event]: ...

    @overload
    def in_scene(self, scene: str, kind: type[E]) -> list[E]: ...

    def in_scene(self, scene: str, kind: type[EventBase] = EventBase) -> list[Any]:
        """Everything that happened in a scene, or what of it is of one class, for the director and the transcript,
        never for a prompt.
        """
        happened = self._scenes.get(scene, [])
        if kind is not EventBase:
            classes = classes_of(kind)
            happened = self._view((scene, kind), happened, lambda e: type(e) in classes)
        return list(happened)

    def of_kind(self, kind: type[E]) -> list[E]:
        """Everything of one class, for the director and the transcript, never for a prompt."""
        return cast("list[E]", list(self._all(kind)))

    def _all(self, kind: type[EventBase]) -> list[Event]:
        """What `of_kind` finds, as it is kept."""
        classes = classes_of(kind)
        return self._view((None, kind), self._events, lambda e: type(e) in classes)

    def _view(self, key: Hashable, source: list[Event], keep: Callable[[Event], bool]) -> list[Event]:
        """The events that are asked for, in a list that only grows. What was found before is kept, so that a call looks
        at what was added since, and a long play costs no more a turn.
        """
        looked_at, found = self._views.get(key, (0, []))
        if looked_at < len(source):
            found.extend([event for event in source[looked_at:] if keep(event)])
            self._views[key] = (len(source), found)
        return found

    def scene_ends(self) -> list[int]:
        """The number of the last event of each scene that was played, in order; the prologue is no scene."""
        return [events[-1].id for scene, events in self._scenes.items() if scene != PROLOGUE]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def last(self) -> Event | None:
        """The newest event."""
        return self._events[-1] if self._events else None


def present(script: Script, scene: Scene) -> tuple[str, ...]:
    """The roles that are present in a running scene: those at its opening, with later entrances and exits."""
    here = scene.present
    for event in script.in_scene(scene.id, MoveEvent):
        if not event.by_visitor:
            here = moved(here, event.speaker, isinstance(event, EntranceEvent))
    return moved(here, VISITOR, comes=False) if VISITOR in here and away(script) else here


def attended(script: Script, scene: Scene) -> dict[str, tuple[str, ...]]:
    """Everybody who is or was in a running scene, by role, each with those among whom they are present, or were when
    they left: first those who are still there, then those who left, in that order.
    """
    left: dict[str, tuple[str, ...]] = {}
    here = scene.present
    for event in script.in_scene(scene.id, MoveEvent):
        comes = isinstance(event, EntranceEvent)
        if not event.by_visitor:
            left.pop(event.speaker, None)
            left |= {} if comes else {event.speaker: here}
            here = moved(here, event.speaker, comes)
    here = present(script, scene)
    gone = VISITOR if away(script) else ""
    return dict.fromkeys(here, here) | {role: moved(among, gone, comes=False) for role, among in left.items()}


def away(script: Script) -> bool:
    """Whether the visitor has gone. They stay away, from one scene to the next, until they come back."""
    last = next((event for event in reversed(script.of_kind(MoveEvent)) if event.by_visitor), None)
    return isinstance(last, ExitEvent)


def turns(script: Script, scene: Scene) -> list[TurnEvent]:
    """The turns of the cast in a scene. What the visitor says in their own name is no turn: no scene waits for it."""
    taken = script.in_scene(scene.id, TurnEvent)
    return [event for event in taken if not event.by_visitor] if scene.visited else taken


def in_hand(script: Script) -> set[str]:
    """The roles that the visitor speaks for at this moment."""
    return controlled(script.of_kind(ControlEvent))


def ever_controlled(script: Script) -> tuple[str, ...]:
    """The roles that the visitor has spoken for at some time, in the order in which they took them."""
    return tuple(dict.fromkeys(event.speaker for event in script.of_kind(ControlEvent)))


def given_fear(script: Script) -> str:
    """The hidden fear that the visitor gave last in the course of the play; empty if they gave none."""
    return next((event.text for event in reversed(script.visible_to(VISITOR, kind=FearEvent))), "")


@dataclass(frozen=True)
class Regard:
    """What somebody thinks of somebody else by now."""

    attitude: float
    """From -1 to 1."""
    why: str
    """Why, in a few words; empty if they did not say."""
    event: int
    """The id of the reflection that says so."""


def regards(reflections: Iterable[ReflectionEvent], role: str) -> dict[str, Regard]:
    """What somebody thinks of others by now, by role: the newest in their own reflections on each."""
    found: dict[str, Regard] = {}
    for event in reflections:
        for other, attitude in event.attitudes.items() if event.speaker == role else ():
            found[other] = Regard(attitude, event.why.get(other, ""), event.id)
    return found


def attitudes(script: Script, role: str) -> dict[str, float]:
    """What somebody thinks of others by now, by role, from -1 to 1."""
    known = regards(script.visible_to(role, kind=ReflectionEvent), role)
    return {other: regard.attitude for other, regard in known.items()}


def last_reflection(reflections: Sequence[ReflectionEvent], role: str) -> ReflectionEvent | None:
    """The newest reflection of somebody that did not fail; None if there is none."""
    return next((event for event in reversed(reflections) if event.speaker == role and not event.failed), None)


def answer_of(script: Script, scene: str) -> str | None:
    """The answer that the outcome of a scene has; None as long as it is undecided."""
    found = script.in_scene(scene, OutcomeEvent)
    return found[-1].answer if found else None


def silences(script: Script) -> list[str]:
    """Why the cast had nothing to say, one reason for each turn of theirs in which no line could stand."""
    made = script.of_kind(SilenceEvent)
    silent = [event for event in made if event.provenance.by == "agent" and not event.chosen]
    return [event.provenance.refused[-1].kind if event.provenance.refused else "" for event in silent]


def thoughts_lost(events: Iterable[Event]) -> list[str]:
    """Why the last answer was rejected, for each reflection that failed."""
    lost = (event for event in events if isinstance(event, ReflectionEvent) and event.failed)
    return [event.provenance.refused[-1].reason for event in lost if event.provenance.refused]


def _with_recaps(events: list[Event]) -> list[Event]:
    """The events with recaps in place of those they cover. A circle's new recap includes its old one."""
    newest = {frozenset(event.witnesses): event for event in events if isinstance(event, RecapEvent)}
    covered = {circle: recap.covers for circle, recap in newest.items()}
    told = [event for event in events if not isinstance(event, RecapEvent)]
    told = [event for event in told if not _within(event.id, covered.get(frozenset(event.witnesses), (0, -1)))]
    prologue = [event for event in told if event.beat == PROLOGUE]
    recaps = sorted(newest.values(), key=lambda event: (-len(event.witnesses), event.id))
    return [*prologue, *recaps, *(event for event in told if event.beat != PROLOGUE)]


def _within(number: int, ends: tuple[int, int]) -> bool:
    return ends[0] <= number <= ends[1]
