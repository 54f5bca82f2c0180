"""The transcript of a run, `transcript.jsonl`: a header, one event in each line, then the end.

The file is only appended to, and every event is on disk before the next is asked for. It holds no time of day and no
path, so that the same run gives the same bytes. Everything else in the folder can be recreated from it or is not
needed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from dreamplay.errors import RecordError, UsageError
from dreamplay.runs import transcript_reader, upgrade
from dreamplay.runs.records import SCHEMA as SCHEMA
from dreamplay.runs.records import End as End
from dreamplay.runs.records import Header as Header
from dreamplay.runs.records import Resumed as Resumed
from dreamplay.runs.records import Rollback as Rollback
from dreamplay.runs.records import RunLog as RunLog
from dreamplay.runs.transcript_reader import complaint as complaint
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.provenance import Usage
from dreamplay.schema.script import Script
from dreamplay.storage import disk, jsonl, lock
from dreamplay.storage.jsonl import JsonlFile

FILE = "transcript.jsonl"


class Transcript:
    """Writes a transcript line by line, and holds the lock of the run. With a header, it begins a run. Without one, it
    continues the run in the folder, and removes a last line, or the events of a last turn, that a crash has cut.

    Raises:
        RecordError: the folder cannot be made or written, holds a run already, or none to go on with; or another
            process plays it.
        UsageError: the run to go on with was played to its end.
    """

    def __init__(self, folder: Path, header: Header | None = None) -> None:
        self.path = folder / FILE
        with contextlib.ExitStack() as held:
            held.enter_context(lock.hold(folder))
            self.before = unfinished(folder) if header is None else RunLog(header, Script(), None)
            """The content of the file when it was opened."""
            if header is None:
                _upgrade(folder)
            try:
                # Half a header, of a run that never began, is in nobody's way.
                if header and self.path.exists() and jsonl.lines(self.path):
                    raise RecordError(f"{folder} already holds a run; choose another `out`")
                self._journal = held.enter_context(contextlib.closing(JsonlFile(self.path, forced=True)))
                if self.before.torn:
                    self._journal.drop(self.before.torn)
            except OSError as error:
                raise disk.cannot("write to", folder, error) from error
            if header:
                self._begin(header)
            self._held = held.pop_all()

    def append(self, *values: Event | Resumed | Rollback | End) -> None:
        """Write events, a change of model, an undo or the end to disk, in one write."""
        self._journal.append(b"".join(map(_line, values)))

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


def read(folder: Path) -> RunLog:
    """Read a run back. A last line or a last turn that was cut in the middle, by a crash, is left out.

    Raises:
        RecordError: no run, a newer form, or damage anywhere but at the very end.
    """
    try:
        path = folder / FILE if folder.is_dir() else folder
        lines = jsonl.lines(path)
    except (OSError, ValueError) as error:  # ValueError: a null character
        why = error.strerror if isinstance(error, OSError) else error
        raise RecordError(f"no run in {disk.short(folder)} ({why}); see the folder transcripts/") from None
    if not lines:
        raise RecordError(f"{path} is empty: the run was stopped before it began; delete the folder")
    return replace(transcript_reader.read(str(path), lines), name=path.resolve().parent.name)


def begin(folder: Path, header: Header, events: Sequence[Event]) -> None:
    """Write a run that begins with existing events and is to be resumed: the whole of it, or nothing.

    Raises:
        RecordError: the folder cannot be written, holds a run already, or another process plays there.
    """
    path = folder / FILE
    with lock.hold(folder):
        if disk.there(path):
            raise RecordError(f"{folder} already holds a run; choose another name for it, or delete it")
        try:
            disk.replace(path, b"".join(map(_line, (header, *events))))
        except OSError as error:
            raise disk.cannot("write to", folder, error) from error


def unfinished(folder: Path) -> RunLog:
    """Read a run that can go on.

    Raises:
        RecordError: see `read`.
        UsageError: it was played to its end.
    """
    record = read(folder)
    if record.end:
        raise UsageError(f"{folder} was played to its end; look at it with: `dreamplay.load_run({str(folder)!r})`")
    return record


def total(events: Sequence[Event] | Script) -> Usage:
    """What all the model calls of these events cost."""
    usage = Usage()
    for event in events:
        usage += event.provenance.usage
    return usage


def ended(events: Sequence[Event] | Script) -> End:
    """The last record of a run that was played to its end."""
    spoken = sum(event.kind == "line" and event.beat != PROLOGUE for event in events)
    return End(lines=spoken, usage=total(events))


def _upgrade(folder: Path) -> None:
    """Rewrite a transcript of an older version in the newest one, and keep the old file beside it.

    Raises:
        RecordError: one of the files cannot be written; nothing is changed then.
    """
    path = folder / FILE
    try:
        old = jsonl.lines(path)
        version = json.loads(old[0]).get("schema_version", SCHEMA)
        if version == SCHEMA:
            return
        kept, content = path.with_suffix(f".v{version}.jsonl"), disk.read(path)
        before = disk.there(kept)
        if before and disk.read(kept) != content:
            raise RecordError(f"{kept} is in the way: the old form of the transcript is kept there; move it away")
        disk.replace(kept, content)
        try:
            disk.replace(path, b"".join(upgrade.lines(old)))
        except OSError:
            if not before:
                kept.unlink()
            raise
    except OSError as error:
        raise disk.cannot("write to", folder, error, "the transcript is left as it is") from error


def _line(value: FrozenModel) -> bytes:
    return value.model_dump_json().encode() + b"\n"
