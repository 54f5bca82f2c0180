"""What is imported, whatever it was written with: scenes in which people say things and things are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


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
