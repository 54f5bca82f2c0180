"""Which other model has played a study: a play is named by its model, too, so that it is not found with another."""

from __future__ import annotations

import contextlib

from dreamplay.errors import DreamplayError
from dreamplay.models import model_store
from dreamplay.runs import run_index
from dreamplay.settings_source import Source
from dreamplay.studies import planning
from dreamplay.studies.loaded import LoadedStudy


def played(found: LoadedStudy) -> str | None:
    """What the setting `model` has to be so that plays of the study are found in its store. The model that played
    last counts. None: none of those that played there has played this."""
    known = run_index.standings(found.store)
    names = {each.name for each in known}
    for model in dict.fromkeys(model for each in known for model in each.models):
        named = "embedded" if model == model_store.NAME else model
        asked = found.settings.over(Source("flag", "`model`"), model=named)
        with contextlib.suppress(DreamplayError):  # a model that is gone plays nothing that could be found
            if any(task.name in names for task in planning.tasks(found.study, asked)):
                return named
    return None
