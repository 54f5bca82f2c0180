"""The sheet of a persona that dreamplay puts into a card, under `extensions.dreamplay`.

Anybody can write one there, so it is read like the rest of a card: text by text, and what may not stand in a persona
is left out. What we wrote ourselves comes back as it was.
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
"""The key under a card's extensions where the sheet stands."""
_SIZE = 200_000
"""Characters of a sheet; those of the shipped personas have a fortieth of it."""
_PIECES = 100
"""Texts in a list."""
_PUBLIC = ("who", "voice")
"""What all others are told; it is cut rather than left out."""
_MOST = dict.fromkeys(_PUBLIC, 4_000) | {"private": 600}
"""Characters of a text of these; of all other words it is `prose.SPOKEN`."""

_MACROS = ("char", "user", "bot")
"""Roles that nobody has: other programs put a name in their place."""


def written(persona: Persona, *, secrets: bool) -> dict[str, Any]:
    """The sheet of a persona."""
    return persona.model_dump(mode="json", exclude=None if secrets else {"private"}, exclude_none=True)


def read(found: object, base: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The words of a persona that a sheet gives, and what was left out, for a person to read.

    Args:
        found: what stands in the extensions; None if nothing does.
        base: words that make a valid persona together with any word of the sheet.
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
        if word not in Persona.model_fields:
            notes.append(f"not valid: {word[:40]!r} is no word of a persona")
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
    """What of a value may stand in a persona; what is left out goes into the notes."""
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
