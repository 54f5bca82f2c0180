"""What an author writes: personas, and stories made of beats and scenes. Frozen values, closed to unknown keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

VISITOR = "visitor"
"""The role of the person who walks in. No story has it: a run adds it to the cast."""

RESERVED_ROLES = frozenset(
    {"open_scene", "dream", "director", "decide", "reflect", "close_scene", "recap", "epilogue", VISITOR}
)
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


Words = Annotated[str, AfterValidator(lambda text: _CONTROL.sub(" ", text))]
"""What was said or told, by a model or in a stranger's transcript: what a terminal would obey is left out."""
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


class Move(Value):
    """Somebody comes in or goes while a scene runs."""

    role: Role
    kind: Literal["entrance", "exit"]
    after: int = Field(ge=0)
    """Turns that are taken before it."""
    text: Text
    """A whole sentence, narrated to all who see it."""

    @property
    def comes(self) -> bool:
        """Whether somebody comes in, and does not go."""
        return self.kind == "entrance"


class Aside(Value):
    """A turn that is whispered: its speaker and those it is whispered to perceive it, and nobody else."""

    after: int = Field(ge=0)
    """Turns that are taken before it."""
    role: Role
    to: tuple[Role, ...] = Field(min_length=1)
    material: Text
    """A that-clause: what is whispered."""


class Scene(Value):
    """One place and time, with those present."""

    id: Role
    kind: Literal["waking", "dream", "crossroads", "epilogue"]
    place: Text
    present: tuple[Role, ...] = Field(min_length=1)
    """Those who are there when it opens."""
    opening: Text
    pressures: tuple[Text, ...] = ()
    """What happens in the scene and demands an answer, in order of rising heat; told to all present."""
    tactics: tuple[Text, ...] = ()
    """How people speak here, whoever they are, besides their own ways: «over the noise», «gasping»."""
    material: tuple[Text, ...] = ()
    """That-clauses about this moment, which whoever it sounds like can bring up (`affinity.py`)."""
    moves: tuple[Move, ...] = ()
    """Who comes and goes. Those of one moment happen in the order in which they are written."""
    asides: tuple[Aside, ...] = ()
    """What is whispered, one turn each; the one that is due after as many turns as another has to wait for it."""
    turns: TurnContract

    @property
    def ordered_moves(self) -> list[Move]:
        """The moves in the order in which they happen."""
        return sorted(self.moves, key=lambda move: move.after)

    @property
    def ordered_asides(self) -> list[Aside]:
        """The asides in the order in which they are whispered."""
        return sorted(self.asides, key=lambda aside: aside.after)

    def there(self, turns: int) -> tuple[Role, ...]:
        """Those who are present once so many turns have been taken."""
        here = self.present
        for move in self.ordered_moves:
            here = moved(here, move.role, move.comes) if move.after <= turns else here
        return here


def moved(here: tuple[Role, ...], role: Role, comes: bool) -> tuple[Role, ...]:
    """Those present after somebody came in, who then stands last, or went."""
    return (*here, role) if comes else tuple(other for other in here if other != role)


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
            _check_moves(scene, roles, where)
            _check_asides(scene, roles, where)
            everybody = {*scene.present, *(move.role for move in scene.moves)}
            needed = len(scene.asides) + len(everybody - {aside.role for aside in scene.asides})
            if scene.kind != "epilogue" and scene.turns.max < needed:
                whispered = f" and {len(scene.asides)} asides" if scene.asides else ""
                raise ValueError(
                    f"{where} has {scene.turns.max} turns at most for {len(everybody)} present{whispered}; "
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

    def listed(self, roles: Sequence[str]) -> str:
        """The names of some roles in a sentence: «Ada, Bo and Cyrus»."""
        *others, last = [self.name(role) for role in roles]
        return f"{', '.join(others)} and {last}" if others else last

    def role_of(self, word: str) -> str | None:
        """The role that a word means: its own name, or the name of whoever holds it, in small letters or large."""
        wanted = " ".join(word.split()).casefold()
        return next((r for r, p in self.personas.items() if wanted in (r, p.name.casefold())), None)

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


def _check_moves(scene: Scene, roles: set[str], where: str) -> None:
    if scene.kind == "epilogue" and (scene.moves or scene.asides):
        raise ValueError(f"{where} is an epilogue, which is told whole; it can have no moves and no asides")
    here = scene.present
    for move in scene.ordered_moves:
        _known(move.role, roles, f"a move in {where}")
        what = f"{where}: the {move.kind} of {move.role!r} after turn {move.after}"
        if (move.role in here) == move.comes:
            raise ValueError(f"{what} is of somebody who is {'there already' if move.role in here else 'not there'}")
        if move.after > scene.turns.max - move.comes:
            raise ValueError(f"{what} is too late: the scene has {scene.turns.max} turns at most")
        here = moved(here, move.role, move.comes)
        if not here:
            raise ValueError(f"{what} leaves nobody there")


def _check_asides(scene: Scene, roles: set[str], where: str) -> None:
    turn = 0
    for aside in scene.ordered_asides:
        turn = max(aside.after, turn)  # one aside takes one turn, and the next has to wait for it
        what = f"{where}: the aside of {aside.role!r} after turn {aside.after}"
        here = scene.there(turn)
        for role in (aside.role, *aside.to):
            _known(role, roles, f"an aside in {where}")
            if role not in here:
                raise ValueError(f"{what} needs {role!r}, who is not there then")
        if aside.role in aside.to or len(set(aside.to)) < len(aside.to):
            raise ValueError(f"{what} is whispered to somebody twice, or to its own speaker")
        if {aside.role, *aside.to} == set(here):
            raise ValueError(f"{what} is whispered to everybody there; leave it to an open line")
        if turn >= scene.turns.max:
            raise ValueError(f"{what} is too late: the scene has {scene.turns.max} turns at most")
        turn += 1


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
