"""Topics: what a scene is about, what each role knows of it, and what can be said."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from dreamplay.schema.base import FrozenModel, Id, Role, Text
from dreamplay.schema.conditions import Once, When

Act = Literal[
    "ask", "tell", "press", "dodge", "refuse", "lie", "accuse", "confess", "promise", "offer", "tease", "comfort",
    "yield", "change the subject", "interrupt", "say nothing",
]  # fmt: skip
"""What a line does to the person whom it is said to."""


def _one(value: object) -> object:
    """What is answered is one thing: a list of things gets told so."""
    if isinstance(value, list | tuple | dict):
        raise ValueError("must be one id or one role")  # noqa: TRY004  pydantic takes no other
    return value


class TopicMove(FrozenModel):
    """One thing that a role can say of a topic, written as what the line does."""

    id: Id | None = Field(default=None, exclude_if=lambda value: value is None)
    """A name, for moves that answer this one and no other."""
    role: Role
    """Whose it is."""
    does: Text
    """What the line does, in words that follow the speaker's name: "asks {elara} why nobody woke him". The line is made
    of their content, so they must be words that can be said."""
    to: Role | None = Field(default=None, exclude_if=lambda value: value is None)
    """Who is spoken to. If left out: the first other role named in `does`, else whom it answers."""
    opens: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether the topic can begin with it."""
    answers: Annotated[str | None, BeforeValidator(_one)] = Field(default=None, exclude_if=lambda value: value is None)
    """What it answers: the id of a move of this topic, or a role, any of whose moves it then answers."""
    joins: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether somebody who has not been asked can say it, once the topic has been opened."""
    act: Act | None = Field(default=None, exclude_if=lambda value: value is None)
    """What it does, in one word, for the ledger of open threads: a promise, an accusation. If left out: what its words
    show."""
    decides: Id | None = Field(default=None, exclude_if=lambda value: value is None)
    """The answer of the scene's outcome that is decided with it."""
    favours: Id | None = Field(default=None, exclude_if=lambda value: value is None)
    """The choice of the story that whoever says it speaks for. At the crossroads a model that is led (`direction`)
    chooses what it spoke for last. Any other decides for itself."""
    reveals: Id | None = Field(default=None, exclude_if=lambda value: value is None)
    """The id of what the scene `reveals` and this line tells."""
    settles: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether it ends the topic."""
    when: When = Field(default=(), exclude_if=lambda value: not value)
    """Conditions (`scene.outcome == answer`): it is said only if they hold."""
    kept: Once = Field(default=(), exclude_if=lambda value: not value)
    """Of a promise: with what it is kept. The id of a later scene, which keeps it as it begins, or an outcome
    (`scene.outcome == answer`), several joined by `and`."""
    broken: Once = Field(default=(), exclude_if=lambda value: not value)
    """Of a promise: with what it is broken, written as `kept` is. A promise with neither stays open, unless somebody
    says or does what settles it."""

    @property
    def has_fate(self) -> bool:
        """Whether its author says with what it is kept or broken, so that it is a promise."""
        return bool(self.kept or self.broken)


class OwnWords(TopicMove):
    """A move in the words of a persona that brings its own. No story has one: a play makes it."""

    written: Text
    """What the move of the story does, by which the same move is found, whoever plays the role."""


class Topic(FrozenModel):
    """Something to talk about, with what is at stake in it."""

    id: Id
    """The name of the topic in the transcript. It is unique in a scene."""
    about: Text
    """What it is about, as a noun phrase or a clause: "who was to wake {leo}, and did not". Those present know it."""
    knows: dict[Role, Text] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """What a role knows or thinks of it, by role. Only that role sees it."""
    moves: tuple[TopicMove, ...] = Field(min_length=1)
    """What can be said of it. A model that is led says them; one that is guided sees its own as possibilities; one that
    is free sees none."""
    settled: Text | None = Field(default=None, exclude_if=lambda value: value is None)
    """What settles it, for those who play without being led: "{leo} lets it go, or gives back the key"."""
    when: When = Field(default=(), exclude_if=lambda value: not value)
    """Conditions (`scene.outcome == answer`): it comes up only if they hold."""
