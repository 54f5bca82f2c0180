"""The tasks of a study: one for each play, named by a hash of everything that is asked for.

A name names the request. Unless a model server computes alike in every batch, the result is not a function of it: the
first result that was played to its end stays. Two studies that ask for the same play share it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import Field

from dreamplay.branching.branch import Changes
from dreamplay.runs.records import Header
from dreamplay.runs.run_settings import comparable
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.shared import SharedPersona, SharedStory
from dreamplay.storage import disk


class Swap(FrozenModel):
    """A persona that takes a role, and what its file is called."""

    persona: SharedPersona
    file: str


class Turn(FrozenModel):
    """What is otherwise from a point of another play on."""

    parent: str
    """The name of the task whose play goes before it."""
    at: str
    """The beat or the scene."""
    swaps: dict[str, Swap] = Field(default_factory=dict)
    say: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    story: SharedStory | None = None
    story_file: str = ""

    def changes(self) -> Changes:
        """The same, as a branch takes it."""
        swaps = {role: each.persona.read_from(Path(each.file)) for role, each in self.swaps.items()}
        story = self.story.read_from(Path(self.story_file)) if self.story else None
        return Changes(swaps, self.say, self.drop, story)


class Task(FrozenModel):
    """One play. It is plain JSON, with all that a machine needs to play it that has neither the study nor the files
    that it names."""

    name: str
    """Of the run, too."""
    condition: str
    phrasing: str
    seed: int
    header: Header
    """What is played. Of a task that branches off another it says on what and with which settings, and its story and
    cast are those of the parent."""
    model: str
    """As the setting has it. The header has only the name."""
    adapter: str | None = None
    """As the setting has it."""
    turn: Turn | None = None
    """What is changed at a point of another play; None: it is played from its start."""

    @property
    def parent(self) -> str | None:
        """The name of the task that has to be played before this one."""
        return self.turn.parent if self.turn else None


def named(story: str, digest: str, seed: int, turn: Turn | None) -> str:
    """The name of a task.

    Args:
        story: its name.
        digest: what `asked` says.
        seed: of its dice.
        turn: what it branches off.
    """
    whole = _digest({"asked": digest, "seed": seed, "parent": turn and turn.parent})
    return f"{disk.named(story)}-{whole[:16]}-{seed}"


def asked(header: Header, turn: Turn | None) -> str:
    """The hash of everything that is asked for, whatever its files are called, except the seed and what it branches
    off."""
    told = header.model_dump(mode="json", include={"story", "cast", "model"})
    told |= {"dreamplay": header.versions["dreamplay"], "settings": comparable(header.settings)}
    if turn:
        changed = turn.model_dump(mode="json", exclude={"parent", "story_file"})
        told["turn"] = changed | {"swaps": {role: each["persona"] for role, each in changed["swaps"].items()}}
    return _digest(told)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
