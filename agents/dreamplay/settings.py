"""Settings: a flag, else an environment variable DREAMPLAY_*, else dreamplay.toml in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dreamplay.complaint import sentence
from dreamplay.errors import SettingsError
from dreamplay.story import Length

TOML = "dreamplay.toml"


def _named(path: object) -> object:
    if path == "":
        raise ValueError("a folder has a name")  # an empty path is the current folder
    return path


class Settings(BaseSettings):
    """What can be set for a run. Flags come in as keyword arguments and win over everything else."""

    model_config = SettingsConfigDict(env_prefix="DREAMPLAY_", toml_file=TOML, extra="forbid", frozen=True)

    model: str | None = None
    """A model's name at an endpoint, a path to a .gguf file, «embedded» or «scripted»."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    api_key: SecretStr | None = None
    story: str = "mindsync"
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    """None: drawn for each run, and printed."""
    length: Length = "full"
    out: Annotated[Path, BeforeValidator(_named)] | None = None
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    candidates: int | None = Field(default=None, ge=1, le=8)
    """Candidates for a line in one call, of which the best is kept. None: two where they share a prompt that is
    read here, one where each is paid for."""
    recall: bool = True
    """Whether characters remember what does not stand in the prompt anyway."""
    reflect: bool | None = None
    """Whether everyone present at the end of a scene reflects on it, in a call of her own. None: where the model runs
    elsewhere; on this machine it is a call for each of them that everybody waits for."""
    window: int | None = Field(default=None, ge=2048, le=1_000_000)
    """Tokens, prompt and reply together, that the model has room for; a local engine is started with as many. None:
    8,192."""
    timeout: float = Field(default=180.0, gt=0.0, le=3600.0)
    """Seconds without a word from the endpoint before a call is given up."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> Settings:
    """Read the settings; flags that are None were not given.

    Raises:
        SettingsError: a value that cannot be used; the message says where it came from.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(e, given) for e in error.errors())) from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise SettingsError(f"{TOML}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{TOML}: {error.strerror}; make it readable, or take it away") from None


def _complaint(error: ErrorDetails, flags: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{TOML}: unknown setting {name!r}; there are {', '.join(Settings.model_fields)}"
    source = f"--{name.replace('_', '-')}" if name in flags else f"DREAMPLAY_{name.upper()} or {name} in {TOML}"
    return f"{source}: {sentence(error)}"
