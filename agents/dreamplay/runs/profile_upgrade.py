"""Upgrades what older runs kept of a model: version 1 in several settings, and the first runs of version 2 in a profile
that did not say how much a character is told of what to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreamplay.models.model_store import NAME as EMBEDDED
from dreamplay.models.profile import ModelProfile

_KEPT = ("tries", "rolls", "candidates", "sheets", "window", "sampling", "engine", "capabilities")
"""The settings that are gone."""
_SMALL = {
    "private_sheet": False, "cue_manner": False, "memories": 1, "stance_memories": False, "reflection_attempts": 1,
    "epilogue_scope": "last_beat",
}  # fmt: skip
"""How a model was played that had no room for the private sheet."""
_LOCAL = {
    "dialect": "llamacpp", "prefill": True, "stop": True, "shared_prefix_cache": True, "thinking_tokens": 0,
    "json_temperature": 0.3, "jobs": 1, "max_jobs": 8, "reflections": False,
}  # fmt: skip
"""How an engine in the process was asked."""
_BEFORE = {"direction": "led", "think": False, "earlier_tokens": 0}
"""How every model was played before a profile said it."""
_STRUCTURED = {"schema": "json_schema", "object": "json_object", "words": "prompt"}
_FEATURES = {
    "seed": "seed", "temperature": "temperature_control", "n": "multiple_candidates", "stream_options": "stream_usage",
    "stop": "stop", "stream": "stream",
}  # fmt: skip


def upgraded(settings: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The settings of a run with `provider` and `profile` in place of what version 1 kept. Settings that have a
    profile, or say nothing of a model, are returned as they are.

    Of a model at an endpoint the profile holds only what was kept: the table of profiles says the rest.

    Raises:
        ValueError: a value that cannot be used.
    """
    if "profile" in settings or ("tries" not in settings and not settings.keys() & set(_KEPT)):
        return dict(settings)
    local, scripted = "engine" in settings, model == "scripted"
    known: dict[str, Any] = dict(_BEFORE)
    if local or scripted:
        known |= {"judges_outcome": False, "earlier_scenes": "whole", "detailed_reflections": False}
    if local:
        known |= _LOCAL | {"min_p": _table(settings, "engine").get("min_p")}
    elif scripted:
        known |= {"thinking_tokens": 0}
    for name, field in (("tries", "max_attempts"), ("candidates", "candidates"), ("window", "context_window")):
        if settings.get(name) is not None:
            known[field] = settings[name]
    if (rolls := settings.get("rolls")) is not None:
        if not isinstance(rolls, int) or isinstance(rolls, bool):
            raise ValueError(f"settings.rolls: must be a whole number, not {str(rolls)[:40]!r}")
        known |= {"blind_retries": rolls - 1, "checks": ["strict" if rolls > 1 else "standard"]}
    if not isinstance(sheets := settings.get("sheets"), bool | None):
        raise ValueError(f"settings.sheets: must be true or false, not {str(sheets)[:40]!r}")  # noqa: TRY004  of the file
    if sheets is False:
        known |= _SMALL
    if (temperature := _table(settings, "sampling").get("temperature")) is not None:
        known["temperature"] = temperature
    known |= _learnt(_table(settings, "capabilities"), known)
    profile = ModelProfile.model_validate(known)
    whole = local or scripted
    provider = "scripted" if scripted else "embedded" if model == EMBEDDED else "gguf" if local else "endpoint"
    return {name: value for name, value in settings.items() if name not in _KEPT} | {
        "provider": provider,
        "profile": profile.model_dump(mode="json", exclude_unset=not whole),
    }


def led(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run with a profile that says how it was played: if it does not, every line was led,
    and earlier scenes stood in short."""
    profile = settings.get("profile")
    return {**settings, "profile": _BEFORE | profile} if isinstance(profile, dict) else dict(settings)


def _learnt(capabilities: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    without = capabilities.get("without") or ()
    if capabilities.get("structured") in _STRUCTURED:
        found["structured_output"] = _STRUCTURED[capabilities["structured"]]
    for name, field in (("system", "system_role"), ("limit", "output_limit"), ("most", "max_output_tokens")):
        if capabilities.get(name) is not None:
            found[field] = capabilities[name]
    if {"max_tokens", "max_completion_tokens"} <= set(without):
        found["output_limit"] = "none"
    if capabilities.get("window") is not None:
        found["context_window"] = min(capabilities["window"], known.get("context_window", capabilities["window"]))
    return found | {_FEATURES[field]: False for field in without if field in _FEATURES}


def _table(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = settings.get(name) or {}
    if not isinstance(value, Mapping):
        raise ValueError(f"settings.{name}: must be keys and values")  # noqa: TRY004  of the file, not of our types
    return value
