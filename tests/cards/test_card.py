"""Cards as files: what is read, what is refused, and what survives."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import worlds
from cards.test_png import chunk
from dreamplay.cards import card as cards
from dreamplay.cards import payload
from dreamplay.errors import CardError
from PIL import Image, PngImagePlugin


def _put(data: bytes | dict[str, Any], name: str = "card.json") -> Path:
    path = Path(name)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


READ = {
    "V1": (worlds.card("v1"), "V1"),
    "V2": (worlds.card("v2"), "chara_card_v2"),
    "V3": (worlds.card("v3"), "chara_card_v3"),
    "V2 that says it is V3": (worlds.card("v2") | {"spec": "chara_card_v3", "spec_version": "3.0"}, "chara_card_v3"),
    "a version to come": (worlds.card("v3") | {"spec": "chara_card_v4", "spec_version": "4.1"}, "chara_card_v4"),
    "V1 and V2 at once": (worlds.card("v1", description="Old.") | worlds.card("v2"), "chara_card_v2"),
    "null where words should be": (
        worlds.card("v2", nickname=None, scenario=None, character_book=None), "chara_card_v2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
@pytest.mark.parametrize("form", ["json", "json with a mark", "png", "png behind the image"])
def test_a_card_is_read_whole(what: str, form: str) -> None:
    tree, spec = READ[what]
    text = json.dumps(tree).encode()
    match form:
        case "json":
            path = _put(text)
        case "json with a mark":
            path = _put(b"\xef\xbb\xbf" + text)
        case "png":
            path = _put(worlds.portrait(chara=tree), "card.png")
        case _:
            image, said = worlds.portrait(), chunk(b"tEXt", b"CHARA\0" + base64.b64encode(text) + b"\n")
            path = _put(image[:-12] + said + image[-12:], "card.png")
    card = cards.read(path)
    assert card.tree == tree
    assert card.spec == spec
    assert card.words.name == "Zoe Marsh"
    assert card.words.description.startswith(worlds.ORDERS)


def test_of_two_cards_in_an_image_v3_counts() -> None:
    path = _put(worlds.portrait(chara=worlds.card("v2"), ccv3=worlds.card("v3")), "card.png")
    assert cards.read(path).words.nickname == "Zoe"


def test_half_a_character_is_replaced_and_the_rest_of_the_card_is_read() -> None:
    path = _put(_json(first_mes="Hello \ud83d there \ud83d\ude00.", extensions={"x\ude00": ["\ud83d"]}), "card.json")
    card = cards.read(path)
    assert card.words.first_mes == "Hello \ufffd there \U0001f600."
    assert card.words.extensions == {"x\ufffd": ["\ufffd"]}


IMAGE = worlds.portrait()


def _image(text: bytes, *, compressed: bool = False) -> bytes:
    buffer, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_text("chara", text.decode("latin-1"), zip=compressed)
    Image.new("L", (1, 1)).save(buffer, "png", pnginfo=info)
    return buffer.getvalue()


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", b" " * 50_000_000)
    return buffer.getvalue()


def _bombs() -> bytes:
    """A thousand texts, each of which unpacks to ten million bytes."""
    packed = zlib.compress(b" " * 10_000_000)
    return IMAGE[:-12] + chunk(b"zTXt", b"chara\0\0" + packed) * 1000 + IMAGE[-12:]


def _json(**fields: Any) -> bytes:
    return json.dumps(worlds.card("v2", **fields)).encode()


ENTRY = {"keys": ["k"], "content": "c", "extensions": {}, "enabled": True, "insertion_order": 0}
REFUSED: dict[str, tuple[str, bytes, str]] = {
    # the file, what is in it, what must be said
    "a text of 2 GB declared": ("a.png", IMAGE[:33] + chunk(b"tEXt", b"chara\0x", 2**31 - 1), "claims 2,147,483,647"),
    "base64 that is none": ("a.png", _image(b"<not base64>"), "not base64"),
    "base64 that is cut": ("a.png", _image(base64.b64encode(_json())[:-3]), "not base64"),
    "base64 of no JSON": ("a.png", _image(base64.b64encode(b"hello")), "not JSON"),
    "base64 of no UTF-8": ("a.png", _image(base64.b64encode(b'{"name": "\xff"}')), "not UTF-8"),
    "a text that unpacks to much": ("a.png", _image(b"A" * 50_000_000, compressed=True), "unpacks to more than"),
    "many texts that unpack to much": ("a.png", _bombs(), "unpacks to more than"),
    "a picture": ("a.png", IMAGE, "no card in it"),
    "half a picture": ("a.png", _image(b"x" * 400)[:200], "claims"),
    "a photograph": ("a.png", b"\xff\xd8\xff\xe0" + b"\0" * 99, "not a PNG"),
    "a photograph of another kind": ("a.png", b"\0\0\0\x1cftypavif" + b"\0" * 40, "not a PNG"),
    "a web page": ("a.png", b"<!doctype html><title>404</title>", "a web page"),
    "an archive": ("a.charx", _bomb(), "unpack it"),
    "an archive called a picture": ("a.png", _bomb(), "unpack it"),
    "too large": ("a.json", b" " * (cards.MAX_FILE + 1), "larger than 20 MB (20,000,001 bytes)"),
    "a picture too large": ("a.png", IMAGE + b" " * 25_000_000, "make the picture smaller"),
    "a card too large": ("a.json", b'{"name": "' + b"a" * payload.MAX_JSON + b'"}', "at most"),
    "lists without end": ("a.json", b"[" * 200_000, "deep"),
    "a card a hundred deep": ("a.json", _json(extensions=json.loads('{"a":' * 100 + "1" + "}" * 100)), "deep"),
    "a number that is none": ("a.json", _json(extensions={"x": float("nan")}), "not JSON"),
    "a number beyond all": ("a.json", _json().replace(b"0.7", b"1e999"), "not JSON"),
    "a number without end": ("a.json", _json().replace(b"0.7", b"7" * 5000), "not JSON"),
    "nothing": ("a.json", b"", "not JSON"),
    "a list": ("a.json", b"[]", "no object"),
    "a persona": ("a.json", json.dumps(worlds.persona()).encode(), "no character card"),
    "another kind of data": ("a.json", b'{"spec": "tavern", "data": {}}', "'tavern'"),
    "data without a kind": ("a.json", b'{"data": {"name": "Zoe"}}', "'None'"),
    "a kind that clears the screen": ("a.json", b'{"spec": "chara_card_v2\\u001b[2J", "data": {}}', r"\x1b[2J"),
    "a lorebook": ("a.json", b'{"spec": "lorebook_v3", "data": {"entries": []}}', "without a character"),
    "a lorebook of 10,000 entries": ("a.json", _json(character_book={"entries": [ENTRY] * 10_000}), "at most 5000"),
    "a number for a text": ("a.json", _json(description=7), "description: Input should be a valid string"),
    "a lorebook of 10,000 entries in an object": (
        "a.json",
        _json(character_book={"entries": {str(i): ENTRY for i in range(10_000)}}),
        "at most 5000",
    ),
    "two texts that are none": ("a.png", worlds.portrait(ccv3="{", chara="%"), "its ccv3 text: not JSON"),
    "a text for extensions": ("a.json", _json(extensions="none"), "extensions: Input should be a valid dictionary"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_card_is_refused_in_one_line_that_names_the_file(what: str) -> None:
    name, data, says = REFUSED[what]
    path = _put(data, name)
    tracemalloc.start()
    with pytest.raises(CardError) as caught:
        cards.read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert says in message
    assert message.isprintable()
    assert len(message) < 300
    assert most < 5 * cards.MAX_FILE


def _texted(text: bytes, kind: bytes = b"tEXt", keyword: bytes = b"chara") -> bytes:
    return IMAGE[:-12] + chunk(kind, keyword + b"\0" + text) + IMAGE[-12:]


TEXT = json.dumps(worlds.card("v2"), ensure_ascii=False)
ENCODED = base64.b64encode(TEXT.encode())
GOOD, BAD = {"chara": worlds.card("v2")}, base64.b64encode(b"[]").decode()
MENDED: dict[str, tuple[bytes, str]] = {
    # a file, and what must be said of it; nothing if it only looks odd
    "zTXt": (_texted(b"\0" + zlib.compress(ENCODED), b"zTXt"), ""),
    "iTXt": (_texted(b"\0\0\0\0" + ENCODED, b"iTXt"), ""),
    "iTXt, compressed": (_texted(b"\1\0en\0x\0" + zlib.compress(ENCODED), b"iTXt", b"CCV3"), ""),
    "iTXt that is not base64": (_texted(b"\0\0\0\0" + TEXT.encode(), b"iTXt"), ""),
    "base64 with line breaks": (_texted(base64.encodebytes(TEXT.encode())), ""),
    "base64 with other line breaks": (_texted(ENCODED[:76] + b"\r\n" + ENCODED[76:] + b"\r\n\0"), ""),
    "base64 for addresses": (_texted(base64.urlsafe_b64encode(TEXT.encode())), ""),
    "base64 in an address": (_texted(b"data:application/json;base64," + ENCODED), ""),
    "base64 in a file": (base64.encodebytes(TEXT.encode()), ""),
    "base64 without padding": (_texted(base64.b64encode(TEXT.encode() + b" " * (-len(TEXT) % 3 + 1)).rstrip(b"=")), ""),
    "a wrong check sum": (_texted(ENCODED)[:-13] + b"?" + IMAGE[-12:], "though its check sum is wrong"),
    "a picture that is cut off": (worlds.portrait(chara=worlds.card("v2"))[:-20], "bytes where"),
    "UTF-8 with a mark": (TEXT.encode("utf-8-sig"), ""),
    "UTF-8 with two marks": (b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig"), ""),
    "UTF-16": (TEXT.encode("utf-16"), ""),
    "UTF-16 the other way": (b"\xfe\xff" + TEXT.encode("utf-16-be"), ""),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), ""),
    "UTF-32": (TEXT.encode("utf-32"), ""),
    "UTF-16 in a picture": (_texted(base64.b64encode(TEXT.encode("utf-16"))), ""),
    "something behind the card": (TEXT.encode() + b"\n{}", "2 characters behind the card were not read"),
    "zeros behind the card": (TEXT.encode() + b"\0\0", ""),
    "a broken V3 before a good V2": (worlds.portrait(ccv3=BAD, **GOOD), "its ccv3 text: JSON, but no object"),
    "a broken V3 behind a good V2": (worlds.portrait(**GOOD, ccv3="%%"), "its ccv3 text: not base64"),
    "a V3 of nobody": (worlds.portrait(ccv3={"spec": "chara_card_v3", "data": {}}, **GOOD), "it names nobody"),
    "a V3 of another kind": (worlds.portrait(ccv3={"spec": "tavern", "data": {}}, **GOOD), "'tavern'"),
    "a V3 that cannot be unpacked": (
        worlds.portrait(**GOOD)[:-12] + chunk(b"zTXt", b"ccv3\0\0no") + IMAGE[-12:], "it cannot be unpacked",
    ),
    "a broken V2 before a good one": (worlds.portrait(chara="%")[:-12] + _texted(ENCODED)[len(IMAGE) - 12 :], "chara"),
}  # fmt: skip


@pytest.mark.parametrize("what", MENDED)
def test_what_can_be_read_is_read_and_what_was_mended_is_said(what: str) -> None:
    data, says = MENDED[what]
    card = cards.read(_put(data, "card.png" if data.startswith(IMAGE[:8]) else "card.json"))
    assert card.tree == worlds.card("v2")
    assert len(card.mended) == bool(says)
    assert says in "".join(card.mended)
    assert "".join(card.mended).isprintable()


EMPTY: dict[str, dict[str, Any]] = {
    "null": dict.fromkeys(("personality", "tags", "alternate_greetings", "extensions", "character_book")),
    "empty texts": dict.fromkeys(("tags", "alternate_greetings", "extensions", "character_book", "nickname"), ""),
    "empty lists": {field: [] for field in ("personality", "scenario", "extensions", "character_book")},
    "empty objects": {field: {} for field in ("personality", "tags", "alternate_greetings", "character_book")},
}


@pytest.mark.parametrize("what", EMPTY)
def test_what_says_nothing_may_say_so_in_any_way_and_goes_out_in_the_right_one(what: str) -> None:
    card = cards.parse(json.dumps(worlds.card("v2", **EMPTY[what])).encode())
    made = cards.compose("v3", card.fields, card.tree)["data"]
    for field in set(EMPTY[what]) - {"character_book", "nickname"}:
        assert made[field] == cards._REQUIRED["v3"][field]
    assert not (made.get("character_book") or {}).get("entries")
    assert card.mended == ()


BOOKS: dict[str, tuple[Any, list[Any] | None, bool]] = {
    # a lorebook, its entries as they are read, and whether something is said
    "a list": ({"entries": [ENTRY]}, [ENTRY], False),
    "an object": ({"entries": {"0": ENTRY, "7": ENTRY}}, [ENTRY, ENTRY], True),
    "an empty object": ({"entries": {}}, [], False),
    "an empty text": ({"entries": ""}, [], False),
    "null": ({"entries": None}, [], False),
    "no entries": ({"name": "Bells"}, [], False),
    "a text for entries": ({"entries": "bells"}, [], True),
    "a text for the whole": ("bells", None, True),
    "an empty text for the whole": ("", None, False),
    "a list for the whole": ([ENTRY], None, True),
}


@pytest.mark.parametrize("what", BOOKS)
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_lorebook_may_have_any_form_and_becomes_a_list(what: str, version: str) -> None:
    book, entries, says = BOOKS[what]
    card = cards.parse(json.dumps(worlds.card(version, character_book=book)).encode())
    assert bool(card.mended) == says
    kept = card.fields.get("character_book")
    assert (kept and kept["entries"]) == entries
    made = cards.compose("v3", card.fields, card.tree)["data"].get("character_book")
    assert [each["content"] for each in made["entries"]] == ["c"] * len(entries or []) if made else entries is None


HALVES = {
    "half a character": (r"\ud83d", "\ufffd"), "the other half": (r"x\ude00", "x\ufffd"),
    "halves in the wrong order": (r"\ude00\ud83d", "\ufffd\ufffd"), "both halves": (r"\ud83d\ude00", "😀"),
}  # fmt: skip


@pytest.mark.parametrize("what", HALVES)
def test_half_a_character_in_a_card_is_replaced_and_that_is_said(what: str) -> None:
    written, read = HALVES[what]
    text = TEXT.replace("dry, patient", written).replace("fav", written)
    card = cards.read(_put(text.encode()))
    assert card.words.personality == f"{read}, superstitious"
    assert read in card.words.extensions
    assert len(card.mended) == ("\ufffd" in read)
    assert cards.parse(cards.dump(card.tree)).tree == card.tree


def test_halves_in_bytes_of_their_own_are_joined() -> None:
    halves = TEXT.replace("dry", "\ud83d\ude00").encode("utf-8", "surrogatepass")
    card = cards.read(_put(halves))
    assert card.words.personality == "😀, patient, superstitious"
    assert "joined" in card.mended[0]


@pytest.mark.parametrize("name", ["nothing.png", "."])
def test_what_is_not_there_is_said(name: str) -> None:
    with pytest.raises(CardError, match="check the path"):
        cards.read(Path(name))


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_a_composed_card_has_all_that_its_specification_asks_for(version: Any) -> None:
    made = cards.compose(version, {"name": "Zoe", "tags": None}, {})
    assert made["spec"] == f"chara_card_{version}"
    asked = {
        "name", "description", "personality", "scenario", "first_mes", "mes_example", "creator_notes", "system_prompt",
        "post_history_instructions", "alternate_greetings", "tags", "creator", "character_version", "extensions",
    }  # fmt: skip
    assert set(made["data"]) == asked | ({"group_only_greetings"} if version == "v3" else set())
    assert (made["data"]["tags"], made["data"]["extensions"], made["data"]["scenario"]) == ([], {}, "")
    assert cards.parse(cards.dump(made)).words.name == "Zoe"


def test_in_v3_every_entry_of_a_lorebook_says_whether_it_is_a_pattern() -> None:
    book = {"entries": [ENTRY, ENTRY | {"use_regex": True}], "extensions": {}}
    made = cards.compose("v3", {"name": "Zoe", "character_book": book}, {})["data"]["character_book"]
    assert [entry["use_regex"] for entry in made["entries"]] == [False, True]
    assert cards.compose("v2", {"character_book": book}, {})["data"]["character_book"] == book


def test_a_card_goes_into_a_portrait_in_place_of_the_one_that_was_there() -> None:
    before = worlds.portrait(chara=worlds.card("v2", name="Old"), ccv3=worlds.card("v3", name="Old"))
    for version, keywords in (("v2", {"chara"}), ("v3", {"chara", "ccv3"})):
        tree = worlds.card(version)
        after, left = cards.into_png(before, tree)
        assert left == ("tEXt",)
        assert cards.read(_put(after, f"{version}.png")).tree == tree
        with Image.open(io.BytesIO(after)) as image:
            text = image.text  # type: ignore[attr-defined]
        assert set(text) == keywords
        back = json.loads(base64.b64decode(text["chara"]))
        assert back["spec"] == "chara_card_v2"
        assert (back["data"]["creator_notes"] == worlds.ORDERS) == (version == "v2")  # V3 filled in as V2 says so
