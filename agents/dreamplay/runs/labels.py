"""What a person notes about a run: a title, a note, and whether they like it. It lies beside the transcript, in
`about.json`, and changes nothing that was played."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from dreamplay.errors import UsageError
from dreamplay.runs.transcript_reader import complaint
from dreamplay.schema.base import FrozenModel, Words
from dreamplay.storage import disk
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place

FILE = "about.json"


class Label(FrozenModel):
    """What a person noted about a run."""

    title: Annotated[Words, StringConstraints(max_length=100)] = ""
    """What they call it; empty: by its name."""
    note: Annotated[Words, StringConstraints(max_length=4000)] = ""
    """What they want to remember of it."""
    favourite: bool = Field(default=False, strict=True)
    """Whether it is one of those that they like best."""


def read(where: Place | Path) -> tuple[Label, str]:
    """What was noted about a run, and why it cannot be read; the latter is empty if it can be, or if there is none."""
    place = at(where)
    try:
        return Label.model_validate_json(place.read(FILE)), ""
    except FileNotFoundError:
        return Label(), ""
    except (OSError, ValueError) as error:
        return Label(), f"{disk.short(place.called(FILE))}: {complaint(error)}; it is left out"


def write(where: Place | Path, **changes: object) -> Label:
    """Note something about a run. What is not given stays as it is, and what cannot be read is replaced.

    Raises:
        UsageError: a text that is too long.
        RecordError: it cannot be written.
    """
    place = at(where)
    before, _ = read(place)
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        label = Label.model_validate(before.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        name, most = first["loc"][0], first.get("ctx", {}).get("max_length")
        raise UsageError(f"`{name}`: {f'write at most {most:,} characters' if most else first['msg']}") from None
    try:
        place.replace(FILE, label.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise disk.cannot("write to", place, error) from error
    return label
