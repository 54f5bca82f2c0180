"""What is imported, whatever it was written with: scenes in which people say things and things are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from dreamplay.errors import UsageError

MAX_BYTES = 8_000_000
"""The size limit. A long chat has a megabyte."""


@dataclass(frozen=True)
class Said:
    """Something that somebody says, or that is told."""

    name: str
    """Who says it; empty: it is told."""
    text: str
    """The words, on one line."""


@dataclass
class ImportedScene:
    """A part of it in one place."""

    heading: str = ""
    """Where and when; empty if nothing says it."""
    beat: str = ""
    """The title of the movement that begins with it; empty if none does."""
    said: list[Said] = field(default_factory=list)
    """What is said and told, in order."""


@dataclass
class ImportedScript:
    """The whole of it."""

    kind: str
    """What it is, in words that can follow "the"."""
    title: str = ""
    """Empty if nothing says it."""
    premise: str = ""
    """Empty if nothing says it."""
    scenes: list[ImportedScene] = field(default_factory=lambda: [ImportedScene()])
    """The scenes, in order."""
    users: dict[str, None] = field(default_factory=dict)
    """The names of those who were people in a chat."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How often something was not read, by what it is, in words that take an s."""

    @property
    def names(self) -> list[str]:
        """Who speaks, the most talkative first."""
        often = Counter(each.name for scene in self.scenes for each in scene.said if each.name)
        return [name for name, _ in often.most_common()]


def read(path: Path) -> ImportedScript:
    """Read a file that somebody else's program wrote.

    Raises:
        UsageError: it cannot be read, is too large, or nobody says anything in it.
    """
    from dreamplay.imports import fountain, sillytavern

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
