"""An event as a reader of a comparison sees it, and what of it counts when two runs are held against each other."""

from __future__ import annotations

from collections.abc import Iterator

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event, RecapEvent, StanceEvent, TurnEvent

Essence = tuple[object, ...]
"""What two events must have in common to be the same, whoever holds the roles."""


class EventView(FrozenModel):
    """What a reader sees of an event."""

    event: int
    """Its place in the script, counted from 0."""
    kind: str
    beat: str
    scene: str
    speaker: str | None
    hears: tuple[str, ...] = ()
    """Of a whisper: the roles that hear it."""
    by_visitor: bool = False
    """Whether the visitor plays the speaker, who is one of the others."""
    text: str
    choice: str | None


def played(run: RunLog) -> Iterator[tuple[EventView, Essence]]:
    """What was played of a run, without the night before, and of each event what counts.

    What an author wrote for the night before holds the names of the cast and nothing that this run did.
    """
    for event in run.script:
        if event.beat != PROLOGUE and not (event.backstage or isinstance(event, RecapEvent)):
            said = _said(event, run.cast)
            essence = said.kind, said.speaker, said.hears, said.by_visitor, run.cast.emptied(said.text), said.choice
            yield said, essence


def _said(event: Event, cast: Cast) -> EventView:
    by_visitor = event.provenance.by == "person" and not event.by_visitor and bool(cast.visitor)
    return EventView(
        event=event.id, kind=event.kind, beat=event.beat, scene=event.scene, speaker=event.speaker,
        hears=event.hears if isinstance(event, TurnEvent) else (), by_visitor=by_visitor, text=event.text,
        choice=event.choice if isinstance(event, StanceEvent) else None,
    )  # fmt: skip
