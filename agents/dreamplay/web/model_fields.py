"""The fields in which somebody chooses a model: what can play here, or another one by its name and URL.

A key is not among them. It comes from the environment or from dreamplay.toml, as for the command line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dreamplay as dp
from dreamplay.errors import UsageError

OTHER = "other"
"""The choice of a model by its name and URL."""
BEFORE = "before"
"""The choice of the model that a run was played on."""
_FILES = 20
"""Files of models that are offered at most."""
_SHARED = "a play is on it already, and both would be slow: they take turns, and each turn is read from its beginning"


@dataclass(frozen=True)
class Offer:
    """A model that can be chosen."""

    value: str
    """What the form sends for it; empty: what the settings say."""
    name: str
    state: str
    """Whether it can play, in words."""
    chosen: bool
    """Whether it would play if nothing were chosen."""


def offers(taken: Collection[str] = ()) -> list[Offer]:
    """The models that can be chosen here. An endpoint that is set up is asked whether it can be reached.

    Args:
        taken: the models of this process on which plays are live: see `Plays.local_models`.

    Raises:
        SettingsError: a setting of the environment or of dreamplay.toml that cannot be used.
    """
    rows = [Offer(row["name"], row["model"], row["state"], row["chosen"]) for row in dp.list_models()]
    rows += [Offer(name, name, "a file in this folder", False) for name in _files()]
    return [replace(row, state=f"{row.state}; {_SHARED}") if _called(row) in taken else row for row in rows]


def chosen(form: Mapping[str, Any]) -> dict[str, str]:
    """What somebody has chosen, as `dreamplay.live` and `dreamplay.get_model` take it; empty: what the settings say.

    Args:
        form: the fields `model`, and for another model `model_name` and `base_url`.

    Raises:
        UsageError: it names no model.
    """
    value = _text(form, "model")
    found = {"model": "" if value == BEFORE else value}
    if value == OTHER:
        found = {"model": _text(form, "model_name"), "base_url": _text(form, "base_url")}
        if not any(found.values()):
            raise UsageError("`model`: give its name, its URL, or both")
    name = found["model"]
    if name.lower().endswith(".gguf") and not found.get("base_url") and name not in _files():
        raise UsageError(
            f"`model={name[:80]}`: no such file here; put it into the folder in which dreamplay was opened"
        )
    return {key: text for key, text in found.items() if text}


def _called(offer: Offer) -> str:
    """What a run calls a model."""
    return Path(offer.name).name.removesuffix(".gguf")


def _files() -> list[str]:
    """The files of models in this folder."""
    return sorted(path.name for path in Path().glob("*.gguf"))[:_FILES]


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
