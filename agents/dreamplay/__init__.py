"""Play a story with a cast of LLM agents.

    import dreamplay as dp

    run = dp.play("mindsync", swaps={"leo": "leo_believer"}, model="scripted", seed=7)
    for line in run.lines:
        print(line.speaker, line.text)
    other = dp.play(run.branch(at="nightmare", drop=["elara"]))
    print(dp.compare(run, other).findings)

What stands in `__all__` is public and stays; every other module may change. Names are loaded when they are used, so
that the import itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreamplay.api import (
        dump_story,
        estimate,
        get_model,
        list_models,
        list_personas,
        list_stories,
        live,
        load_persona,
        load_run,
        load_story,
        parse_story,
        play,
        stream,
        try_model,
    )
    from dreamplay.branched import Branched
    from dreamplay.branching.lineage import Lineage
    from dreamplay.comparing import compare, score, side_by_side, two_groups
    from dreamplay.comparison.compare import Comparison
    from dreamplay.comparison.side_by_side import SideBySide
    from dreamplay.copying import Copied, copy_runs
    from dreamplay.engine.estimate import Estimate
    from dreamplay.errors import DreamplayError
    from dreamplay.exporting import export, list_formats
    from dreamplay.formats import Files, FormatInfo
    from dreamplay.live_play import LivePlay
    from dreamplay.live_state import Moment, Rewound
    from dreamplay.models.base import Model
    from dreamplay.open_model import OpenModel
    from dreamplay.participants.actions import Action
    from dreamplay.run import Run
    from dreamplay.runs.labels import Label
    from dreamplay.runs.run_summary import RunSummary
    from dreamplay.schema.cast import Persona
    from dreamplay.schema.event import Event, Token
    from dreamplay.schema.story import Story
    from dreamplay.scoring.score import Scorecard
    from dreamplay.shelf import bin_run, label_run, list_runs, restore_run, run_summary, run_trees
    from dreamplay.streaming import Stream
    from dreamplay.studies.loaded import LoadedStudy, load_study
    from dreamplay.validation.trial import Trial

__all__ = [
    "Action", "Branched", "Comparison", "Copied", "DreamplayError", "Estimate", "Event", "Files", "FormatInfo", "Label",
    "Lineage", "LivePlay", "LoadedStudy", "Model", "Moment", "OpenModel", "Persona", "Rewound", "Run", "RunSummary",
    "Scorecard", "SideBySide", "Story", "Stream", "Token", "Trial", "bin_run", "compare", "copy_runs", "dump_story",
    "estimate", "export", "get_model", "label_run", "list_formats", "list_models", "list_personas", "list_runs",
    "list_stories", "live", "load_persona", "load_run", "load_story", "load_study", "parse_story", "play",
    "restore_run", "run_summary", "run_trees", "score", "side_by_side", "stream", "try_model", "two_groups",
]  # fmt: skip

_HOMES = {
    "Action": "participants.actions", "Branched": "branched", "Comparison": "comparison.compare", "Copied": "copying",
    "DreamplayError": "errors", "Estimate": "engine.estimate", "Event": "schema.event", "Files": "formats",
    "FormatInfo": "formats", "Label": "runs.labels", "Lineage": "branching.lineage", "LivePlay": "live_play",
    "LoadedStudy": "studies.loaded", "Model": "models.base", "Moment": "live_state", "OpenModel": "open_model",
    "Persona": "schema.cast", "Rewound": "live_state", "Run": "run", "RunSummary": "runs.run_summary",
    "Scorecard": "scoring.score", "SideBySide": "comparison.side_by_side", "Story": "schema.story",
    "Stream": "streaming", "Token": "schema.event", "Trial": "validation.trial", "bin_run": "shelf",
    "compare": "comparing", "copy_runs": "copying", "export": "exporting", "label_run": "shelf",
    "list_formats": "exporting", "list_runs": "shelf", "load_study": "studies.loaded", "restore_run": "shelf",
    "run_summary": "shelf", "run_trees": "shelf", "score": "comparing", "side_by_side": "comparing",
    "two_groups": "comparing",
}  # fmt: skip
"""Where a public name lives, if not in `api`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'api')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
