"""The runs that there are: which one is meant, who played them, where they stand, and which can go on."""

from __future__ import annotations

import contextlib
import sys
from datetime import datetime
from pathlib import Path
from typing import Literal

from dreamplay.errors import RecordError
from dreamplay.event import PROLOGUE
from dreamplay.record import disk, lock, transcript
from dreamplay.record.transcript import FILE, Record
from dreamplay.value import Value

State = Literal["finished", "stopped", "playing", "damaged"]


class Standing(Value):
    """A run in its folder, as it stands."""

    name: str
    state: State
    why: str = ""
    """Of one that is playing: who plays it; of one that is damaged: what is wrong."""
    story: str = ""
    cast: tuple[str, ...] = ()
    """The names, in the story's order."""
    models: tuple[str, ...] = ()
    seed: int | None = None
    parent: str | None = None
    """Of a branch, as are point and changes: see the header of a transcript."""
    point: int | None = None
    changes: tuple[str, ...] = ()
    beat: str = ""
    """Of the last event, as are scene and turn."""
    scene: str = ""
    turn: int = 0
    lines: int = 0
    """Spoken, without the prologue's."""
    events: int = 0
    size: int
    """Bytes of all the files in its folder."""
    when: datetime
    """When its transcript was written to last."""


def standings(home: Path) -> list[Standing]:
    """All runs in a folder, the newest first. One that cannot be read is among them, with the reason."""
    known = []
    for path in home.glob(f"*/{FILE}"):
        with contextlib.suppress(OSError):  # it went away while we looked, or is not ours to look at
            known.append(_standing(path.parent))
    return sorted(known, key=lambda each: (each.when, each.name), reverse=True)


def find(reference: str | None, home: Path) -> Path:
    """The folder of a run: a path, a name in `home`, or, without either, the newest run there. Of a path and a name
    that read alike, the one that holds a transcript is meant.

    Raises:
        RecordError: there is no such run.
    """
    if reference is None:
        runs = sorted(home.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
        if not runs:
            raise RecordError(f"no runs in {home}; play one with: dreamplay run")
        return runs[-1].parent
    there = [path for path in (Path(reference), home / reference) if disk.there(path)]
    if there:
        return next((path for path in there if path.name == FILE or disk.there(path / FILE)), there[0])
    known = ", ".join(sorted(path.parent.name for path in home.glob(f"*/{FILE}"))[-5:])
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
    raise RecordError(f"no run in {home} was stopped before its end; play one with: dreamplay run")


def show(known: list[Standing]) -> None:
    """Print the runs as a table, plain and as wide as it must be in a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    piped = not sys.stdout.isatty()
    console = Console(highlight=False, markup=False, emoji=False, width=1000 if piped else None)
    table = Table(box=None if piped else box.SIMPLE_HEAD, pad_edge=False)
    for head in ("run", "story", "cast", "model", "stands at", "lines", "state", "size", "when"):
        table.add_column(head, justify="right" if head in ("lines", "size") else "left", overflow="fold")
    for each in known:
        table.add_row(
            each.name, each.story, ", ".join(each.cast), ", then ".join(each.models), _place(each), str(each.lines),
            f"{each.state}: {each.why}" if each.why else each.state, _bytes(each.size),
            f"{each.when.astimezone():%Y-%m-%d %H:%M}",
        )  # fmt: skip
    console.print(table)


def _standing(folder: Path) -> Standing:
    place = {"name": folder.name, "size": _size(folder), "when": _when(folder)}
    playing = lock.holder(folder)
    try:
        record = transcript.read(folder)
    except RecordError as error:
        state, why = ("playing", playing) if playing else ("damaged", str(error))
        return Standing.model_validate(place | {"state": state, "why": why})
    state = "playing" if playing else "finished" if record.end else "stopped"
    return Standing.model_validate(place | {"state": state, "why": playing or ""} | _told(record))


def _told(record: Record) -> dict[str, object]:
    last = record.script.last
    spoken = [event for event in record.script if event.kind == "line" and event.beat != PROLOGUE]
    return {
        "story": record.header.story_id,
        "cast": [persona.name for persona in record.cast.personas.values()],
        "models": record.models,
        "seed": record.header.seed,
        "parent": record.header.parent,
        "point": record.header.point,
        "changes": record.header.changes,
        "beat": last.beat if last else "",
        "scene": last.scene if last else "",
        "turn": max((event.turn for event in record.script.in_scene(last.scene)), default=0) if last else 0,
        "lines": len(spoken),
        "events": len(record.script),
    }


def _place(each: Standing) -> str:
    place = each.beat if each.beat == each.scene else f"{each.beat}, {each.scene}"
    return f"{place}, turn {each.turn}" if each.turn else place


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # a database's side files come and go
            size += path.stat().st_size if path.is_file() else 0
    return size


def _when(folder: Path) -> datetime:
    return datetime.fromtimestamp((folder / FILE).stat().st_mtime).astimezone()


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
