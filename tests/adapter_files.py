"""LoRA adapters for the tests: .gguf files that say what they are, and hold no weights."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from dreamplay.models import adapter, model_store
from dreamplay.models.adapter import Adapter

VOICE = "dreamplay voice"


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def _typed(value: object) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<IQ", 10, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + text(value)
        case list():
            if value and isinstance(value[0], str):
                return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
            return struct.pack(f"<IIQ{len(value)}H", 9, 2, len(value), *value)
    raise TypeError(value)


def gguf(path: Path, keys: dict[str, object], *, version: int = 3, count: int | None = None, end: bytes = b"") -> Path:
    """A .gguf file with these keys and no tensors, which may say that it has another number of keys."""
    number = len(keys) if count is None else count
    rows = b"".join(text(key) + _typed(value) for key, value in keys.items())
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, number) + rows + end)
    return path


def lora(path: Path, name: str = "mine", base: str | None = None, **keys: object) -> Path:
    """A LoRA adapter for the model whose file has this SHA-256."""
    known: dict[str, object] = {
        "general.architecture": "qwen2", "general.type": "adapter", "general.name": name, "adapter.type": "lora",
        "adapter.lora.alpha": 32.0,
    }  # fmt: skip
    based = {} if base is None else {"dreamplay.base_sha256": base}
    return gguf(path, known | based | keys)


def ship(monkeypatch: pytest.MonkeyPatch, folder: Path, end: str = "", *, second: bool = False) -> Adapter:
    """Put an adapter for the embedded model where the shipped one lies, and perhaps a second one beside it. `end` makes
    it another version.
    """
    monkeypatch.setattr(adapter, "FOLDER", folder)
    folder.mkdir(exist_ok=True)
    file = lora(folder / "voice.gguf", VOICE, model_store.SHA256, end=end)
    told = f'sha256 = "{adapter.read(file).sha256}"\n'
    if second:
        other = lora(folder / "other.gguf", "other", model_store.SHA256, end=end)
        told += f'[second]\nfile = "{other.name}"\nsha256 = "{adapter.read(other).sha256}"\n'
    (folder / "voice.toml").write_text(told)
    found = adapter.shipped()
    assert found
    return found


def ship_none(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Leave the place of the shipped adapter empty."""
    monkeypatch.setattr(adapter, "FOLDER", folder)
