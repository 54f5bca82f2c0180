"""Character cards as files: V1, V2 and V3, as JSON or inside a PNG.

A card is kept whole, as a tree of JSON values; only the fields that are read here are typed. Cards are untrusted input,
so their size, depth and number of entries are limited before they are parsed.
Sources: malfoyslastname/character-card-spec-v2 (V1 and V2) and kwaroran/character-card-spec-v3.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dreamplay.cards import payload, png
from dreamplay.errors import CardError

MAX_FILE = 20_000_000
"""Maximum size of a file in bytes, portrait included."""
MAX_ENTRIES = 5_000
"""Maximum number of lorebook entries. They are kept and not used."""

Version = Literal["v2", "v3"]
_SPECS: dict[Version, tuple[str, str]] = {"v2": ("chara_card_v2", "2.0"), "v3": ("chara_card_v3", "3.0")}
_SPEC = re.compile(r"chara_card_v\d{1,3}")
_CHUNKS = ("ccv3", "chara")
"""Keywords of the PNG text chunks that may hold a card; the first that can be read is used."""

TEXTS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
"""The six fields of V1, which the later versions also have."""
_REQUIRED: dict[Version, dict[str, Any]] = {
    "v2": dict.fromkeys((*TEXTS, "creator_notes", "system_prompt", "post_history_instructions"), "")
    | {"alternate_greetings": [], "tags": [], "creator": "", "character_version": "", "extensions": {}},
}
_REQUIRED["v3"] = _REQUIRED["v2"] | {"group_only_greetings": []}
"""The required fields of a card, with their empty values."""
_OPTIONAL = (
    "character_book", "assets", "nickname", "creator_notes_multilingual", "source", "creation_date",
    "modification_date",
)  # fmt: skip
FIELDS = (*_REQUIRED["v3"], *_OPTIONAL)
"""Every field of a card that the specifications name."""
_BACKFILLED = "This V2 card was filled in from the V3 card beside it; an application that reads V3 knows more."


def _unsaid(empty: Any) -> BeforeValidator:
    """Accept null, or an empty value of another type, for an empty field: many existing cards have them."""
    return BeforeValidator(lambda value: empty if value in (None, "", [], {}) else value)


_Said = Annotated[str, _unsaid("")]


class Book(BaseModel):
    """A lorebook. Only its size is checked: it is kept and not used."""

    entries: list[Any] = Field(default=[], max_length=MAX_ENTRIES)


class CardWords(BaseModel):
    """The fields of a card that are read. They are the same in V1, V2 and V3."""

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
    """A card: its whole tree, and the fields that are read."""

    tree: Mapping[str, Any]
    words: CardWords
    mended: tuple[str, ...] = ()
    """Warnings about defects in spite of which the card could be read."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The object that holds the fields: `data`, or, in V1, the root."""
        data = self.tree.get("data")
        return data if isinstance(data, dict) else {k: v for k, v in self.tree.items() if k in FIELDS}

    @property
    def spec(self) -> str:
        """The specification that the card names; V1 names none."""
        return str(self.tree["spec"]) if isinstance(self.tree.get("data"), dict) else "V1"

    def extended(self, key: str, value: object) -> dict[str, Any]:
        """The tree with one extension added."""
        extensions = {"extensions": self.words.extensions | {key: value}}
        data = self.tree.get("data")
        return {**self.tree, "data": data | extensions} if isinstance(data, dict) else {**self.tree, **extensions}


def read(path: Path) -> Card:
    """Read a card.

    Raises:
        CardError: the file cannot be read, or is not a card; the message names the file and the next step.
    """
    return decoded(bounded(path), path)


def decoded(data: bytes, source: Path | str = "the card") -> Card:
    """A card from the content of its file.

    Args:
        data: the content.
        source: what messages call it.

    Raises:
        CardError: it is not a card.
    """
    try:
        return _inside(data) if data.startswith(png.SIGNATURE) else parse(_plain(data))
    except ValueError as error:
        raise CardError(f"{source}: {error}") from None


def bounded(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        CardError: the file cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CardError(f"{path}: {error.strerror}; check the path") from None
    if len(data) > MAX_FILE:
        step = "make the picture smaller" if data.startswith(png.SIGNATURE) else "give a smaller file"
        raise CardError(f"{path}: larger than {MAX_FILE // 1_000_000} MB ({size:,} bytes), which is not read; {step}")
    return data


def parse(text: bytes) -> Card:
    """A card from its JSON.

    Raises:
        ValueError: it is not a card; the message is one line without the name of the file.
    """
    tree, mended = payload.tree(text)
    spec, data = tree.get("spec"), tree.get("data")
    if spec == "lorebook_v3":
        raise ValueError("a lorebook without a character; give a card")
    if isinstance(data, dict):
        if not (isinstance(spec, str) and _SPEC.fullmatch(spec)):
            raise ValueError(f"its spec is {str(spec)[:60]!r}; chara_card_v2 and chara_card_v3 are read here")
    elif not ("name" in tree and set(TEXTS[1:]) & tree.keys()):
        raise ValueError("JSON, but no character card: it has neither 'data' nor a name and a description")
    fields = data if isinstance(data, dict) else tree
    mended += _with_listed_book(fields)
    try:
        words = CardWords.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where[:80]}: {first['msg'].removeprefix('Value error, ')}; correct the card") from None
    return Card(tree, words, mended)


def _with_listed_book(fields: dict[str, Any]) -> tuple[str, ...]:
    """Convert the entries of a lorebook to a list, as the specifications require, and add a warning."""
    book = fields.get("character_book")
    if book is None or (isinstance(book, dict) and isinstance(book.get("entries"), list)):
        return ()
    if not isinstance(book, dict):
        del fields["character_book"]
        return () if book in ("", []) else ("its character_book is no lorebook and was left out",)
    entries = book.get("entries")
    book["entries"] = list(entries.values()) if isinstance(entries, dict) else []
    return ("the entries of its character_book are no list; they were made one",) if entries else ()


def compose(version: Version, fields: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """The tree of a whole card: its fields, the other keys that the specification requires, and the unknown keys."""
    spec, number = _SPECS[version]
    data = dict(fields) | {name: empty for name, empty in _REQUIRED[version].items() if not fields.get(name)}
    if isinstance(notes := data["creator_notes"], str):  # left by a card that dreamplay completed
        data["creator_notes"] = notes.replace(_BACKFILLED, "").rstrip()
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


def into_png(portrait: bytes, tree: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """A PNG of the portrait and the card, and the types of the chunks that were removed. A V3 card is also written as
    V2 for programs that read only V2.

    Raises:
        ValueError: the portrait is not a complete PNG.
    """
    trees = {"chara": tree}
    if tree["spec"] == _SPECS["v3"][0]:
        filled = compose("v2", tree["data"], tree)
        filled["data"]["creator_notes"] = "\n\n".join(filter(None, (filled["data"]["creator_notes"], _BACKFILLED)))
        trees = {"chara": filled, "ccv3": tree}
    encoded = {name: base64.b64encode(json.dumps(each, ensure_ascii=False).encode()) for name, each in trees.items()}
    return png.with_texts(portrait, encoded)


def _inside(image: bytes) -> Card:
    """The first card in a PNG that can be read, and the defects of those before it."""
    found = png.texts(image, _CHUNKS, most=payload.MAX_TEXT)
    if not found:
        raise ValueError("an image with no card in it; cards lose theirs when a site converts the picture")
    wrong: list[str] = []
    nameless: Card | None = None
    for text in sorted(found, key=lambda text: _CHUNKS.index(text.keyword)):
        what = f"its {text.keyword} text"
        try:
            card = parse(payload.unwrapped(text.data))
        except ValueError as error:
            wrong.append(f"{what}: {f'{text.wrong}; get the card again' if text.wrong else error}")
            continue
        noted = (f"{what} was read, though {text.wrong}",) if text.wrong else ()
        instead = tuple(f"{each}; {what} was read instead" for each in wrong)
        card = replace(card, mended=(*instead, *noted, *card.mended))
        if card.words.name.strip():
            return card
        wrong.append(f"{what}: it names nobody")
        nameless = nameless or card
    if nameless:
        return nameless
    raise ValueError("; ".join(wrong[:2]))


def _plain(data: bytes) -> bytes:
    if data.startswith(b"PK\x03\x04"):
        raise ValueError("an archive (CHARX); unpack it, and give the card.json that is in it")
    if data.startswith((b"\xff\xd8\xff", b"RIFF", b"GIF8")) or data[4:8] == b"ftyp":
        raise ValueError("an image, but not a PNG; give the card as PNG or JSON")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<", data):
        raise ValueError("a web page, and no card; download the card itself")
    return payload.unwrapped(data) if re.fullmatch(rb"\s*(?:data:|eyJ|ew)[\w/+;=.,\s-]+", data) else data
