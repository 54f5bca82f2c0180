"""Evaluation: the scenes that are kept apart, played by the engine with and without an adapter, with the same notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dreamplay.api import load_run
from dreamplay.models import model_store, profile_table
from dreamplay.models.adapter import Adapter
from dreamplay.models.llamacpp import LocalModel
from dreamplay.run import Run
from dreamplay.schema.event import LineEvent
from dreamplay.validation.ngrams import grams

from training.play import perform
from training.scene import Dreamt, Ended, Spoken, WrittenScene

BY_HEART = 8
"""Words in a row from which on something is said by heart."""


async def perform_all(scenes: Sequence[WrittenScene], adapter: Adapter | None, out: Path) -> list[Run]:
    """Play scenes on the embedded model, each into a folder of its own; those that are there already are not played
    again.

    Args:
        scenes: the scenes.
        adapter: with which the model plays; None: without.
        out: the folder of the runs.

    Raises:
        DreamplayError: the model cannot be loaded, or gave up.
    """
    profile = profile_table.look_up("embedded", model_store.NAME, adapter.name if adapter else "")
    recorded = {"provider": "embedded"} | ({"adapter": adapter.record.model_dump()} if adapter else {})
    model = LocalModel(timeout=180.0, profile=profile, adapter=adapter)
    try:
        for scene in scenes:
            if not (out / scene.id).exists():
                await perform(scene, model, out / scene.id, recorded)
    finally:
        await model.close()
    return [load_run(out / scene.id) for scene in scenes]


def by_heart(runs: Iterable[Run], learnt: Iterable[WrittenScene]) -> list[str]:
    """The lines of some runs that have eight words in a row out of what a model was trained on, unless these words
    stand in the story that is played.
    """
    texts = [text for scene in learnt for text in _written(scene)]
    known = set[tuple[str, ...]]().union(*(grams(text, BY_HEART) for text in texts))
    found = []
    for run in runs:
        header = run.record.header
        sheets = [persona.model_dump_json() for persona in header.cast.values()]
        own = grams(" ".join([header.story.model_dump_json(), *sheets]), BY_HEART)
        lines = [event for event in run.events if isinstance(event, LineEvent) and event.turn]
        found += [line.text for line in lines if (grams(line.text, BY_HEART) & known) - own]
    return found


def _written(scene: WrittenScene) -> Iterable[str]:
    for item in scene.turns:
        match item:
            case Spoken():
                yield item.line
            case Dreamt():
                yield item.dream
            case Ended():
                yield item.epilogue
