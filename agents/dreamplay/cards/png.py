"""The text chunks of a PNG, read and written without decoding a pixel.

A card's text may follow the image data, which an image library decodes first: 64 bytes of an animation can take a
twentieth of a second. Layout: PNG (Third Edition, W3C), 5.3 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = 12
"""Bytes of a chunk besides its data: length, type and checksum."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MOST = 8
"""Maximum number of texts that are read for all keywords; programs that write cards write two."""
_PICTURE = frozenset((
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
))  # fmt: skip
"""Types of the chunks that are needed to display an image, with its colours, its size and all its frames."""


@dataclass(frozen=True)
class PngText:
    """One text of an image."""

    keyword: str
    """The keyword in lower case."""
    data: bytes
    wrong: str = ""
    """A defect in spite of which it could be read; empty if there is none."""


def texts(data: bytes, keywords: Collection[str], *, most: int) -> list[PngText]:
    """The first texts with one of the keywords, in the order of the file, from any type of text chunk.

    Args:
        data: the image.
        keywords: the keywords in lower case.
        most: maximum size of all compressed texts together, in bytes after decompression.

    Raises:
        ValueError: it is not a PNG, or is damaged before any such text; the message is one line without the name of
            the file.
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
    """The image without its other chunks and with new tEXt chunks before its end, and the types of the chunks that were
    removed.

    Raises:
        ValueError: it is not a PNG, is incomplete, or needs chunks outside the standard to be displayed.
    """
    parts, left = [SIGNATURE], []
    for kind, chunk in _chunks(data):
        if kind not in _PICTURE:
            name = kind.decode("latin-1")
            if not kind[0] & 0x20:  # upper case: a program that does not know this chunk cannot display the image
                raise ValueError(f"the picture needs {name!r}, which is not of the PNG standard; save it as PNG again")
            left.append(name)
            continue
        if kind == b"IEND":
            parts += [_chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text) for keyword, text in new.items()]
        parts.append(bytes(chunk))
    return b"".join(parts), tuple(dict.fromkeys(left))


def _unpacked(kind: bytes, body: bytes, most: int) -> tuple[bytes, str]:
    """The text of a chunk after its keyword, and its defect."""
    packed = kind == b"zTXt"
    if packed:
        body = body[1:]
    elif kind == b"iTXt":
        packed, rest = body[:1] == b"\1", body[2:]
        body = rest.split(b"\0", 2)[-1]  # after the language and the translated keyword
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
    """Type and bytes of each chunk up to the end chunk; later bytes are not part of the image."""
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
