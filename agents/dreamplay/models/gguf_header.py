"""The header of a .gguf file: its keys and their values, read without an engine. The file may be a stranger's.

A file of the form GGUF begins with four letters, a version, the numbers of its tensors and keys, and the keys. Numbers
are little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path

Value = bool | int | float | str

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST = 1 << 20  # bytes read of a file; the header of an adapter has some hundred, and that of a model is larger
_FORMS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
"""The types of numbers, and how each is written."""
_TEXT, _LIST = 8, 9


def unreadable(path: Path) -> str | None:
    """Why a file cannot be read as GGUF, in a few words; None if it can be tried."""
    try:
        if path.exists() and not path.is_file():  # to open a pipe is to wait
            return "it is no file"
        with path.open("rb") as file:
            return None if file.read(4) == _MAGIC else "it is no GGUF file"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def read(path: Path) -> dict[str, Value]:
    """The keys of a .gguf file with their values. Lists are left out.

    Raises:
        ValueError: the file cannot be read, or its header is damaged or too large; the message is a few words.
    """
    if problem := unreadable(path):
        raise ValueError(problem)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST)
    except OSError as error:
        raise ValueError((error.strerror or str(error)).lower()) from None
    return _Reader(data, whole=len(data) < _MOST).keys()


class _Reader:
    """Reads values from the beginning of a file, each after the one before."""

    def __init__(self, data: bytes, *, whole: bool) -> None:
        self._data, self._at, self._whole = data, len(_MAGIC), whole

    def keys(self) -> dict[str, Value]:
        """All keys with their values, without lists.

        Raises:
            ValueError: see `read`.
        """
        version = self._number("<I")
        if version not in _VERSIONS:
            raise ValueError(f"its version is {version}, and dreamplay reads {' and '.join(map(str, _VERSIONS))}")
        self._number("<Q")  # tensors
        found: dict[str, Value] = {}
        for _ in range(int(self._number("<Q"))):  # a number too large is the end of the data
            key, kind = self._text(), int(self._number("<I"))
            if kind == _LIST:
                self._skip_list()
            else:
                found[key] = self._value(kind)
        return found

    def _value(self, kind: int) -> Value:
        return self._text() if kind == _TEXT else self._number(_form(kind))

    def _skip_list(self) -> None:
        kind, count = int(self._number("<I")), int(self._number("<Q"))
        if kind != _TEXT:
            self._take(count * struct.calcsize(_form(kind)))
            return
        for _ in range(count):
            self._text()

    def _text(self) -> str:
        return self._take(int(self._number("<Q"))).decode(errors="replace")

    def _number(self, form: str) -> bool | int | float:
        (value,) = struct.unpack(form, self._take(struct.calcsize(form)))
        assert isinstance(value, bool | int | float)
        return value

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError(
                "it ends within its header" if self._whole else f"its header is larger than {_MOST:,} bytes"
            )
        self._at += size
        return taken


def _form(kind: int) -> str:
    """How a number of a type is written.

    Raises:
        ValueError: there is no such type.
    """
    if kind not in _FORMS:
        raise ValueError(f"its header has a value of the unknown type {kind}")
    return _FORMS[kind]
