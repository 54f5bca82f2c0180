"""An event as a comparison shows it, and the fields by which two runs are compared."""

from __future__ import annotations

from collections.abc import Iterator

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event, RecapEvent, StanceEvent, TurnEvent

Essence = tuple[object, ...]
"""The fields in which two events must agree to count as the same, whichever personas play the roles."""


class EventView(FrozenModel):
    """The fields of an event that a reader sees."""

    event: int
    """Its place in the script, counted from 0."""
    kind: str
    beat: str
    scene: str
    speaker: str | None
    hears: tuple[str, ...] = ()
    """The roles that hear it, if it is a whisper."""
    by_visitor: bool = False
    """Whether the visitor plays the speaker, a role other than their own."""
    text: str
    choice: str | None


def played(run: RunLog) -> Iterator[tuple[EventView, Essence]]:
    """The events of a run without the prologue, each with the fields that are compared.

    The prologue was written by an author and contains nothing of this run except the names of the cast.
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
        hears=event.hears if isinstance(event, TurnEvent) else (), by_visitor=by_visitor, text=event.worded,
        choice=event.choice if isinstance(event, StanceEvent) else None,
    )  # fmt: skip
