"""The table of profiles, `profiles.toml`: the known properties of providers and models."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from pydantic import Field, TypeAdapter

from dreamplay.models.profile import ModelProfile
from dreamplay.schema.base import FrozenModel

FILE = "profiles.toml"


class Row(FrozenModel):
    """The known properties of some models of some providers."""

    provider: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Patterns of the provider: a host, host:port, or the name of a model type that runs in this process."""
    model: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Patterns of the model's name."""
    adapter: tuple[str, ...] = Field(default=("*",), min_length=1)
    """Patterns of the name of the adapter that the model plays with; a model without one has an empty name there."""
    profile: ModelProfile
    """The profile fields that the row sets; the others are not changed."""

    def matches(self, providers: tuple[str, ...], model: str, adapter: str) -> bool:
        """Whether the row applies to this model of a provider with these names, with this adapter."""
        known = any(_like(name, self.provider) for name in providers)
        return known and _like(model, self.model) and _like(adapter, self.adapter)


class _Table(FrozenModel):
    rows: tuple[Row, ...]


def look_up(provider: str, model: str, adapter: str = "") -> ModelProfile:
    """The profile of a model, refined row by row.

    Args:
        provider: the host of the address, with the port if it names one; "embedded", "gguf", "scripted", or the name of
            a plug-in.
        model: its name; may be empty where it is not known yet.
        adapter: the name of the adapter that it plays with; empty if it plays without.
    """
    host = provider.rpartition(":")[0] or provider
    found = ModelProfile()
    for row in table():
        if row.matches((provider, host), model, adapter):
            found = found.refined(row.profile)
    return found


@cache
def table() -> tuple[Row, ...]:
    """All rows, in order.

    Raises:
        pydantic.ValidationError: the table is not valid.
    """
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return TypeAdapter(_Table).validate_python(tomllib.loads(text)).rows


def _like(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
