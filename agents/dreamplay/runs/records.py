"""The records of a transcript, as values: the header, what is said of a run as it goes on, and the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.provenance import Place, Usage
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story

_LONGEST = 200
"""Characters of a model's name."""
_Model = Annotated[str, AfterValidator(lambda name: " ".join(name.split())[:_LONGEST])]
"""A model's name, in one line: it stands in messages and in commands."""
SCHEMA: Final = 2
"""Version of the file's form. A reader refuses a newer one, and upgrades an older one."""


class Header(FrozenModel):
    """Everything that was chosen for the run, story and personas whole: a run outlives the files it came from."""

    record: Literal["header"] = "header"
    schema_version: Literal[2] = SCHEMA
    story_id: str
    story: Story
    story_hash: str
    cast: dict[str, Persona]
    persona_hashes: dict[str, str]
    model: _Model
    settings: dict[str, Any]
    """What shapes the run: length, beats, sampling, tries; see `chosen.Chosen`."""
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    parent: str | None = None
    """Of a branch: the run that it shares its beginning with, by the name of its folder."""
    point: Place | None = None
    """Of a branch: the first event that is its own."""
    changes: tuple[str, ...] = ()
    """What was changed from the story's own cast, or at the point, and in the runs it descends from, oldest first."""
    versions: dict[str, str]


class Resumed(FrozenModel):
    """From here on another model played, or the same one with other settings."""

    record: Literal["resumed"] = "resumed"
    model: _Model
    settings: dict[str, Any]
    """As in the header."""
    event: Place
    """The first event that comes after."""


class Rollback(FrozenModel):
    """The visitor took back what she did last: this event, and all that followed it, has not happened. The next event
    takes its place.
    """

    record: Literal["rollback"] = "rollback"
    event: Place


class End(FrozenModel):
    """The last record of a run that was played to its end."""

    record: Literal["end"] = "end"
    lines: Place
    usage: Usage


@dataclass(frozen=True)
class RunLog:
    """A transcript as read from disk; `end` is None for a run that was not played to its end."""

    header: Header
    script: Script
    end: End | None
    resumptions: tuple[Resumed, ...] = ()
    """Where another model took over, in order."""
    name: str = field(default="", compare=False)
    """Of the folder that it was read from; not part of what was played."""

    @property
    def newest(self) -> Header | Resumed:
        """What says on which model, with which settings, the run was played last."""
        return self.resumptions[-1] if self.resumptions else self.header

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all the models that played, in the order in which they came."""
        return tuple(dict.fromkeys([self.header.model, *(each.model for each in self.resumptions)]))

    @property
    def cast(self) -> Cast:
        """Who played which role."""
        return Cast(self.header.cast)
