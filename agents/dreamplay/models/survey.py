"""What could play here, and whether it can be reached."""

from __future__ import annotations

from typing import Any

from dreamplay import plugins
from dreamplay.errors import SettingsError
from dreamplay.models import adapter, model_store
from dreamplay.models.adapter import Adapter
from dreamplay.models.connection import connect
from dreamplay.models.endpoint_errors import UNREADABLE
from dreamplay.models.model_choice import ModelSpec, choose, profile
from dreamplay.settings import Settings


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
    if found is None:
        return None
    shown: dict[str, Any] = {"name": found.name, "size": found.size, "sha256": found.sha256}
    return shown | ({"second": _shown(found.second)} if found.second else {})


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
