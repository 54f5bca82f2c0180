"""Which model plays, and why; and the opening of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import endpoint_errors, model_store, proxy
from dreamplay.models.base import Model
from dreamplay.models.capabilities import Capabilities
from dreamplay.models.endpoint import Endpoint, open_endpoint
from dreamplay.models.endpoint_errors import UNREADABLE
from dreamplay.prompting.context_window import WINDOW
from dreamplay.runs.transcript import Header, Resumed
from dreamplay.schema.address import Address
from dreamplay.settings import CONFIG, Settings, Source

OPENAI = Address.parse("https://api.openai.com/v1")
LOCAL_JOBS = 8
"""Runs at once on a local engine: each has memory of its own there, 0.7 GB with three candidates."""
LOCAL_CANDIDATES = 2
"""Two at once cost a local engine less than asking again when the only one cannot stand; a third costs as much again,
and saves few calls more."""
_HEADROOM = 2000  # output tokens: hosted models that think first count their thoughts as output


@dataclass(frozen=True)
class ModelSpec:
    """A choice of model. `why` says in a few words what made it."""

    kind: Literal["embedded", "gguf", "endpoint", "scripted", "none"]
    model: str | None
    base_url: Address | None
    why: str
    source: Source | None = None
    """Where the address came from."""
    note: str = ""
    """What else is to be known before it plays."""

    def __str__(self) -> str:
        where = f" at {self.base_url or OPENAI}" if self.kind == "endpoint" else ""
        return f"{self.model or 'the model'}{where} ({self.why}{self.note})"


def choose(settings: Settings) -> ModelSpec:
    """The model that plays: the setting `model`, then the environment, then the embedded one.

    Raises:
        SettingsError: what was named cannot be used.
    """
    named = settings.model
    why = f"named by {settings.source('model')}"
    if named == "scripted":
        return ModelSpec("scripted", "scripted", None, "the shipped fake: no model, no network")
    if named != "embedded" and (found := settings.address()):
        # Some endpoints call their models by the names of files.
        address, source = found
        note = f"; {_withheld(name, source)}" if (name := settings.withheld()) else ""
        why = f"{why}, address from {source}" if named else f"address from {source}"
        return ModelSpec("endpoint", named, address, why, source, note)
    if named and named.lower().endswith(".gguf"):
        if problem := _unreadable(Path(named)):
            raise SettingsError(f"`model={named}`: {problem}; give the path of a .gguf file, or an address as well")
        return ModelSpec("gguf", named, None, why)
    if named and named != "embedded":
        if close := get_close_matches(named.lower(), ("scripted", "embedded"), 1, 0.75):
            raise SettingsError(f"`model={named}`: did you mean {close[0]}? A model of that name needs a `base_url`")
        return ModelSpec("endpoint", named, None, why)
    if missing := model_store.installed():
        raise SettingsError(f"{missing}; or play elsewhere: `model=NAME` `base_url=URL`, or `model=scripted`")
    if named:
        return ModelSpec("embedded", model_store.NAME, None, why)
    key = "OPENAI_API_KEY is set, but no `model` says what to play on" if os.environ.get("OPENAI_API_KEY") else ""
    return ModelSpec("embedded", model_store.NAME, None, f"embedded; {key or 'nothing else is set'}")


def again(settings: Settings, before: Header | Resumed) -> Settings:
    """The settings to go on with after a stop: what is not set anew is as it was, model and sampling.

    Raises:
        SettingsError: the model has to be named again, since a transcript keeps neither an address nor a path.
    """
    own = {"scripted": "scripted", model_store.NAME: "embedded"}.get(before.model)
    endpoint = own is None and "engine" not in before.settings
    model = settings.model
    if model is None and endpoint and settings.address():
        model = before.model
    elif model is None and settings.base_url is None:
        if own is None:
            what = f"`model={shlex.quote(before.model)}` `base_url=URL`" if endpoint else "`model=FILE.gguf`"
            raise SettingsError(f"the run was played on {before.model}; name it again, {what}, or another model")
        model = own
    if model is None or (model != own and before.model not in (model, Path(model).stem)):
        return settings
    sampling = before.settings.get("sampling")
    return settings.filled(
        model=model,
        temperature=sampling.get("temperature") if isinstance(sampling, dict) else None,
        candidates=before.settings.get("candidates"),
        window=before.settings.get("window"),
    )


def _unreadable(path: Path) -> str | None:
    """Why a file cannot be read as a model; None if it can be tried."""
    try:
        if path.exists() and not path.is_file():  # to open a pipe is to wait
            return "it is no file"
        with path.open("rb") as file:
            return None if file.read(4) == b"GGUF" else "it is no GGUF file"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def _withheld(variable: str, source: Source) -> str:
    """That a key is not sent, and how to have it sent."""
    return (
        f"{variable} is not sent to an address from {source}: give the address with `base_url` or DREAMPLAY_BASE_URL, "
        f"or set {CONFIG}={source} to trust the file"
    )


def known(engine: ModelSpec, before: Header | Resumed) -> Capabilities:
    """What a run has learnt of an endpoint, if the same model plays again. What cannot be read is learnt anew."""
    if engine.model not in (None, before.model):
        return Capabilities()
    try:
        return Capabilities.model_validate(before.settings.get("capabilities", {}))
    except ValidationError:
        return Capabilities()


async def open_model(engine: ModelSpec, settings: Settings, learnt: Capabilities | None = None) -> Model:
    """Open the chosen model. A local one loads in the background from here on; `learnt` is what an endpoint takes.

    Raises:
        ModelError: an endpoint was to say which model it has, and cannot, or has several.
    """
    (model,) = await open_models(engine, settings, jobs=1, learnt=learnt)
    return model


async def open_models(
    engine: ModelSpec, settings: Settings, *, jobs: int, load: bool = True, learnt: Capabilities | None = None
) -> list[Model]:
    """Open the chosen model for so many runs at once, and give each of them its own, or the same to all. A local one
    loads in the background from here on, or, if it is not to load yet, at the first call.

    Raises:
        ModelError: an endpoint was to say which model it has, and cannot, or has several.
    """
    sampling: dict[str, Any] = {} if settings.temperature is None else {"temperature": settings.temperature}
    if engine.kind == "scripted":
        from dreamplay.models.scripted import ScriptedModel

        return [ScriptedModel(window=settings.window or WINDOW)] * jobs
    if engine.kind in ("embedded", "gguf"):
        from dreamplay.models.llamacpp import LocalModel

        gguf = Path(engine.model) if engine.kind == "gguf" and engine.model else None
        candidates = settings.candidates or LOCAL_CANDIDATES
        local = LocalModel(
            gguf,
            timeout=settings.timeout,
            sampling=sampling,
            candidates=candidates,
            window=settings.window or WINDOW,
            jobs=jobs,
            load=load,
        )
        return [*local.lanes()]
    endpoint = connect(engine, settings, sampling, jobs=jobs)
    endpoint.streams = jobs == 1
    endpoint.capabilities = learnt or endpoint.capabilities
    if not endpoint.name:
        endpoint.name = await _only_model(endpoint)
    return [endpoint] * jobs


async def close(models: Sequence[Model]) -> None:
    """Close each of them once."""
    for model in {id(model): model for model in models}.values():
        await model.close()


def connect(
    engine: ModelSpec, settings: Settings, sampling: dict[str, Any] | None = None, *, jobs: int = 1
) -> Endpoint:
    """The client for an endpoint, for so many runs at once. A server on one's own machine needs no key.

    Raises:
        SettingsError: the hosted API, and no key; or a key, proxy or header of the environment that cannot be used.
    """
    address = engine.base_url or OPENAI
    hosted = address.host == OPENAI.host
    found, withheld = settings.key(), settings.withheld()
    if hosted and not found:
        raise SettingsError(
            f"no key for {engine.model} at {OPENAI.host}: set OPENAI_API_KEY, or name another address with `base_url`, "
            f"or leave `model` away to play on the embedded model"
            if not (withheld and engine.source)
            else f"no key for {engine.model} at {OPENAI.host}: {_withheld(withheld, engine.source)}"
        )
    key = found[0].get_secret_value() if found else ""
    advice = f"set {found[1]} to one that it accepts" if found else endpoint_errors.KEY_ADVICE
    via = proxy.chosen(address)
    client = open_endpoint(
        address, key or "none", timeout=settings.timeout, many=jobs > 1,
        ambient=engine.source is None or engine.source.kind != "file",
    )  # fmt: skip
    return Endpoint(
        engine.model or "",
        client,
        f"{address} by the proxy of {via.variable}" if via else str(address),
        sampling=sampling or {},
        candidates=settings.candidates or 1,
        limit="max_completion_tokens" if hosted else "max_tokens",
        headroom=_HEADROOM if settings.headroom is None else settings.headroom,
        patience=settings.timeout,
        window=settings.window or WINDOW,
        secrets=(key, *address.secrets, *(via.secrets if via else ())),
        key_advice=_withheld(withheld, engine.source) if withheld and engine.source else advice,
    )


def recorded(model: Model) -> dict[str, Any]:
    """What the header of a transcript keeps about a model: how it was asked, but no address and no key."""
    names = ("tries", "rolls", "candidates", "sheets", "window", "sampling", "engine")
    kept = {name: getattr(model, name, None) for name in names}
    return {name: value for name, value in kept.items() if value not in (None, {})}


async def survey(settings: Settings) -> list[dict[str, Any]]:
    """What could play here, and whether it can be reached; the one that would is `chosen`."""
    try:
        chosen = choose(settings)
    except SettingsError as error:  # this is where one looks to see why nothing can play
        chosen = ModelSpec("none", None, None, str(error))
    missing = model_store.installed()
    rows = [
        {"model": model_store.NAME, "state": missing or "embedded, ready", "chosen": chosen.kind == "embedded"},
        {"model": "scripted", "state": "the shipped fake, always there", "chosen": chosen.kind == "scripted"},
    ]
    if chosen.kind == "none" and settings.model:
        rows.insert(0, {"model": settings.model, "state": chosen.why, "chosen": False})
    if chosen.kind == "gguf":
        rows.insert(0, {"model": chosen.model or "", "state": "a file of yours", "chosen": True})
    if chosen.kind == "endpoint":
        rows.insert(0, {"model": str(chosen), "state": await _reached(chosen, settings), "chosen": True})
    return rows


async def _reached(engine: ModelSpec, settings: Settings) -> str:
    import openai

    try:
        endpoint = connect(engine, settings)
    except SettingsError as error:
        return f"cannot play: {error}"
    try:
        return f"reachable; it offers {', '.join(await endpoint.models())}"
    except (openai.APIError, *UNREADABLE) as error:
        return f"not reachable: {await endpoint.explain(error)}"
    finally:
        await endpoint.close()


async def _only_model(endpoint: Endpoint) -> str:
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
