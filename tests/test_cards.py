"""Cards as files: what is read, what is refused, and what survives."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.cards import card as cards
from dreamplay.errors import CardError
from PIL import Image, PngImagePlugin
from test_png import chunk


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


def _json(**fields: Any) -> bytes:
    return json.dumps(worlds.card("v2", **fields)).encode()


IMAGE = worlds.portrait()
ENTRY = {"keys": ["k"], "content": "c", "extensions": {}, "enabled": True, "insertion_order": 0}
REFUSED: dict[str, tuple[str, bytes, str]] = {
    # the file, what is in it, what must be said
    "a text of 2 GB declared": ("a.png", IMAGE[:33] + chunk(b"tEXt", b"chara\0x", 2**31 - 1), "claims 2,147,483,647"),
    "base64 that is none": ("a.png", _image(b"{not base64}"), "not base64"),
    "base64 that is cut": ("a.png", _image(base64.b64encode(_json())[:-3]), "not base64"),
    "base64 of no JSON": ("a.png", _image(base64.b64encode(b"hello")), "not JSON"),
    "base64 of no UTF-8": ("a.png", _image(base64.b64encode(b'{"name": "\xff"}')), "not UTF-8"),
    "a text that unpacks to much": ("a.png", _image(b"A" * 900_000, compressed=True), "no card in it"),
    "a picture": ("a.png", IMAGE, "no card in it"),
    "half a picture": ("a.png", _image(b"x" * 400)[:200], "claims"),
    "a photograph": ("a.png", b"\xff\xd8\xff\xe0" + b"\0" * 99, "no PNG"),
    "an archive": ("a.charx", _bomb(), "unpack it"),
    "an archive called a picture": ("a.png", _bomb(), "unpack it"),
    "too large": ("a.json", b" " * (cards.MAX_FILE + 1), "larger than 20 MB"),
    "a card too large": ("a.json", b'{"name": "' + b"a" * cards.MAX_JSON + b'"}', "are the most that is read"),
    "lists without end": ("a.json", b"[" * 200_000, "deep"),
    "a card a hundred deep": ("a.json", _json(extensions=json.loads('{"a":' * 100 + "1" + "}" * 100)), "deep"),
    "a number that is none": ("a.json", _json(extensions={"x": float("nan")}), "not JSON"),
    "a number beyond all": ("a.json", _json().replace(b"0.7", b"1e999"), "not JSON"),
    "a number without end": ("a.json", _json().replace(b"0.7", b"7" * 5000), "not JSON"),
    "half a character": ("a.json", _json(first_mes="\ud83d"), "not UTF-8"),
    "nothing": ("a.json", b"", "not JSON"),
    "a list": ("a.json", b"[]", "no object"),
    "a persona": ("a.json", json.dumps(worlds.persona()).encode(), "no character card"),
    "another kind of data": ("a.json", b'{"spec": "tavern", "data": {}}', "'tavern'"),
    "data without a kind": ("a.json", b'{"data": {"name": "Zoe"}}', "'None'"),
    "a kind that clears the screen": ("a.json", b'{"spec": "chara_card_v2\\u001b[2J", "data": {}}', r"\x1b[2J"),
    "a lorebook": ("a.json", b'{"spec": "lorebook_v3", "data": {"entries": []}}', "without a character"),
    "a lorebook of 10,000 entries": ("a.json", _json(character_book={"entries": [ENTRY] * 10_000}), "at most 5000"),
    "a number for a text": ("a.json", _json(description=7), "description: Input should be a valid string"),
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
        after = cards.into_png(before, tree)
        assert cards.read(_put(after, f"{version}.png")).tree == tree
        with Image.open(io.BytesIO(after)) as image:
            text = image.text  # type: ignore[attr-defined]
        assert set(text) == keywords
        back = json.loads(base64.b64decode(text["chara"]))
        assert back["spec"] == "chara_card_v2"
        assert (back["data"]["creator_notes"] == worlds.ORDERS) == (version == "v2")  # V3 filled in as V2 says so
