"""`Adapter`: a LoRA adapter, with which a local model speaks in another manner; and which one a model plays with.

The shipped one lies in the folder `adapters` with a model card. It was trained on the embedded model. A file of the
user's is a .gguf file of the kind "adapter", as llama.cpp's tools and `training/` write it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from dreamplay.errors import SettingsError
from dreamplay.models import gguf_header, model_store
from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.error_messages import sentence
from dreamplay.settings import Settings

NONE, SHIPPED = "none", "voice"
"""The values of the setting `adapter` that are no file."""
FOLDER = Path(__file__).with_name("adapters")
_LOCAL = ("embedded", "gguf")
"""The kinds of models that can play with one."""
_BASE = "dreamplay.base_sha256"
_LONGEST = 80
"""Characters of a name."""
_SHA256 = "[0-9a-f]{64}"


class AdapterRecord(FrozenModel):
    """What a transcript keeps of an adapter: no path."""

    name: Annotated[Words, Field(min_length=1, max_length=_LONGEST)]
    sha256: str = Field(pattern=f"^{_SHA256}$")
    """Of its file."""
    second: str | None = Field(default=None, pattern=f"^{_SHA256}$")
    """Of the file of the adapter that goes with it."""


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter in a .gguf file."""

    path: Path
    name: str
    """As its file says; one printable line."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file."""
    base_sha256: str | None
    """Of the file of the model that it was trained on, if it says so."""
    second: Adapter | None = None
    """Another one that goes with it; see `ModelProfile.second_adapter`."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Its file, and that of the one that goes with it."""
        return (self.path, self.second.path) if self.second else (self.path,)

    @property
    def record(self) -> AdapterRecord:
        """What a transcript keeps of it."""
        return AdapterRecord(name=self.name, sha256=self.sha256, second=self.second.sha256 if self.second else None)

    @property
    def is_shipped(self) -> bool:
        """Whether it is the one of the package."""
        return self.path == _shipped_file()


class _WantedFile(FrozenModel):
    """A shipped file beside the adapter of the package."""

    file: str
    sha256: str


class _Wanted(FrozenModel):
    """The table of the shipped adapter."""

    sha256: str
    second: _WantedFile | None = None


def read(path: Path) -> Adapter:
    """Read what the file of an adapter says of it.

    Raises:
        ValueError: it is no LoRA adapter, or cannot be read; the message says why in a few words.
    """
    keys = gguf_header.read(path)
    kind = str(keys.get("general.type", "model"))
    if kind != "adapter":
        raise ValueError(f"it holds a {_printable(kind)}, and no adapter")
    if keys.get("adapter.type") != "lora":
        raise ValueError(f"it is an adapter of the type {_printable(str(keys.get('adapter.type')))!r}, and no LoRA")
    base = str(keys[_BASE]) if _BASE in keys else None
    if base is not None and not re.fullmatch(_SHA256, base):
        raise ValueError(f"its {_BASE} is no SHA-256 in 64 small hexadecimal digits")
    name = _printable(str(keys.get("general.name") or path.stem)) or "unnamed"
    try:
        return Adapter(path, name, path.stat().st_size, _sha256(path), base)
    except OSError as error:
        raise ValueError((error.strerror or str(error)).lower()) from None


def shipped() -> Adapter | None:
    """The adapter of the package, with the one that goes with it; None if this version has none.

    Raises:
        SettingsError: a file is missing or damaged.
    """
    file = _shipped_file()
    table = file.with_suffix(".toml")
    try:
        wanted = _Wanted.model_validate(tomllib.loads(table.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(table, f"{'.'.join(map(str, first['loc']))}: {sentence(first)}") from None
    except (OSError, ValueError) as error:
        raise _damaged(table, str(error)) from None
    found, second = _whole(file, wanted.sha256), wanted.second
    return replace(found, second=_whole(FOLDER / second.file, second.sha256)) if second else found


def _whole(file: Path, wanted: str) -> Adapter:
    """A shipped adapter whose file has this SHA-256.

    Raises:
        SettingsError: it is missing or damaged.
    """
    try:
        found = read(file)
        problem = "" if found.sha256 == wanted else f"its SHA-256 is {found.sha256[:12]}…, and not {wanted[:12]}…"
    except ValueError as error:
        problem = str(error)
    if problem:
        raise _damaged(file, problem)
    return found


def _damaged(file: Path, problem: str) -> SettingsError:
    return SettingsError(
        f"the shipped adapter {file.name} is damaged ({problem}); run: pip install --force-reinstall dreamplay, or "
        f"play without it: `adapter={NONE}`"
    )


def named(name: str) -> Adapter:
    """The adapter that the setting names, other than `none`.

    Raises:
        SettingsError: there is none, or it cannot be used.
    """
    if name == SHIPPED:
        if (found := shipped()) is None:
            raise SettingsError(
                f"`adapter={name}`: this version of dreamplay ships no adapter; give a .gguf file, or {NONE}"
            )
        return found
    try:
        return read(Path(name))
    except ValueError as error:
        raise SettingsError(
            f"`adapter={name}`: {error}; give the path of a LoRA adapter in a .gguf file, {SHIPPED} or {NONE}"
        ) from None


def chosen(settings: Settings, kind: str, model: str | None) -> Adapter | None:
    """The adapter that a model plays with: the setting `adapter`, else the shipped one if the model is the embedded
    one. None: it plays without.

    Args:
        settings: what was set. From the environment or a file, it does not count for a model that takes no adapter.
        kind: of the model: embedded, gguf or another.
        model: the path of its file, if it is a gguf.

    Raises:
        SettingsError: the model takes no adapter, or the adapter cannot be used or was made for another model.
    """
    asked = settings.adapter
    if asked == NONE:
        return None
    if kind not in _LOCAL:
        source = settings.source("adapter")
        if asked and source and source.kind == "flag":
            raise SettingsError(
                f"`adapter={asked}`: only the embedded model and .gguf files take an adapter; leave it out, or choose "
                "another `model`"
            )
        return None
    found = named(asked) if asked else shipped() if kind == "embedded" else None
    if found:
        _check_base(found, model if kind == "gguf" else None)
    return found


def _check_base(adapter: Adapter, file: str | None) -> None:
    """Refuse an adapter that says it was made for another model. If it says nothing, the engine refuses what does not
    fit.

    Args:
        adapter: the adapter.
        file: the path of the model; None: the embedded one.

    Raises:
        SettingsError: it was made for another model, or the model cannot be read.
    """
    if adapter.base_sha256 is None:
        return
    try:
        own = _sha256(Path(file)) if file else model_store.SHA256
    except OSError as error:
        raise SettingsError(f"`model={file}`: {error.strerror}; make it readable, or choose another") from None
    if adapter.base_sha256 != own:
        known = adapter.base_sha256 == model_store.SHA256
        base = model_store.NAME if known else f"another model (SHA-256 {adapter.base_sha256[:12]}…)"
        raise SettingsError(
            f"the adapter {adapter.name!r} was made for {base}, and not for {file or model_store.NAME}; play without "
            f"it, `adapter={NONE}`, or choose another"
        )


def _shipped_file() -> Path:
    return FOLDER / f"{SHIPPED}.gguf"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _printable(text: str) -> str:
    """A text of a stranger's in one short line, without what a terminal would obey."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:_LONGEST].strip()
