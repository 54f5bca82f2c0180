"""The lasting record of a run: `transcript.jsonl`, a header, then one event a line, then the end.

The file is only ever appended to, and every event is on disk before the next is asked for. It holds no clock time
and no path, so that the same run gives the same bytes.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from pydantic import ValidationError

from dreamplay.errors import RecordError
from dreamplay.script import Event, Script, Usage
from dreamplay.story import Cast, Persona, Story, Value

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
    versions: dict[str, str]


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

    @property
    def cast(self) -> Cast:
        """Who played which role."""
        return Cast(self.header.cast)


class Transcript:
    """Writes a run's record, line by line.

    Raises:
        RecordError: the folder cannot be made, already holds a run, or the disk is full.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.path = folder / FILE
        try:
            made = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)
        except FileExistsError:
            raise RecordError(f"{folder} already holds a run; choose another --out") from None
        except OSError as error:
            raise RecordError(f"cannot write to {folder}: {error.strerror}; choose another --out") from error
        try:
            self._write(header)
        except RecordError:
            self._file.close()
            self.path.unlink(missing_ok=True)
            if made:
                folder.rmdir()
            raise

    def append(self, value: Event | End) -> None:
        """Put an event, or the end, on disk before anything else happens."""
        self._write(value)

    def __enter__(self) -> Transcript:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _write(self, value: Value) -> None:
        before = self._file.tell()
        try:
            data = value.model_dump_json().encode() + b"\n"
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError as error:
            self._take_back(before)
            raise RecordError(
                f"cannot write to {self.path}: {error.strerror}; what was played before is kept; make room first"
            ) from error

    def _take_back(self, size: int) -> None:
        """Cut off half a record, so that what stands on disk can be read."""
        self._file.truncate(size)
        self._file.seek(size)


def read(folder: Path) -> Record:
    """Read a run back. A last line that was cut in the middle, by a crash, is left out.

    Raises:
        RecordError: no run, a newer form, or damage anywhere but at the very end.
    """
    path = folder / FILE if folder.is_dir() else folder
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RecordError(f"no run in {folder} ({error.strerror}); see the folder transcripts/") from None
    lines = raw.split(b"\n")[:-1]  # what follows the last newline is a record that was cut
    if not lines:
        raise RecordError(f"{path} is empty: the run was stopped before it began; delete the folder")
    header = _header(path, lines[0])
    script, end = Script(), None
    for number, line in enumerate(lines[1:], start=2):
        try:
            if end is not None:
                raise ValueError("something follows the end")
            if json.loads(line).get("record") == "end":
                end = End.model_validate_json(line)
            else:
                script.append(_event(line, header))
        except (ValidationError, ValueError, AttributeError) as error:
            raise RecordError(f"{path}:{number}: {_why(error)}; the file is damaged there") from None
    return Record(header, script, end)


def find(reference: str | None, home: Path) -> Path:
    """The folder of a run: a path, a name in `home`, or, without either, the newest run there.

    Raises:
        RecordError: there is no such run.
    """
    if reference is None:
        runs = sorted(home.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
        if not runs:
            raise RecordError(f"no runs in {home}; play one with: dreamplay run")
        return runs[-1].parent
    for folder in (Path(reference), home / reference):
        if folder.exists():
            return folder
    known = ", ".join(sorted(path.parent.name for path in home.glob(f"*/{FILE}"))[-5:]) or "none"
    raise RecordError(f"no run {reference!r}; the newest in {home} are {known}")


def total(events: Sequence[Event] | Script) -> Usage:
    """What all the model calls of these events cost."""
    usage = Usage()
    for event in events:
        usage += event.provenance.usage
    return usage


def _event(line: bytes, header: Header) -> Event:
    event = Event.model_validate_json(line)
    pooled = [entry.role for entry in event.ledger]
    named = {*event.witnesses, *event.regards, *pooled, *filter(None, [event.speaker])}
    if unknown := sorted(named - set(header.cast)):
        raise ValueError(f"event {event.id} names {unknown[0]!r}, who is not in the cast")
    return event


def _header(path: Path, line: bytes) -> Header:
    try:
        version = json.loads(line).get("schema_version")
    except (ValueError, AttributeError):
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
