"""Why a line was said, who knows what, and what is open between the characters of a run. Reads a run and changes
nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydantic import Field

from dreamplay.errors import RecordError, UsageError
from dreamplay.models.prompt import Prompt
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast, PrivateSheet
from dreamplay.schema.event import (
    Cue,
    DreamContribution,
    DreamEvent,
    Event,
    FearEvent,
    ReflectionEvent,
    StanceEvent,
    ThoughtEvent,
    TurnEvent,
    is_gesture,
    turn_start,
)
from dreamplay.schema.provenance import RejectedCandidate, RetrievedMemory, Usage
from dreamplay.schema.script import last_reflection, regards
from dreamplay.threads.thread import Thread


class EventRange(FrozenModel):
    """Events that somebody witnessed one after the other, in one scene."""

    beat: str
    scene: str
    first: int
    last: int


class Reflected(FrozenModel):
    """What a reflection says besides the thought. Others are named by role."""

    attitudes: dict[str, float]
    """What they think of each of the others, from -1 to 1."""
    why: dict[str, str]
    wants: str
    promised: dict[str, str]
    """What they promised, by the role that was promised it."""
    was_promised: dict[str, str]
    """What they were promised, by the role that promised it."""


class Explanation(FrozenModel):
    """Everything that went into an event, and what was left out of it."""

    event: int
    kind: str
    beat: str
    scene: str
    turn: int
    speaker: str | None
    name: str | None
    text: str
    thought: str
    """What the speaker thought before, in the same turn; empty if nothing."""
    gesture: str
    """What the speaker did with it; empty if nothing."""
    choice: str | None
    reflected: Reflected | None = None
    """Of a reflection."""
    by: str
    cue: Cue | None
    took_up: tuple[Thread, ...]
    """The threads that it took up, as they stood after it."""
    ledger: tuple[DreamContribution, ...]
    saw: tuple[EventRange, ...]
    """What had been witnessed before: by the speaker; of a dream or an ending, by all who were there."""
    unseen: int
    """Earlier events that had not."""
    recalled: tuple[RetrievedMemory, ...]
    refused: tuple[RejectedCandidate, ...]
    seed: int | None
    usage: Usage
    digest: str | None
    prompt: Prompt | None
    """The prompt of the first try, in full; None if there was none, or the run did not keep it."""
    unshown: str | None = None
    """Why the prompt cannot be shown although the run kept it."""


class Known(FrozenModel):
    """Something that a role knows because they witnessed it."""

    since: int
    kind: str
    beat: str
    scene: str
    speaker: str | None
    text: str


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


def why(record: RunLog, number: int, prompts: Callable[[str], Prompt | None]) -> Explanation:
    """What made a line, a silence, a stance, a dream or an ending.

    Args:
        record: the run.
        number: of the event.
        prompts: finds a prompt by its digest.

    Raises:
        UsageError: there is no such event, or an author wrote it; the message names those nearest to it.
    """
    events = list(record.script)
    event = events[number] if 0 <= number < len(events) else None
    if event is None or event.provenance.by == "author":
        raise UsageError(f"{_not_said(event, number, len(events))}; {_nearest(events, number)}")
    made = event.provenance
    readers = [event.speaker] if event.speaker else event.witnesses
    seen = [known for known in record.script.visible_to(*readers) if known.id < number]
    own = events[turn_start(events, number) : number]
    thought = "".join(each.text for each in own if isinstance(each, ThoughtEvent))
    gesture = "".join(each.text for each in own if is_gesture(each))
    prompt, unshown = None, None
    try:
        prompt = prompts(made.prompt) if made.prompt else None
    except RecordError as error:
        unshown = str(error)
    return Explanation(
        event=number, kind=event.kind, beat=event.beat, scene=event.scene,
        turn=event.turn if isinstance(event, TurnEvent) else 0, speaker=event.speaker,
        name=record.cast.name(event.speaker) if event.speaker else None, text=event.text,
        thought=thought, gesture=gesture, choice=event.choice if isinstance(event, StanceEvent) else None,
        reflected=_reflected(event), by=made.by,
        cue=event.cue if isinstance(event, TurnEvent) else None,
        took_up=tuple(record.ledger(events[: number + 1]).taken_up_by(number)),
        ledger=event.ledger if isinstance(event, DreamEvent) else (), saw=_sights(seen), unseen=number - len(seen),
        recalled=made.recalled, refused=made.refused, seed=made.seed, usage=made.usage, digest=made.prompt,
        prompt=prompt, unshown=unshown,
    )  # fmt: skip


def _reflected(event: Event) -> Reflected | None:
    if not isinstance(event, ReflectionEvent):
        return None
    return Reflected(**{name: getattr(event, name) for name in Reflected.model_fields})


def knows(record: RunLog, role: str, at: int | None = None) -> Knowledge:
    """What a role knows after an event, or at the end.

    Raises:
        UsageError: no such role or event; the message says which there are.
    """
    cast, at = _with_role(record, role), _place(record, at)
    seen = [event for event in record.script.visible_to(role) if event.id <= at]
    thoughts = [event for event in seen if isinstance(event, ReflectionEvent)]
    known = regards(thoughts, role)
    return Knowledge(
        role=role,
        name=cast.name(role),
        at=at,
        own=_filled(record, role),
        witnessed=tuple(
            Known(since=e.id, kind=e.kind, beat=e.beat, scene=e.scene, speaker=e.speaker, text=e.text)
            for e in seen
            if e.text and (not e.backstage or isinstance(e, FearEvent))
        ),
        secrets=tuple(Secret(of=of, dreams=tuple(d.id for d in dreams)) for of, dreams in dreamt(seen, role).items()),
        bonds=_bonds(record, at),
        attitudes={other: regard.attitude for other, regard in known.items()},
        why={other: regard.why for other, regard in known.items() if regard.why},
        wants=newest.wants if (newest := last_reflection(thoughts, role)) else "",
    )


def threads(record: RunLog, *roles: str, at: int | None = None) -> tuple[Thread, ...]:
    """Questions, accusations, offers, promises and told secrets, and what became of them, in the order in which they
    began.

    Args:
        record: the run.
        roles: whose; what none of them witnessed is then left out, and with it what became of a thread there. None:
            everybody's.
        at: the last event that counts; None: that of the run.

    Raises:
        UsageError: no such role or event; the message says which there are.
    """
    last = _place(record, at)
    for role in roles:
        _with_role(record, role)
    known = record.script.joint_view(roles, ()).events if roles else record.script
    return record.ledger(event for event in known if event.id <= last).threads


def dreamt(seen: Iterable[Event], role: str) -> dict[str, list[Event]]:
    """Whose fear and wish went into dreams among the events that a role saw, and which dreams those were."""
    found: dict[str, list[Event]] = {}
    for event in seen:
        for entry in event.ledger if isinstance(event, DreamEvent) else ():
            if entry.role != role:
                found.setdefault(entry.role, []).append(event)
    return found


def _place(record: RunLog, at: int | None) -> int:
    """The last event that counts: the one that was asked for, or that of the run, or -1 if nothing has happened.

    Raises:
        UsageError: there is no such event.
    """
    last = len(record.script) - 1
    if at is None:
        return last
    if not 0 <= at <= last:
        raise UsageError(f"`at={str(at)[:20]}`: no such event; this run has {_range(last + 1)}")
    return at


def _with_role(record: RunLog, role: str) -> Cast:
    """The cast of the run, which has the role.

    Raises:
        UsageError: it has not.
    """
    if role not in record.cast.roles:
        raise UsageError(f"no role {role[:40]!r} in this run; it has {', '.join(record.cast.roles)}")
    return record.cast


def _sights(seen: Iterable[Event]) -> tuple[EventRange, ...]:
    sights: list[EventRange] = []
    for event in seen:
        if sights and sights[-1].last == event.id - 1 and sights[-1].scene == event.scene:
            sights[-1] = sights[-1].model_copy(update={"last": event.id})
        else:
            sights.append(EventRange(beat=event.beat, scene=event.scene, first=event.id, last=event.id))
    return tuple(sights)


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


def _not_said(event: Event | None, number: int, count: int) -> str:
    if event is None:
        return f"no event {str(number)[:20]}; this run has {_range(count)}"
    return f"event {number} ({event.kind}) was written by the author"


def _nearest(events: Sequence[Event], number: int) -> str:
    """The numbers that can be asked about: the last one before and the first one after."""
    said = [event.id for event in events if event.provenance.by != "author"]
    near = [*[n for n in said if n < number][-1:], *[n for n in said if n > number][:1]]
    if not near:
        return "nobody has said anything in it"
    return f"the nearest that can be asked about: {' and '.join(map(str, near))} (`run.events` shows all)"


def _range(count: int) -> str:
    return f"events 0 to {count - 1}" if count else "no events"
