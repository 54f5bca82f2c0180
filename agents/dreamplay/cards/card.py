"""Character cards as files: V1, V2 and V3, as JSON or inside a PNG.

A card is kept whole, as the tree of JSON that it is; only what is read here is typed. Cards come from strangers, so
size, depth and number are bounded before anything is made of them.
Sources: malfoyslastname/character-card-spec-v2 (V1 and V2) and kwaroran/character-card-spec-v3.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dreamplay.cards import png
from dreamplay.errors import CardError

MAX_FILE = 20_000_000
"""Bytes of a file, portrait included."""
MAX_JSON = 8_000_000
"""Bytes of the card itself; Python needs up to twenty times as much to hold it."""
MAX_DEPTH = 64
"""Lists and objects within each other; the specifications need five."""
MAX_ENTRIES = 5_000
"""Entries of a lorebook. Nothing here reads them: a card with more is a lorebook that carries a character along."""

Version = Literal["v2", "v3"]
_SPECS: dict[Version, tuple[str, str]] = {"v2": ("chara_card_v2", "2.0"), "v3": ("chara_card_v3", "3.0")}
_SPEC = re.compile(r"chara_card_v\d{1,3}")
_CHUNKS = ("ccv3", "chara")
"""Keywords under which a card stands in a PNG; the first that is there counts."""

TEXTS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
"""The six fields of V1, which all others have too."""
_REQUIRED: dict[Version, dict[str, Any]] = {
    "v2": dict.fromkeys((*TEXTS, "creator_notes", "system_prompt", "post_history_instructions"), "")
    | {"alternate_greetings": [], "tags": [], "creator": "", "character_version": "", "extensions": {}},
}
_REQUIRED["v3"] = _REQUIRED["v2"] | {"group_only_greetings": []}
"""What a card must have, and what stands there if it has nothing to say."""
_OPTIONAL = (
    "character_book", "assets", "nickname", "creator_notes_multilingual", "source", "creation_date",
    "modification_date",
)  # fmt: skip
FIELDS = (*_REQUIRED["v3"], *_OPTIONAL)
"""Every field of a card that the specifications name."""
_BACKFILLED = "This V2 card was filled in from the V3 card beside it; an application that reads V3 knows more."


def _unsaid(empty: Any) -> BeforeValidator:
    """Many cards in the wild hold null where the specifications ask for something empty."""
    return BeforeValidator(lambda value: empty if value is None else value)


_Said = Annotated[str, _unsaid("")]


class Book(BaseModel):
    """A lorebook, as far as it is looked at: it is kept, and not used."""

    entries: Annotated[list[Any], _unsaid([])] = Field(default=[], max_length=MAX_ENTRIES)


class Words(BaseModel):
    """What a card says, as far as it is read here. The same in V1, V2 and V3."""

    model_config = ConfigDict(frozen=True)

    name: _Said = ""
    nickname: _Said = ""
    description: _Said = ""
    personality: _Said = ""
    scenario: _Said = ""
    first_mes: _Said = ""
    mes_example: _Said = ""
    character_book: Book | None = None
    extensions: Annotated[dict[str, Any], _unsaid({})] = {}


@dataclass(frozen=True)
class Card:
    """A card: its whole tree, and what it says."""

    tree: Mapping[str, Any]
    words: Words

    @property
    def fields(self) -> Mapping[str, Any]:
        """Where the fields stand: in `data`, or, in V1, on top."""
        data = self.tree.get("data")
        return data if isinstance(data, dict) else {k: v for k, v in self.tree.items() if k in FIELDS}

    @property
    def spec(self) -> str:
        """What the card says that it is; V1 says nothing."""
        return str(self.tree["spec"]) if isinstance(self.tree.get("data"), dict) else "V1"

    def extended(self, key: str, value: object) -> dict[str, Any]:
        """The tree with one more of its extensions."""
        extensions = {"extensions": self.words.extensions | {key: value}}
        data = self.tree.get("data")
        return {**self.tree, "data": data | extensions} if isinstance(data, dict) else {**self.tree, **extensions}


def read(path: Path) -> Card:
    """Read a card.

    Raises:
        CardError: it cannot be read, or is no card; the message names the file and the next step.
    """
    try:
        data = bounded(path)
        return parse(_inside(data) if data.startswith(png.SIGNATURE) else _plain(data))
    except ValueError as error:
        raise CardError(f"{path}: {error}") from None


def bounded(path: Path) -> bytes:
    """The bytes of a file of bearable size.

    Raises:
        CardError: it cannot be read.
        ValueError: it is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise CardError(f"{path}: {error.strerror}; check the path") from None
    if len(data) > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE // 1_000_000} MB; that is no card")
    return data


def parse(text: bytes) -> Card:
    """A card from its JSON.

    Raises:
        ValueError: it is no card; one line without the name of the file.
    """
    if len(text) > MAX_JSON:
        raise ValueError(f"the card in it has {len(text):,} bytes, and {MAX_JSON:,} are the most that is read")
    tree = _tree(text)
    spec, data = tree.get("spec"), tree.get("data")
    if spec == "lorebook_v3":
        raise ValueError("a lorebook without a character; give a card")
    if isinstance(data, dict):
        if not (isinstance(spec, str) and _SPEC.fullmatch(spec)):
            raise ValueError(f"its spec is {str(spec)[:60]!r}; chara_card_v2 and chara_card_v3 are read here")
    elif not ("name" in tree and set(TEXTS[1:]) & tree.keys()):
        raise ValueError("JSON, but no character card: it has neither «data» nor a name and a description")
    try:
        words = Words.model_validate(data if isinstance(data, dict) else tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where[:80]}: {first['msg'].removeprefix('Value error, ')}; mend the card") from None
    return Card(tree, words)


def compose(version: Version, fields: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """The tree of a whole card: its fields, what the specification asks for besides, and unknown keys `beside` them."""
    spec, number = _SPECS[version]
    data = dict(fields) | {name: empty for name, empty in _REQUIRED[version].items() if fields.get(name) is None}
    book = data.get("character_book")
    if version == "v3" and isinstance(book, dict) and isinstance(book.get("entries"), list):
        entries = [{"use_regex": False} | entry if isinstance(entry, dict) else entry for entry in book["entries"]]
        data["character_book"] = book | {"entries": entries}
    known = {"spec", "spec_version", "data", *FIELDS}
    unknown = {key: value for key, value in beside.items() if key not in known}
    return {"spec": spec, "spec_version": number, "data": data} | unknown


def dump(tree: Mapping[str, Any]) -> bytes:
    """A card as a JSON file."""
    return (json.dumps(tree, indent=2, ensure_ascii=False) + "\n").encode()


def into_png(portrait: bytes, tree: Mapping[str, Any]) -> bytes:
    """A card inside a portrait, in place of any that was there. V3 is filled in as V2 for those who read only that.

    Raises:
        ValueError: the portrait is not a whole PNG.
    """
    trees = {"chara": tree}
    if tree["spec"] == _SPECS["v3"][0]:
        notes = "\n\n".join(filter(None, (tree["data"]["creator_notes"], _BACKFILLED)))
        trees = {"chara": compose("v2", tree["data"] | {"creator_notes": notes}, tree), "ccv3": tree}
    encoded = {name: base64.b64encode(json.dumps(each, ensure_ascii=False).encode()) for name, each in trees.items()}
    return png.with_texts(portrait, encoded, without=_CHUNKS)


def _inside(image: bytes) -> bytes:
    """The JSON that stands in a PNG."""
    found = png.texts(image)
    keyword = next((name for name in _CHUNKS if name in found), None)
    if keyword is None:
        raise ValueError("an image with no card in it; cards lose theirs when a site converts the picture")
    try:
        return base64.b64decode(found[keyword].strip(), validate=True)
    except binascii.Error as error:
        raise ValueError(f"its {keyword} text is not base64 ({error}); get the card again") from None


def _plain(data: bytes) -> bytes:
    if data.startswith(b"PK\x03\x04"):
        raise ValueError("an archive (CHARX); unpack it, and give the card.json that is in it")
    if data.startswith((b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        raise ValueError("an image, but no PNG; give the card as PNG or JSON")
    return data


def _tree(text: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(text.decode("utf-8-sig"))
        if _depth(tree) > MAX_DEPTH:
            raise RecursionError
        json.dumps(tree, ensure_ascii=False, allow_nan=False).encode()  # what could not be written is not read
    except RecursionError:
        raise ValueError(f"lists within lists, more than {MAX_DEPTH} deep; that is no card") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (line {error.lineno}); give a card as PNG or JSON") from None
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise ValueError(f"not UTF-8 text ({error.reason}); get the card again") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}"[:200]) from None
    if isinstance(tree, dict):
        return tree
    raise ValueError("JSON, but no object; that is no card")


def _depth(tree: Any) -> int:
    """How many lists and objects stand within each other, counted to just over the most that is read."""
    depth, level = 0, [tree]
    while level and depth <= MAX_DEPTH:
        level = [item for each in level for item in _within(each)]
        depth += bool(level)
    return depth


def _within(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]
