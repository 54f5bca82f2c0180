"""The records of `prompts.jsonl`, which has the prompts of a run. Parts that prompts share are stored once.

A transcript names prompts by their digest; this file has their text. There are three kinds of record, one in each line:
a `system` message, which stays the same for the whole run; a `script`, stored as what it adds to the first characters
of an earlier one; and a `prompt`, which names its system and script and holds the rest. So the file grows linearly with
the play.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from dreamplay.schema.base import FrozenModel
from dreamplay.storage.store import Place

FILE = "prompts.jsonl"


class _Piece(FrozenModel):
    model_config = ConfigDict(str_strip_whitespace=False)


class SystemRecord(_Piece):
    """A system message."""

    record: Literal["system"] = "system"
    hash: str
    text: str

    @property
    def name(self) -> str:
        """What it is called in other records."""
        return self.hash


class ScriptRecord(_Piece):
    """The first `keep` characters of an earlier script, and then `text`."""

    record: Literal["script"] = "script"
    hash: str
    after: str | None
    keep: int = Field(ge=0)
    text: str

    @property
    def name(self) -> str:
        """What it is called in other records."""
        return self.hash


class PromptRecord(_Piece):
    """A prompt: the hashes of its system and script, and the rest of it as it is."""

    record: Literal["prompt"] = "prompt"
    digest: str
    system: str
    script: str
    rest: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called in a transcript."""
        return self.digest


Record = SystemRecord | ScriptRecord | PromptRecord
_RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="record")])


def records(place: Place) -> Iterator[tuple[int, Record | None]]:
    """The records with their lines, counted from 1; None for one that cannot be understood.

    Raises:
        OSError: the file cannot be read.
    """
    for number, line in enumerate(place.lines(FILE), start=1):
        try:
            yield number, _RECORD.validate_json(line)
        except ValueError:
            yield number, None


def hashed(text: str) -> str:
    """What a system message or a script is called in other records."""
    return hashlib.sha256(text.encode()).hexdigest()
