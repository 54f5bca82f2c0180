"""Chooses the model of a run, and opens it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from inspect import isawaitable, signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dreamplay import plugin_guard, plugins
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import adapter, endpoint_errors, gguf_header, model_store, profile_table, proxy
from dreamplay.models.adapter import Adapter
from dreamplay.models.base import Model, Reply
from dreamplay.models.endpoint import Endpoint, open_endpoint
from dreamplay.models.endpoint_errors import UNREADABLE
from dreamplay.models.profile import ModelProfile
from dreamplay.schema.address import Address
from dreamplay.schema.provenance import Usage
from dreamplay.settings import CONFIG, Settings, Source

SHIPPED = ("embedded", "gguf", "endpoint", "scripted")
"""The names of the shipped entry points."""
OPENAI = Address.parse("https://api.openai.com/v1")

_REPLY_FIELDS = {"text": str, "finished": bool, "usage": Usage, "alternatives": tuple, "thought": str}
"""The fields of a `Reply` and their types."""


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
        note = f"; {_withheld(name, source)}" if (name := settings.withheld()) else ""
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


def _withheld(variable: str, source: Source) -> str:
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
    named = {
        "context_window": settings.window, "candidates": settings.candidates, "temperature": settings.temperature,
        "thinking_tokens": settings.headroom, "direction": settings.direction, "think": settings.think,
    }  # fmt: skip
    return known.refined({name: value for name, value in named.items() if value is not None})


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


def connect(spec: ModelSpec, settings: Settings, chosen: ModelProfile | None = None, *, jobs: int = 1) -> Endpoint:
    """The client for an endpoint, for so many runs at once. A server on one's own machine needs no key.

    Raises:
        SettingsError: the hosted API, and no key; or a key, proxy or header of the environment that cannot be used.
    """
    address = spec.base_url or OPENAI
    hosted = address.host == OPENAI.host
    found, withheld = settings.key(), settings.withheld()
    if hosted and not found:
        raise SettingsError(
            f"no key for {spec.model} at {OPENAI.host}: set OPENAI_API_KEY, or name another address with `base_url`, "
            f"or play on the embedded model: `model=embedded`"
            if not (withheld and spec.address_source)
            else f"no key for {spec.model} at {OPENAI.host}: {_withheld(withheld, spec.address_source)}"
        )
    key = found[0].get_secret_value() if found else ""
    advice = f"set {found[1]} to one that it accepts" if found else endpoint_errors.KEY_ADVICE
    via = proxy.chosen(address)
    client = open_endpoint(
        address, key or "none", timeout=settings.timeout, many=jobs > 1,
        ambient=spec.address_source is None or spec.address_source.trusted,
    )  # fmt: skip
    return Endpoint(
        spec.model or "",
        client,
        f"{address} by the proxy of {via.variable}" if via else str(address),
        profile=chosen or profile(spec, settings),
        patience=settings.timeout,
        secrets=(key, *address.secrets, *(via.secrets if via else ())),
        key_advice=_withheld(withheld, spec.address_source) if withheld and spec.address_source else advice,
    )


async def survey(settings: Settings) -> list[dict[str, Any]]:
    """What could play here, and whether it can be reached. `name` is how the setting `model` calls it, empty for what
    the settings name already; the one that would play is `chosen`, with its `profile`.
    """
    try:
        chosen = choose(settings)
    except SettingsError as error:  # this is where one looks to see why nothing can play
        chosen = ModelSpec("none", None, None, str(error))
    rows: list[dict[str, Any]] = [
        _embedded(settings) | {"chosen": chosen.kind == "embedded", "name": "embedded"},
        {"model": "scripted", "state": "the shipped fake, always there", "chosen": chosen.kind == "scripted",
         "name": "scripted"},
    ]  # fmt: skip
    if chosen.kind == "none" and settings.model:
        rows.insert(0, {"model": settings.model, "state": chosen.reason, "chosen": False, "name": ""})
    for plugin in plugins.installed("models"):
        if not plugin.shipped:
            at = {"model": plugin.name, "state": f"a plug-in of {plugin.distribution} {plugin.version}"}
            rows.append(at | {"chosen": chosen.kind == plugin.name, "name": plugin.name})
    if chosen.kind == "gguf":
        played = {"state": "a file of yours", "adapter": _shown(chosen.adapter)}
        rows.insert(0, {"model": chosen.model or "", "chosen": True, "name": ""} | played)
    if chosen.kind == "endpoint":
        rows.insert(0, {"model": str(chosen), "state": await _reached(chosen, settings), "chosen": True, "name": ""})
    return [row | ({"profile": profile(chosen, settings).recorded()} if row["chosen"] else {}) for row in rows]


def _embedded(settings: Settings) -> dict[str, Any]:
    """The embedded model, whether it can play, and the adapter that it would play with."""
    row: dict[str, Any] = {"model": model_store.NAME}
    if missing := model_store.installed():
        return row | {"state": missing}
    try:
        return row | {"state": "embedded, ready", "adapter": _shown(adapter.chosen(settings, "embedded", None))}
    except SettingsError as error:
        return row | {"state": f"cannot play: {error}"}


def _shown(found: Adapter | None) -> dict[str, Any] | None:
    return {"name": found.name, "size": found.size, "sha256": found.sha256} if found else None


async def _reached(spec: ModelSpec, settings: Settings) -> str:
    import openai

    try:
        endpoint = connect(spec, settings)
    except SettingsError as error:
        return f"cannot play: {error}"
    try:
        return f"reachable; it offers {', '.join(await endpoint.models())}"
    except (openai.APIError, *UNREADABLE) as error:
        return f"not reachable: {await endpoint.explain(error)}"
    finally:
        await endpoint.close()


async def only_model(endpoint: Endpoint) -> str:
    """The name of the only model that an endpoint has.

    Raises:
        ModelError: it cannot say, or has none or several.
    """
    import openai

    try:
        offered = await endpoint.models()
    except openai.APIError as error:
        raise ModelError(await endpoint.explain(error)) from error
    except UNREADABLE as error:
        raise ModelError(f"{endpoint.where} does not say which models it has; name one with `model`") from error
    if not offered:
        raise ModelError(f"{endpoint.where} offers no model; load one there first")
    if len(offered) != 1:
        raise ModelError(f"{endpoint.where} has several models; choose one with `model`: {', '.join(offered)}")
    return offered[0]
