"""The transcript of a run, `transcript.jsonl`: a header, one event in each line, then the end.

The file is only appended to, and every event is on disk before a model or a person is asked for the next. It holds no
time of day and no path, so that the same run gives the same bytes. Everything else that is kept of the run can be
recreated from it or is not needed.
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
from dreamplay.storage import disk, jsonl
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place

FILE = "transcript.jsonl"


def older(version: int) -> str:
    """The file in which the form of an older version is kept when the transcript is upgraded."""
    return f"transcript.v{version}.jsonl"


class Transcript:
    """Writes a transcript line by line, and holds the lock of the run. With a header, it begins a run. Without one, it
    continues the run in the place, and removes a last line, or the events of a last turn, that a crash has cut.

    Args:
        where: of the run.
        header: of a run that begins.
        events: what it begins with, if it is a branch.

    Raises:
        RecordError: the place cannot be made or written, holds a run already, or none to go on with; or another
            process plays it.
        UsageError: the run to go on with was played to its end.
    """

    def __init__(self, where: Place | Path, header: Header | None = None, events: Sequence[Event] = ()) -> None:
        self._place = place = at(where)
        with contextlib.ExitStack() as held:
            held.enter_context(place.hold())
            self.before = unfinished(place) if header is None else RunLog(header, Script(events), None)
            """The content of the file when it was opened."""
            if header is None:
                _upgrade(place)
            try:
                # Half a header, of a run that never began, is in nobody's way.
                if header and place.has(FILE) and place.lines(FILE):
                    raise RecordError(f"{place} already holds a run; choose another `out`")
                if header:
                    place.replace(FILE, b"".join(map(_line, (header, *events))))
                self._journal = held.enter_context(contextlib.closing(place.journal(FILE, forced=True)))
                if self.before.torn:
                    self._journal.drop(self.before.torn)
            except OSError as error:
                raise disk.cannot("write to", place, error) from error
            self._resumptions = [*self.before.resumptions]
            self._held = held.pop_all()

    def append(self, *values: Event | Resumed | Rollback | End) -> None:
        """Write events, a change of model, an undo or the end, in one write. They become durable beside."""
        self._journal.append(b"".join(map(_line, values)))
        self._resumptions += [value for value in values if isinstance(value, Resumed)]

    def log(self, script: Script, end: End | None = None) -> RunLog:
        """What is written, as it would be read back.

        Args:
            script: of all events that were written.
            end: the end that the run is about to get.
        """
        return RunLog(self.before.header, script, end, tuple(self._resumptions), name=self._place.name)

    async def settled(self) -> None:
        """Wait until all that was written is durable.

        Raises:
            RecordError: it cannot be made durable.
        """
        await self._journal.settled()

    def __enter__(self) -> Transcript:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()


def read(where: Place | Path) -> RunLog:
    """Read a run back, from its place, its folder or the file of its transcript. A last line or a last turn that was
    cut in the middle, by a crash, is left out.

    Raises:
        RecordError: no run, a newer form, or damage anywhere but at the very end.
    """
    try:
        if isinstance(where, Path) and not where.is_dir():
            lines, called, name = jsonl.lines(where), str(where), where.resolve().parent.name
            cut = not lines and bool(disk.read(where))
        else:
            place = at(where)
            lines, called, name = place.lines(FILE), place.called(FILE), place.name
            cut = not lines and bool(place.read(FILE))
    except (OSError, ValueError) as error:  # ValueError: a null character
        why = error.strerror if isinstance(error, OSError) else error
        raise RecordError(f"no run in {disk.short(where)} ({why}); `dreamplay.list_runs()` lists them") from None
    if cut:
        raise RecordError(f"{called}:1: the header is cut off, so the file is damaged there; delete it")
    if not lines:
        raise RecordError(f"{called} is empty: the run was stopped before it began; delete it")
    return replace(transcript_reader.read(called, lines), name=name)


def begin(where: Place | Path, header: Header, events: Sequence[Event]) -> None:
    """Write a run that begins with existing events and is to be resumed: the whole of it, or nothing.

    Raises:
        RecordError: the place cannot be written, holds a run already, or another process plays there.
    """
    place = at(where)
    with place.hold():
        if place.has(FILE):
            raise RecordError(f"{place} already holds a run; choose another name for it, or delete it")
        try:
            place.replace(FILE, b"".join(map(_line, (header, *events))))
        except OSError as error:
            raise disk.cannot("write to", place, error) from error


def unfinished(where: Place | Path) -> RunLog:
    """Read a run that can go on.

    Raises:
        RecordError: see `read`.
        UsageError: it was played to its end.
    """
    record = read(where)
    if record.end:
        raise UsageError(f"{where} was played to its end; look at it with: `dreamplay.load_run({str(where)!r})`")
    return record


def total(events: Sequence[Event] | Script) -> Usage:
    """What all the model calls of these events cost."""
    return Usage.total(event.provenance.usage for event in events)


def ended(events: Sequence[Event] | Script) -> End:
    """The last record of a run that was played to its end."""
    spoken = sum(event.kind == "line" and event.beat != PROLOGUE for event in events)
    return End(lines=spoken, usage=total(events))


def _upgrade(place: Place) -> None:
    """Rewrite a transcript of an older version in the newest one, and keep the old file beside it.

    Raises:
        RecordError: one of the files cannot be written; nothing is changed then.
    """
    try:
        old = place.lines(FILE)
        version = json.loads(old[0]).get("schema_version", SCHEMA)
        if version == SCHEMA:
            return
        kept, content = older(version), place.read(FILE)
        before = place.has(kept)
        if before and place.read(kept) != content:
            raise RecordError(
                f"{place.called(kept)} is in the way: the old form of the transcript is kept there; move it away"
            )
        place.replace(kept, content)
        try:
            place.replace(FILE, b"".join(upgrade.lines(old)))
        except OSError:
            if not before:
                place.remove(kept)
            raise
    except OSError as error:
        raise disk.cannot("write to", place, error, "the transcript is left as it is") from error


def _line(value: FrozenModel) -> bytes:
    return value.model_dump_json().encode() + b"\n"
