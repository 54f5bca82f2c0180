"""Opens the chosen model by its entry point, and closes it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from inspect import isawaitable, signature
from typing import Any

from dreamplay import plugin_guard, plugins
from dreamplay.models.base import Model, Reply
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.model_choice import ModelSpec, profile
from dreamplay.models.profile import ModelProfile
from dreamplay.schema.provenance import Usage
from dreamplay.settings import Settings

_REPLY_FIELDS = {"text": str, "finished": bool, "usage": Usage, "alternatives": tuple, "thought": str}
"""The fields of a `Reply` and their types."""


async def open_model(spec: ModelSpec, settings: Settings, recorded: ModelProfile | None = None) -> Model:
    """Open the chosen model. A local one loads in the background from here on; `recorded` is the profile with which an
    earlier run was played on it.

    Raises:
        ModelError: an endpoint was to say which model it has, and cannot, or has several.
        SettingsError: see `profile`.
    """
    (model,) = await open_models(spec, settings, jobs=1, recorded=recorded)
    return model


async def open_models(
    spec: ModelSpec, settings: Settings, *, jobs: int, load: bool = True, recorded: ModelProfile | None = None
) -> list[Model]:
    """Open the chosen model for so many runs at once, and give each of them its own, or the same to all. A local one
    loads in the background from here on, or, if it is not to load yet, at the first call.

    The entry point of the model is called as `open(variant, settings)`, where variant is what follows the name and may
    be empty. It may be a coroutine function, and may take by keyword: `profile`, by which the model is played; `jobs`,
    how many runs are played on it at once; `load`, whether it is to load at once; `adapter`, what a local model plays
    with.

    Raises:
        ModelError: an endpoint was to say which model it has, and cannot, or has several.
        PluginError: the plug-in cannot be imported or used.
        SettingsError: see `profile`.
    """
    plugin = plugins.find("models", spec.kind)
    factory = plugin.load()
    if not callable(factory):
        raise plugin_guard.wrong_type(plugin, factory, "something to call, which opens a model")
    offered = {"profile": profile(spec, settings, recorded), "jobs": jobs, "load": load, "adapter": spec.adapter}
    with contextlib.nullcontext() if plugin.shipped else plugin_guard.guard(plugin):
        taken = {name: value for name, value in offered.items() if name in signature(factory).parameters}
        made = factory(spec.model or "", settings, **taken)
        made = await made if isawaitable(made) else made
    model: Model = plugin_guard.guarded(
        plugin, plugins.expect(plugin, made, Model), {"complete": _reply}, awaited={"complete", "warm_cache", "close"}
    )
    if not isinstance(model.profile, ModelProfile):
        raise plugin_guard.wrong_type(plugin, model.profile, "a ModelProfile as its profile")
    if not plugin.shipped:
        model.profile = profile(spec, settings, recorded, model.profile)  # type: ignore[misc]
    elif isinstance(model, Endpoint) and not spec.model:  # now that its name is known
        model.open(profile(replace(spec, model=model.name), settings, recorded))
    lanes = getattr(model, "lanes", None)
    return [*lanes()] if lanes else [model] * jobs


def _reply(found: Any) -> Reply:
    """A stranger's reply, if every field of it has the right type.

    Raises:
        TypeError: one has not; the message names it.
    """
    reply: Reply = plugin_guard.one_of(Reply)(found)
    for field, kind in _REPLY_FIELDS.items():
        value = getattr(reply, field)
        if not isinstance(value, kind):
            raise TypeError(f"expected {field} to be {kind.__name__}, found {type(value).__name__}")
    for each in reply.alternatives:
        _reply(each)
    return reply


async def reach(model: Model) -> None:
    """See whether a model can be called: an endpoint is asked, and of any other it is taken for granted.

    Raises:
        ModelError: nobody answers at the address, or the key is refused.
    """
    if isinstance(model, Endpoint):
        await model.reach()


async def close(models: Sequence[Model]) -> None:
    """Close each of them once."""
    for model in {id(model): model for model in models}.values():
        await model.close()
