"""What an author writes: stories made of beats and scenes. Frozen values, closed to unknown keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from dreamplay.value import PLACEHOLDER, Role, Text, Value

VISITOR = "visitor"
"""The role of the person who walks in. No story has it: a run adds it to the cast."""

RESERVED_ROLES = frozenset(
    {"open_scene", "dream", "director", "decide", "reflect", "close_scene", "recap", "epilogue", VISITOR}
)
"""Names that the graph gives to its own nodes; a role would overwrite one."""

Length = Literal["short", "full"]


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
    """That-clauses about this moment, which whoever it sounds like can bring up (`affinity.py`); in an epilogue the
    things that are at hand.
    """
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
            for word in PLACEHOLDER.findall(text):
                _known(word, roles, f"«{text[:60]}»")
        return self


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
