"""The text chunks of a PNG, read and written without decoding a pixel.

A card's text may stand behind the image, where an image library gets to it only through the pixels of every frame: 64
bytes of an animation are enough to keep one busy for a twentieth of a second. Layout: PNG (Third Edition, W3C), 5.3
and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = 12
"""Bytes of a chunk around its data: length, type and check sum."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MOST = 8
"""Texts of a keyword or another that are looked at; writers of cards leave two."""
_PICTURE = frozenset((
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
))  # fmt: skip
"""What a picture needs to be shown, in its colours, its size and all its frames."""


@dataclass(frozen=True)
class PngText:
    """One text of an image."""

    keyword: str
    """In small letters."""
    data: bytes
    wrong: str = ""
    """What is wrong with it, though it could be read; empty if nothing is."""


def texts(data: bytes, keywords: Collection[str], *, most: int) -> list[PngText]:
    """The first texts under some keywords, in the order in which they stand, whatever kind of chunk they are in.

    Args:
        data: the image.
        keywords: in small letters.
        most: bytes that all compressed texts together may unpack to.

    Raises:
        ValueError: no PNG, or it is damaged before any such text; one line without the name of the file.
    """
    found: list[PngText] = []
    try:
        for kind, chunk in _chunks(data):
            head, _, body = bytes(chunk[8:-4]).partition(b"\0") if kind in _TEXTS else (b"", b"", b"")
            if (keyword := head.decode("latin-1").strip().lower()) in keywords:
                fits = zlib.crc32(chunk[4:-4]).to_bytes(4, "big") == chunk[-4:]
                text, wrong = _unpacked(kind, body, most)
                most -= len(text) if kind != b"tEXt" else 0
                found.append(PngText(keyword, text, wrong or ("" if fits else "its check sum is wrong")))
                if len(found) == _MOST:
                    break
    except ValueError as error:
        if not found:
            raise
        found[-1] = PngText(found[-1].keyword, found[-1].data, found[-1].wrong or str(error))
    return found


def with_texts(data: bytes, new: Mapping[str, bytes]) -> tuple[bytes, tuple[str, ...]]:
    """The picture and nothing else that was in the file, with new tEXt chunks before its end; and the kinds of chunks
    that were left out.

    Raises:
        ValueError: no PNG, cut off, or one that needs more than the standard to be shown.
    """
    parts, left = [SIGNATURE], []
    for kind, chunk in _chunks(data):
        if kind not in _PICTURE:
            name = kind.decode("latin-1")
            if not kind[0] & 0x20:  # a capital: a reader that does not know it cannot show the picture
                raise ValueError(f"the picture needs {name!r}, which is not of the PNG standard; save it as PNG again")
            left.append(name)
            continue
        if kind == b"IEND":
            parts += [_chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text) for keyword, text in new.items()]
        parts.append(bytes(chunk))
    return b"".join(parts), tuple(dict.fromkeys(left))


def _unpacked(kind: bytes, body: bytes, most: int) -> tuple[bytes, str]:
    """The text of a chunk behind its keyword, and what is wrong with it."""
    packed = kind == b"zTXt"
    if packed:
        body = body[1:]
    elif kind == b"iTXt":
        packed, rest = body[:1] == b"\1", body[2:]
        body = rest.split(b"\0", 2)[-1]  # behind the language, and the keyword in that language
    if not packed:
        return body, ""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(body, max(most, 1))
    except zlib.error:
        return b"", "it cannot be unpacked"
    if unpacking.unconsumed_tail:
        return b"", f"it unpacks to more than {most:,} bytes"
    return text, "" if unpacking.eof else "it is cut off"


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


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
