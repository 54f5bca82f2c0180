"""Styled text on stdout and stderr: rich's console, with control characters filtered."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from dreamplay.rendering import output

_PIPED = 1000
"""Width that is used for a pipe, in columns."""


class _Console(Console):
    """A console that removes control characters from every text before styles are applied."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See rich."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(output.clean(segment.text), segment.style)


def stdout(most: int | None = None) -> Console:
    """The console for results on stdout: as wide as needed in a pipe, at most `most` columns in a terminal."""
    return _console(sys.stdout, most)


def stderr() -> Console:
    """The console for messages on stderr."""
    return _console(sys.stderr, None)


def piped(console: Console) -> bool:
    """Whether it prints into a pipe or a file, even with colours."""
    return not console.file.isatty()


def table(console: Console) -> Table:
    """A table, with a rule under its header in a terminal, and as plain columns in a pipe."""
    return Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)


def _console(stream: TextIO | None, most: int | None) -> Console:
    made = _Console(file=output.styled(stream), highlight=False, markup=False, emoji=False)
    if piped(made):
        made.width, made.soft_wrap = _PIPED, True
    elif most:
        made.width = min(made.width, most)
    return made
