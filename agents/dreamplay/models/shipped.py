"""The shipped models, as their entry points open them; see `registry.open_models` for what they are called with."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dreamplay.models import connection
from dreamplay.models.adapter import Adapter
from dreamplay.models.base import Model
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.model_choice import ModelSpec
from dreamplay.models.profile import ModelProfile
from dreamplay.models.scripted import ScriptedModel, vocabulary
from dreamplay.settings import Settings


async def scripted(variant: str, settings: Settings, *, profile: ModelProfile) -> Model:
    """The scripted model."""
    await asyncio.to_thread(vocabulary)  # LangGraph's server lets no event loop read a folder
    return ScriptedModel(profile=profile)


def embedded(
    variant: str, settings: Settings, *, profile: ModelProfile, jobs: int, load: bool, adapter: Adapter | None
) -> Model:
    """The embedded model, which loads in the background."""
    return LocalModel(timeout=settings.timeout, profile=profile, jobs=jobs, load=load, adapter=adapter)


def gguf(
    variant: str, settings: Settings, *, profile: ModelProfile, jobs: int, load: bool, adapter: Adapter | None
) -> Model:
    """The model in a file, which loads in the background."""
    return LocalModel(Path(variant), timeout=settings.timeout, profile=profile, jobs=jobs, load=load, adapter=adapter)


async def endpoint(variant: str, settings: Settings, *, profile: ModelProfile, jobs: int) -> Model:
    """A model at an OpenAI-compatible address; without a name, the only one there.

    Raises:
        ModelError: the endpoint cannot say which model it has, or has several.
        SettingsError: there is no key for the hosted API.
    """
    address, source = settings.address() or (None, None)
    spec = ModelSpec("endpoint", variant or None, address, "", source)
    found = connection.connect(spec, settings, profile, jobs=jobs)
    found.streams = jobs == 1
    if not found.name:
        found.name = await connection.only_model(found)
    return found
