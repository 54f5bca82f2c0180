"""A scene: one place and time, with those present, what happens there, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, SerializerFunctionWrapHandler, model_serializer, model_validator

from dreamplay.schema.base import FrozenModel, Id, MisplacedError, Role, Text
from dreamplay.schema.conditions import When, holds
from dreamplay.schema.topic import Topic

VISITOR = "visitor"
"""The role of the person who walks in. No story has it: a run adds it to the cast."""


ANSWERS = 2
"""Turns that a scene may take beyond its most, in which an open question is answered."""


class TurnContract(FrozenModel):
    """How many turns a scene may take."""

    min: int = Field(ge=0, le=10_000)
    """Turns with `length=short`, and before which no scene ends. It can be more, since everybody present speaks at
    least once."""
    max: int = Field(ge=0, le=10_000)
    """The most turns, except for two more in which an open question is answered. At least one for everybody who is
    present at some time, and one for each aside."""

    @model_validator(mode="after")
    def _ordered(self) -> TurnContract:
        if self.min > self.max:
            raise MisplacedError(f"min {self.min} is more than max {self.max}", "min")
        return self

    @property
    def limit(self) -> int:
        """The turns after which the scene ends, but for the last word of whoever is then spoken to."""
        return self.max + ANSWERS if self.max else 0

    @property
    def most(self) -> int:
        """The turns after which the scene ends in any case."""
        return self.limit + 1 if self.max else 0


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
    when: When = Field(default=(), exclude_if=lambda value: not value)
    """Conditions (`scene.outcome == answer`): it happens only if they hold."""

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


class Pressure(FrozenModel):
    """Something that happens in a scene and demands an answer. A text alone is a pressure without the other keys."""

    text: Text
    """A sentence that tells it to all present."""
    to: Role | None = None
    """Who has to answer it, and speaks next. If left out: the first role that the text names, if it is there."""
    opens: Id | None = None
    """The id of the topic that begins with it; nobody speaks of the topic before."""
    when: When = ()
    """Conditions (`scene.outcome == answer`): it happens only if they hold."""

    @model_validator(mode="wrap")
    @classmethod
    def _text_alone(cls, value: Any, whole: ModelWrapValidatorHandler[Pressure]) -> Pressure:
        return whole({"text": value} if isinstance(value, str) else value)

    @model_serializer(mode="wrap")
    def _as_written(self, fields: SerializerFunctionWrapHandler) -> Any:
        """A text alone stays one, so that a story has the hash that it had before there was more."""
        written = {key: value for key, value in fields(self).items() if value}
        return self.text if len(written) == 1 else written


class Opening(FrozenModel):
    """Another way in which a scene begins."""

    text: Text
    """How the scene begins, in whole sentences. Told to all present in place of `opening`."""
    when: When = Field(min_length=1)
    """Conditions (`scene.outcome == answer`): the scene begins so if they hold."""


class Reveal(FrozenModel):
    """Something that may come out in a scene."""

    id: Id
    """A name, for the moves that tell it. It is unique in a scene."""
    what: Text
    """What comes out, as a clause that can follow "that"."""
    knows: tuple[Role, ...] = Field(min_length=1)
    """Who knows it beforehand. Nobody else sees it."""


class Outcome(FrozenModel):
    """What comes of a scene: a question, and the answers that it can have."""

    id: Id
    """The name of the outcome in conditions and in the transcript."""
    question: Text
    """What is decided, as a question: "Does {leo} lie down?". No character sees it."""
    answers: dict[Id, Text] = Field(min_length=2)
    """The answers by id, each with a whole sentence that tells what is then done or known. It is told to all present
    once it is decided."""
    otherwise: Id
    """The answer that it has when nothing has decided it by the end of the scene."""

    @model_validator(mode="after")
    def _known(self) -> Outcome:
        if self.otherwise not in self.answers:
            wrong = f"otherwise names {self.otherwise!r}, which is no answer; there are {', '.join(self.answers)}"
            raise MisplacedError(wrong, "otherwise")
        return self


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
    openings: tuple[Opening, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Other ways in which it begins. The first whose condition holds is told in place of `opening`."""
    aims: dict[Role, Text] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """What a role is after in this scene and what stands in the way, by role, as a sentence. Only that role sees it. If
    left out: what they want in general."""
    pressures: tuple[Pressure, ...] = ()
    """What happens in the scene and demands an answer: a sentence each, in order of rising heat, told to all present;
    or a mapping with more. All of them come, spread over the turns, except those whose condition does not hold."""
    topics: tuple[Topic, ...] = Field(default=(), exclude_if=lambda value: not value)
    """What the scene is about. Without topics, they speak of `material`."""
    reveals: tuple[Reveal, ...] = Field(default=(), exclude_if=lambda value: not value)
    """What may come out in the scene."""
    may_break: tuple[Role, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Whose fear may break out here in words, before those present."""
    outcome: Outcome | None = Field(default=None, exclude_if=lambda value: value is None)
    """What comes of the scene. It ends when this is decided, from `turns.min` on."""
    tactics: tuple[Text, ...] = ()
    """How people speak here, in addition to their own tactics: "over the noise", "gasping"."""
    material: tuple[Text, ...] = ()
    """Things of this moment, as clauses that can follow "that". Each goes to the character whose own material is
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

    @property
    def everybody(self) -> tuple[Role, ...]:
        """Those who are present at some time, if all moves happen."""
        return tuple(dict.fromkeys([*self.present, *(move.role for move in self.moves)]))

    @property
    def conditions(self) -> Iterator[tuple[When, tuple[int | str, ...]]]:
        """The conditions of all parts of the scene, with the place of each in it."""
        for key in ("openings", "pressures", "topics", "moves"):
            for n, part in enumerate(getattr(self, key)):
                yield part.when, (key, n, "when")
                for m, move in enumerate(part.moves if key == "topics" else ()):
                    yield move.when, (key, n, "moves", m, "when")

    def there(self, turns: int) -> tuple[Role, ...]:
        """Those who are present once so many turns have been taken, if all moves happen."""
        return after(self.present, self.ordered_moves, turns)

    def begins(self, answer: Callable[[str], str | None]) -> str:
        """How the scene begins, as `answer` says what earlier scenes had for an outcome: see `holds`."""
        return next((each.text for each in self.openings if holds(each.when, answer)), self.opening)

    def settled(self, answers: Mapping[str, str]) -> Scene:
        """The scene without the conditions that hold by these answers, by scene. One that fails stays as it is."""

        def left(when: When) -> When:
            return tuple(each for each in when if not (each.scene in answers and holds((each,), answers.get)))

        def all_of(parts: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(part.model_copy(update={"when": left(part.when)}) for part in parts)

        if not any(each.scene in answers for when, _ in self.conditions for each in when):
            return self
        topics = tuple(topic.model_copy(update={"moves": all_of(topic.moves)}) for topic in all_of(self.topics))
        parts = {key: all_of(getattr(self, key)) for key in ("openings", "pressures", "moves")}
        return self.model_copy(update=parts | {"topics": topics})


def after(here: tuple[Role, ...], moves: Iterable[Move], turns: int) -> tuple[Role, ...]:
    """Those present once so many turns have been taken and these moves have happened, as far as they are due."""
    for move in moves:
        here = moved(here, move.role, move.comes) if move.after <= turns else here
    return here


def moved(here: tuple[Role, ...], role: Role, comes: bool) -> tuple[Role, ...]:
    """Those present after somebody came in, who then stands last, or went."""
    return (*here, role) if comes else tuple(other for other in here if other != role)
