"""The settings that the Python functions take by keyword, for editors and type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict


class ModelKeywords(TypedDict, total=False):
    """How a model is reached and asked. What is not given, or None, is taken from the environment and dreamplay.toml;
    `dreamplay.settings.Settings` says what each of them means.
    """

    base_url: str | None
    """Address of an OpenAI-compatible API, up to /v1."""
    api_key: str | None
    adapter: str | Path | None
    """A LoRA adapter for a local model: a .gguf file, "voice", which is shipped, or "none"."""
    temperature: float | None
    """From 0 to 2."""
    candidates: int | None
    """Candidates for a line, of which the best is kept."""
    window: int | None
    """Tokens, prompt and reply together, that the model has room for."""
    headroom: int | None
    """Tokens that it may think before it speaks."""
    direction: Literal["free", "guided", "led"] | None
    """How closely a character is directed."""
    think: bool | None
    """Whether characters think before they speak, if they are not led."""
    timeout: float | None
    """Seconds without a word from the endpoint before a call is given up."""
    profile: Mapping[str, Any] | None
    """Fields of `dreamplay.models.profile.ModelProfile`, where they differ from what is known of the model."""


class PluginKeywords(TypedDict, total=False):
    """Which plug-ins play: each by name, or as a mapping of its name and its options."""

    memory: str | Mapping[str, Any] | None
    """What characters remember with; "none" recalls nothing."""
    director: str | Mapping[str, Any] | None
    """Who decides who speaks, and of what."""
    embedder: str | Mapping[str, Any] | None
    """What makes vectors of sentences."""


class TraceKeywords(TypedDict, total=False):
    """Whether a play is traced, by OpenTelemetry."""

    trace: str | None
    """Address of a collector that takes OTLP over HTTP."""
    trace_content: bool | None
    """Whether traces also hold all that is said and asked."""


class PlayKeywords(ModelKeywords, PluginKeywords, TraceKeywords, total=False):
    """How a story is played, beside what `dreamplay.play` has parameters for."""

    store: str | Path | None
    """Where the new run is kept: a folder, or the address of a database."""
    length: Literal["short", "full"] | None
    """How many turns a scene has."""
    reflect: bool | None
    """Whether everyone present at the end of a scene reflects on it."""
    no_check: Sequence[str] | None
    """Names of checks that do not run."""
