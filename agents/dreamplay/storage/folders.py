"""Runs in folders: a store is a folder, and each folder in it the place of a run. See `store` for what each does."""

from __future__ import annotations

import contextlib
import os
import stat
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

from dreamplay.errors import UsageError
from dreamplay.schema.base import mended
from dreamplay.storage import disk, jsonl, lock
from dreamplay.storage.jsonl import JsonlFile
from dreamplay.storage.store import Place, Stands, Store

BIN = ".bin"
"""The folder inside the folder of the runs whose runs no list shows."""


@dataclass(frozen=True)
class FolderPlace:
    """The folder of a run. It may come from a stranger: no link in it is followed when something is written."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.name if self.path.name not in ("", "..") else self.path.resolve().name

    @property
    def home(self) -> FolderStore:
        """The folder that it lies in."""
        return FolderStore(self.path.resolve().parent)

    def __str__(self) -> str:
        return str(self.path)

    def called(self, file: str) -> str:
        """The path of a file."""
        return str(self.path / file)

    def exists(self) -> bool:
        """See `Place.exists`."""
        return disk.there(self.path)

    def is_link(self) -> bool:
        """See `Place.is_link`."""
        return self.path.is_symlink()

    def has(self, file: str) -> bool:
        """See `Place.has`."""
        return disk.there(self.path / file)

    def read(self, file: str) -> bytes:
        """See `Place.read`."""
        return disk.read(self.path / file)

    def lines(self, file: str) -> list[bytes]:
        """See `Place.lines`."""
        return jsonl.lines(self.path / file)

    def journal(self, file: str, *, forced: bool, anew: bool = False) -> JsonlFile:
        """See `Place.journal`."""
        return JsonlFile(self.path / file, forced=forced, anew=anew)

    def replace(self, file: str, content: bytes) -> None:
        """See `Place.replace`."""
        disk.replace(self.path / file, content)

    def remove(self, file: str) -> None:
        """See `Place.remove`."""
        (self.path / file).unlink(missing_ok=True)

    def hindrance(self, file: str) -> Literal["", "sealed", "foreign"]:
        """See `Place.hindrance`."""
        path = self.path / file
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind) or not os.access(path, os.W_OK):
            return "sealed"
        return "" if stat.S_ISREG(kind) else "foreign"

    def stands(self, file: str) -> Stands:
        """See `Place.stands`."""
        found = (self.path / file).stat()
        return Stands(found.st_mtime, (found.st_size, found.st_mtime_ns, found.st_ctime_ns))

    def size(self) -> int:
        """See `Place.size`."""
        return _size(self.path)

    def hold(self) -> AbstractContextManager[None]:
        """See `Place.hold`, and `lock`."""
        return lock.hold(self.path)

    def holder(self) -> str | None:
        """See `Place.holder`."""
        return lock.holder(self.path)


@dataclass(frozen=True)
class FolderStore:
    """A folder of runs."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def places(self, file: str) -> list[tuple[Place, Stands]]:
        """See `Store.places`. A folder whose name is no text is left out."""
        found: list[tuple[Place, Stands]] = []
        for name in self._names():
            place = FolderPlace(self.path / name)
            with contextlib.suppress(OSError):  # it went away while we looked, or is not ours to look at
                found.append((place, place.stands(file)))
        return sorted(found, key=lambda each: (each[1].mark[1], each[0].name), reverse=True)

    def place(self, name: str) -> FolderPlace:
        """See `Store.place`. A name may be a path from here."""
        return FolderPlace(self.path / name)

    def holds(self, place: Place) -> bool:
        """See `Store.holds`."""
        return isinstance(place, FolderPlace) and place.home.path == self.path.resolve()

    def named(self, name: str) -> FolderPlace | None:
        """See `Store.named`. No path is made of the name."""
        try:
            found = [path for path in self.path.iterdir() if path.name == name and not path.is_symlink()]
        except OSError:
            return None
        return FolderPlace(found[0]) if found and found[0].is_dir() else None

    def bin(self) -> FolderStore:
        """See `Store.bin`."""
        return FolderStore(self.path / BIN)

    def receive(self, place: Place) -> FolderPlace:
        """See `Store.receive`.

        Raises:
            RecordError: it cannot be moved.
        """
        assert isinstance(place, FolderPlace)
        names = (place.name if number == 1 else f"{place.name}-{number}" for number in count(1))
        try:
            self.path.mkdir(exist_ok=True)
            there = next(self.path / name for name in names if not (self.path / name).exists())
            return FolderPlace(place.path.rename(there))
        except OSError as error:
            raise disk.cannot("move", place, error) from error

    def kept(self, file: str) -> bytes:
        """See `Store.kept`."""
        return disk.read(self.path / file)

    def keep(self, file: str, content: bytes) -> None:
        """See `Store.keep`."""
        disk.replace(self.path / file, content)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.path) as found:
                return [each.name for each in found if mended(each.name) == each.name and each.is_dir()]
        except OSError:
            return []


def at(where: Place | Path) -> Place:
    """The place that is meant: a path stands for the folder there."""
    return FolderPlace(where) if isinstance(where, Path) else where


def store_at(where: Store | Path) -> Store:
    """The store that is meant: a path stands for the folder there."""
    return FolderStore(where) if isinstance(where, Path) else where


def folder_of(place: Place) -> Path:
    """The folder of a run that is in one.

    Raises:
        UsageError: it is kept elsewhere.
    """
    if isinstance(place, FolderPlace):
        return place.path
    raise UsageError(f"{place} is in no folder; copy it into one with: `dreamplay.copy_runs()`")


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
