"""Settings: a flag, else an environment variable DREAMPLAY_*, else a TOML file; and where each value came from.

A key from the environment is not sent to an address from a file that may be somebody else's; it is sent if
DREAMPLAY_CONFIG names the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from dreamplay import settings_file
from dreamplay.errors import SettingsError
from dreamplay.schema.address import Address
from dreamplay.schema.api_key import Key, checked
from dreamplay.schema.direction import Direction
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.story import Length
from dreamplay.settings_file import CONFIG
from dreamplay.settings_source import Source, complaint, line_of
from dreamplay.storage.opening import is_url

KEYS = ("DREAMPLAY_API_KEY", "OPENAI_API_KEY")
"""The variables that may hold a key, in order of precedence."""
_PREFIX = "DREAMPLAY_"
_VARIABLES = ("config", "cache", "studio_runs")
"""Variables that are no settings, without their prefix."""

T = TypeVar("T", str, Path)
M = TypeVar("M", bound=BaseModel)


def _without_control(value: T) -> T:
    """No name or path has a control character; NUL, of which TOML knows an escape, not even the system takes."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", str(value)):
        raise ValueError("it has a control character in it")
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_without_control)]
_Address = Annotated[
    Address,
    BeforeValidator(lambda value: value if isinstance(value, Address) else Address.parse(value)),
    PlainSerializer(str),
]


def _several(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _named(path: object) -> object:
    if path == "":
        raise ValueError("a folder has a name")  # an empty path is the current folder
    return path


def _file_name(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _store(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value).strip()
    if not text:
        raise ValueError("a folder has a name")
    return SecretStr(_without_control(text))


class Settings(BaseModel):
    """What can be set for a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model: Line | None = None
    """The name of a model at an endpoint, a path to a .gguf file, `embedded` or `scripted`. If not set: the model that
    is loaded at `base_url`, else the embedded model."""
    base_url: _Address | None = None
    """The address of an OpenAI-compatible API, up to /v1."""
    api_key: Key | None = None
    """The key for that address."""
    adapter: Annotated[Line, BeforeValidator(_file_name)] | None = None
    """What the embedded model or a .gguf file plays with: a path to a LoRA adapter in a .gguf file, `voice`, which is
    shipped for the embedded model, or `none`. If not set: as before in a run that is resumed, else `voice` with the
    embedded model, and `none` with a file."""
    story: Line = "mindsync"
    """A shipped story by name, or a YAML file."""
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    """The seed of all random choices. If not set: drawn for each run, and printed."""
    length: Length = "full"
    """How many turns a scene gets: the least or the most that its story allows."""
    out: Annotated[Path, BeforeValidator(_named), AfterValidator(_without_control)] | None = None
    """The new folder of the run. If not set: a new place in `store`."""
    store: Annotated[SecretStr, BeforeValidator(_store)] | None = None
    """Where runs are kept: a folder, or the address of a database, postgresql://user@host/name. If not set: the folder
    `transcripts`."""
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """Sampling temperature. If not set: what suits the model."""
    candidates: int | None = Field(default=None, ge=1, le=8)
    """Candidates for a line in one call, of which the best is kept. If not set: two on a local engine, one
    elsewhere."""
    memory: PluginChoice | None = None
    """The memory plug-in, by name or as a table with its options. If not set: as before in a run that is resumed, else
    `retrieval`. `none` recalls nothing."""
    director: PluginChoice | None = None
    """The director plug-in, by name or as a table. If not set: as before in a run that is resumed, else `standard`."""
    embedder: PluginChoice | None = None
    """The embedder plug-in, by name or as a table. If not set: as before in a run that is resumed, else `wordllama`."""
    direction: Direction | None = None
    """How closely a character is directed: `free`, `guided` or `led`. If not set: what suits the model."""
    think: bool | None = None
    """Whether characters think before they speak, if they are not led. If not set: what suits the model."""
    reflect: bool | None = None
    """Whether everybody present at the end of a scene reflects on it, in a call of their own. If not set: only if the
    model runs elsewhere."""
    no_check: Annotated[tuple[Line, ...], BeforeValidator(_several)] = ()
    """Names of checks that do not run, beside those that the story switches off. Separated by commas in a variable."""
    window: int | None = Field(default=None, ge=2048, le=1_000_000)
    """The context window of the model: tokens of prompt and reply together. A local engine is started with that many.
    If not set: 8,192."""
    headroom: int | None = Field(default=None, ge=0, le=100_000)
    """Tokens that a model at an endpoint may use for thinking, in addition to its reply. If not set: 2,000."""
    timeout: float = Field(default=180.0, gt=0.0, le=3600.0)
    """Seconds without data from an endpoint before a call is given up, and seconds to wait for a busy one. A whole
    reply may take four times as long."""
    trace: _Address | None = None
    """The address of a collector to which traces are sent while it is played, by OTLP over HTTP: http://localhost:4318.
    If not set: nothing is traced."""
    trace_content: bool = False
    """Whether traces also hold all that is said and asked, private sheets included."""
    profile: Mapping[str, Any] | None = None
    """What the model can do and how it is played, where that differs from the table of profiles: see "Model
    profile"."""
    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)
    _text: str = PrivateAttr(default="")
    """Of the file with settings."""

    @field_validator("seed", "temperature", "candidates", "window", "headroom", "timeout", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("must be a number, and neither true nor false")  # noqa: TRY004  pydantic's
        return value

    def source(self, name: str) -> Source | None:
        """Where the value of a setting came from; None if it is the default."""
        return self._sources.get(name)

    def overrides(self, kind: type[M]) -> M:
        """The profile that is set, as a value; only its fields that were set count.

        Raises:
            SettingsError: an unknown key, or a value that cannot be used.
        """
        try:
            return kind.model_validate(self.profile or {})
        except ValidationError as error:
            known = list(kind.model_fields)
            told = [complaint(each, self._sources, self._text, known, "profile") for each in error.errors()]
            raise SettingsError("; ".join(told)) from None

    def address(self) -> tuple[Address, Source] | None:
        """The address to play at, and where it came from; OPENAI_BASE_URL counts if no setting of ours gives one.

        Raises:
            SettingsError: OPENAI_BASE_URL is no address.
        """
        if self.base_url:
            return self.base_url, self._sources["base_url"]
        if not (text := os.environ.get("OPENAI_BASE_URL")):
            return None
        try:
            return Address.parse(text), Source("environment", "OPENAI_BASE_URL")
        except ValueError as error:
            raise SettingsError(f"OPENAI_BASE_URL: {error}") from None

    def key(self) -> tuple[SecretStr, Source] | None:
        """The key for the address, and where it came from.

        Raises:
            SettingsError: OPENAI_API_KEY cannot be sent as a key.
        """
        if self.api_key:
            return self.api_key, self._sources["api_key"]
        text = os.environ.get("OPENAI_API_KEY")
        if not text or self.withheld():
            return None
        try:
            return checked(text), Source("environment", "OPENAI_API_KEY")
        except ValueError as error:
            raise SettingsError(f"OPENAI_API_KEY: {error}") from None

    def withheld(self) -> str | None:
        """The variable whose key is not sent, since a file that nobody said to trust gave the address."""
        source = self.source("base_url")
        if self.api_key or source is None or source.trusted:
            return None
        return next((name for name in KEYS if os.environ.get(name)), None)

    def filled(self, **before: Any) -> Settings:
        """These settings, with those of an earlier run in place of what is not set.

        Raises:
            SettingsError: the earlier run has a value that cannot be used.
        """
        missing = {name: value for name, value in before.items() if getattr(self, name) is None}
        return self.over(Source("earlier run", "the earlier run"), **missing)

    def over(self, source: Source, **values: Any) -> Settings:
        """These settings with others in place of them; None is not given. A key stays with the address that it was
        set for.

        Raises:
            SettingsError: a value that cannot be used.
        """
        given = {name: value for name, value in values.items() if value is not None}
        now = {name: getattr(self, name) for name in Settings.model_fields}
        sources = self._sources | dict.fromkeys(given, source)
        if "base_url" in given and not source.trusted:
            now["api_key"] = None
            sources.pop("api_key", None)
        return _settings(now | given, sources, self._text)


def load(**flags: Any) -> Settings:
    """Read the settings; flags that are None were not given, and empty variables are not set.

    Raises:
        SettingsError: a value that cannot be used; the message says where it came from.
    """
    _check_variables()
    values, sources, text = settings_file.read()
    if os.environ.get("OPENAI_BASE_URL"):
        values.pop("base_url", None)
    if os.environ.get("OPENAI_API_KEY") and "base_url" not in values:  # a file's key stays with the file's address
        values.pop("api_key", None)
    sources = {name: source for name, source in sources.items() if name in values}
    own_key = values.get("api_key"), sources.get("api_key")
    for name in Settings.model_fields:
        variable = f"{_PREFIX}{name.upper()}"
        if flags.get(name) is not None:
            values[name], sources[name] = flags[name], Source("flag", f"`{name}`")
        elif os.environ.get(variable):
            values[name], sources[name] = os.environ[variable], Source("environment", variable)
    address, key = sources.get("base_url"), sources.get("api_key")
    if address and address.kind == "file" and key and key.kind != "file":
        values["api_key"], found = own_key
        sources = {name: source for name, source in sources.items() if name != "api_key"}
        sources |= {"api_key": found} if found else {}
    settings = _settings(values, sources, text)
    named = settings.source("store")
    # A password from the environment would go there.
    if settings.store and named and named.kind == "file" and is_url(settings.store.get_secret_value()):
        raise SettingsError(
            f"{named}:{line_of('store', text)}: store: a file that somebody else may have put there names no database; "
            f"set `store` or DREAMPLAY_STORE, or name the file in {CONFIG}"
        )
    return settings


def _check_variables() -> None:
    """Refuse a variable that is nearly a setting. Others may be called like ours: a cluster names some after a service.

    Raises:
        SettingsError: there is one.
    """
    for variable in os.environ:
        name = variable.removeprefix(_PREFIX).lower()
        if not variable.startswith(_PREFIX) or name in _VARIABLES or name in Settings.model_fields:
            continue
        if meant := did_you_mean(name, [*Settings.model_fields, *_VARIABLES]):
            raise SettingsError(f"{variable[:80]}: unknown setting {name[:60]!r}{meant}; correct it, or unset it")


def _settings(values: dict[str, Any], sources: dict[str, Source], text: str = "") -> Settings:
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(
            "; ".join(complaint(e, sources, text, list(Settings.model_fields)) for e in error.errors())
        ) from None
    settings._sources.update(sources)
    settings._text = text
    return settings
