"""Output formats: a run as a file of another kind. What can be written is found by entry point; see `plugins`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dreamplay import plugin_guard, plugins
from dreamplay.errors import PluginError
from dreamplay.schema.base import FrozenModel
from dreamplay.storage import disk

if TYPE_CHECKING:
    from dreamplay.runs.transcript import End, RunLog

PAGE = "transcript.md"
"""The file in the folder of a run that people read."""
_PAGE_FORMAT = "markdown"


class Format(Protocol):
    """Writes a run. Its entry point is called without arguments. The first line of its docstring describes it in
    `dreamplay plugins`.
    """

    suffix: str
    """Of the files, with the dot: ".md"."""

    def write(self, log: RunLog) -> str | bytes:
        """The whole file. A str is encoded as UTF-8."""


class FormatInfo(FrozenModel):
    """A format that can be used."""

    name: str
    suffix: str
    """Of the files, with the dot: ".md"."""
    holds: str
    """What stands in a file, in a sentence."""


def open_format(name: str) -> Format:
    """The format of a name.

    Raises:
        PluginError: there is none, or it cannot be used.
    """
    made: Format = plugins.create("formats", name, Format, returns={"write": plugin_guard.one_of(str, bytes)})
    return made


def usable() -> list[FormatInfo]:
    """The formats that can be used. One that fails to load is left out."""
    found = []
    for name in plugins.names("formats"):
        with contextlib.suppress(PluginError):
            suffix = open_format(name).suffix
            found.append(FormatInfo(name=name, suffix=suffix, holds=plugins.described(plugins.find("formats", name))))
    return found


def suffixes() -> dict[str, str]:
    """The formats that can be used, by the suffix of their files."""
    return {each.suffix: each.name for each in reversed(usable())}


def write_page(folder: Path, end: End | None = None) -> Path:
    """Write `transcript.md` beside the transcript, and return its path. With an end it is the page of a run that is
    about to get that end.

    Raises:
        RecordError: the transcript cannot be read, or the page not be written.
    """
    from dreamplay.runs import transcript

    log = transcript.read(folder)
    page: Any = open_format(_PAGE_FORMAT).write(replace(log, end=end or log.end))
    try:
        disk.replace(folder / PAGE, page.encode())
    except OSError as error:
        with contextlib.suppress(OSError):  # an older page would pass for this one
            (folder / PAGE).unlink(missing_ok=True)
        raise disk.cannot("write", folder / PAGE, error) from error
    return folder / PAGE
