"""The records of a transcript as values: the header, records of a resumption or an undo, and the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from dreamplay import languages
from dreamplay.schema import own_moves
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event
from dreamplay.schema.provenance import Place, Usage
from dreamplay.schema.script import Script
from dreamplay.schema.shared import SharedPersona, SharedStory
from dreamplay.threads.ledger import Ledger

_LONGEST = 200
"""Characters of a model's name."""
_Model = Annotated[str, AfterValidator(lambda name: " ".join(name.split())[:_LONGEST])]
"""A model's name, in one line: it stands in messages and in commands."""
SCHEMA: Final = 2
"""Version of the format. A reader refuses a newer one, and upgrades an older one."""


class Header(FrozenModel):
    """The first record: everything that was chosen for the run. It holds the whole story and the whole personas, since
    their files may change or disappear."""

    record: Literal["header"] = "header"
    schema_version: Literal[2] = SCHEMA
    """The version of this format."""
    story_id: str
    """The name of the story, or of its file without the suffix."""
    story: SharedStory
    """The whole story."""
    story_hash: str
    """SHA-256 of the story."""
    cast: dict[str, SharedPersona]
    """Role to the whole persona."""
    persona_hashes: dict[str, str]
    """Role to the SHA-256 of the persona."""
    model: _Model
    """The name of the model."""
    settings: dict[str, Any]
    """What shapes the run: length, beats, plug-ins and model profile; see `RunSettings`."""
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    """The seed of all random choices."""
    parent: str | None = None
    """Of a branch: the name of the folder of the run that it branched off."""
    point: Place | None = None
    """Of a branch: the id of its first own event."""
    changes: tuple[str, ...] = ()
    """In words, what differs from the story's own cast and what was changed at branch points, oldest first."""
    versions: dict[str, str]
    """Package to version: dreamplay and the libraries that shape a run."""


class Resumed(FrozenModel):
    """From here on another model plays, or the same one with other settings."""

    record: Literal["resumed"] = "resumed"
    model: _Model
    """The name of the model."""
    settings: dict[str, Any]
    """As in the header."""
    event: Place
    """The id of the next event."""


class Rollback(FrozenModel):
    """The visitor took back their last action. This event and all that followed it are void, and the next event takes
    the place of the first of them.
    """

    record: Literal["rollback"] = "rollback"
    event: Place
    """The id of the first event that is void."""


class End(FrozenModel):
    """The last record of a finished run."""

    record: Literal["end"] = "end"
    lines: Place
    """How many lines were spoken, without the prologue."""
    usage: Usage
    """What all model calls of the run cost."""


@dataclass(frozen=True)
class RunLog:
    """A transcript as read from disk; `end` is None for a run that was not played to its end."""

    header: Header
    script: Script
    end: End | None
    resumptions: tuple[Resumed, ...] = ()
    """Where another model took over, in order."""
    torn: int = field(default=0, compare=False)
    """Events at the end of the file that are left out, since a crash has cut the rest of their turn."""
    name: str = field(default="", compare=False)
    """Of the folder that it was read from; not part of what was played."""

    @property
    def newest(self) -> Header | Resumed:
        """The record that says with which model and settings the run was last played."""
        return self.resumptions[-1] if self.resumptions else self.header

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all the models that played, in the order in which they came."""
        return tuple(dict.fromkeys([self.header.model, *(each.model for each in self.resumptions)]))

    def model_at(self, event: int) -> str:
        """The name of the model that played when an event was made."""
        return [self.header.model, *(each.model for each in self.resumptions if each.event <= event)][-1]

    @property
    def cast(self) -> Cast:
        """Who played which role."""
        return Cast(self.header.cast)

    def ledger(self, events: Iterable[Event]) -> Ledger:
        """The ledger of some events of the run: of the whole script, or of what a role witnessed."""
        story = own_moves.played_by(self.header.story, self.cast)
        return Ledger.of(events, self.cast, languages.get(story.language), story)
