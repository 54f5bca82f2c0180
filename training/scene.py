"""A written scene: the people in it, and its turns, each with a note and the line that was written for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self, TypeVar

from dreamplay.errors import LibraryError
from dreamplay.schema.base import FrozenModel, Id, Name, Text
from dreamplay.schema.error_messages import sentence
from pydantic import Field, ValidationError, model_validator

Value = TypeVar("Value", bound=FrozenModel)
SCENES = Path(__file__).parent / "scenes"
"""The data: `train.jsonl`, and `held_out.jsonl`, which nothing is trained on."""


class Person(FrozenModel):
    """Somebody in a scene. Those who dream, think or decide have a private sheet: see `PrivateSheet`."""

    name: Name
    """The name."""
    who: Text
    """What everybody knows of them, as a noun phrase."""
    voice: Text = "Talks as people do."
    """How they talk."""
    want: Text | None = None
    """What they want, in a sentence."""
    belief: Text | None = None
    """What they believe, in a sentence."""
    fear: Text | None = None
    """What they fear, as an image of a dream."""
    wish: Text | None = None
    """What they wish for."""

    @property
    def hides(self) -> bool:
        """Whether they have a private sheet."""
        return None not in (self.want, self.belief, self.fear, self.wish)


class Happening(FrozenModel):
    """Something that happens before all."""

    event: Text
    """It, in a sentence."""


class Spoken(FrozenModel):
    """A line, and the note that it was written for."""

    speaker: Name
    """Who says it."""
    to: Name
    """Whom it is said to."""
    does: Text
    """What it does, in words that follow the speaker's name: the note."""
    line: Text
    """The line."""
    aside: bool = False
    """Whether it is whispered."""
    hears: tuple[Name, ...] = ()
    """Those who hear it; empty: all."""


class Visited(FrozenModel):
    """A person who plays says something."""

    visitor: Name
    """The name that they have in the play."""
    line: Text
    """What they say."""


class Dreamt(FrozenModel):
    """A shared dream."""

    dream: Text
    """The dream as the narrator tells it: five sentences."""
    dreamers: tuple[Name, ...] = Field(min_length=1)
    """Who dreams it."""
    again: bool = False
    """Whether they have dreamt it before."""


class Thought(FrozenModel):
    """What somebody thinks at the end of a scene."""

    speaker: Name
    """Who thinks."""
    thinks: Text
    """The thought."""
    marks: dict[Name, Annotated[int, Field(ge=-5, le=5)]]
    """What they think of each of the others, from -5 to 5."""


class Decided(FrozenModel):
    """What somebody decides."""

    speaker: Name
    """Who decides."""
    reason: Text
    """Why, in a sentence of their own."""
    choice: int = Field(ge=0)
    """The number of the scene's choice, from 0."""


class Ended(FrozenModel):
    """An epilogue."""

    epilogue: Text
    """The epilogue as the narrator tells it: five sentences."""
    ending: Text
    """What came of what most decided, as facts."""
    opening: Text
    """When and where it is."""
    things: tuple[Text, ...] = Field(min_length=1)
    """What is at hand."""


Item = Happening | Spoken | Visited | Dreamt | Thought | Decided | Ended


class WrittenScene(FrozenModel):
    """One scene as it was written."""

    id: Id
    """Its name, which no other scene has."""
    world: Text
    """In which world it plays, in a few words."""
    premise: Text
    """World and situation, in one or two sentences."""
    cast: tuple[Person, ...] = Field(min_length=2, max_length=5)
    """The people, the visitor last."""
    place: Text
    """Where and when, as a heading."""
    scene: Text
    """How it begins."""
    choices: tuple[Text, ...] = ()
    """What can be decided, as infinitives."""
    turns: tuple[Item, ...] = Field(min_length=1)
    """What is said and happens, in order."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = {person.name for person in self.cast}
        if len(names) < len(self.cast):
            raise ValueError("cast: two people have one name")
        for number, item in enumerate(self.turns):
            for name in _named(item):
                if name not in names:
                    raise ValueError(f"turns.{number}: {name[:40]!r} is not in the cast")
            if isinstance(item, Decided) and item.choice >= len(self.choices):
                raise ValueError(f"turns.{number}.choice: {item.choice} is none of {len(self.choices)} choices")
        return self

    @property
    def visitor(self) -> Person | None:
        """The person who plays, if there is one."""
        names = [item.visitor for item in self.turns if isinstance(item, Visited)]
        return next((person for person in self.cast if person.name in names), None)

    @property
    def people(self) -> tuple[Person, ...]:
        """The cast without the person who plays."""
        visitor = self.visitor
        return tuple(person for person in self.cast if person is not visitor)


def read(path: Path) -> Iterator[WrittenScene]:
    """Read the scenes of a file, one a line. It raises what `values` does."""
    return (written for _, written in values(path, WrittenScene))


def values(path: Path, kind: type[Value]) -> Iterator[tuple[str, Value]]:
    """Read the values of a file, one a line, each with where it stands: `FILE:LINE`.

    Raises:
        LibraryError: it cannot be read, or one of them is not valid; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield f"{path}:{number}", kind.model_validate_json(line)
        except ValidationError as error:
            raise LibraryError(f"{path}:{number}: {sentence(error.errors()[0])}") from None


def dumped(scene: WrittenScene) -> str:
    """A scene as a line of a file, without what is not set."""
    return json.dumps(scene.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)


def _named(item: Item) -> list[str]:
    match item:
        case Spoken():
            return [item.speaker, item.to, *item.hears]
        case Visited():
            return [item.visitor]
        case Dreamt():
            return list(item.dreamers)
        case Thought():
            return [item.speaker, *item.marks]
        case Decided():
            return [item.speaker]
        case _:
            return []
