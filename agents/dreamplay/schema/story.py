"""What an author writes: stories made of beats and scenes. Frozen values, closed to unknown keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from dreamplay.schema.authored import Authored
from dreamplay.schema.base import FrozenModel, Id, MisplacedError, Role, Text

VISITOR = "visitor"
"""The role of the person who walks in. No story has it: a run adds it to the cast."""

RESERVED_ROLES = frozenset(
    {"open_scene", "dream", "director", "decide", "reflect", "close_scene", "recap", "epilogue", VISITOR}
)
"""Names that the graph gives to its own nodes; a role would overwrite one."""

_BRACED = re.compile(r"(?<!\{)\{( *[^\W\d][\w -]*)\}(?!\})")
"""Whatever an author may have meant as a role: {Rosa} and { rosa } would be played as they are written."""

Length = Literal["short", "full"]

Place = tuple[int | str, ...]
"""Where something stands in a story, as keys and indices."""


class TurnContract(FrozenModel):
    """How many turns a scene may take."""

    min: int = Field(ge=0, le=10_000)
    """Turns with `length=short`. It can be more, since everybody present speaks at least once."""
    max: int = Field(ge=0, le=10_000)
    """Turns otherwise. At least one for everybody who is present at some time, and one for each aside."""

    @model_validator(mode="after")
    def _ordered(self) -> TurnContract:
        if self.min > self.max:
            raise MisplacedError(f"min {self.min} is more than max {self.max}", "min")
        return self


class Move(FrozenModel):
    """Somebody comes or goes while a scene runs."""

    role: Role
    """Who comes or goes."""
    kind: Literal["entrance", "exit"]
    """Whether they come or go."""
    after: int = Field(ge=0)
    """How many turns of the scene come before it."""
    text: Text
    """A whole sentence that tells it, to those present and to whoever comes."""

    @property
    def comes(self) -> bool:
        """Whether somebody comes, and does not go."""
        return self.kind == "entrance"


class Aside(FrozenModel):
    """A whispered turn. Only its speaker and those it is whispered to perceive it."""

    after: int = Field(ge=0)
    """How many turns of the scene come before it."""
    role: Role
    """Who whispers."""
    to: tuple[Role, ...] = Field(min_length=1)
    """Who hears it: some of those present, but not all."""
    material: Text
    """What is whispered, as a clause that can follow "that": "the key is under the mat"."""


class Scene(FrozenModel):
    """One place and time, with those present."""

    id: Id
    """The name of the scene in commands and in the transcript. It is unique in a story."""
    kind: Literal["waking", "dream", "crossroads", "epilogue"]
    """Talk; a shared dream in which they talk; talk after which each of them decides; or the end, without talk."""
    place: Text
    """Where and when, as a heading for the reader. Memories of the scene name it."""
    present: tuple[Role, ...] = Field(min_length=1)
    """Who is there when the scene opens. Nobody else perceives anything of it."""
    opening: Text
    """How the scene begins, in whole sentences. Told to all present."""
    pressures: tuple[Text, ...] = ()
    """What happens in the scene and demands an answer: a sentence each, in order of rising heat. Told to all present.
    About one comes in three turns: the last one always, the others at random.
    """
    tactics: tuple[Text, ...] = ()
    """How people speak here, in addition to their own tactics: "over the noise", "gasping"."""
    material: tuple[Text, ...] = ()
    """Topics of this moment, as clauses that can follow "that". Each goes to the character whose own material is
    closest to it. In an epilogue: things that are at hand, such as "a lamp with a low flame".
    """
    moves: tuple[Move, ...] = ()
    """Who comes and goes. Those of one moment happen in the order of the file."""
    asides: tuple[Aside, ...] = ()
    """What is whispered, one turn each. Of those that are due at the same time, the first comes first."""
    turns: TurnContract
    """How many turns the scene takes. An epilogue has none: `{min: 0, max: 0}`."""

    @property
    def visited(self) -> bool:
        """Whether there is a visitor in the play, who may be away."""
        return VISITOR in self.present

    def with_visitor(self) -> Scene:
        """The scene as it is played with a visitor, who may be in all of them."""
        return self.model_copy(update={"present": (*self.present, VISITOR)})

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


class Beat(FrozenModel):
    """One movement of a story: an ordered list of scenes."""

    id: Id
    """The name of the beat in commands and in the transcript. It is unique in a story."""
    title: Text
    """A heading for the reader. The characters are not told."""
    scenes: tuple[Scene, ...] = Field(min_length=1)
    """The scenes, in the order of play."""


class PrologueLine(FrozenModel):
    """A line from the night before, with the cue that it answers. It shows a model how somebody sounds, and how a cue
    becomes a line. The whole cast knows it, and every prompt begins with the prologue.
    """

    role: Role
    """Who says it."""
    cue: Text
    """What the speaker has in mind, in the form of all cues: "{leo} tells {mira} drily that carrots take time."."""
    tactic: Text | None = None
    """The words of the cue that say how it is told: "drily". A small model is shown the cue without them."""
    line: Text
    """What is said, in the first person."""


class Choice(FrozenModel):
    """One answer that the crossroads allows."""

    id: Id
    """The name of the choice in the transcript and in interventions."""
    text: Text
    """What it means, as an infinitive without "to": "leave the house". All who decide are told."""
    ending: Text
    """What comes of it if most choose it, in whole sentences. The epilogue ends with it."""


class Story(Authored):
    """A story: premise, cast, prologue and ordered beats."""

    title: Text
    """The title, for the reader. The characters are not told."""
    premise: Text
    """Time, place and what is at stake, in a few sentences. Everybody knows it. In every prompt."""
    language: str = Field(default="en", pattern="^[a-z]{2,3}$")
    """The language in which it is written and played, as a code of two or three letters. Checks that know the words of
    another language do not run.
    """
    checks_off: tuple[Id, ...] = ()
    """Names of checks that do not run on this story."""
    cast: dict[Role, str] = Field(min_length=1)
    """Role to persona: a shipped persona by name, or a persona file or character card. Files are looked for beside the
    story and then in the current folder.
    """
    prologue: tuple[PrologueLine, ...] = ()
    """Lines from the night before, one or two for each role: examples from which a model learns the voices."""
    choices: tuple[Choice, ...] = ()
    """What can be chosen at a crossroads: at least two, if the story has one."""
    tie: Text | None = None
    """What comes of a tie at the crossroads. Told in place of the endings of the choices that tie."""
    beats: tuple[Beat, ...] = Field(min_length=1)
    """The beats, in the order of play."""

    @model_serializer(mode="wrap")
    def _as_before(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A story that sets neither has the hash that it had before there were these fields."""
        written: dict[str, Any] = fields(self)
        if written.get("language") == "en":
            del written["language"]
        if not written.get("checks_off", True):
            del written["checks_off"]
        return written

    @property
    def scenes(self) -> Iterator[tuple[Beat, Scene]]:
        """Every scene with its beat, in the order of play."""
        return ((beat, scene) for beat in self.beats for scene in beat.scenes)

    @model_validator(mode="after")
    def _whole(self) -> Story:
        roles = set(self.cast)
        if taken := sorted(roles & RESERVED_ROLES):
            wrong = f"a role may not be called {taken[0]!r}; that word is the orchestrator's"
            raise MisplacedError(wrong, "cast", taken[0])
        for n, line in enumerate(self.prologue):
            _known(line.role, roles, "the prologue", "prologue", n, "role")
        scenes = {
            ("beats", b, "scenes", s): scene for b, beat in enumerate(self.beats) for s, scene in enumerate(beat.scenes)
        }
        for at, scene in scenes.items():
            where = f"scene {self.beats[at[1]].id}/{scene.id}"
            _check_scene(scene, roles, where, at)
            if scene.kind == "crossroads" and len(self.choices) < 2:
                raise MisplacedError(f"{where} is a crossroads, but the story has fewer than two choices", "choices")
        _unique({("beats", b, "id"): beat.id for b, beat in enumerate(self.beats)}, "beats")
        _unique({(*at, "id"): scene.id for at, scene in scenes.items()}, "scenes")
        _unique({("choices", n, "id"): choice.id for n, choice in enumerate(self.choices)}, "choices")
        _unique({("choices", n, "text"): choice.text for n, choice in enumerate(self.choices)}, "choices")
        for text, place in _texts(self.model_dump(exclude={"cast"})):
            for word in _BRACED.findall(text):
                _known(word, roles, f"{text[:60]!r}", *place)
        return self


def _known(role: str, roles: set[str], where: str, *at: int | str) -> None:
    if role not in roles:
        raise MisplacedError(f"{where} names {role!r}, who is not in the cast ({', '.join(sorted(roles))})", *at)


def _check_scene(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    for n, role in enumerate(scene.present):
        _known(role, roles, where, *at, "present", n)
    if len(set(scene.present)) < len(scene.present):
        raise MisplacedError(f"{where} lists somebody twice among those present", *at, "present")
    _check_moves(scene, roles, where, at)
    _check_asides(scene, roles, where, at)
    everybody = {*scene.present, *(move.role for move in scene.moves)}
    needed = len(scene.asides) + len(everybody - {aside.role for aside in scene.asides})
    if scene.kind == "epilogue" and scene.turns.max:
        wrong = f"{where} is an epilogue, in which nobody talks; its turns are {{min: 0, max: 0}}"
        raise MisplacedError(wrong, *at, "turns", "max")
    if scene.kind != "epilogue" and scene.turns.max < needed:
        whispered = f" and {len(scene.asides)} asides" if scene.asides else ""
        raise MisplacedError(
            f"{where} has {scene.turns.max} turns at most for {len(everybody)} present{whispered}; "
            "everybody must be able to speak", *at, "turns", "max",
        )  # fmt: skip


def _check_moves(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    if scene.kind == "epilogue" and (scene.moves or scene.asides):
        raise MisplacedError(
            f"{where} is an epilogue, which is told whole; it can have no moves and no asides",
            *at, "moves" if scene.moves else "asides",
        )  # fmt: skip
    here = scene.present
    for move in scene.ordered_moves:
        place = (*at, "moves", scene.moves.index(move))
        _known(move.role, roles, f"a move in {where}", *place, "role")
        what = f"{where}: the {move.kind} of {move.role!r} after turn {move.after}"
        if (move.role in here) == move.comes:
            there = "there already" if move.role in here else "not there"
            raise MisplacedError(f"{what} is of somebody who is {there}", *place)
        if move.after > scene.turns.max - move.comes:
            raise MisplacedError(f"{what} is too late: the scene has {scene.turns.max} turns at most", *place, "after")
        here = moved(here, move.role, move.comes)
        if not here:
            raise MisplacedError(f"{what} leaves nobody there", *place)


def _check_asides(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    turn = 0
    for aside in scene.ordered_asides:
        place = (*at, "asides", scene.asides.index(aside))
        turn = max(aside.after, turn)  # one aside takes one turn, and the next has to wait for it
        what = f"{where}: the aside of {aside.role!r} after turn {aside.after}"
        here = scene.there(turn)
        for role in (aside.role, *aside.to):
            _known(role, roles, f"an aside in {where}", *place)
            if role not in here:
                raise MisplacedError(f"{what} needs {role!r}, who is not there then", *place)
        if aside.role in aside.to or len(set(aside.to)) < len(aside.to):
            raise MisplacedError(f"{what} is whispered to somebody twice, or to its own speaker", *place, "to")
        if {aside.role, *aside.to} == set(here):
            raise MisplacedError(f"{what} is whispered to everybody there; leave it to an open line", *place, "to")
        if turn >= scene.turns.max:
            raise MisplacedError(f"{what} is too late: the scene has {scene.turns.max} turns at most", *place, "after")
        turn += 1


def _unique(ids: Mapping[Place, str], what: str) -> None:
    seen: set[str] = set()
    for at, known in ids.items():
        if known in seen:
            raise MisplacedError(f"two {what} are called {known!r}", *at)
        seen.add(known)


def _texts(value: object, *at: int | str) -> Iterator[tuple[str, Place]]:
    """Every text in a value, and where it stands."""
    if isinstance(value, str):
        yield value, at
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, *at, key)
    elif isinstance(value, tuple | list):
        for n, item in enumerate(value):
            yield from _texts(item, *at, n)
