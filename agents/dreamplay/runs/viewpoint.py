"""The viewpoint: whose eyes a run is read through, and so which of its events they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dreamplay.errors import UsageError
from dreamplay.schema.cast import Cast
from dreamplay.schema.error_messages import did_you_mean, listed
from dreamplay.schema.event import Event
from dreamplay.schema.script import Script, ever_controlled

AUTHOR: Final = "author"
"""Sees everything."""
READER: Final = "reader"
"""Sees what was said and done, dreams and stances: the play, as an audience has it. Whispers are part of it."""
_INWARD = ("thought", "reflection")


@dataclass(frozen=True)
class Viewpoint:
    """Whose eyes a run is read through."""

    name: str
    """`author`, `reader`, or a role."""
    roles: frozenset[str] = frozenset()
    """The roles that are looked through: of a visitor, also those whom they played. Empty for author and reader."""

    @classmethod
    def of(cls, name: str, cast: Cast, events: Iterable[Event]) -> Viewpoint:
        """The viewpoint of `author`, of `reader`, or of a role of a run, given by itself or by a name.

        Raises:
            UsageError: nobody in the run has that role or name.
        """
        if name in (AUTHOR, READER):
            return cls(name)
        known = [READER, AUTHOR, *cast.roles]
        role = cast.role_given(name)
        if role is None:
            raise UsageError(
                f"unknown view {name!r}{did_you_mean(name, known)}; choose {listed([READER, AUTHOR, *cast.givable])}"
            )
        also = ever_controlled(Script(events)) if role == cast.visitor else ()
        return cls(role, frozenset({role, *also}))

    def sees(self, event: Event) -> bool:
        """Whether an event is seen. Of a role, its witnesses decide, as they do for prompts."""
        if self.name == AUTHOR:
            return True
        if self.name == READER:
            return event.kind not in _INWARD and not event.backstage and event.kind != "recap"
        return event.perceived_by(self.roles)


def is_told(event: Event) -> bool:
    """Whether an event is part of the text of a play: not how it was played, no silence that nobody chose, no summary,
    and no reflection that failed."""
    if event.kind == "silence":
        return event.chosen
    if event.kind == "reflection":
        return not event.failed
    return not event.backstage and event.kind != "recap"
