"""The settings that come with a model. Whoever names the model need not say them, and of runs on different ones they
are no changes."""

from __future__ import annotations

from typing import Any

from dreamplay.models import profile_table
from dreamplay.models.model_choice import SHIPPED
from dreamplay.models.profile import ModelProfile
from dreamplay.runs.transcript import RunLog

CHECKS = "list of checks"
"""What the names of the checks that a run was played with are called."""


def brought(base: RunLog, changed: RunLog) -> set[str]:
    """The names of the settings that both runs have as they come with their models; none if the model is the same."""
    return set() if _player(base) == _player(changed) else usual(base) & usual(changed)


def _player(run: RunLog) -> tuple[str, str, str]:
    """What played: provider, model and adapter."""
    found = run.header.settings
    return found.get("provider", "endpoint"), run.header.model, (found.get("adapter") or {}).get("name", "")


def usual(run: RunLog) -> set[str]:
    """The names of the settings that are as the table of profiles has them for the model. Of an endpoint it is not
    recorded where it is: it is taken for the one that brings most of them, and where several do, for each.
    """
    provider, *model = _player(run)
    providers = {provider}
    if provider == "endpoint":
        providers |= {name for row in profile_table.table() for name in row.provider if name not in SHIPPED}
    tables = [profile_table.look_up(each, *model).recorded() for each in providers]
    profile = run.header.settings.get("profile")  # what an older version did not know, it played as by default
    played: dict[str, Any] = ModelProfile.model_validate(profile).recorded() if profile else {}
    found = [{name for name, value in played.items() if each.get(name) == value} for each in tables]
    names = set.intersection(*(each for each in found if len(each) == max(map(len, found))))
    if run.header.settings.get("reflect") == played.get("reflections"):
        names.add("reflect")
    return names | {CHECKS} if "checks" in names else names
