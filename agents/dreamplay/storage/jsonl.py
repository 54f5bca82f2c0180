"""Files of JSON records, one in each line, that are only appended to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from dreamplay.storage import disk


class JsonlFile:
    """Appends whole records. When it is opened, it removes a last line that a crash has cut.

    Args:
        path: the file; made if it is not there.
        forced: whether a record is forced to the disk before anything else happens, and outlives a power cut.
        anew: see `disk.append`.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, forced: bool, anew: bool = False) -> None:
        self.path = path
        self._forced = forced
        self._file = disk.append(path, anew=anew)
        self._file.seek(0)
        self._cut(self._file.read().rfind(b"\n") + 1)

    def append(self, records: bytes) -> None:
        """Write one or more records, each with its newline, or nothing.

        Raises:
            RecordError: the disk is full, or gone.
        """
        before = self._file.tell()
        try:
            if self._file.write(records) != len(records):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self._forced:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._cut(before)
            raise disk.cannot("write to", self.path, error, "what was played before is kept") from error

    def drop(self, count: int) -> None:
        """Remove so many records from the end."""
        self._file.seek(0)
        records = self._file.read().split(b"\n")[:-1]
        self._cut(sum(len(record) + 1 for record in records[: len(records) - count]))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _cut(self, size: int) -> None:
        """Remove half a record, so that the file can be read."""
        self._file.truncate(size)
        self._file.seek(size)


def lines(path: Path) -> list[bytes]:
    """The records of a file, without their newlines. What follows the last newline was cut by a crash, and is left out.

    Raises:
        OSError: the file cannot be read.
    """
    return disk.read(path).split(b"\n")[:-1]
