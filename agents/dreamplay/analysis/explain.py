"""Why a line was said: everything that went into an event of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dreamplay.analysis.references import numbers
from dreamplay.errors import RecordError, UsageError
from dreamplay.models.prompt import Prompt
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import (
    Cue,
    DreamContribution,
    DreamEvent,
    Event,
    ReflectionEvent,
    StanceEvent,
    ThoughtEvent,
    TurnEvent,
    is_gesture,
    turn_start,
)
from dreamplay.schema.provenance import RejectedCandidate, RetrievedMemory, Usage
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
    said: int | None
    """Of a stance: the line that the choice follows from; no model was asked."""
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
        name=record.cast.name(event.speaker) if event.speaker else None, text=event.worded,
        thought=thought, gesture=gesture, choice=event.choice if isinstance(event, StanceEvent) else None,
        said=event.said if isinstance(event, StanceEvent) else None,
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


def _sights(seen: Iterable[Event]) -> tuple[EventRange, ...]:
    sights: list[EventRange] = []
    for event in seen:
        if sights and sights[-1].last == event.id - 1 and sights[-1].scene == event.scene:
            sights[-1] = sights[-1].model_copy(update={"last": event.id})
        else:
            sights.append(EventRange(beat=event.beat, scene=event.scene, first=event.id, last=event.id))
    return tuple(sights)


def _not_said(event: Event | None, number: int, count: int) -> str:
    if event is None:
        return f"no event {str(number)[:20]}; this run has {numbers(count)}"
    return f"event {number} ({event.kind}) was written by the author"


def _nearest(events: Sequence[Event], number: int) -> str:
    """The numbers that can be asked about: the last one before and the first one after."""
    said = [event.id for event in events if event.provenance.by != "author"]
    near = [*[n for n in said if n < number][-1:], *[n for n in said if n > number][:1]]
    if not near:
        return "nobody has said anything in it"
    return f"the nearest that can be asked about: {' and '.join(map(str, near))} (`run.events` shows all)"
