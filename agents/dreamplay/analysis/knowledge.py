"""What a role knows at a point of a run."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from dreamplay.analysis.references import last_event, role_in
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import PrivateSheet
from dreamplay.schema.event import DreamEvent, Event, FearEvent, ReflectionEvent, StanceEvent
from dreamplay.schema.script import last_reflection, regards


class Known(FrozenModel):
    """Something that a role knows because they witnessed it."""

    since: int
    kind: str
    beat: str
    scene: str
    speaker: str | None
    text: str
    choice: str | None = None
    """What the speaker chose; the text then says why, if it says anything."""


class Secret(FrozenModel):
    """The fear and wish of another role, as far as shared dreams showed them."""

    of: str
    dreams: tuple[int, ...]
    """The ids of the dreams that showed it, in order."""


class FearKnowledge(FrozenModel):
    """Who has dreamt whose fear by the end of a beat, or by the event that was asked for."""

    beat: str
    knows: dict[str, tuple[str, ...]]


class Knowledge(FrozenModel):
    """What a role knows at a point of the run."""

    role: str
    name: str
    at: int
    """The last event that counts."""
    own: PrivateSheet | None
    """Their own private sheet."""
    witnessed: tuple[Known, ...]
    secrets: tuple[Secret, ...]
    """Of others."""
    bonds: tuple[FearKnowledge, ...]
    """Of everybody, beat by beat."""
    attitudes: dict[str, float]
    """Role to what they think of that role by now, from -1 to 1."""
    why: dict[str, str] = Field(default_factory=dict)
    """Role to why they think so, as far as they said."""
    wants: str = ""
    """What they now want, as they said last; empty if they never did."""


def knows(record: RunLog, role: str, at: int | None = None) -> Knowledge:
    """What a role knows after an event, or at the end.

    Raises:
        UsageError: no such role or event; the message says which there are.
    """
    role = role_in(record, role)
    at = last_event(record, at)
    seen = [event for event in record.script.visible_to(role) if event.id <= at]
    thoughts = [event for event in seen if isinstance(event, ReflectionEvent)]
    known = regards(thoughts, role)
    return Knowledge(
        role=role,
        name=record.cast.name(role),
        at=at,
        own=_filled(record, role),
        witnessed=tuple(
            Known(
                since=e.id,
                kind=e.kind,
                beat=e.beat,
                scene=e.scene,
                speaker=e.speaker,
                text=e.worded,
                choice=e.choice if isinstance(e, StanceEvent) else None,
            )
            for e in seen
            if (e.text or isinstance(e, StanceEvent)) and (not e.backstage or isinstance(e, FearEvent))
        ),
        secrets=tuple(Secret(of=of, dreams=tuple(d.id for d in dreams)) for of, dreams in dreamt(seen, role).items()),
        bonds=_bonds(record, at),
        attitudes={other: regard.attitude for other, regard in known.items()},
        why={other: regard.why for other, regard in known.items() if regard.why},
        wants=newest.wants if (newest := last_reflection(thoughts, role)) else "",
    )


def dreamt(seen: Iterable[Event], role: str) -> dict[str, list[Event]]:
    """Whose fear and wish went into dreams among the events that a role saw, and which dreams those were."""
    found: dict[str, list[Event]] = {}
    for event in seen:
        for entry in event.ledger if isinstance(event, DreamEvent) else ():
            if entry.role != role:
                found.setdefault(entry.role, []).append(event)
    return found


def _bonds(record: RunLog, at: int) -> tuple[FearKnowledge, ...]:
    """For each beat that has begun, who has dreamt whose fear by its end."""
    ends = {event.beat: event.id for event in record.script if event.id <= at}
    return tuple(
        FearKnowledge(
            beat=beat,
            knows={
                role: tuple(dreamt((e for e in record.script.visible_to(role) if e.id <= end), role))
                for role in record.cast.roles
            },
        )
        for beat, end in ends.items()
    )


def _filled(record: RunLog, role: str) -> PrivateSheet | None:
    private, fill = record.cast.personas[role].private, record.cast.fill
    return private and PrivateSheet(
        want=fill(private.want),
        belief=fill(private.belief),
        fear=fill(private.fear),
        wish=fill(private.wish),
        memories=tuple(map(fill, private.memories)),
    )
