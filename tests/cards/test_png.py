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


def _texts(image: bytes, most: int = 1_000) -> list[tuple[str, bytes, str]]:
    return [(text.keyword, text.data, text.wrong) for text in png.texts(image, ("chara", "ccv3"), most=most)]


def _with(*chunks: bytes, image: bytes | None = None) -> bytes:
    """An image with more chunks before its end."""
    image = image or worlds.portrait()
    return image[:-12] + b"".join(chunks) + image[-12:]


def test_text_of_another_application_is_read() -> None:
    assert _texts(worlds.portrait(Chara="one", other="two")) == [("chara", b"one", "")]
    assert _texts(worlds.portrait()) == []


def test_text_behind_the_image_is_read_in_its_order() -> None:
    behind = _with(chunk(b"tEXt", b"chara\0second"), chunk(b"tEXt", b"ccv3\0third"), image=worlds.portrait(chara="one"))
    assert _texts(behind + b"whatever follows the end") == [
        ("chara", b"one", ""), ("chara", b"second", ""), ("ccv3", b"third", ""),
    ]  # fmt: skip


PACKED = zlib.compress(b"what is said")
KINDS: dict[str, tuple[bytes, bytes, str]] = {
    # a chunk, the text in it, and what is wrong with that
    "zTXt": (chunk(b"zTXt", b"CCV3\0\0" + PACKED), b"what is said", ""),
    "iTXt": (chunk(b"iTXt", b"ccv3\0\0\0\0\0what is said"), b"what is said", ""),
    "iTXt in a language": (chunk(b"iTXt", b"ccv3\0\0\0en\0card\0what is said"), b"what is said", ""),
    "iTXt, compressed": (chunk(b"iTXt", b"ccv3\0\1\0en\0card\0" + PACKED), b"what is said", ""),
    "a wrong check sum": (chunk(b"tEXt", b"ccv3\0what is said")[:-1] + b"?", b"what is said", "its check sum is wrong"),
    "cut off": (chunk(b"zTXt", b"ccv3\0\0" + PACKED[:-5]), b"what is said", "it is cut off"),
    "not compressed": (chunk(b"zTXt", b"ccv3\0\0what is said"), b"", "it cannot be unpacked"),
    "nothing": (chunk(b"zTXt", b"ccv3"), b"", "it is cut off"),
    "too much": (
        chunk(b"zTXt", b"ccv3\0\0" + zlib.compress(b"x" * 1_001)), b"", "it unpacks to more than 1,000 bytes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", KINDS)
def test_text_of_every_kind_is_read_within_bounds(what: str) -> None:
    made, text, wrong = KINDS[what]
    assert _texts(_with(made)) == [("ccv3", text, wrong)]


def test_all_that_is_compressed_is_bounded_together() -> None:
    one = chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"x" * 400))
    assert [wrong for _, _, wrong in _texts(_with(one, one, one))] == ["", "", "it unpacks to more than 200 bytes"]


def test_another_application_reads_what_is_written_and_sees_the_same_picture() -> None:
    before = worlds.portrait(chara="old", Title="a portrait")
    after, left = png.with_texts(before, {"chara": b"new", "ccv3": b"newer"})
    assert left == ("tEXt",)
    assert _text(after) == {"chara": "new", "ccv3": "newer"}
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        new.verify()
        assert old.size == new.size
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert old.tobytes() == new.tobytes()


SECRET = b"CANARY"
CARRIED: dict[str, bytes] = {
    "tEXt": b"Comment\0" + SECRET, "zTXt": b"cHaRa\0\0" + zlib.compress(SECRET, 0),
    "iTXt": b"ccv3\0\0\0\0\0" + SECRET, "eXIf": b"MM" + SECRET, "tIME": SECRET, "caBX": SECRET, "prIv": SECRET,
}  # fmt: skip


@pytest.mark.parametrize("kind", CARRIED)
def test_what_a_portrait_held_besides_the_picture_does_not_come_along(kind: str) -> None:
    made = chunk(kind.encode(), CARRIED[kind])
    start = worlds.portrait()
    for image in (_with(made), _with(made[:-1] + b"?"), start[:33] + made + start[33:], start + SECRET):
        after, left = png.with_texts(image, {})
        assert SECRET not in after
        assert left == (() if image == start + SECRET else (kind,))


def test_an_animation_keeps_its_frames() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (shade, 0, 0)) for shade in (0, 100, 200)]
    frames[0].save(buffer, "png", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(png.with_texts(buffer.getvalue(), {"chara": b"x"})[0])) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]


IMAGE = worlds.portrait(chara="x")
BROKEN = {
    "no PNG": (b"GIF89a", "not a PNG"),
    "nothing but the signature": (IMAGE[:8], "cut off"),
    "cut in the middle": (IMAGE[:-20], "cut off|claims"),
    "cut within the last chunk": (IMAGE[:-1], "cut off|claims"),
    "a chunk of 2 GB declared": (IMAGE[:33] + chunk(b"tEXt", b"chara\0", 2**31 - 1), r"claims 2,147,483,647 bytes"),
    "a chunk of 4 GB declared": (IMAGE[:33] + chunk(b"tEXt", b"chara\0", 2**32 - 1), r"claims 4,294,967,295 bytes"),
    "a picture for one maker's programs": (_with(chunk(b"CgBI", b"x")), "needs 'CgBI'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_card_is_not_put_into_a_broken_image(what: str) -> None:
    data, says = BROKEN[what]
    with pytest.raises(ValueError, match=says):
        png.with_texts(data, {})


@pytest.mark.parametrize("what", [what for what in BROKEN if "cut" not in what and "maker" not in what])
def test_an_image_that_is_broken_before_any_text_is_refused(what: str) -> None:
    data, says = BROKEN[what]
    with pytest.raises(ValueError, match=says):
        png.texts(data, ("chara",), most=1_000)


def test_of_an_image_that_is_cut_off_the_text_before_that_is_read() -> None:
    ((keyword, text, wrong),) = _texts(IMAGE[:-20])
    assert (keyword, text) == ("chara", b"x")
    assert "bytes where" in wrong
