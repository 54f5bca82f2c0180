"""Settings: a flag, else an environment variable DREAMPLAY_*, else a TOML file; and where each value came from.

The file is dreamplay.toml in the current folder, or the one that DREAMPLAY_CONFIG names. A dreamplay.toml in the
current folder may be somebody else's. So a key from the environment is not sent to an address from such a file; it is
sent if DREAMPLAY_CONFIG names the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

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
from pydantic_core import ErrorDetails

from dreamplay.errors import SettingsError
from dreamplay.schema.address import Address
from dreamplay.schema.api_key import Key, checked
from dreamplay.schema.direction import Direction
from dreamplay.schema.error_messages import did_you_mean, sentence
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.story import Length
from dreamplay.storage.opening import is_url

TOML = "dreamplay.toml"
CONFIG = "DREAMPLAY_CONFIG"
KEYS = ("DREAMPLAY_API_KEY", "OPENAI_API_KEY")
"""The variables that may hold a key, in order of precedence."""
_PREFIX = "DREAMPLAY_"
_VARIABLES = ("config", "cache", "studio_runs")
"""Variables that are no settings, without their prefix."""
_MOST = 10_000
"""Bytes of a file with settings, which has a line for each; a large one takes minutes to be understood."""
_SECRET = ("api_key", "base_url", "trace", "store")
"""Settings whose own errors describe the value: it is never quoted whole."""

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


@dataclass(frozen=True)
class Source:
    """Where a value came from."""

    kind: Literal["flag", "environment", "trusted file", "file", "study", "earlier run"]
    name: str
    """How messages call it: a flag, a variable, or a file."""

    @property
    def trusted(self) -> bool:
        """Whether the user has said so themselves. What is not may be somebody else's."""
        return self.kind not in ("file", "study")

    def __str__(self) -> str:
        return self.name


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
    """The name of a model at an endpoint, a path to a .gguf file, `embedded` or `scripted`. None: the model that is
    loaded at `base_url`, else the embedded model."""
    base_url: _Address | None = None
    """The address of an OpenAI-compatible API, up to /v1."""
    api_key: Key | None = None
    """The key for that address."""
    adapter: Annotated[Line, BeforeValidator(_file_name)] | None = None
    """What the embedded model or a .gguf file plays with: a path to a LoRA adapter in a .gguf file, `voice`, which is
    shipped for the embedded model, or `none`. None: as before in a run that is resumed, else `voice` with the embedded
    model, and `none` with a file."""
    story: Line = "mindsync"
    """A shipped story by name, or a YAML file."""
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    """The seed of all random choices. None: drawn for each run, and printed."""
    length: Length = "full"
    """How many turns a scene gets: the least or the most that its story allows."""
    out: Annotated[Path, BeforeValidator(_named), AfterValidator(_without_control)] | None = None
    """The new folder of the run. None: a new place in `store`."""
    store: Annotated[SecretStr, BeforeValidator(_store)] | None = None
    """Where runs are kept: a folder, or the address of a database, postgresql://user@host/name. None: the folder
    `transcripts`."""
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """Sampling temperature. None: what suits the model."""
    candidates: int | None = Field(default=None, ge=1, le=8)
    """Candidates for a line in one call, of which the best is kept. None: two on a local engine, one elsewhere."""
    memory: PluginChoice | None = None
    """The memory plug-in, by name or as a table with its options. None: as before in a run that is resumed, else
    `retrieval`. `none` recalls nothing."""
    director: PluginChoice | None = None
    """The director plug-in, by name or as a table. None: as before in a run that is resumed, else `standard`."""
    embedder: PluginChoice | None = None
    """The embedder plug-in, by name or as a table. None: as before in a run that is resumed, else `wordllama`."""
    direction: Direction | None = None
    """How much a character is told of what to say: `free`, `guided` or `led`. None: what suits the model."""
    think: bool | None = None
    """Whether characters think before they speak, if they are not led. None: what suits the model."""
    reflect: bool | None = None
    """Whether everybody present at the end of a scene reflects on it, in a call of their own. None: only if the model
    runs elsewhere."""
    no_check: Annotated[tuple[Line, ...], BeforeValidator(_several)] = ()
    """Names of checks that do not run, beside those that the story switches off. Separated by commas in a variable."""
    window: int | None = Field(default=None, ge=2048, le=1_000_000)
    """The context window of the model: tokens of prompt and reply together. A local engine is started with as many.
    None: 8,192."""
    headroom: int | None = Field(default=None, ge=0, le=100_000)
    """Tokens that a model at an endpoint may use for thinking, in addition to its reply. None: 2,000."""
    timeout: float = Field(default=180.0, gt=0.0, le=3600.0)
    """Seconds without data from an endpoint before a call is given up, and seconds to wait for a busy one. A whole
    reply may take four times as long."""
    trace: _Address | None = None
    """The address of a collector to which traces are sent while it is played, by OTLP over HTTP: http://localhost:4318.
    None: nothing is traced."""
    trace_content: bool = False
    """Whether traces also hold all that is said and asked, private sheets included."""
    profile: Mapping[str, Any] | None = None
    """What the model can and how it is played, where it differs from the table of profiles: fields of ModelProfile."""
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
            told = [_complaint(each, self._sources, self._text, known, "profile") for each in error.errors()]
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
    values, sources, text = _file()
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
            f"{named}:{_line('store', text)}: store: a file that somebody else may have put there names no database; "
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
        raise SettingsError("; ".join(_complaint(e, sources, text) for e in error.errors())) from None
    settings._sources.update(sources)
    settings._text = text
    return settings


def _file() -> tuple[dict[str, Any], dict[str, Source], str]:
    """The values in the file, where they came from, and its text; nothing if there is no file.

    Raises:
        SettingsError: it cannot be read.
    """
    named = os.environ.get(CONFIG)
    path = named or TOML
    try:
        if not named and Path(path).exists() and not Path(path).is_file():
            raise SettingsError(f"{path}: it is no file; take it away")  # a pipe would be waited for
        with Path(path).open("rb") as file:
            data = file.read(_MOST + 1)
        if len(data) > _MOST:
            raise SettingsError(f"{path}: larger than {_MOST:,} bytes; settings need a line each, take the rest out")
        text = data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except FileNotFoundError as error:
        if named:
            raise SettingsError(f"{CONFIG}: {path}: {error.strerror}; name a file, or unset it") from None
        return {}, {}, ""
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; make it readable, or take it away") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{path}: not TOML: a number too long, or brackets too deep, to be read") from None
    return values, dict.fromkeys(values, Source("trusted file" if named else "file", path)), text


def _complaint(
    error: ErrorDetails, sources: dict[str, Source], text: str, known: Sequence[str] = (), table: str = ""
) -> str:
    """What is wrong with a value, in one line, and where it came from.

    Args:
        error: one of the errors of a `ValidationError`.
        sources: of the settings, by name.
        text: of the file with settings.
        known: the names there are; those of the settings if empty.
        table: the setting whose table the value stands in, if it stands in one.
    """
    name = str(error["loc"][0])
    source = sources.get(table or name, Source("flag", "the setting"))
    written = source.kind in ("file", "trusted file")
    where = f"{source}:{_line(name, text, table)}" if written else str(source)
    called = f"{table}.{name}" if table else name
    if error["type"] == "extra_forbidden":
        known = known or list(Settings.model_fields)
        kind = f"key {name[:60]!r} in [{table}]" if table else f"setting {name[:60]!r}"
        return f"{where}: unknown {kind}{did_you_mean(name, known)}; there are {', '.join(known)}"
    setting = f"{where}: {called}" if written or table else where
    return f"{setting}: {error['msg'].removeprefix('Value error, ') if name in _SECRET else sentence(error)}"


def _line(name: str, text: str, table: str = "") -> int:
    """The line, counted from 1, on which a file sets a name, of a table or at its top."""
    written = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}\b")
    start = _line(table, text) if table else 1
    lines = list(enumerate(text.splitlines(), start=1))
    return next((number for number, line in lines[start - 1 + bool(table) :] if written.match(line)), start)
