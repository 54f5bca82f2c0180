"""Opening and writing the files of a run's folder, and the errors for what the system refuses.

The folder of a run may come from a stranger. When something is written, no link in it is followed, so that nothing
outside of it changes. Nothing that is not a file, such as a pipe, is waited for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from dreamplay.errors import RecordError, UsageError

_NO_LINKS: int = getattr(os, "O_NOFOLLOW", 0)  # Windows has neither
_NO_WAITING: int = getattr(os, "O_NONBLOCK", 0)
_LONGEST = 200
"""Characters of a path in a message."""
_NAME = 60
"""Characters of one word in a file name, which may have 255 bytes and several words."""

_WAYS_OUT = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room on that disk",
    errno.EFBIG: "make room on that disk",
    errno.EROFS: "choose a folder on a disk that can be written to",
    errno.EACCES: "change its permissions, or choose another folder",
    errno.EPERM: "change its permissions, or choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of that path is a file; choose another folder",
    errno.EISDIR: "a folder has that name; move it away",
    errno.ELOOP: "it is a link; put the file itself there",
    errno.ENOTSUP: "something that is no file has that name; move it away",
    errno.EMFILE: "too many files are open; play fewer runs at once",
    errno.ENFILE: "too many files are open; play fewer runs at once",
}


def cannot(do: str, path: object, error: OSError, note: str = "") -> RecordError:
    """The error for what the system refused: what, where, why, and the next step.

    Args:
        do: what was tried, in words that can follow "cannot": "write to".
        path: where: a path, a place or a store.
        error: what the system said.
        note: something else that a reader needs to know.
    """
    way_out = _WAYS_OUT.get(error.errno or 0, "choose another folder")
    return RecordError(f"cannot {do} {short(path)}: {'; '.join(filter(None, (_said(error), note, way_out)))}")


def short(path: object) -> str:
    """A path, or what else messages call a place by, for a message."""
    text = str(path)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def there(path: Path) -> bool:
    """Whether there is something at a path.

    Raises:
        RecordError: the system does not let us look.
    """
    try:
        path.stat()
    except ValueError:  # a null character
        return False
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise cannot("look at", path, error) from None
        return False
    return True


def check_folder(folder: Path) -> Path:
    """Check that no file is in the place of a folder, and return the nearest folder to it that is there.

    Raises:
        UsageError: a file is in its place or in its way.
        RecordError: the system does not let us look.
    """
    nearest = next(filter(there, (folder, *folder.parents)), folder)
    if nearest.is_dir():
        return nearest
    raise UsageError(str(cannot("use", folder, OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))))


def check_writable(folder: Path) -> None:
    """Check that files can be written in a folder, which is made, with those it lies in, when it is needed.

    Raises:
        UsageError: a file is in its place or in its way, or nothing can be written there.
        RecordError: the system does not let us look.
    """
    nearest = check_folder(folder)
    try:
        _try(nearest, *folder.relative_to(nearest).parts)
    except OSError as error:
        raise UsageError(str(cannot("write to", folder, error))) from None


def check_file(path: Path) -> None:
    """Check that `replace` can write a file of that name, or the one to which it links. Its folder has to be there.

    Raises:
        UsageError: it cannot.
    """
    try:
        if path.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = linked(path)
        _try(file.parent, _scratch(file).name)
    except OSError as error:
        raise UsageError(str(cannot("write", path, error))) from None


def check_content(path: Path) -> None:
    """Check that other content can be written into a file that is there. What is no file is not tried: a pipe would
    wait for its reader.

    Raises:
        UsageError: it cannot.
    """
    if not path.is_file():
        return
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise UsageError(str(cannot("write", path, error))) from None


def linked(path: Path) -> Path:
    """The file to which a path leads by its links.

    Raises:
        OSError: they lead round in a circle.
    """
    try:
        return path.resolve()
    except RuntimeError:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None


def read(path: Path) -> bytes:
    """The content of a file, in bytes.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_WAITING)) as file:
        _check(file)
        return file.read()


def append(path: Path, *, anew: bool = False) -> BinaryIO:
    """Open a file for reading and appending. It is created if it does not exist.

    Args:
        path: the file.
        anew: whether a link or a pipe in its place, which is nothing of ours, is taken away first.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    with contextlib.suppress(FileNotFoundError):
        if anew and not stat.S_ISREG(mode := path.lstat().st_mode) and not stat.S_ISDIR(mode):
            path.unlink()
    safely = _NO_LINKS | _NO_WAITING
    file = open(path, "ab+", 0, opener=lambda name, flags: os.open(name, flags | safely, 0o666))  # noqa: SIM115
    try:
        _check(file)
    except OSError:
        file.close()
        raise
    return file


def replace(path: Path, content: bytes) -> None:
    """Replace a whole file, or change nothing, by way of a temporary file beside it.

    Raises:
        OSError: it cannot be written.
    """
    scratch = _scratch(path)
    try:
        scratch.unlink(missing_ok=True)  # of a crash, or a stranger's link
        with scratch.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise


def named(text: str) -> str:
    """A word from an untrusted text in a form that can be part of a file name on every system: letters, digits, _ and
    -."""
    return re.sub(r"[^\w-]+", "_", text)[:_NAME].strip("_-") or "story"


def _scratch(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _try(folder: Path, *names: str) -> None:
    """Write to a folder, so that nothing is left of it, and see whether it takes these names.

    Raises:
        OSError: it does not.
    """
    import tempfile

    for name in names:
        with contextlib.suppress(FileNotFoundError):
            (folder / name).lstat()
    # What the permissions say is not all: there are disks that are only read, and folders of the system.
    with tempfile.TemporaryFile(dir=folder):
        pass


def _check(file: BinaryIO) -> None:
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        code = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENOTSUP
        raise OSError(code, "Not a file")


def _said(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
