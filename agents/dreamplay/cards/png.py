"""The text chunks of a PNG, read and written without decoding a pixel.

A card's text may stand behind the image, where an image library gets to it only through the pixels of every frame: 64
bytes of an animation are enough to keep one busy for a twentieth of a second. Layout: PNG (Third Edition, W3C), 5.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = 12
"""Bytes of a chunk around its data: length, type and check sum."""


def texts(data: bytes) -> dict[str, bytes]:
    """What stands in the tEXt chunks, by keyword in small letters; the first of a keyword counts.

    Raises:
        ValueError: no PNG, cut off, or damaged; one line without the name of the file.
    """
    found: dict[str, bytes] = {}
    for kind, chunk in _chunks(data):
        if kind == b"tEXt":
            keyword, _, text = _checked(chunk).partition(b"\0")
            found.setdefault(keyword.decode("latin-1").lower(), text)
    return found


def with_texts(data: bytes, new: Mapping[str, bytes], without: Collection[str]) -> bytes:
    """The same image with other text: new tEXt chunks before its end, and those of the keywords `without` left out.

    Raises:
        ValueError: see `texts`.
    """
    parts = [SIGNATURE]
    for kind, chunk in _chunks(data):
        if kind == b"IEND":
            parts += [_chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text) for keyword, text in new.items()]
        elif kind == b"tEXt" and _checked(chunk).partition(b"\0")[0].decode("latin-1").lower() in without:
            continue
        parts.append(bytes(chunk))
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Type and whole of each chunk up to the end chunk; what follows that is no part of the image."""
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    view, at = memoryview(data), len(SIGNATURE)
    while at + _FRAME <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        left = len(data) - at - _FRAME
        if length > left:
            raise ValueError(f"the chunk at byte {at} claims {length:,} bytes where {left:,} are left")
        yield kind, view[at : at + length + _FRAME]
        if kind == b"IEND":
            return
        at += length + _FRAME
    raise ValueError("the image is cut off before its end")


def _checked(chunk: memoryview) -> bytes:
    body = bytes(chunk[4:-4])
    if zlib.crc32(body).to_bytes(4, "big") != chunk[-4:]:
        raise ValueError("a text chunk does not fit its check sum")
    return body[4:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
