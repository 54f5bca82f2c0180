"""What readers preferred: replies of the embedded model to a prompt of a written scene, and the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Self

from dreamplay.schema.base import FrozenModel, Id, Text
from pydantic import Field, model_validator

from training.scene import values
from training.written import Example

PREFERENCES = Path(__file__).parent / "scenes" / "preferences.jsonl"
"""The data, on scenes of `train.jsonl` and `held_out.jsonl`."""


class Preference(FrozenModel):
    """Replies to one prompt, and what a reader thought of them."""

    scene: Id
    """The id of the written scene."""
    kind: Literal["line", "epilogue"]
    """What was asked for."""
    number: int = Field(ge=0)
    """Which of its kind in the scene, from 0."""
    replies: tuple[Text, ...] = Field(min_length=2)
    """The replies, whole."""
    best: int = Field(ge=0)
    """The number of the best one, from 0."""
    worst: int = Field(ge=0)
    """The number of the worst one."""
    fit: Literal[0, 1, 2]
    """Whether the best one is fit to be heard: 2 as it is, 1 with a blemish, 0 not at all."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.best == self.worst or max(self.best, self.worst) >= len(self.replies):
            raise ValueError(f"best {self.best} and worst {self.worst} must be two of {len(self.replies)} replies")
        return self


def read(path: Path) -> dict[str, list[Preference]]:
    """The preferences of a file, by scene.

    Raises:
        LibraryError: it cannot be read, or one of them is not valid.
    """
    found = defaultdict[str, list[Preference]](list)
    for each in values(path, Preference):
        found[each.scene].append(each)
    return found


def asked(preferences: Sequence[Preference], examples: Sequence[Example]) -> Iterator[tuple[Preference, Example]]:
    """The preferences of a scene, each with what was asked there; see `play.play`."""
    for each in preferences:
        alike = [example for example in examples if example.prompt.kind == each.kind]
        yield each, alike[each.number]
