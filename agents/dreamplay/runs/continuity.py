"""Continuity: whether an event can follow the events before it, given the story and the cast of the run.

A transcript may be damaged, or may come from a stranger. All readers rely on what is checked here, and do not check it
again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dreamplay.participants import visit
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import (
    PROLOGUE,
    AnswerEvent,
    BackstageEvent,
    ControlEvent,
    DreamEvent,
    Event,
    EventBase,
    ExitEvent,
    FearEvent,
    LineEvent,
    MoveEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    StanceEvent,
    ThoughtEvent,
    ToldEvent,
    TurnEvent,
    goes_on,
    is_gesture,
)
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, in_hand, present, turns
from dreamplay.schema.story import Story

MADE_BY: dict[str, tuple[str, ...]] = {
    "narration": ("author", "narrator"),
    "line": ("author", "agent", "person"),
    "action": ("agent", "person"),
    "silence": ("agent", "person"),
    "thought": ("agent",),
    "dream": ("narrator",),
    "outcome": ("author", "narrator"),
    "reflection": ("agent",),
    "stance": ("agent", "person"),
    "recap": ("narrator",),
    "entrance": ("author", "person"),
    "exit": ("author", "agent", "person"),
    "fear": ("person",),
    "control": ("person",),
}


class Continuity:
    """Checks the events of one run, each against the script before it.

    Args:
        story: as it stands in the run's header.
        cast: who plays, with the visitor if there is one.
        beats: those that are played.
    """

    def __init__(self, story: Story, cast: Cast, beats: Sequence[str]) -> None:
        self._cast, self._choices = cast, {choice.id for choice in story.choices}
        self._places = [
            (beat, scene.with_visitor() if cast.visitor else scene) for beat, scene in story.scenes if beat.id in beats
        ]

    def check(self, event: Event, script: Script, before: Event | None = None) -> None:
        """Check that an event can be the next one of a script. `before` is the event before it in the same turn, if
        that does not stand in the script yet.

        Raises:
            ValueError: it cannot; the message names the field.
        """
        _in_turn(event, before or script.last)
        self._names(event)
        scene = self._place(event, script)
        self._form(event)
        self._heard(event)
        if isinstance(event, RecapEvent):
            _retold(event)
        if scene is None:
            if not isinstance(event, LineEvent) or event.turn or event.provenance.by != "author":
                raise ValueError("kind: the prologue has lines by the author, and nothing else")
            return
        if event.provenance.by == "author" and isinstance(event, LineEvent):
            raise ValueError("provenance.by: a line by the author stands outside the prologue")
        self._counted(event, script, scene)
        self._answered(event, script, scene)
        if isinstance(event, MoveEvent):
            self._moved(event, script, scene)
        by_visitor = isinstance(event, ControlEvent) or event.by_visitor or event.speaker in in_hand(script)
        if event.provenance.by == "person" and by_visitor:
            visit.again_by(event, len(turns(script, scene)))

    def _names(self, event: Event) -> None:
        """Check that everybody who is named is in the cast."""
        named: dict[str, Collection[str | None]] = {"speaker": [event.speaker], "witnesses": event.witnesses}
        if isinstance(event, TurnEvent) and event.cue:
            named |= {"cue.to": [event.cue.to], "cue.hears": event.cue.hears}
        if isinstance(event, ReflectionEvent):
            named |= event.named
        if isinstance(event, DreamEvent):
            named["ledger"] = [entry.role for entry in event.ledger]
        for field, roles in named.items():
            for role in roles:
                if role is not None and role not in self._cast.roles:
                    raise ValueError(f"{field} names {role[:40]!r}, who is not in the cast")
            if len(set(roles)) < len(roles):
                raise ValueError(f"{field} names somebody twice")

    def _place(self, event: Event, script: Script) -> Scene | None:
        """The scene of the event, which is the one that runs, or the next one; None for the prologue."""
        index = self._index(event.beat, event.scene)
        last = self._index(script.last.beat, script.last.scene) if script.last else -1
        if not last <= index <= last + 1:
            before = f"does not follow {script.last.scene!r}" if script.last else "is not where the story begins"
            raise ValueError(f"scene: {event.scene!r} {before}")
        return self._places[index][1] if index >= 0 else None

    def _index(self, beat: str, scene: str) -> int:
        """The place of a scene among those that are played; -1 for the prologue."""
        if (beat, scene) == (PROLOGUE, PROLOGUE):
            return -1
        for index, (known, place) in enumerate(self._places):
            if (beat, scene) == (known.id, place.id):
                return index
        raise ValueError(f"scene: {beat[:40]}/{scene[:40]} is no scene that this run plays")

    def _form(self, event: Event) -> None:
        """Check that the content of an event fits its kind, the story and the events before it."""
        if event.provenance.by not in MADE_BY[event.kind]:
            raise ValueError(f"provenance.by: {_a(event.kind)} cannot be by {event.provenance.by!r}")
        if isinstance(event, StanceEvent) and event.choice not in self._choices:
            raise ValueError(f"choice: {event.choice[:40]!r} is none of the story's choices")
        if isinstance(event, FearEvent) and not event.by_visitor:
            raise ValueError("speaker: a fear is given by the visitor alone")
        if isinstance(event, ControlEvent) and event.by_visitor:
            raise ValueError("speaker: the visitor cannot be played by somebody else")
        if isinstance(event, TurnEvent) and event.cue and event.cue.to == event.speaker:
            raise ValueError("cue.to: somebody speaks to themself")
        if isinstance(event, TurnEvent) and event.leaves and event.provenance.by != "agent":
            raise ValueError("leaves: only a character leaves with a line or a silence")
        for memory in event.provenance.recalled:
            if memory.event is not None and not 0 <= memory.event < event.id:
                raise ValueError(f"provenance.recalled: event {memory.event} does not come before it")

    def _heard(self, event: Event) -> None:
        """Check that its witnesses can have perceived it."""
        witnesses = set(event.witnesses)
        if isinstance(event, BackstageEvent):
            fitting = witnesses == {self._cast.visitor}
        elif isinstance(event, ReflectionEvent):
            fitting = witnesses == (set() if event.failed else {event.speaker})
        elif isinstance(event, ThoughtEvent):
            fitting = witnesses == {event.speaker}
        elif isinstance(event, ToldEvent):
            fitting = bool(witnesses)
        else:
            fitting = event.speaker in witnesses
        if isinstance(event, TurnEvent) and event.hears:
            fitting = fitting and event.speaker not in event.hears and witnesses <= {event.speaker, *event.hears}
        if not fitting:
            there = ", ".join(event.witnesses) or "nobody"
            raise ValueError(f"witnesses: {_a(event.kind)} cannot be perceived by {there}")

    def _counted(self, event: Event, script: Script, scene: Scene) -> None:
        """Check the number of the turn: turns of the cast are numbered through the scene, and everything else has the
        number 0."""
        if not isinstance(event, TurnEvent | ControlEvent):
            return
        turn = 1 + len(turns(script, scene))
        expected = [turn if isinstance(event, TurnEvent) and not event.by_visitor else 0]
        if isinstance(event, ControlEvent) and event.controller == "model":  # in the turn of the role, or not
            expected = [0, turn]
        if event.turn not in expected:
            raise ValueError(f"turn: it is {event.turn}, and {expected[-1]} would follow")

    def _answered(self, event: Event, script: Script, scene: Scene) -> None:
        """Check that there is one stance of each role at a crossroads, one reflection of each in a scene, one dream in
        a dream scene, and one outcome in a scene that has one."""
        if isinstance(event, StanceEvent):
            if scene.kind != "crossroads":
                raise ValueError(f"kind: a stance in {scene.id}, which is no crossroads")
            _quoted(event, script)
        if isinstance(event, DreamEvent) and scene.kind != "dream":
            raise ValueError(f"kind: a dream in {scene.id}, which is no dream")
        if isinstance(event, OutcomeEvent):
            known = scene.outcome
            if known is None or event.outcome != known.id or event.answer not in known.answers:
                what = f"{event.outcome} == {event.answer}"[:80]
                raise ValueError(f"answer: {what!r} is nothing that {scene.id} can come to")
        if isinstance(event, AnswerEvent | DreamEvent | OutcomeEvent):
            before: list[EventBase] = [*script.in_scene(scene.id, type(event))]
            if any(each.speaker == event.speaker for each in before):
                raise ValueError(f"kind: a second {event.kind} of {event.speaker or 'the narrator'} in {scene.id}")

    def _moved(self, event: MoveEvent, script: Script, scene: Scene) -> None:
        """Check that somebody of the cast remains, so that the scene can go on."""
        left = set(present(script, scene)) - {event.speaker, self._cast.visitor}
        if isinstance(event, ExitEvent) and not left:
            raise ValueError(f"speaker: with {event.speaker} everybody has gone")


def _in_turn(event: Event, before: Event | None) -> None:
    """Check that the events of a turn follow one another: a thought, a gesture, a line or a silence, an exit."""
    own = isinstance(event, ExitEvent) and event.provenance.by == "agent"
    if before is None or not goes_on(before):
        if own:
            raise ValueError("kind: an exit by an agent follows a line or a silence that says so")
        return
    if isinstance(before, TurnEvent):
        fitting = own
    else:
        fitting = isinstance(event, TurnEvent) or (isinstance(before, ThoughtEvent) and is_gesture(event))
        fitting = fitting and event.provenance.by == "agent"
    if not fitting or (event.speaker, event.scene) != (before.speaker, before.scene):
        raise ValueError(f"kind: {_a(event.kind)} of {event.speaker} within a turn of {before.speaker}")
    if is_gesture(before) and set(event.witnesses) != set(before.witnesses):
        raise ValueError("witnesses: the gesture of the turn had others")


def _quoted(event: StanceEvent, script: Script) -> None:
    """Check that a stance which follows from a line says nothing else."""
    if event.said is None:
        return
    said = (line.text for line in script.of_kind(LineEvent) if (line.id, line.speaker) == (event.said, event.speaker))
    if event.text not in ("", next(said, None)):
        raise ValueError(f"said: event {event.said} is no line of {event.speaker} with these words")


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _retold(event: RecapEvent) -> None:
    first, last = event.covers
    if not 0 <= first <= last < event.id:
        raise ValueError(f"covers: events {first} to {last} do not come before it")
