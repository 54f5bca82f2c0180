"""Plays a written scene through the engine of dreamplay, so that its prompts, its checks and its transcript are those
of any other play. Only two things are not: the director gives the notes of the scene, and the model says its lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamplay.engine.runner import Runner
from dreamplay.models.base import Model
from dreamplay.models.profile import ModelProfile
from dreamplay.schema.event import Event
from dreamplay.schema.script import Script

from training.scene import WrittenScene
from training.story import parts, plan
from training.written import Example, WrittenDirector, WrittenModel


@dataclass(frozen=True)
class Refusal:
    """Something written that the checks of dreamplay refuse, or use only if nothing better comes."""

    scene: str
    text: str
    check: str
    """The name of the check."""
    reason: str


@dataclass(frozen=True)
class Played:
    """What came of a scene."""

    examples: tuple[Example, ...]
    refusals: tuple[Refusal, ...]


async def play(written: WrittenScene, profile: ModelProfile, folder: Path) -> Played:
    """Play a scene into a new folder, with the lines that were written for it.

    Args:
        written: the scene.
        profile: of the model that is to be trained: how its prompts are made, and what its lines are checked for.
        folder: of the run.

    Raises:
        DreamplayError: it cannot be played as it was written.
    """
    # A dream and an ending are written, and learnt, as a whole.
    model = WrittenModel(
        written, profile.refined({"max_attempts": 1, "candidates": 1, "dream_parts": False, "epilogue_parts": False})
    )
    script = await perform(written, model, folder, {"provider": "written"})
    return Played(tuple(model.examples(script)), tuple(_refused(written, script)))


async def perform(written: WrittenScene, model: Model, folder: Path, settings: dict[str, Any]) -> Script:
    """Play a scene into a new folder, with its notes and a model of any kind.

    Args:
        written: the scene.
        model: says the lines.
        folder: of the run.
        settings: what the header records of the model.

    Raises:
        DreamplayError: it cannot be played.
    """
    told = parts(written)
    runner = Runner(plan(written, told), model, folder, settings, director=WrittenDirector(written, told))
    await runner.play(lambda event: None)
    return runner.script


def _refused(written: WrittenScene, script: Iterable[Event]) -> Iterable[Refusal]:
    for event in script:
        for each in event.provenance.refused:
            yield Refusal(written.id, each.text, each.check or "", each.reason)
