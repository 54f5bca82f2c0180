"""The choice of a model: which one plays, by the settings, and by which profile."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from dreamplay import plugins
from dreamplay.errors import SettingsError
from dreamplay.models import adapter, gguf_header, model_store, profile_table
from dreamplay.models.adapter import Adapter
from dreamplay.models.profile import ModelProfile
from dreamplay.schema.address import Address
from dreamplay.settings import Settings
from dreamplay.settings_file import CONFIG
from dreamplay.settings_source import Source

SHIPPED = ("embedded", "gguf", "endpoint", "scripted")
"""The names of the shipped entry points."""
OPENAI = Address.parse("https://api.openai.com/v1")


@dataclass(frozen=True)
class ModelSpec:
    """A choice of model, and its reason."""

    kind: str
    """The name of its entry point: embedded, gguf, endpoint, scripted, or a plug-in's. "none": nothing can play."""
    model: str | None
    """Its name, the path of its file, or the plug-in's variant. None: the endpoint is asked which it has."""
    base_url: Address | None
    reason: str
    """The reason of the choice, in a few words."""
    address_source: Source | None = None
    """Where the address came from."""
    note: str = ""
    """What else is to be known before it plays."""
    adapter: Adapter | None = None
    """What a local model plays with."""

    @property
    def provider(self) -> str:
        """What the table of profiles calls its provider: the host of the address, with the port if it names one, or
        what runs in this process.
        """
        if self.kind != "endpoint":
            return self.kind
        address = self.base_url or OPENAI
        port = urlsplit(address.url).port
        return f"{address.host}:{port}" if port else address.host

    @property
    def name(self) -> str:
        """The model's name in transcripts; empty if the endpoint has not been asked for it yet."""
        return Path(self.model).stem if self.kind == "gguf" and self.model else self.model or ""

    def __str__(self) -> str:
        where = f" at {self.base_url or OPENAI}" if self.kind == "endpoint" else ""
        name = self.model or ("the model" if self.kind == "endpoint" else self.kind)
        voice = f" with {self.adapter.name}" if self.adapter else ""
        return f"{name}{where}{voice} ({self.reason}{self.note})"


def choose(settings: Settings) -> ModelSpec:
    """The model that plays: the setting `model`, then the environment, then the embedded one; and what it plays with.

    Raises:
        SettingsError: what was named cannot be used.
    """
    found = _model(settings)
    return replace(found, adapter=adapter.chosen(settings, found.kind, found.model))


def _model(settings: Settings) -> ModelSpec:
    named = settings.model
    why = f"named by {settings.source('model')}"
    if named == "scripted":
        return ModelSpec("scripted", "scripted", None, "the shipped fake: no model, no network")
    plugin = _plugin(named) if named and named != "embedded" and settings.base_url is None else None
    if named != "embedded" and plugin is None and (found := settings.address()):
        # Some endpoints call their models by the names of files.
        address, source = found
        note = f"; {not_sent(name, source)}" if (name := settings.withheld()) else ""
        why = f"{why}, address from {source}" if named else f"address from {source}"
        return ModelSpec("endpoint", named, address, why, source, note)
    if named and plugin:
        return ModelSpec(plugin.name, named.partition(":")[2] or None, None, f"{why}, {plugin.distribution}")
    if named and "://" in named:  # which may have a password in it
        raise SettingsError("`model`: that is an address, and no name; give it as `base_url`")
    if named and named.lower().endswith(".gguf"):
        if problem := gguf_header.unreadable(Path(named)):
            raise SettingsError(f"`model={named}`: {problem}; give the path of a .gguf file, or an address as well")
        return ModelSpec("gguf", named, None, why)
    if named and named != "embedded":
        known = ("scripted", "embedded", *(name for name in plugins.names("models") if name not in SHIPPED))
        if close := get_close_matches(named.lower(), known, 1, 0.75):
            raise SettingsError(f"`model={named}`: did you mean {close[0]}? A model of that name needs a `base_url`")
        return ModelSpec("endpoint", named, None, why)
    if missing := model_store.installed():
        raise SettingsError(f"{missing}; or play elsewhere: `model=NAME` `base_url=URL`, or `model=scripted`")
    if named:
        return ModelSpec("embedded", model_store.NAME, None, why)
    key = "OPENAI_API_KEY is set, but no `model` says what to play on" if os.environ.get("OPENAI_API_KEY") else ""
    return ModelSpec("embedded", model_store.NAME, None, f"embedded; {key or 'nothing else is set'}")


def _plugin(named: str) -> plugins.Plugin | None:
    """The plug-in of a stranger that NAME or NAME:VARIANT names."""
    name = named.partition(":")[0]
    return plugins.find("models", name) if name in plugins.names("models") and name not in SHIPPED else None


def not_sent(variable: str, source: Source) -> str:
    """That a key is not sent, and how to have it sent."""
    way = "`base_url`" if source.kind == "study" else "`base_url` or DREAMPLAY_BASE_URL"
    trust = "" if source.kind == "study" else f", or set {CONFIG}={source} to trust the file"
    return f"{variable} is not sent to an address from {source}: give the address with {way}{trust}"


def profile(
    spec: ModelSpec, settings: Settings, recorded: ModelProfile | None = None, base: ModelProfile | None = None
) -> ModelProfile:
    """How a model is played. What is set later wins: the base, an earlier run, [profile] in dreamplay.toml, and single
    settings.

    Args:
        spec: the model.
        settings: what was set.
        recorded: the profile of an earlier run on it.
        base: what is known of it. None: what the table of profiles says.

    Raises:
        SettingsError: [profile] has an unknown key or a value that cannot be used.
    """
    plays_with = spec.adapter.name if spec.adapter else ""
    known = (base or profile_table.look_up(spec.provider, spec.name, plays_with)).refined(recorded or {})
    known = known.refined(settings.overrides(ModelProfile))
    if spec.kind == "endpoint":  # of two adapters, only an engine that was started here is known to have the second
        known = known.refined({"second_adapter": ()})
    named = {
        "context_window": settings.window, "candidates": settings.candidates, "temperature": settings.temperature,
        "thinking_tokens": settings.headroom, "direction": settings.direction, "think": settings.think,
    }  # fmt: skip
    return known.refined({name: value for name, value in named.items() if value is not None})
