"""The bin: a folder inside the folder of the runs, whose runs no list shows. Nothing is ever deleted."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from dreamplay.errors import RecordError
from dreamplay.runs.transcript import FILE
from dreamplay.storage import disk
from dreamplay.storage.folders import FolderPlace
from dreamplay.storage.store import check_free

FOLDER = ".bin"


def put(folder: Path) -> Path:
    """Put a run in the bin, and return where it is now.

    Raises:
        RecordError: somebody plays it, or it cannot be moved.
    """
    check_free(FolderPlace(folder))
    return _moved(folder, folder.parent / FOLDER)


def take_back(name: str, home: Path) -> Path:
    """Take a run out of the bin, and return where it is now: under a name with a number if there is a new run of its
    own name.

    Args:
        name: of the run in the bin.
        home: the folder of the runs.

    Raises:
        RecordError: it is not in the bin, or cannot be moved.
    """
    try:
        found = [path for path in (home / FOLDER).iterdir() if path.name == name and (path / FILE).is_file()]
    except OSError:
        found = []
    if not found:
        raise RecordError(f"no run {name[:80]!r} in the bin, {disk.short(home / FOLDER)}")
    return _moved(found[0], home)


def _moved(folder: Path, home: Path) -> Path:
    names = (folder.name if number == 1 else f"{folder.name}-{number}" for number in count(1))
    try:
        home.mkdir(exist_ok=True)
        there = next(home / name for name in names if not (home / name).exists())
        return folder.rename(there)
    except OSError as error:
        raise disk.cannot("move", folder, error) from error
