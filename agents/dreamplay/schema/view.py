"""A view: what one role, or several together, may read. It leads to no other event of the script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from dreamplay.schema.event import ControlEvent, Event, EventBase, classes_of

E = TypeVar("E", bound=EventBase)


@dataclass(frozen=True, eq=False)
class View:
    """The events that somebody may read, as of one moment. Only `Script.view` and `Script.common_view` make one.

    Code that writes prompts gets views and never the script, so it cannot reach events that a role did not witness.
    """

    roles: tuple[str, ...]
    """Whose it is. The view of several roles holds what every one of them witnessed."""
    events: tuple[Event, ...]
    """What all of `roles` witnessed, in order."""
    summarized: tuple[Event, ...]
    """The same, with recaps in place of what they cover: the prologue, the newest recap of each circle, the widest
    circle first, then all that no recap covers.
    """
    shared: View | None = None
    """In the view of one role: that of everybody present, the reader included."""

    @property
    def common(self) -> View:
        """What everybody present may read: the part of a prompt that is the same for all of them."""
        return self.shared or self

    def of_kind(self, kind: type[E]) -> list[E]:
        """The events of one class, in order."""
        classes = classes_of(kind)
        found: list[Any]
        if len(classes) > 1:
            found = [event for event in self.events if type(event) in classes]
        else:
            found = [event for each in classes for event in self._by_class.get(each, ())]
        return found

    @cached_property
    def _by_class(self) -> dict[type[EventBase], list[Event]]:
        """The events by their class: of one view, several are asked for."""
        found: dict[type[EventBase], list[Event]] = {}
        for event in self.events:
            found.setdefault(type(event), []).append(event)
        return found

    @property
    def controlled(self) -> set[str]:
        """The roles that the visitor speaks for at this moment, as far as the reader knows."""
        return controlled(self.of_kind(ControlEvent))

    @property
    def last_heard(self) -> str:
        """The words that were heard last; empty if there were none."""
        return last_heard(self.events)


def controlled(changes: Iterable[ControlEvent]) -> set[str]:
    """The roles that the visitor speaks for, after these changes of control."""
    controllers = {event.speaker: event.controller for event in changes}
    return {role for role, controller in controllers.items() if controller == "visitor"}


def last_heard(events: tuple[Event, ...] | list[Event]) -> str:
    """The words of some events that were heard last; empty if there were none."""
    return next((event.text for event in reversed(events) if event.text and event.happens), "")
