"""Output to stdout and stderr. Nothing else in the package prints, except for styled text, which uses `console`.

Stories, runs, cards, models and file names are untrusted, and may contain control characters that a terminal executes.
This module removes them from everything that is printed. They are removed before styles are applied, so the colours of
dreamplay stay.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO, cast

from dreamplay.errors import ClosedPipeError, OutputError

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import FormattedText

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f]")
"""Control characters (C0 except tab and newline, DEL, C1), line and paragraph separators, and characters that override,
embed or isolate the direction of text. Single direction marks stay, since Hebrew and Arabic use them."""
_ESCAPED = re.compile(rf"{_OBEYED.pattern}|[\ud800-\udfff]")
_COMMAND = re.compile(r"(?<=: )dreamplay [a-z].*$")
"""The command that a message ends with, to be copied."""

_wording: list[Callable[[str], str]] = [str]
"""The functions that word messages; the last one is used."""


def clean(text: str) -> str:
    """A text without the characters that control a terminal."""
    return _OBEYED.sub("", text)


def dumps(value: object, *, indent: int | None = 2) -> str:
    """A value as JSON. Characters that control a terminal are escaped rather than removed, so no data is lost."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    separators = None if indent else (",", ":")
    text = json.dumps(value, indent=indent, ensure_ascii=not unicode, separators=separators)
    return _ESCAPED.sub(lambda hit: f"\\u{ord(hit[0]):04x}", text)


def echo(text: str) -> None:
    """Print plain text, the result of a command, on stdout.

    Raises:
        OutputError: the text cannot be written.
    """
    out = sys.stdout or _Stream(None)
    out.write(f"{clean(text)}\n")
    out.flush()


def say(text: str) -> None:
    """Print a message on stderr: progress or an error."""
    err = sys.stderr
    if err is None:
        return
    err.write(wrapped(f"dreamplay: {clean(worded(text))}", err))
    err.flush()


def worded(message: str) -> str:
    """A message as the installed wording function gives it; without one, settings and functions stay in backticks."""
    return _wording[-1](message)


def wrapped(text: str, stream: TextIO) -> str:
    """A text wrapped between words to the width of the stream's terminal. A command at the end of a line gets a line of
    its own, which is not wrapped, so that it can be copied.
    """
    width = _columns(stream)
    parts = (part for line in text.splitlines() for part in (_folded(line, width) if width else [line]))
    return "".join(f"{part}\n" for part in parts)


def formatted(*parts: tuple[str, str]) -> FormattedText:
    """Styles and texts for prompt_toolkit, which writes to the terminal directly; texts are filtered here."""
    from prompt_toolkit.formatted_text import FormattedText

    return FormattedText([(style, clean(text)) for style, text in parts])


def interactive() -> bool:
    """Whether input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def terminal() -> TextIO:
    """stdout itself, for prompt_toolkit, which draws what is `formatted`."""
    raw = sys.stdout.raw if isinstance(sys.stdout, _Stream) else None
    return raw or sys.stdout


def styled(stream: TextIO | None) -> TextIO:
    """The stream without its filter, for callers that filter the text and write control codes themselves."""
    return cast("TextIO", stream.unfiltered() if isinstance(stream, _Stream) else stream or _Stream(None))


@contextlib.contextmanager
def installed(wording: Callable[[str], str] = str) -> Iterator[None]:
    """Filter stdout and stderr, also for usage errors, warnings, logs and tracebacks, which other code prints.

    Args:
        wording: the function that words messages; see `worded`.
    """
    before = sys.stdout, sys.stderr
    if isinstance(sys.stdout, io.TextIOWrapper):
        # In the C locale, undecodable bytes of a file name would be printed unchanged, and could control the terminal.
        sys.stdout.reconfigure(errors="replace")
    sys.stdout, sys.stderr = (cast("TextIO", _Stream(raw, lossy=raw is before[1])) for raw in before)
    _wording.append(wording)
    try:
        yield
    finally:
        _wording.pop()
        sys.stdout, sys.stderr = before


class _Stream:
    """stdout or stderr, with failures raised as `OutputError`. It has no `buffer`, which would bypass the filter.

    Args:
        raw: the stream that is written to; None if it was closed before dreamplay started.
        filtered: whether characters that control a terminal are removed.
        lossy: whether text that cannot be written is dropped without an error, as for stderr.
    """

    def __init__(self, raw: TextIO | None, *, filtered: bool = True, lossy: bool = False) -> None:
        self.raw, self._filtered, self._lossy = raw, filtered, lossy
        self.encoding = getattr(raw, "encoding", None) or "utf-8"
        self.errors = getattr(raw, "errors", None) or "replace"

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            OutputError: the text cannot be written.
        """
        cleaned = clean(text) if self._filtered else text
        with self._failing():
            if self.raw and cleaned:
                self.raw.write(cleaned)
        return len(text)

    def flush(self) -> None:
        """See `write`."""
        with self._failing():
            if self.raw:
                self.raw.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self.raw is not None and self.raw.isatty()

    def fileno(self) -> int:
        """The number of the open file."""
        if self.raw is None:
            raise OSError("the stream is closed")
        return self.raw.fileno()

    def unfiltered(self) -> _Stream:
        """The same stream without the filter, for text that is already filtered."""
        return _Stream(self.raw, filtered=False, lossy=self._lossy)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        if self.raw is None and not self._lossy:
            raise OutputError("stdout is closed; open it, or send it to a file")
        try:
            yield
        except OSError as error:
            # Python would try to write the rest of the buffer again at exit, and print an error of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if self._lossy:
                return
            if isinstance(error, BrokenPipeError):
                raise ClosedPipeError("whoever read stdout stopped reading") from error
            raise OutputError(f"cannot write to stdout: {error.strerror}; send it elsewhere") from error


def _columns(stream: TextIO) -> int | None:
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    command = _COMMAND.search(line)
    told = line[: command.start()] if command else line
    parts = textwrap.wrap(told, width, break_long_words=False, break_on_hyphens=False)
    return [*parts, *([command[0]] if command else [])]
