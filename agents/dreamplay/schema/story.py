"""What an author writes: stories made of beats and scenes. Frozen values, closed to unknown keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from dreamplay.schema.authored import Authored
from dreamplay.schema.base import FrozenModel, Id, MisplacedError, Role, Text
from dreamplay.schema.condition_checks import check_conditions
from dreamplay.schema.scene import VISITOR, Scene
from dreamplay.schema.scene_checks import Place, check_braces, check_scene, known, unique
from dreamplay.schema.topic_checks import check_reach, check_talk

RESERVED_ROLES = frozenset(
    {"open_scene", "dream", "director", "decide", "reflect", "close_scene", "recap", "epilogue", "outcome", VISITOR}
)
"""Names that the graph gives to its own nodes; a role would overwrite one."""

Length = Literal["short", "full"]
AUTHORED = "authored"
"""A key in the context of validation: the story is as its author wrote it, and can be mended. From one that lost people
in a branch, some answers of an outcome cannot be reached."""


class Beat(FrozenModel):
    """One movement of a story: an ordered list of scenes."""

    id: Id
    """The name of the beat in commands and in the transcript. It is unique in a story."""
    title: Text
    """A heading for the reader. The characters do not see it."""
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
    """The words of the cue that say how it is said: "drily". A small model is shown the cue without them."""
    line: Text
    """What is said, in the first person."""


class Choice(FrozenModel):
    """One answer that the crossroads allows."""

    id: Id
    """The name of the choice in the transcript and in interventions."""
    text: Text
    """What it means, as an infinitive without "to": "leave the house". All who decide see it."""
    ending: Text
    """What follows if most choose it, in whole sentences. The epilogue ends with it."""
    seen_last: Text | None = Field(default=None, exclude_if=lambda value: value is None)
    """What is seen last in the epilogue if most choose it: "a bell in a frame beside the bus stop". If left out, or
    if it names somebody who is not there: the last of the epilogue's things, if there are more than people."""


class Story(Authored):
    """A story: premise, cast, prologue and ordered beats."""

    title: Text
    """The title, for the reader. The characters do not see it."""
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
    """What follows a tie at the crossroads. It takes the place of the endings of the choices that tie."""
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
    def _whole(self, info: ValidationInfo) -> Story:
        roles = set(self.cast)
        if taken := sorted(roles & RESERVED_ROLES):
            wrong = f"a role may not be called {taken[0]!r}; that word is the orchestrator's"
            raise MisplacedError(wrong, "cast", taken[0])
        for n, line in enumerate(self.prologue):
            known(line.role, roles, "the prologue", "prologue", n, "role")
        scenes: dict[Place, Scene] = {
            ("beats", b, "scenes", s): scene for b, beat in enumerate(self.beats) for s, scene in enumerate(beat.scenes)
        }
        unique({("beats", b, "id"): beat.id for b, beat in enumerate(self.beats)}, "beats")
        unique({(*at, "id"): scene.id for at, scene in scenes.items()}, "scenes")
        check_conditions(scenes)
        outcomes = {scene.id: tuple(scene.outcome.answers) for scene in scenes.values() if scene.outcome}
        for at, (beat, scene) in zip(scenes, self.scenes, strict=True):
            where = f"scene {beat.id}/{scene.id}"
            check_scene(scene, roles, outcomes, where, at)
            check_talk(scene, roles, [choice.id for choice in self.choices], where, at)
            if AUTHORED in (info.context or ()):
                check_reach(scene, where, at)
            if scene.kind == "crossroads" and len(self.choices) < 2:
                raise MisplacedError(f"{where} is a crossroads, but the story has fewer than two choices", "choices")
        unique({("choices", n, "id"): choice.id for n, choice in enumerate(self.choices)}, "choices")
        unique({("choices", n, "text"): choice.text for n, choice in enumerate(self.choices)}, "choices")
        check_braces(self.model_dump(exclude={"cast"}), roles)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _once(cls, given: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        """A story was checked when it was made, and a header that is given one does not check it again."""
        return given if isinstance(given, cls) else check(given)
