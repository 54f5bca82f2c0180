"""Files of JSON records, one in each line, that are only appended to."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from concurrent.futures import Future
from pathlib import Path

from dreamplay.storage import disk, syncing


class JsonlFile:
    """Appends whole records; a `Journal`. When it is opened, it removes a last line that a crash has cut.

    Args:
        path: the file; made if it is not there.
        forced: whether records are forced to the disk, beside whatever happens next, and outlive a power cut.
        anew: see `disk.append`.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, forced: bool, anew: bool = False) -> None:
        self.path = path
        self._forced = forced
        self._file = disk.append(path, anew=anew)
        self._file.seek(0)
        self._durable = self._file.read().rfind(b"\n") + 1
        """Bytes that were there, or were forced to the disk."""
        self._cut(self._durable)
        self._forcing: list[Future[None]] = []

    def append(self, records: bytes) -> None:
        """Write one or more records, each with its newline, or nothing.

        Raises:
            RecordError: the disk is full, or gone.
        """
        try:
            if self._file.write(records) != len(records):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._cut(self._size)
            raise disk.cannot("write to", self.path, error, "what was played before is kept") from error
        self._size += len(records)
        # One that waits for its thread will see these records, too.
        if self._forced and not (self._forcing and _waits(self._forcing[-1])):
            self._forcing.append(syncing.begin(self._force))

    async def settled(self) -> None:
        """Wait until all that was appended is on the disk. See `Journal.settled`.

        Raises:
            RecordError: the disk is full, or gone.
        """
        while waiting := [asyncio.wrap_future(each) for each in self._forcing if not each.done()]:
            await asyncio.wait(waiting)
        self._settle()

    def drop(self, count: int) -> None:
        """Remove so many records from the end."""
        self._file.seek(0)
        records = self._file.read().split(b"\n")[:-1]
        self._cut(sum(len(record) + 1 for record in records[: len(records) - count]))
        self._durable = min(self._durable, self._size)

    def close(self) -> None:
        """Force to the disk what is not yet, and close the file.

        Raises:
            RecordError: see `settled`.
        """
        try:
            if not self._file.closed:
                self._settle()
        finally:
            self._file.close()

    def _force(self) -> None:
        os.fsync(self._file.fileno())

    def _settle(self) -> None:
        """Raise what went wrong, and take back what may not be on the disk: the system says it only once."""
        if not self._forcing:
            return
        forcing, self._forcing = self._forcing, []
        faults = [fault for each in forcing if (fault := each.exception())]
        if faults:
            with contextlib.suppress(OSError):
                self._cut(self._durable)
            assert isinstance(faults[0], OSError)
            raise disk.cannot("write to", self.path, faults[0], "what was played before is kept") from faults[0]
        self._durable = self._size

    def _cut(self, size: int) -> None:
        """Remove half a record, so that the file can be read."""
        self._file.truncate(size)
        self._file.seek(size)
        self._size = size  # to ask the file each time would cost as much as to write


def lines(path: Path) -> list[bytes]:
    """The records of a file, without their newlines. What follows the last newline was cut by a crash, and is left out.

    Raises:
        OSError: the file cannot be read.
    """
    return disk.read(path).split(b"\n")[:-1]


def _waits(forcing: Future[None]) -> bool:
    return not forcing.running() and not forcing.done()
