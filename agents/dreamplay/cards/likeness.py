"""What a card and a persona say of each other: a persona as a card shows it, and a card's fields from a persona.

What a card has no word for is filled with words of ours that say nothing of anybody (prompts/card.yaml); a private
sheet is never made up. What a persona has no word for stays in the card, which is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dreamplay.cards import reader
from dreamplay.cards.card import FIELDS, Card
from dreamplay.cast import Persona
from dreamplay.value import Name, Text, Value

NAMESPACE = "dreamplay"
"""The key under a card's extensions where the sheet of a persona stands."""
_SHEET = 200_000
"""Characters of a sheet in the extensions; those of the shipped personas have a fortieth of it."""

_SAYS: dict[str, tuple[str, ...]] = {
    "description": ("who", "material"), "personality": ("voice",), "first_mes": ("examples",),
    "mes_example": ("examples",),
}  # fmt: skip
"""The fields of a card, and the words of a persona that they say."""
_USED = {"name", "nickname", "extensions", *_SAYS}


class Filling(Value):
    """Our own words for what a card has no word for."""

    who: Text
    voice: Text
    examples: tuple[Text, ...]
    tactics: tuple[Text, ...]
    material: tuple[Text, ...]
    user: Name
    """Whom {{user}} means."""


@dataclass(frozen=True)
class Likeness:
    """A persona as a card shows it."""

    card: Card
    persona: Persona
    filled: tuple[str, ...]
    """Words of the persona that are ours, because the card has none."""
    notes: tuple[str, ...]
    """What was cut or not believed, for a person to read."""
    told: Mapping[str, str]
    """The card's own words, with names for macros."""

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields of the card that say something, and are kept without being used."""
        return tuple(field for field in FIELDS if self.card.fields.get(field) and field not in _USED)

    @property
    def unsaid(self) -> tuple[str, ...]:
        """What the card has no word for, the private sheet included."""
        return self.filled if self.persona.private else (*self.filled, "private")


def read(card: Card, filling: Filling, *, name: str | None = None, user: str | None = None) -> Likeness:
    """The persona that a card shows. A sheet of ours in its extensions counts before everything else.

    Args:
        card: the card.
        filling: our words for what it has no word for.
        name: what to call the character, if not as the card does.
        user: whom {{user}} means, if not whom the filling says.

    Raises:
        ValueError: the character has no name that can stand in a script; one line without the name of the file.
    """
    called = _called(card, name)
    meant = _name(user, "--user", "say whom the card means by {{user}}") if user else filling.user
    reading = reader.Reader(card.words, called, meant)
    kept, notes = sheet(card, called)
    if kept:
        return Likeness(card, kept, (), notes, reading.told)
    said = {word: value for word, value in reading.read() if value}
    ours = filling.model_dump(exclude={"user"})
    persona = Persona.model_validate({"name": called, **ours, **said})
    filled = tuple(word for word in ours if word not in said)
    return Likeness(card, persona, filled, (*notes, *reading.notes), reading.told)


def fields(
    persona: Persona, filled: Persona, kept: Mapping[str, Any], before: Persona | None, *, secrets: bool
) -> dict[str, Any]:
    """The fields of a card for a persona. Where the persona still says what it said `before`, the `kept` card's own
    words stay; what a persona has no word for stays in any case.

    Args:
        persona: as it is written, with roles in braces; this is the sheet that goes into the extensions.
        filled: the same with names for roles, for those who read no sheet of ours.
        kept: the fields of the card that the persona came from; empty if there was none.
        before: the persona as it came from that card.
        secrets: whether the private sheet goes with it.
    """
    made = dict(kept)
    if persona.name not in (kept.get("name"), kept.get("nickname")):
        made["name"] = persona.name
        made.pop("nickname", None)
    for field, text in _told(filled).items():
        if before is None or any(getattr(persona, word) != getattr(before, word) for word in _SAYS[field]):
            made[field] = text
    extensions = dict(kept.get("extensions") or {})
    if before is None or persona.talkativeness != before.talkativeness:
        extensions["talkativeness"] = persona.talkativeness
    hidden = None if secrets else {"private"}
    extensions[NAMESPACE] = persona.model_dump(mode="json", exclude=hidden, exclude_none=True)
    return made | {"extensions": extensions}


def sheet(card: Card, name: str) -> tuple[Persona | None, tuple[str, ...]]:
    """The sheet that we left in the card's extensions, and what is to be said of it."""
    found = card.words.extensions.get(NAMESPACE)
    if found is None:
        return None, ()
    if len(json.dumps(found)) > _SHEET:
        return None, (f"the sheet in extensions.{NAMESPACE} is larger than {_SHEET // 1000} kB and was not read",)
    try:
        persona = Persona.model_validate(found | {"name": name} if isinstance(found, dict) else found)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))[:80]!r}: {first['msg'].removeprefix('Value error, ')}"
        return None, (f"the sheet in extensions.{NAMESPACE} is not valid and was not read ({what})",)
    public = {word: reader.cut(getattr(persona, word)) for word in ("who", "voice")}
    shorter = tuple(
        f"{word} was cut to {reader.PUBLIC} characters" for word in public if public[word] != getattr(persona, word)
    )
    return persona.model_copy(update=public), ("read from the sheet that dreamplay left in the card", *shorter)


def _told(persona: Persona) -> dict[str, str]:
    """The public words of a persona as a card says them."""
    material = "\n".join(f"{{{{char}}}} says that {matter}." for matter in persona.material)
    return {
        "description": f"{{{{char}}}} is {persona.who}. {persona.voice}\n\n{material}",
        "personality": persona.voice,
        "first_mes": persona.examples[0],
        "mes_example": "\n".join(f"<START>\n{{{{char}}}}: {example}" for example in persona.examples),
    }


def _called(card: Card, name: str | None) -> str:
    """The character's name: the one given, else the nickname, which the macros mean too, else the name."""
    called = next(filter(None, (text.strip() for text in (name or "", card.words.nickname, card.words.name))), "")
    return _name(called, "its character is called", "import it with --name NAME")


def _name(text: str, what: str, else_: str) -> str:
    try:
        return TypeAdapter(Name).validate_python(text)
    except ValidationError:
        raise ValueError(
            f"{what} {text[:60]!r}; a name begins with a letter, has 40 characters at most, and none of "
            f": [ ] {{ }} * < > or what cannot be seen; {else_}"
        ) from None
