from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from adapter_files import gguf, text
from dreamplay.models import gguf_header


def test_keys_are_read_and_lists_are_passed_over(tmp_path: Path) -> None:
    keys: dict[str, object] = {
        "name": "Stimme für Träume", "words": ["a", "bc"], "alpha": 0.5, "numbers": [1, 2, 3], "count": 2**40,
        "flag": True,
    }  # fmt: skip
    found = gguf_header.read(gguf(tmp_path / "a.gguf", keys, version=2, end=b"weights" * 1000))
    assert found == {"name": "Stimme für Träume", "alpha": 0.5, "count": 2**40, "flag": True}


def _raw(path: Path, *parts: bytes, count: int = 1) -> Path:
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, count) + b"".join(parts))
    return path


def _key(kind: int, *parts: bytes) -> bytes:
    return text("key") + struct.pack("<I", kind) + b"".join(parts)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: path.write_bytes(b""), "it is no GGUF file"),
    "a text": (lambda path: path.write_text("hello"), "it is no GGUF file"),
    "a folder": (Path.mkdir, "it is no file"),
    "a pipe": (os.mkfifo, "it is no file"),
    "not there": (lambda path: None, "no such file"),
    "four letters": (lambda path: path.write_bytes(b"GGUF"), "it ends within its header"),
    "an old version": (lambda path: gguf(path, {}, version=1), "its version is 1, and dreamplay reads 2 and 3"),
    "the other byte order": (lambda path: gguf(path, {}, version=3 << 24), "its version is 50331648"),
    "more keys than it has": (lambda path: gguf(path, {"a": 1}, count=2**64 - 1), "it ends within its header"),
    "a key as long as the world": (lambda path: _raw(path, struct.pack("<Q", 2**63)), "it ends within"),
    "a text as long": (lambda path: _raw(path, _key(8, struct.pack("<Q", 2**64 - 1))), "it ends within"),
    "a list as long": (lambda path: _raw(path, _key(9, struct.pack("<IQ", 4, 2**64 - 1))), "it ends within"),
    "as many texts": (lambda path: _raw(path, _key(9, struct.pack("<IQ", 8, 2**64 - 1))), "it ends within"),
    "lists in a list": (lambda path: _raw(path, _key(9, struct.pack("<IQ", 9, 1))), "of the unknown type 9"),
    "an unknown type": (lambda path: _raw(path, _key(99)), "of the unknown type 99"),
    "a header of megabytes": (lambda path: gguf(path, {"a": "x" * 2**21}), "its header is larger than 1,048,576 bytes"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_none_is_told_in_a_few_words(what: str, tmp_path: Path) -> None:
    make, says = HOSTILE[what]
    make(tmp_path / "a.gguf")
    with pytest.raises(ValueError, match=says) as caught:
        gguf_header.read(tmp_path / "a.gguf")
    assert len(str(caught.value)) < 80
