from __future__ import annotations

import io
import struct
import zlib

import pytest
import worlds
from dreamplay.cards import png
from PIL import Image


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    size = struct.pack(">I", len(data) if length is None else length)
    return size + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text(image: bytes) -> dict[str, str]:
    """The text of an image as Pillow reads it, wherever it stands."""
    with Image.open(io.BytesIO(image)) as opened:
        return dict(opened.text)  # type: ignore[attr-defined]


def test_text_of_another_application_is_read() -> None:
    assert png.texts(worlds.portrait(Chara="one", other="two")) == {"chara": b"one", "other": b"two"}
    assert png.texts(worlds.portrait()) == {}


def test_text_behind_the_image_is_read_and_the_first_of_a_keyword_counts() -> None:
    image = worlds.portrait(chara="first")
    end = image.index(b"IEND") - 4
    behind = image[:end] + chunk(b"tEXt", b"chara\0second") + chunk(b"tEXt", b"ccv3\0third") + image[end:]
    assert png.texts(behind + b"whatever follows the end") == {"chara": b"first", "ccv3": b"third"}


def test_another_application_reads_what_is_written_and_sees_the_same_picture() -> None:
    before = worlds.portrait(chara="old", Title="a portrait")
    after = png.with_texts(before, {"chara": b"new", "ccv3": b"newer"}, without=("chara", "ccv3"))
    assert _text(after) == {"Title": "a portrait", "chara": "new", "ccv3": "newer"}
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        new.verify()
        assert old.size == new.size
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert old.tobytes() == new.tobytes()


IMAGE = worlds.portrait(chara="x")
BROKEN = {
    "no PNG": (b"GIF89a", "not a PNG"),
    "nothing but the signature": (IMAGE[:8], "cut off"),
    "cut in the middle": (IMAGE[:-20], "cut off|claims"),
    "cut within the last chunk": (IMAGE[:-1], "cut off|claims"),
    "a chunk of 2 GB declared": (IMAGE[:33] + chunk(b"tEXt", b"chara\0", 2**31 - 1), r"claims 2,147,483,647 bytes"),
    "a chunk of 4 GB declared": (IMAGE[:33] + chunk(b"tEXt", b"chara\0", 2**32 - 1), r"claims 4,294,967,295 bytes"),
    "text that was changed": (IMAGE.replace(b"chara\0x", b"chara\0y"), "check sum"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_image_is_refused_for_reading_and_writing(what: str) -> None:
    data, says = BROKEN[what]
    with pytest.raises(ValueError, match=says):
        png.texts(data)
    with pytest.raises(ValueError, match=says):
        png.with_texts(data, {}, without=("chara",))
