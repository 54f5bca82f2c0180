"""The lock of a run: one process at a time plays it.

`run.lock` in the folder is locked through the operating system, which releases the lock when the process ends, so a
crash leaves nothing locked. Its text says who holds it, for the message to another process.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from dreamplay.storage import disk
from dreamplay.storage.store import SOMEBODY, taken

FILE = "run.lock"

_ATTEMPTS = 3
"""Attempts to take the lock. A process that only asks who holds the lock has it for an instant, which must not refuse
anybody."""
_BETWEEN = 0.02  # seconds

if sys.platform == "win32":
    import msvcrt

    _BEYOND = 1 << 30
    """The byte that is locked. It lies far behind the text, since on Windows nobody can read what another process has
    locked."""

    def _take(file: BinaryIO, *, shared: bool = False) -> None:
        file.seek(_BEYOND)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(file: BinaryIO, *, shared: bool = False) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a run. The folder is created if it does not exist. Afterwards the lock file is deleted, and so
    is the folder if it is empty.

    Raises:
        RecordError: another process holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _taken(folder)
    except OSError as error:
        raise disk.cannot("write to", folder, error) from error
    with contextlib.suppress(OSError):  # on a full disk it holds without its words
        file.truncate(0)
        file.write(_words().encode())
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows deletes no open file: there it stays behind, and blocks nobody
            (folder / FILE).unlink()
        file.close()
        with contextlib.suppress(OSError):
            folder.rmdir()


def holder(folder: Path) -> str | None:
    """Who plays a run at this moment, in words; None if nobody does."""
    try:
        if not stat.S_ISREG((folder / FILE).lstat().st_mode):
            return None  # nobody's lock
        with (folder / FILE).open("rb+", buffering=0) as file:
            try:
                _take(file, shared=True)
            except OSError:
                return _read(file) or SOMEBODY
    except OSError:
        return None
    return None


def _taken(folder: Path) -> BinaryIO:
    """The lock file, open and locked."""
    words = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(_BETWEEN if attempt else 0)
        file = disk.append(folder / FILE, anew=True)
        try:
            _take(file)
            if os.path.samestat(os.fstat(file.fileno()), (folder / FILE).stat()):
                return file
        except FileNotFoundError:
            pass  # another let go of it, and deleted it, between our opening and our locking
        except (BlockingIOError, PermissionError):
            words = _read(file)
        except OSError:
            file.close()
            raise
        file.close()
    raise taken(folder, words)


def _read(file: BinaryIO) -> str:
    file.seek(0)
    text = file.read(200).decode(errors="replace")
    return "".join(c for c in text if c.isprintable())


def _words() -> str:
    since = datetime.now().astimezone()
    return f"process {os.getpid()} on {socket.gethostname()} since {since:%H:%M on %Y-%m-%d}"
