"""What a study plays in one phrasing of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dreamplay.engine.run_config import RunConfig
from dreamplay.models.model_choice import ModelSpec
from dreamplay.runs.records import Header
from dreamplay.settings import Settings
from dreamplay.studies.tasks import Task, Turn, asked, named


@dataclass(frozen=True)
class Plan:
    """The plays of one phrasing of a condition, without their seeds."""

    condition: str
    phrasing: str
    run: RunConfig
    """What is played; of one that branches off another, what that plays."""
    header: Header
    spec: ModelSpec
    settings: Settings
    turn: Turn | None = None
    before: Plan | None = None
    """What it branches off."""

    @cached_property
    def asked(self) -> str:
        """The hash of everything that is asked for, except the seed and what it branches off."""
        return asked(self.header, self.turn)

    def task(self, seed: int) -> Task:
        """The play with a seed."""
        turn = self.turn
        if turn and self.before:
            turn = turn.model_copy(update={"parent": self.before.task(seed).name})
        model = self.settings.model or self.spec.model or self.spec.kind
        return Task(
            name=named(self.header.story_id, self.asked, seed, turn), condition=self.condition, phrasing=self.phrasing,
            seed=seed, header=self.header.model_copy(update={"seed": seed}), model=model,
            adapter=self.settings.adapter, turn=turn,
        )  # fmt: skip


def by_flag(settings: Settings, name: str) -> bool:
    """Whether somebody asks for a setting with this study, which counts more than what the study says."""
    source = settings.source(name)
    return source is not None and source.kind == "flag"


def scene_at(run: RunConfig, at: str) -> int:
    """The number of the scene that a branch begins with. What is both a beat and a scene is taken for the beat."""
    beats, scenes = [beat.id for beat, _ in run.scenes], [scene.id for _, scene in run.scenes]
    return (beats if at in beats else scenes).index(at)
