"""The script: the ordered events of a run, read on behalf of those who witnessed them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from dreamplay.schema.event import MOVES, PROLOGUE, TURNS, Event, Kind
from dreamplay.schema.story import VISITOR, Scene, moved
from dreamplay.schema.view import View


class Script:
    """The ordered events. `visible_to` is the only way to read them on somebody's behalf."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._scenes: dict[str, list[Event]] = {}
        self._views: dict[Hashable, tuple[int, list[Event]]] = {}
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

    def without(self, scene: str, kind: Kind) -> Script:
        """The script as it is for somebody from whom one kind of event in a scene is kept. The others keep their ids,
        so that there are gaps wherever something came after what is left out.
        """
        kept = Script()
        for event in self._events:
            if (event.scene, event.kind) != (scene, kind):
                kept._add(event)
        return kept

    def _add(self, event: Event) -> None:
        self._events.append(event)
        self._scenes.setdefault(event.scene, []).append(event)

    def visible_to(self, *roles: str, kinds: tuple[Kind, ...] = ()) -> list[Event]:
        """What every one of these roles witnessed, in order: for one role her knowledge, for several their
        common ground. Exact names, default deny: nobody asked for, nothing seen. With `kinds`, of these kinds alone.
        """
        asked = frozenset(roles)
        if not asked:
            return []
        return self._view((asked, kinds), self._events, lambda e: asked.issubset(e.witnesses) and _is(e, kinds))

    def view(self, role: str, present: Iterable[str]) -> View:
        """What a role may read in a scene with these present: its own knowledge, and the common ground of all."""
        return self._viewed((role,), self.common_view(present))

    def common_view(self, roles: Iterable[str]) -> View:
        """What all of these roles may read: their common ground."""
        return self._viewed(tuple(roles), None)

    def _viewed(self, roles: tuple[str, ...], shared: View | None) -> View:
        return View(roles, tuple(self.visible_to(*roles)), tuple(self._summarized(*roles)), shared)

    def _summarized(self, *roles: str) -> list[Event]:
        """What all of these roles witnessed, with recaps in place of what they cover: see `View.summarized`. A circle
        is those who, and nobody else, witnessed the same; its recap is witnessed by them, and covers that alone.
        """
        seen = self.visible_to(*roles)
        key = ("summarized", frozenset(roles))
        looked_at, found = self._views.get(key, (0, []))
        new = seen[looked_at:]
        found.extend(new)
        if any(event.kind == "recap" for event in new):
            found = _with_recaps(found)
        self._views[key] = (len(seen), found)
        return found

    def in_scene(self, scene: str, *kinds: Kind) -> list[Event]:
        """Everything that happened in a scene, or what of it is of some kinds, for the director and the transcript,
        never for a prompt.
        """
        return self._view((scene, kinds), self._scenes.get(scene, []), lambda e: _is(e, kinds))

    def of_kind(self, *kinds: Kind) -> list[Event]:
        """Everything of some kinds, for the director and the transcript, never for a prompt."""
        return self._view((None, kinds), self._events, lambda e: _is(e, kinds))

    def _view(self, key: Hashable, source: list[Event], keep: Callable[[Event], bool]) -> list[Event]:
        """The events that are asked for. What was found before is kept, so that a call looks at what was added since,
        and a long play costs no more a turn.
        """
        looked_at, found = self._views.get(key, (0, []))
        found.extend(event for event in source[looked_at:] if keep(event))
        self._views[key] = (len(source), found)
        return list(found)

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
    """Who is there at this moment of a scene that runs: those it opened with, and who has come and gone since."""
    here = scene.present
    for event in script.in_scene(scene.id, *MOVES):
        if event.speaker != VISITOR:
            here = moved(here, event.speaker or "", event.kind == "entrance")
    return moved(here, VISITOR, comes=False) if VISITOR in here and away(script) else here


def away(script: Script) -> bool:
    """Whether the visitor has gone. She stays away, from one scene to the next, until she comes back."""
    hers = [event.kind for event in script.of_kind(*MOVES) if event.speaker == VISITOR]
    return hers[-1:] == ["exit"]


def turns(script: Script, scene: Scene) -> list[Event]:
    """The turns of the cast in a scene. What the visitor says in her own name is no turn: no scene waits for it."""
    taken = script.in_scene(scene.id, *TURNS)
    return [event for event in taken if event.speaker != VISITOR] if VISITOR in scene.present else taken


def in_hand(script: Script) -> set[str]:
    """The roles that the visitor speaks for at this moment."""
    hands = {event.speaker: event.text for event in script.of_kind("hand")}
    return {role for role, by in hands.items() if role and by == VISITOR}


def given_fear(script: Script) -> str:
    """The hidden fear that the visitor gave last in the course of the play; empty if she gave none."""
    return next((event.text for event in reversed(script.visible_to(VISITOR, kinds=("fear",)))), "")


def attitudes(script: Script, role: str) -> dict[str, float]:
    """What somebody thinks of others by now, by role, from -1 to 1: the newest word of her own reflections on each."""
    found: dict[str, float] = {}
    for event in script.visible_to(role, kinds=("reflection",)):
        found |= event.regards if event.speaker == role else {}
    return found


def silences(script: Script) -> list[str]:
    """Why the cast had nothing to say, one reason for each turn of theirs that passed in silence."""
    silent = [event for event in script.of_kind("silence") if event.provenance.by == "agent"]
    reasons = [event.provenance.refused[-1].reason if event.provenance.refused else "" for event in silent]
    return [reason.partition(" «")[0] for reason in reasons]


def thoughts_lost(events: Iterable[Event]) -> list[str]:
    """Why each thought that an agent did not have was refused last: no answer could stand, so nothing is told of it."""
    lost = (event for event in events if event.kind == "reflection" and not event.text)
    return [event.provenance.refused[-1].reason for event in lost if event.provenance.refused]


def _with_recaps(events: list[Event]) -> list[Event]:
    """Recaps in the place of what they stand for. A circle's new recap was made from its old one."""
    newest = {frozenset(event.witnesses): event for event in events if event.kind == "recap"}
    covered = {circle: recap.covers or (0, -1) for circle, recap in newest.items()}
    told = [event for event in events if event.kind != "recap"]
    told = [event for event in told if not _within(event.id, covered.get(frozenset(event.witnesses), (0, -1)))]
    prologue = [event for event in told if event.beat == PROLOGUE]
    recaps = sorted(newest.values(), key=lambda event: (-len(event.witnesses), event.id))
    return [*prologue, *recaps, *(event for event in told if event.beat != PROLOGUE)]


def _within(number: int, ends: tuple[int, int]) -> bool:
    return ends[0] <= number <= ends[1]


def _is(event: Event, kinds: tuple[Kind, ...]) -> bool:
    return not kinds or event.kind in kinds
