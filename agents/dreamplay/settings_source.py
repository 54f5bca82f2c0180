"""Where the value of a setting came from, and what is said of one that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic_core import ErrorDetails

from dreamplay.schema.error_messages import did_you_mean, sentence

_SECRET = ("api_key", "base_url", "trace", "store")
"""Settings whose own errors describe the value: it is never quoted whole."""


@dataclass(frozen=True)
class Source:
    """Where a value came from."""

    kind: Literal["flag", "environment", "trusted file", "file", "study", "earlier run"]
    name: str
    """How messages call it: a flag, a variable, or a file."""

    @property
    def trusted(self) -> bool:
        """Whether the user has said so themselves. What is not may be somebody else's."""
        return self.kind not in ("file", "study")

    def __str__(self) -> str:
        return self.name


def complaint(error: ErrorDetails, sources: dict[str, Source], text: str, known: Sequence[str], table: str = "") -> str:
    """What is wrong with a value, in one line, and where it came from.

    Args:
        error: one of the errors of a `ValidationError`.
        sources: of the settings, by name.
        text: of the file with settings.
        known: the names there are.
        table: the setting whose table the value stands in, if it stands in one.
    """
    name = str(error["loc"][0])
    source = sources.get(table or name, Source("flag", "the setting"))
    written = source.kind in ("file", "trusted file")
    where = f"{source}:{line_of(name, text, table)}" if written else str(source)
    called = f"{table}.{name}" if table else name
    if error["type"] == "extra_forbidden":
        kind = f"key {name[:60]!r} in [{table}]" if table else f"setting {name[:60]!r}"
        return f"{where}: unknown {kind}{did_you_mean(name, known)}; there are {', '.join(known)}"
    setting = f"{where}: {called}" if written or table else where
    return f"{setting}: {error['msg'].removeprefix('Value error, ') if name in _SECRET else sentence(error)}"


def line_of(name: str, text: str, table: str = "") -> int:
    """The line, counted from 1, on which a file sets a name, of a table or at its top."""
    written = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}\b")
    start = line_of(table, text) if table else 1
    lines = list(enumerate(text.splitlines(), start=1))
    return next((number for number, line in lines[start - 1 + bool(table) :] if written.match(line)), start)
