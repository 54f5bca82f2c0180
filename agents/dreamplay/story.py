"""What an author writes: personas, and stories made of beats and scenes. Frozen values, closed to unknown keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

RESERVED_ROLES = frozenset({"open_scene", "dream", "director", "decide", "close_scene", "epilogue"})
"""Names that the graph gives to its own nodes; a role would overwrite one."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Characters that cannot be seen, or that turn the direction of what follows: a name with one passes for another."""
_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]*)\}(?!\})")


def _printable(text: str) -> str:
    """Control and ANSI codes never get in, so that nothing has to take them out before it prints."""
    if hit := _CONTROL.search(text):
        raise ValueError(f"control character {hit[0]!r} at position {hit.start()}; take it out")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_printable)
]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=rf"^[^\W\d_][^:\[\]{{}}*<>{_UNSEEN}]{{0,39}}$")]
Length = Literal["short", "full"]


class Value(BaseModel):
    """The base of everything that comes in from a file: unchangeable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Private(Value):
    """The private sheet: nobody but the character herself, and the dream that pools it, is told of this."""

    want: Text
    belief: Text
    fear: Text
    """The hidden fear: an image that can be dreamt, rather than a label."""
    wish: Text
    memories: tuple[Text, ...] = Field(min_length=1)
    """Formative memories, in the first person."""


class Persona(Value):
    """Who a character is. The public sheet is known to the whole cast."""

    name: Name
    who: Text
    """A noun phrase, what everybody knows: «a carpenter who sleeps the old way»."""
    voice: Text
    talkativeness: float = Field(default=0.5, ge=0.05, le=1.0)
    """Weight in the director's choice of the next speaker."""
    examples: tuple[Text, ...] = Field(min_length=1)
    """Lines this persona might say."""
    tactics: tuple[Text, ...] = Field(min_length=1)
    """How this persona meets a pressure, in words that can follow «tells her»: «drily», «with a shrug»."""
    material: tuple[Text, ...] = Field(min_length=1)
    """That-clauses in the third person: what this persona has to talk about."""
    private: Private | None = None
    """None for somebody of whom nothing hidden is known, as of one who comes from a character card."""


class TurnContract(Value):
    """How many turns a scene may take."""

    min: int = Field(ge=0, le=10_000)
    max: int = Field(ge=0, le=10_000)

    @model_validator(mode="after")
    def _ordered(self) -> TurnContract:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


class Scene(Value):
    """One place and time, with those present."""

    id: Role
    kind: Literal["waking", "dream", "crossroads", "epilogue"]
    place: Text
    present: tuple[Role, ...] = Field(min_length=1)
    opening: Text
    pressures: tuple[Text, ...] = ()
    """What happens in the scene and demands an answer, in order of rising heat; told to all present."""
    tactics: tuple[Text, ...] = ()
    """How people speak here, whoever they are, besides their own ways: «over the noise», «gasping»."""
    material: tuple[Text, ...] = ()
    """That-clauses about this moment, which anyone present can bring up."""
    turns: TurnContract


class Beat(Value):
    """One movement of the story, an ordered list of scenes."""

    id: Role
    title: Text
    scenes: tuple[Scene, ...] = Field(min_length=1)


class PrologueLine(Value):
    """A line from the night before, with the cue it answers: it shows the voice, and how a cue becomes a line."""

    role: Role
    cue: Text
    tactic: Text | None = None
    """The words of the cue that say how it is told."""
    line: Text


class Choice(Value):
    """One answer that the crossroads allows."""

    id: Role
    text: Text
    """An infinitive clause without «to»: what standing for it means."""
    ending: Text
    """What comes of it, as facts for the epilogue."""


class Story(Value):
    """Premise, cast, prologue and ordered beats."""

    title: Text
    premise: Text
    cast: dict[Role, str] = Field(min_length=1)
    """Role to persona: the id of a shipped persona, or a path beside the story file."""
    prologue: tuple[PrologueLine, ...] = ()
    choices: tuple[Choice, ...] = ()
    tie: Text | None = None
    """What comes of a tie at the crossroads, as facts for the epilogue."""
    beats: tuple[Beat, ...] = Field(min_length=1)

    @property
    def scenes(self) -> Iterator[tuple[Beat, Scene]]:
        """Every scene with its beat, in the order of play."""
        return ((beat, scene) for beat in self.beats for scene in beat.scenes)

    @model_validator(mode="after")
    def _whole(self) -> Story:
        roles = set(self.cast)
        if taken := sorted(roles & RESERVED_ROLES):
            raise ValueError(f"a role may not be called {taken[0]!r}; that word is the orchestrator's")
        for line in self.prologue:
            _known(line.role, roles, "the prologue")
        for beat, scene in self.scenes:
            where = f"scene {beat.id}/{scene.id}"
            for role in scene.present:
                _known(role, roles, where)
            if len(set(scene.present)) < len(scene.present):
                raise ValueError(f"{where} lists somebody twice among those present")
            if scene.kind == "crossroads" and len(self.choices) < 2:
                raise ValueError(f"{where} is a crossroads, but the story has fewer than two choices")
            if scene.kind != "epilogue" and scene.turns.max < len(scene.present):
                raise ValueError(
                    f"{where} has {scene.turns.max} turns at most for {len(scene.present)} present; "
                    "everybody must be able to speak"
                )
        _unique([beat.id for beat in self.beats], "beats")
        _unique([scene.id for _, scene in self.scenes], "scenes")
        _unique([choice.id for choice in self.choices], "choices")
        _unique([choice.text for choice in self.choices], "choices")
        for text in _texts(self.model_dump(exclude={"cast"})):
            for word in _PLACEHOLDER.findall(text):
                _known(word, roles, f"«{text[:60]}»")
        return self


@dataclass(frozen=True)
class Cast:
    """Who plays which role in this run: roles in the story's order, each with a persona, all names distinct."""

    personas: Mapping[str, Persona]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, in the story's order."""
        return tuple(self.personas)

    def name(self, role: str) -> str:
        """The name of whoever holds the role."""
        return self.personas[role].name

    @cached_property
    def _mentions(self) -> dict[str, re.Pattern[str]]:
        return {role: re.compile(rf"(?<!\w){re.escape(p.name)}(?!\w)") for role, p in self.personas.items()}

    def mentioned(self, text: str) -> tuple[str, ...]:
        """The roles whose names stand in the text as whole words, the last one named first: who is asked or called
        by name mostly comes at the end.
        """
        found = {role: hits[-1].start() for role, p in self._mentions.items() if (hits := list(p.finditer(text)))}
        return tuple(sorted(found, key=found.__getitem__, reverse=True))

    def nameless(self, text: str) -> str:
        """The text without the names of the cast, for what goes by likeness: two lines to Leo are not alike by that."""
        for name in self._mentions.values():
            text = name.sub("", text)
        return text

    def fill(self, text: str) -> str:
        """Put names where an author wrote {role}. Plain replacement: any other brace stays as it is."""
        return _PLACEHOLDER.sub(lambda m: self.name(m[1]) if m[1] in self.personas else m[0], text)


def _known(role: str, roles: set[str], where: str) -> None:
    if role not in roles:
        raise ValueError(f"{where} names {role!r}, who is not in the cast ({', '.join(sorted(roles))})")


def _unique(ids: list[str], what: str) -> None:
    for known in ids:
        if ids.count(known) > 1:
            raise ValueError(f"two {what} are called {known!r}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
