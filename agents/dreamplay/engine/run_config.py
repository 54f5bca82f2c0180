"""The configuration of a run, complete and checked before anything is written."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from dreamplay import casting
from dreamplay.engine.plugin_set import SHIPPED, PluginSet
from dreamplay.errors import PluginError, RecordError, UsageError
from dreamplay.library import yaml_document
from dreamplay.models.base import Model
from dreamplay.models.profile import ModelProfile
from dreamplay.participants import visit
from dreamplay.participants.visit import Visit
from dreamplay.runs.run_settings import checked_settings
from dreamplay.runs.transcript import Header, Resumed, complaint
from dreamplay.schema import own_moves
from dreamplay.schema.base import digest
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Beat, Length, Story
from dreamplay.storage import disk
from dreamplay.validation import pipeline
from dreamplay.validation.pipeline import Pipeline

_VERSIONED = ("dreamplay", "langgraph", "openai", "pydantic", "xllamacpp")


@dataclass(frozen=True)
class RunConfig:
    """A story, a cast and a seed: everything about a run except the model."""

    story_id: str
    story: Story
    cast: Cast
    seed: int
    length: Length
    beats: tuple[str, ...]
    plugins: PluginSet = SHIPPED
    reflect: bool = True
    checks_off: tuple[str, ...] = ()
    """Names of checks that do not run, besides those that the story switches off."""
    parent: str | None = None
    """Set for a branch, as is `point`: see the header of a transcript."""
    point: int | None = None
    changes: tuple[str, ...] = ()
    visit: Visit | None = None
    """Set for a play with a visitor, who then comes last in the cast."""

    @cached_property
    def played(self) -> Story:
        """The story as this cast plays it: with the moves that personas bring of their own. The header keeps the story
        as its author wrote it, so that in a branch another persona says the author's moves again.
        """
        return own_moves.played_by(self.story, self.cast)

    @cached_property
    def performed(self) -> Story:
        """The story without the beats that are not played: what a visitor can still take part in."""
        return self.story.model_copy(update={"beats": tuple(b for b in self.story.beats if b.id in self.beats)})

    @cached_property
    def scenes(self) -> tuple[tuple[Beat, Scene], ...]:
        """The scenes to play, in order, with names in place of roles, and with the visitor present. Of a scene that is
        not played, later conditions take the outcome that it has otherwise.
        """
        scenes = list(self.played.scenes)
        unplayed = {s.id: s.outcome.otherwise for b, s in scenes if s.outcome and b.id not in self.beats}
        return tuple((b, _filled(s.settled(unplayed), self.cast)) for b, s in scenes if b.id in self.beats)

    def pipeline(self, profile: ModelProfile) -> Pipeline:
        """The checks that the texts of a model with this profile go through.

        Raises:
            PluginError: the profile, the story or the settings name a check that is not there.
        """
        if profile.checks not in self._pipelines:
            self._pipelines[profile.checks] = self._pipeline(profile.checks)
        return self._pipelines[profile.checks]

    @cached_property
    def _pipelines(self) -> dict[tuple[str, ...], Pipeline]:
        """Those that were made: all who play have the same, if they play on the same model."""
        return {}

    def _pipeline(self, checks: tuple[str, ...]) -> Pipeline:
        story = self.story
        made = pipeline.build(checks, story.language)
        try:
            made.without(story.checks_off)
        except PluginError as error:
            raise PluginError(f"{_place(story, 'checks_off')}: {error}") from None
        try:
            made.without(self.checks_off)
        except PluginError as error:
            raise PluginError(f"`no_check`: {error}") from None
        return made.without({*story.checks_off, *self.checks_off})

    def recorded(self, model: Model) -> dict[str, Any]:
        """What the header records of a model, including what was learned about it, and of the checks."""
        return {"profile": model.profile.recorded(), "checks": self.pipeline(model.profile).recorded()}

    def header(self, model: str, settings: dict[str, Any]) -> Header:
        """The header of the run's transcript. The story is in it as its author wrote it."""
        visited = {"visit": self.visit.model_dump(mode="json", exclude_defaults=True)} if self.visit else {}
        return Header(
            story_id=self.story_id,
            story=self.story,
            story_hash=digest(self.story),
            cast=dict(self.cast.personas),
            persona_hashes={role: digest(p) for role, p in self.cast.personas.items()},
            model=model,
            settings={
                "length": self.length,
                "beats": list(self.beats),
                "reflect": self.reflect,
                **({"no_check": list(self.checks_off)} if self.checks_off else {}),
                **self.plugins.recorded(),
                **visited,
                **settings,
            },
            seed=self.seed,
            parent=self.parent,
            point=self.point,
            changes=self.changes,
            versions=versions() | self.plugins.versions(),
        )


def make_run_config(
    reference: str | Story,
    swaps: Mapping[str, str | Path | Persona],
    *,
    seed: int,
    length: Length = "full",
    beats: Sequence[str] = (),
    plugins: PluginSet = SHIPPED,
    reflect: bool = True,
    checks_off: Sequence[str] = (),
    guest: str | Persona | None = None,
    interventions: Path | None = None,
    every_line: bool = False,
) -> RunConfig:
    """Read and check everything that a run needs. `guest` is the visitor's name, persona, or the file of that.

    Raises:
        LibraryError: a story, persona or role that is not there or not valid.
        PluginError: a plug-in that is not installed, or cannot be used.
        UsageError: a beat that the story does not have.
    """
    story = casting.checked(reference) if isinstance(reference, Story) else casting.load_story(reference)
    cast, by_role = casting.filled(story, swaps)
    known = [beat.id for beat in story.beats]
    for beat in beats:
        if beat not in known:
            raise UsageError(f"no beat {beat!r} in this story; it has {', '.join(known)}")
    played = tuple(beat for beat in known if not beats or beat in beats)
    visited = None
    if guest is not None:
        cast = cast.with_visitor(casting.visitor(guest, cast))
        done = visit.read(interventions, story, cast) if interventions else None
        visited = Visit(every_line=every_line, interventions=done)
    return RunConfig(
        story.path.stem if story.path else disk.named(story.title.lower()),
        story,
        cast,
        seed,
        length,
        played,
        plugins.completed(),
        reflect,
        tuple(dict.fromkeys(checks_off)),
        changes=told(by_role),
        visit=visited,
    )


def told(swaps: Mapping[str, str | Path | Persona], *others: str) -> tuple[str, ...]:
    """The changes of a play in words, without paths, for its header; empty if nothing is changed."""
    words = [*(f"swap {role}={_called(persona)}" for role, persona in swaps.items()), *others]
    return ("; ".join(words),) if words else ()


def _called(persona: str | Path | Persona) -> str:
    """The name of a persona in the description of a swap: that of its file, if it has one."""
    if isinstance(persona, Persona):
        return persona.path.stem if persona.path else persona.name
    return Path(persona).stem


def from_header(header: Header, newest: Header | Resumed | None = None) -> RunConfig:
    """The configuration of a run that is resumed: story, cast and seed as they were, even if their files have changed.

    Args:
        header: of the run.
        newest: what says with which plug-ins it was played last; None: the header.

    Raises:
        RecordError: the header does not say them all.
    """
    cast = Cast(header.cast)
    try:
        known = checked_settings(header.settings, header.story, cast)
        last = checked_settings(newest.settings, header.story, cast) if newest else known
    except ValueError as error:
        raise RecordError(f"the header of the transcript does not fit its story: {complaint(error)}") from None
    return RunConfig(
        header.story_id, header.story, cast, header.seed, known.length, known.beats,
        PluginSet.of_run(last), known.reflect, known.no_check, header.parent, header.point,
        header.changes, known.visit,
    )  # fmt: skip


def _filled(scene: Scene, cast: Cast) -> Scene:
    """A scene with names in place of roles in what is narrated. The director fills pressures and material itself."""
    told = {"opening": cast.fill(scene.opening), "place": cast.fill(scene.place)}
    played = scene.with_visitor() if cast.visitor else scene
    return played.model_copy(update=told)


@cache
def versions() -> dict[str, str]:
    """Package to version: dreamplay and the libraries that shape a run."""
    found = {}
    for name in _VERSIONED:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _place(story: Story, key: str) -> str:
    """A key of a story for a message, with the file and line in which it stands, if it was read from a file."""
    if story.path is None:
        return f"{story.title}: {key}"
    return f"{story.path}:{yaml_document.read(story.path).line_of((key,))}: {key}"
