"""Reads a transcript. Each record is checked in turn, for its form and for its continuity."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import ValidationError

from dreamplay.errors import RecordError
from dreamplay.runs import upgrade
from dreamplay.runs.continuity import Continuity
from dreamplay.runs.records import SCHEMA, End, Header, Resumed, Rollback, RunLog
from dreamplay.runs.run_settings import checked_settings
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, LineEvent, goes_on, turn_start, validate_event
from dreamplay.schema.script import Script

_LONGEST = 300
"""Characters of a complaint."""


def read(name: str, lines: list[bytes]) -> RunLog:
    """Read the lines of a transcript.

    Args:
        name: of the file, for messages.
        lines: of the file, at least one.

    Raises:
        RecordError: a newer form, or damage; the message names line and field.
    """
    header, version = _header(name, lines[0])
    reading = _Reading(header, version)
    for number, line in enumerate(lines[1:], start=2):
        try:
            reading.add(line)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"{name}:{number}: {complaint(error)}; the file is damaged there") from None
    if header.point is not None and header.point > reading.most:
        raise RecordError(f"{name}:1: point: it branches off at event {header.point}, and there are {reading.most}")
    script, torn = reading.whole()
    return RunLog(header, script, reading.end, tuple(reading.resumptions), torn)


def complaint(error: Exception) -> str:
    """What is wrong, in one line and with the field: the first fault, if there are several."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:_LONGEST]
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    said = " ".join(first["msg"].removeprefix("Value error, ").split())
    return f"{where[:_LONGEST]}{': ' if where else ''}{said[:_LONGEST]}"


def unrecordable(number: int, error: ValueError) -> str:
    """What is said of an event of ours that a reader would refuse; the caller may add where the run is kept."""
    return (
        f"event {number} cannot be recorded: {complaint(error)}; that is a bug in dreamplay, please report it; what "
        "was played before is kept"
    )


class _Reading:
    """The records of a transcript that were read so far."""

    def __init__(self, header: Header, version: int) -> None:
        self.header, self.script = header, Script()
        self._version = version
        self.end: End | None = None
        self.resumptions: list[Resumed] = []
        self.most = 0
        """The largest number of events so far. An undo makes them fewer."""
        self._cast = Cast(header.cast)
        self._continuity = Continuity(header.story, self._cast, header.settings["beats"])

    def add(self, line: bytes) -> None:
        """Read the next record.

        Raises:
            ValueError: it cannot be the next one.
        """
        if self.end is not None:
            raise ValueError("something follows the end")
        fields = json.loads(line)
        if not isinstance(fields, dict):
            raise ValueError("no record")  # noqa: TRY004 (of the file, not of our types)
        fields = upgrade.record(fields, self._version)
        match fields.get("record"):
            case "end":
                self.end = self._ended(End.model_validate(fields))
            case "resumed":
                self.resumptions.append(self._resumed(Resumed.model_validate(fields)))
            case "rollback":
                self._take_back(Rollback.model_validate(fields))
            case _:
                event = validate_event(fields)
                if event.id == len(self.script):  # or the script itself says that it is not
                    self._continuity.check(event, self.script)
                self.script.append(event)
                self.most = max(self.most, len(self.script))

    def _between_turns(self) -> None:
        if self.script.last and goes_on(self.script.last):
            raise ValueError(f"the turn of {self.script.last.speaker} is not over")

    def whole(self) -> tuple[Script, int]:
        """The script without a turn at its end of which a crash has left only a part, and how many events that are."""
        events = list(self.script)
        start = turn_start(events, len(events))
        return (Script(events[:start]) if start < len(events) else self.script), len(events) - start

    def _resumed(self, resumed: Resumed) -> Resumed:
        if resumed.event != len(self.script):
            raise ValueError(f"event {resumed.event} is said to follow, and event {len(self.script)} does")
        self._between_turns()
        checked_settings(resumed.settings, self.header.story, self._cast)
        return resumed

    def _take_back(self, rollback: Rollback) -> None:
        events = list(self.script)
        if rollback.event >= len(events):
            raise ValueError(f"event {rollback.event} is taken back, and there are {len(events)}")
        if events[rollback.event].provenance.by != "person":
            raise ValueError(f"event {rollback.event} is taken back, and no person did it")
        self.script = Script(events[: rollback.event])

    def _ended(self, end: End) -> End:
        said = sum(event.beat != PROLOGUE for event in self.script.of_kind(LineEvent))
        if end.lines != said:
            raise ValueError(f"lines: the end counts {end.lines}, and there are {said}")
        self._between_turns()
        return end


def _header(path: str, line: bytes) -> tuple[Header, int]:
    """The header, and the version of the form that it was written in."""
    try:
        fields = json.loads(line)
        version = fields.get("schema_version")
    except (ValueError, AttributeError, RecursionError):
        raise RecordError(f"{path}:1: no header; this is not a dreamplay transcript") from None
    if type(version) is not int or version < 1:  # neither true nor 1.0, which are equal to 1
        given = "it is missing" if version is None else f"it is {json.dumps(version)[:20]}"
        raise RecordError(f"{path}:1: schema_version: {given}, not a number from 1 to {SCHEMA}; the header is damaged")
    if version > SCHEMA:
        newer = f"schema {str(version)[:20]}, this one reads {SCHEMA}"
        raise RecordError(f"{path}: written by a newer dreamplay ({newer}); upgrade")
    try:
        header = Header.model_validate(upgrade.record(fields, version))
        _whole(header, fields)
    except ValueError as error:
        raise RecordError(f"{path}:1: {complaint(error)}; the header is damaged") from None
    return header, version


def _whole(header: Header, fields: dict[str, Any]) -> None:
    """Check that the parts of a header fit one another.

    Raises:
        ValueError: they do not.
    """
    names = [persona.name.casefold() for persona in header.cast.values()]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"cast: two are called {twice!r}")
    checked_settings(header.settings, header.story, Cast(header.cast))
    if (header.parent is None) != (header.point is None):
        raise ValueError("parent: a branch has a parent and a point, and another run has neither")
    # As they stand there, since a later version may know of more fields.
    hashes = {role: _digest(persona) for role, persona in fields["cast"].items()}
    if (_digest(fields["story"]), hashes) != (header.story_hash, header.persona_hashes):
        raise ValueError("story_hash, persona_hashes: the story or a persona was changed")


def _digest(fields: object) -> str:
    """As `schema.base.digest` makes it, of a value that was read from JSON."""
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
