"""Reading a file that somebody else's program wrote, by its kind."""

from __future__ import annotations

from pathlib import Path

from dreamplay.errors import UsageError
from dreamplay.imports import fountain, sillytavern
from dreamplay.imports.script import ImportedScript

MAX_BYTES = 8_000_000
"""The size limit. A long chat has a megabyte."""


def read(path: Path) -> ImportedScript:
    """Read a file that somebody else's program wrote.

    Raises:
        UsageError: it cannot be read, is too large, or nobody says anything in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {str(path)[:200]!r}: {why}; check the path") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB; cut it to what the story goes on from")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    found = sillytavern.read(text) if text.lstrip().startswith("{") else fountain.read(text)
    if not found.names:
        raise UsageError(
            f"{path}: nobody says anything in it; give a chat of SillyTavern (JSON lines) or a Fountain script"
        )
    return found
