"""The index of runs: finding one, and the state of each."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from dreamplay.errors import RecordError
from dreamplay.runs import transcript
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import PROLOGUE, LineEvent, TurnEvent
from dreamplay.storage import disk, lock

State = Literal["finished", "stopped", "playing", "damaged"]


class RunSummary(FrozenModel):
    """The state of a run."""

    name: str
    state: State
    why: str = ""
    """If it is playing: who plays it. If it is damaged: what is wrong."""
    story: str = ""
    cast: tuple[str, ...] = ()
    """The names, in the story's order."""
    models: tuple[str, ...] = ()
    seed: int | None = None
    parent: str | None = None
    """Set for a branch, as are point and changes: see the header of a transcript."""
    point: int | None = None
    changes: tuple[str, ...] = ()
    study: str = ""
    """A digest of story, cast, models, settings and changes: runs that share it differ in their seed alone."""
    beat: str = ""
    """The beat of the last event, as are scene and turn."""
    scene: str = ""
    turn: int = 0
    lines: int = 0
    """Spoken lines, without the prologue."""
    events: int = 0
    size: int
    """Bytes of all the files in its folder."""
    when: datetime
    """When its transcript was written to last."""


def standings(home: Path) -> list[RunSummary]:
    """All runs in a folder, the newest first. One that cannot be read is among them, with the reason."""
    known = []
    for path in home.glob(f"*/{FILE}"):
        with contextlib.suppress(OSError):  # it went away while we looked, or is not ours to look at
            known.append(_standing(path.parent))
    return sorted(known, key=lambda each: (each.when, each.name), reverse=True)


def find(reference: str | None, home: Path) -> Path:
    """The folder of a run, given a path or a name in `home`; without either, the newest run there. If both a path and a
    name fit, the one that holds a transcript is used.

    Raises:
        RecordError: there is no such run.
    """
    if reference is None:
        if newest := _newest(home):
            return newest[0]
        raise RecordError(f"no runs in {home}; play one with: `dreamplay.play()`")
    there = [path for path in (Path(reference), home / reference) if disk.there(path)]
    if there:
        return next((path for path in there if path.name == FILE or disk.there(path / FILE)), there[0])
    known = ", ".join(folder.name for folder in _newest(home)[:5])
    others = f"the newest in {home} are {known}" if known else f"and none at all in {home}"
    raise RecordError(f"no run {disk.short(Path(reference))!r}; {others}")


def newest_stopped(home: Path) -> Path:
    """The folder of the newest run that was stopped before its end.

    Raises:
        RecordError: there is none, or nobody but another process can go on with it.
    """
    known = standings(home)
    for each in known:
        if each.state == "stopped":
            return home / each.name
    for each in known:
        lock.check(home / each.name)
    raise RecordError(f"no run in {home} was stopped before its end; play one with: `dreamplay.play()`")


def _standing(folder: Path) -> RunSummary:
    place = {"name": folder.name, "size": _size(folder), "when": _when(folder)}
    playing = lock.holder(folder)
    try:
        record = transcript.read(folder)
    except RecordError as error:
        state, why = ("playing", playing) if playing else ("damaged", str(error))
        return RunSummary.model_validate(place | {"state": state, "why": why})
    state = "playing" if playing else "finished" if record.end else "stopped"
    return RunSummary.model_validate(place | {"state": state, "why": playing or ""} | _told(record))


def _told(record: RunLog) -> dict[str, object]:
    last = record.script.last
    spoken = [event for event in record.script.of_kind(LineEvent) if event.beat != PROLOGUE]
    return {
        "story": record.header.story_id,
        "cast": [persona.name for persona in record.cast.personas.values()],
        "models": record.models,
        "seed": record.header.seed,
        "parent": record.header.parent,
        "point": record.header.point,
        "changes": record.header.changes,
        "study": _study(record),
        "beat": last.beat if last else "",
        "scene": last.scene if last else "",
        "turn": max((event.turn for event in record.script.in_scene(last.scene, TurnEvent)), default=0) if last else 0,
        "lines": len(spoken),
        "events": len(record.script),
    }


def _study(record: RunLog) -> str:
    header = record.header
    alike = (
        header.story_hash,
        header.persona_hashes,
        record.models,
        comparable(header.settings),
        header.point,
        header.changes,
    )
    return hashlib.sha256(json.dumps(alike, sort_keys=True).encode()).hexdigest()[:16]


def _newest(home: Path) -> list[Path]:
    """The folders of all runs, the newest first."""
    written = []
    for path in home.glob(f"*/{FILE}"):
        with contextlib.suppress(FileNotFoundError):
            written.append((path.stat().st_mtime, path.parent))
    return [folder for _, folder in sorted(written, reverse=True)]


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # a database's side files come and go
            size += path.stat().st_size if path.is_file() else 0
    return size


def _when(folder: Path) -> datetime:
    return datetime.fromtimestamp((folder / FILE).stat().st_mtime).astimezone()
