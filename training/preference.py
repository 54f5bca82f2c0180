"""What readers preferred: replies of the embedded model to a prompt of a written scene, and the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

from dreamplay.errors import LibraryError
from dreamplay.schema.base import FrozenModel, Id, Text
from dreamplay.schema.error_messages import did_you_mean
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


def read(path: Path, scenes: Collection[str]) -> dict[str, dict[str, Preference]]:
    """The preferences of a file by scene, and by where they stand there: `FILE:LINE`.

    Args:
        path: the file.
        scenes: the ids of the scenes that there are.

    Raises:
        LibraryError: it cannot be read, or one of them is not valid or of no scene.
    """
    found = defaultdict[str, dict[str, Preference]](dict)
    for place, each in values(path, Preference):
        if each.scene not in scenes:
            raise LibraryError(f"{place}: there is no scene {each.scene!r}{did_you_mean(each.scene, scenes)}")
        found[each.scene][place] = each
    return found


def asked(preferences: Mapping[str, Preference], examples: Sequence[Example]) -> Iterator[tuple[Preference, Example]]:
    """The preferences of a scene, each with what was asked there; see `read` and `play.play`.

    Raises:
        LibraryError: what one of them prefers was not asked there.
    """
    for place, each in preferences.items():
        alike = [example for example in examples if example.prompt.kind == each.kind]
        if each.number >= len(alike):
            wrong = f"{each.kind} {each.number} is none of the {len(alike)} of the scene {each.scene!r}, counted from 0"
            raise LibraryError(f"{place}: {wrong}")
        yield each, alike[each.number]
