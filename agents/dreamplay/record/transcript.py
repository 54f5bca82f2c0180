"""The lasting record of a run: `transcript.jsonl`, a header, then one event a line, then the end.

The file is only ever appended to, and every event is on disk before the next is asked for. It holds no clock time
and no path, so that the same run gives the same bytes. It is the truth about a run: whatever else lies in the folder
can be made from it again, or is done without.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from pydantic import ValidationError

from dreamplay.cast import Cast, Persona
from dreamplay.errors import RecordError, UsageError
from dreamplay.event import PROLOGUE, Event, Usage
from dreamplay.record import journal, lock
from dreamplay.record.journal import Journal
from dreamplay.script import Script
from dreamplay.story import Story
from dreamplay.value import Value

SCHEMA = 1
"""Version of the file's form. A reader refuses a newer one."""
FILE = "transcript.jsonl"


class Header(Value):
    """Everything that was chosen for the run, story and personas whole: a run outlives the files it came from."""

    record: Literal["header"] = "header"
    schema_version: int = SCHEMA
    story_id: str
    story: Story
    story_hash: str
    cast: dict[str, Persona]
    persona_hashes: dict[str, str]
    model: str
    settings: dict[str, Any]
    """What shapes the run: length, beats, sampling, tries."""
    seed: int
    parent: str | None = None
    """Of a branch: the run that it shares its beginning with, by the name of its folder."""
    point: int | None = None
    """Of a branch: the first event that is its own."""
    changes: tuple[str, ...] = ()
    """What was changed at the point, and at those of the runs it descends from, oldest first."""
    versions: dict[str, str]


class Resumed(Value):
    """From here on another model played, or the same one with other settings."""

    record: Literal["resumed"] = "resumed"
    model: str
    settings: dict[str, Any]
    """As in the header."""
    event: int
    """The first event that comes after."""


class Undone(Value):
    """The visitor took back what she did last: this event, and all that followed it, has not happened. The next event
    takes its place.
    """

    record: Literal["undone"] = "undone"
    event: int


class End(Value):
    """The last record of a run that was played to its end."""

    record: Literal["end"] = "end"
    lines: int
    usage: Usage


@dataclass(frozen=True)
class Record:
    """A transcript as read from disk; `end` is None for a run that was not played to its end."""

    header: Header
    script: Script
    end: End | None
    resumptions: tuple[Resumed, ...] = ()
    """Where another model took over, in order."""
    name: str = field(default="", compare=False)
    """Of the folder that it was read from; not part of what was played."""

    @property
    def newest(self) -> Header | Resumed:
        """What says on which model, with which settings, the run was played last."""
        return self.resumptions[-1] if self.resumptions else self.header

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all the models that played, in the order in which they came."""
        return tuple(dict.fromkeys([self.header.model, *(each.model for each in self.resumptions)]))

    @property
    def cast(self) -> Cast:
        """Who played which role."""
        return Cast(self.header.cast)


class Transcript:
    """Writes a run's record, line by line, and holds the run's lock meanwhile. With a header it begins a run; without
    one it goes on with the run that the folder holds, and takes off a last line that a crash has cut.

    Raises:
        RecordError: the folder cannot be made or written, holds a run already, or none to go on with; or another
            process plays it.
        UsageError: the run to go on with was played to its end.
    """

    def __init__(self, folder: Path, header: Header | None = None) -> None:
        self.path = folder / FILE
        with contextlib.ExitStack() as held:
            held.enter_context(lock.hold(folder))
            self.before = unfinished(folder) if header is None else Record(header, Script(), None)
            """What stood in it when it was opened."""
            try:
                # Half a header, of a run that never began, is in nobody's way.
                if header and self.path.exists() and journal.lines(self.path):
                    raise RecordError(f"{folder} already holds a run; choose another --out")
                self._journal = held.enter_context(contextlib.closing(Journal(self.path, forced=True)))
            except OSError as error:
                raise RecordError(f"cannot write to {folder}: {error.strerror}; choose another --out") from error
            if header:
                self._begin(header)
            self._held = held.pop_all()

    def append(self, value: Event | Resumed | Undone | End) -> None:
        """Put an event, a change of model, what is taken back, or the end, on disk before anything else happens."""
        self._journal.append(_line(value))

    def __enter__(self) -> Transcript:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def _begin(self, header: Header) -> None:
        try:
            self._journal.append(_line(header))
        except RecordError:
            self._journal.close()  # Windows deletes no open file
            self.path.unlink()
            raise


def read(folder: Path) -> Record:
    """Read a run back. A last line that was cut in the middle, by a crash, is left out.

    Raises:
        RecordError: no run, a newer form, or damage anywhere but at the very end.
    """
    path = folder / FILE if folder.is_dir() else folder
    try:
        lines = journal.lines(path)
    except OSError as error:
        raise RecordError(f"no run in {folder} ({error.strerror}); see the folder transcripts/") from None
    if not lines:
        raise RecordError(f"{path} is empty: the run was stopped before it began; delete the folder")
    header = _header(path, lines[0])
    places = {(PROLOGUE, PROLOGUE), *((beat.id, scene.id) for beat, scene in header.story.scenes)}
    script, resumptions, end = Script(), list[Resumed](), None
    for number, line in enumerate(lines[1:], start=2):
        try:
            if end is not None:
                raise ValueError("something follows the end")
            match json.loads(line).get("record"):
                case "end":
                    end = End.model_validate_json(line)
                case "resumed":
                    resumptions.append(_resumed(line, script))
                case "undone":
                    script = _before(Undone.model_validate_json(line), script)
                case _:
                    script.append(_event(line, header, places))
        except (ValidationError, ValueError, AttributeError, RecursionError) as error:
            raise RecordError(f"{path}:{number}: {_why(error)}; the file is damaged there") from None
    return Record(header, script, end, tuple(resumptions), path.resolve().parent.name)


def begin(folder: Path, header: Header, events: Sequence[Event]) -> None:
    """Put a run on disk that begins with events that are there already, to be gone on with: whole, or not at all.

    Raises:
        RecordError: the folder cannot be written, holds a run already, or another process plays there.
    """
    path, scratch = folder / FILE, folder / f"{FILE}.new"
    with lock.hold(folder):
        if path.exists():
            raise RecordError(f"{folder} already holds a run; choose another name for it, or delete it")
        try:
            with scratch.open("wb") as file:
                file.writelines(map(_line, (header, *events)))
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            raise RecordError(f"cannot write to {folder}: {error.strerror}; make room first") from error


def unfinished(folder: Path) -> Record:
    """Read a run that can go on.

    Raises:
        RecordError: see `read`.
        UsageError: it was played to its end.
    """
    record = read(folder)
    if record.end:
        raise UsageError(f"{folder} was played to its end; look at it with: dreamplay show {shlex.quote(str(folder))}")
    return record


def total(events: Sequence[Event] | Script) -> Usage:
    """What all the model calls of these events cost."""
    usage = Usage()
    for event in events:
        usage += event.provenance.usage
    return usage


def _line(value: Value) -> bytes:
    return value.model_dump_json().encode() + b"\n"


def _resumed(line: bytes, script: Script) -> Resumed:
    resumed = Resumed.model_validate_json(line)
    if resumed.event != len(script):
        raise ValueError(f"event {resumed.event} is said to follow, and event {len(script)} does")
    return resumed


def _before(undone: Undone, script: Script) -> Script:
    if not 0 <= undone.event < len(script):
        raise ValueError(f"event {undone.event} is taken back, and there are {len(script)}")
    return Script(list(script)[: undone.event])


def _event(line: bytes, header: Header, places: Collection[tuple[str, str]]) -> Event:
    event = Event.model_validate_json(line)
    pooled = [entry.role for entry in event.ledger]
    hears = event.cue.hears if event.cue else ()
    named = {*event.witnesses, *event.regards, *pooled, *hears, *filter(None, [event.speaker])}
    if unknown := sorted(named - set(header.cast)):
        raise ValueError(f"event {event.id} names {unknown[0]!r}, who is not in the cast")
    if (event.beat, event.scene) not in places:
        raise ValueError(f"event {event.id} stands in {event.beat}/{event.scene}, which the story does not have")
    return event


def _header(path: Path, line: bytes) -> Header:
    try:
        version = json.loads(line).get("schema_version")
    except (ValueError, AttributeError, RecursionError):
        raise RecordError(f"{path}:1: no header; this is not a dreamplay transcript") from None
    if isinstance(version, int) and version > SCHEMA:
        raise RecordError(f"{path}: written by a newer dreamplay (schema {version}, this one reads {SCHEMA}); upgrade")
    try:
        return Header.model_validate_json(line)
    except ValidationError as error:
        raise RecordError(f"{path}:1: {_why(error)}; the header is damaged") from None


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
