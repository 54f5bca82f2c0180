"""The persona sheet that dreamplay writes into a card, under `extensions.dreamplay`.

Anybody can write a sheet there, so it is untrusted like the rest of a card: each text is checked, and a text that a
persona may not contain is left out. A sheet that dreamplay wrote is read back unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dreamplay.cards import prose
from dreamplay.schema.base import PLACEHOLDER
from dreamplay.schema.cast import Persona

NAMESPACE = "dreamplay"
"""The key of the sheet among a card's extensions."""
_SIZE = 200_000
"""Maximum number of characters of a sheet, forty times that of the shipped personas."""
_PIECES = 100
"""Maximum number of texts in a list."""
_PUBLIC = ("who", "voice")
"""Fields that all other characters are told. They are shortened rather than left out."""
_MOST = dict.fromkeys(_PUBLIC, 4_000) | {"private": 600}
"""Maximum number of characters of a text of these fields; for all others it is `prose.SPOKEN`."""
_OF_STORIES = {"moves"}
"""Fields that no card has: they say what to do in a story of dreamplay, and a card is for any program."""

_MACROS = ("char", "user", "bot")
"""Reserved roles that no character has; other programs replace them with a name."""


def written(persona: Persona, *, secrets: bool) -> dict[str, Any]:
    """The sheet of a persona, without its moves for stories."""
    left_out = _OF_STORIES if secrets else {"private", *_OF_STORIES}
    return persona.model_dump(mode="json", exclude=left_out, exclude_none=True)


def read(found: object, base: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a persona that a sheet holds, and notes on what was left out.

    Args:
        found: the value in the extensions; None if there is none.
        base: fields that form a valid persona together with any field of the sheet.
    """
    if found is None:
        return {}, ()
    if not isinstance(found, dict):
        return {}, ("not valid: no object",)
    if len(json.dumps(found)) > _SIZE:
        return {}, (f"larger than {_SIZE // 1000} kB and not read",)
    notes: list[str] = []
    words: dict[str, Any] = {}
    for word, value in found.items():
        if word == "name":
            continue
        if word not in Persona.model_fields.keys() - _OF_STORIES:
            notes.append(f"not valid: {word[:40]!r} is no word of a persona in a card")
            continue
        if (kept := _fit(value, word, notes)) is None:
            continue
        try:
            persona = Persona.model_validate({**base, word: kept})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))[:80]
            why = "missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
            notes.append(f"{word!r} was left out: not valid ({place!r}: {why})")
            continue
        if word in _PUBLIC and kept != (short := prose.cut(kept)):
            notes.append(f"{word} was cut to {prose.PUBLIC} characters")
            kept = short
        words[word] = kept if word in _PUBLIC else getattr(persona, word)
    return words, tuple(notes)


def _fit(value: Any, where: str, notes: list[str]) -> Any:
    """The part of a value that a persona may contain. The rest is recorded in the notes."""
    if isinstance(value, dict):
        return {key: fit for key, item in value.items() if (fit := _fit(item, f"{where}.{key}", notes)) is not None}
    if isinstance(value, list):
        if len(value) > _PIECES:
            notes.append(f"of {len(value)} texts in {where}, the first {_PIECES} were read")
        numbered = enumerate(value[:_PIECES], start=1)
        kept = [fit for i, item in numbered if (fit := _fit(item, f"{where} {i}", notes)) is not None]
        if not kept:
            notes.append(f"{where[:60]!r} was left out: nothing in it can stand")
        return kept or None
    if not isinstance(value, str):
        return value
    lines = prose.visible(value)
    text = " ".join(lines.splitlines()).strip()
    if why := _unfit(lines, where):
        notes.append(f"{where[:60]!r} was left out: {why}")
        return None
    return text


def _unfit(text: str, where: str) -> str:
    word = where.partition(".")[0].partition(" ")[0]
    most = _MOST.get(word, prose.SPOKEN)
    if len(text) > most:
        return f"longer than {most:,} characters"
    if word in _PUBLIC and prose.YOU.search(text):
        return "it speaks to somebody"
    named = PLACEHOLDER.sub(lambda role: role[0] if role[1] in _MACROS else role[1].replace("_", " ").title(), text)
    spoken = word == "examples"
    return prose.unfit(named, spoken=spoken) or prose.unfit(" ".join(named.splitlines()), spoken=spoken)
