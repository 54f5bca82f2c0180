"""The index of runs: finding one, and the state of each."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from dreamplay.errors import RecordError
from dreamplay.runs import labels, run_summary
from dreamplay.runs.run_summary import RunSummary
from dreamplay.runs.summary_store import SummaryStore
from dreamplay.runs.transcript import FILE
from dreamplay.schema.base import mended
from dreamplay.storage import disk, lock
from dreamplay.storage.folders import FolderPlace
from dreamplay.storage.store import check_free

_NEVER = datetime.fromtimestamp(0, UTC)


def standings(home: Path, within: float | None = None) -> list[RunSummary]:
    """All runs in a folder, the newest first. One that cannot be read is among them, with the reason.

    Args:
        home: the folder.
        within: seconds for reading transcripts that were not read before. Those that are not read by then are told at a
            first look; see `RunSummary.whole`. None: as long as it takes.
    """
    until = None if within is None else time.monotonic() + within
    found = []
    for folder in _folders(home):
        with contextlib.suppress(OSError):  # it went away while we looked, or is not ours to look at
            found.append((folder, (folder / FILE).stat()))
    found.sort(key=lambda each: (each[1].st_mtime, each[0].name), reverse=True)
    store, known = SummaryStore(home), []
    for folder, stands in found:
        with contextlib.suppress(OSError):
            whole = until is None or time.monotonic() < until
            known.append(_standing(folder, stands, store, whole=whole))
    if found:
        store.close({folder.name for folder, _ in found})
    return known


def standing(folder: Path) -> RunSummary:
    """The state of one run.

    Raises:
        RecordError: there is no run in the folder.
    """
    try:
        return _standing(folder, (folder / FILE).stat(), None, whole=True)
    except OSError as error:
        raise RecordError(f"no run in {disk.short(folder)} ({error.strerror})") from None


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
    known = standings(home, 0)
    for each in known:
        if each.state == "stopped" and (each.whole or standing(home / each.name).state == "stopped"):
            return home / each.name
    for each in known:
        check_free(FolderPlace(home / each.name))
    raise RecordError(f"no run in {home} was stopped before its end; play one with: `dreamplay.play()`")


def _standing(folder: Path, stands: os.stat_result, store: SummaryStore | None, *, whole: bool) -> RunSummary:
    known = store.get(folder.name, stands) if store else None
    playing = lock.holder(folder)
    if known is None or (whole and not known.whole):
        known = _summary(folder, whole=whole)
        if store and not playing:
            store.put(known, stands)
    label, fault = labels.read(folder)
    now: dict[str, object] = {
        "label": label, "label_fault": fault, "size": _size(folder),
        "when": datetime.fromtimestamp(stands.st_mtime).astimezone(),
    }  # fmt: skip
    return known.model_copy(update=now | ({"state": "playing", "why": playing} if playing else {}))


def _summary(folder: Path, *, whole: bool) -> RunSummary:
    """What the transcript of a run tells."""
    place = {"name": folder.name, "size": 0, "when": _NEVER}
    if not whole and (told := run_summary.glance(folder)):
        with contextlib.suppress(ValueError):  # what is wrong, whoever reads the whole will say
            return RunSummary.model_validate(place | told)
    return RunSummary.model_validate(place | run_summary.read(folder))


def _folders(home: Path) -> list[Path]:
    """The folders in which runs may lie: those whose names are text."""
    try:
        with os.scandir(home) as found:
            return [home / each.name for each in found if mended(each.name) == each.name and each.is_dir()]
    except OSError:
        return []


def _newest(home: Path) -> list[Path]:
    """The folders of all runs, the newest first."""
    written = []
    for path in home.glob(f"*/{FILE}"):
        with contextlib.suppress(FileNotFoundError):
            written.append((path.stat().st_mtime, path.parent))
    return [folder for _, folder in sorted(written, reverse=True)]


def _size(folder: Path) -> int:
    size = 0
    with contextlib.suppress(OSError), os.scandir(folder) as found:  # a database's side files come and go
        for each in found:
            with contextlib.suppress(OSError):
                if each.is_dir(follow_symlinks=False):
                    size += _size(Path(each.path))
                else:
                    size += each.stat().st_size if each.is_file() else 0
    return size
