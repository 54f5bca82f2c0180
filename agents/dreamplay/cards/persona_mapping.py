"""Converts a card to a persona, and a persona to the fields of a card.

Fields that a card does not fill get neutral default texts (prompts/card.yaml); a private sheet is never invented.
Fields of a card that a persona does not have are kept in the card.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dreamplay.cards import card_text, embedded_sheet, prose
from dreamplay.cards.card import FIELDS, TEXTS, Card
from dreamplay.schema.base import FrozenModel, Name, Text
from dreamplay.schema.cast import Persona
from dreamplay.schema.renaming import renamed

_SAYS: dict[str, tuple[str, ...]] = {
    "description": ("who", "material"), "personality": ("voice",), "first_mes": ("examples",),
    "mes_example": ("examples",),
}  # fmt: skip
"""The fields of a card, with the fields of a persona that they correspond to."""
_USED = {"name", "nickname", "extensions", *_SAYS}
_NAMING = (
    *TEXTS[1:], "system_prompt", "post_history_instructions", "alternate_greetings", "group_only_greetings",
)  # fmt: skip
"""The fields of a card in which applications replace {{char}} with a name."""
_REPEATED = 20
"""Minimum number of characters from which a text in two fields counts as a repetition."""


class CardDefaults(FrozenModel):
    """The default texts for fields that a card does not fill."""

    who: Text
    voice: Text
    examples: tuple[Text, ...]
    tactics: tuple[Text, ...]
    material: tuple[Text, ...]
    user: Name
    """The name that replaces {{user}}."""


@dataclass(frozen=True)
class ImportedPersona:
    """A persona that was read from a card."""

    card: Card
    persona: Persona
    filled: tuple[str, ...]
    """Fields of the persona with default texts, since the card does not fill them."""
    notes: tuple[str, ...]
    """Notes on texts that were shortened or not accepted."""
    told: Mapping[str, str]
    """The texts of the card, with names in place of macros."""

    @property
    def unused(self) -> tuple[str, ...]:
        """Filled fields of the card that are kept and not used."""
        return tuple(field for field in FIELDS if self.card.fields.get(field) and field not in _USED)

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Fields that the card does not fill, including the private sheet."""
        return self.filled if self.persona.private else (*self.filled, "private")


def read(card: Card, filling: CardDefaults, *, name: str | None = None, user: str | None = None) -> ImportedPersona:
    """The persona of a card. A sheet in its extensions takes precedence over its other fields.

    Args:
        card: the card.
        filling: the default texts for fields that it does not fill.
        name: the character's name; None: the name in the card.
        user: the name that replaces {{user}}; None: that of the filling.

    Raises:
        ValueError: the character has no name that is valid in a script; the message is one line without the name of
            the file.
    """
    called = _called(card, name)
    meant = _name(user, "`user`", "say whom the card means by {{user}}") if user else filling.user
    reading = card_text.CardText(card.words, called, meant)
    ours = filling.model_dump(exclude={"user"})
    told = {word: value for word, value in reading.read() if value}
    kept, wrong = embedded_sheet.read(card.words.extensions.get(embedded_sheet.NAMESPACE), {"name": called, **ours})
    where = f"the sheet in extensions.{embedded_sheet.NAMESPACE}"
    notes = card.mended
    if kept:
        notes += (f"read from {where}, checked like the rest of the card",)
    notes += tuple(f"{where}: {note}" for note in wrong)
    if "material" not in kept:
        notes += tuple(reading.notes)
    said = told | kept
    persona, texts = Persona.model_validate({"name": called, **ours, **said}), reading.told
    if name:
        was = _names(card.words.model_dump())
        persona, texts = persona.renamed(called, was=was), renamed(texts, was, called)
    filled = tuple(word for word in ours if word not in said)
    return ImportedPersona(card, persona, filled, notes, texts)


def fields(
    persona: Persona, filled: Persona, kept: Mapping[str, Any], before: Mapping[str, Any] | None, *, secrets: bool
) -> dict[str, Any]:
    """The fields of a card for a persona. For fields of the persona that are unchanged since `before`, the texts of the
    `kept` card stay; fields of a card that a persona does not have always stay. A text that was replaced is replaced
    wherever the card repeats it, and so is a name that was changed.

    Args:
        persona: the persona as it is written, with roles in braces; it becomes the sheet in the extensions.
        filled: the same with names in place of roles, for programs that do not read the sheet.
        kept: the fields of the card that the persona came from; empty if there was none.
        before: the sheet of the persona as it was read from that card.
        secrets: whether to include the private sheet.
    """
    made = dict(kept)
    now = changed(persona, before)
    new = {field: text for field, text in _told(filled).items() if now & set(_SAYS[field])}
    for field, text in new.items():
        if len(replaced := (kept.get(field) or "").strip()) >= _REPEATED:
            made = _replaced(made, re.compile(re.escape(replaced)), text)
    made |= new
    if "first_mes" in new and isinstance(greetings := made.get("alternate_greetings"), list):
        made["alternate_greetings"] = [each for each in greetings if each != new["first_mes"]]
    names = _names(kept)
    if persona.name not in names:
        if names:
            made |= {field: renamed(made[field], names, "{{char}}") for field in _NAMING if field in made}
        made["name"] = persona.name
        made.pop("nickname", None)
    extensions = dict(made.get("extensions") or {})
    if "talkativeness" in now:
        extensions["talkativeness"] = persona.talkativeness
    extensions[embedded_sheet.NAMESPACE] = embedded_sheet.written(persona, secrets=secrets)
    return made | {"extensions": extensions}


def changed(persona: Persona, before: Mapping[str, Any] | None) -> set[str]:
    """The changed fields of a persona; all of them if there was none before."""
    now = embedded_sheet.written(persona, secrets=True)
    return {word for word in now if before is None or now[word] != before.get(word)}


def _replaced(value: Any, old: re.Pattern[str], new: str) -> Any:
    """A value with the matches of the pattern replaced in every text."""
    if isinstance(value, str):
        return old.sub(lambda found: new, value)
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    return [_replaced(item, old, new) for item in value] if isinstance(value, list) else value


def _told(persona: Persona) -> dict[str, str]:
    """The public fields of a persona as the texts of a card."""
    material = "\n".join(f"{{{{char}}}} says that {matter}." for matter in persona.material)
    return {
        "description": f"{{{{char}}}} is {persona.who}. {persona.voice}\n\n{material}",
        "personality": persona.voice,
        "first_mes": next(iter(persona.examples), ""),
        "mes_example": "\n".join(f"<START>\n{{{{char}}}}: {example}" for example in persona.examples),
    }


def _names(fields: Mapping[str, Any]) -> list[str]:
    """What the fields of a card call its character."""
    given = (fields.get(field) for field in ("name", "nickname"))
    return [name.strip() for name in given if isinstance(name, str) and name.strip()]


def _called(card: Card, name: str | None) -> str:
    """The character's name: the given one, or the nickname, which macros also use, or the name."""
    called = next(filter(None, (text.strip() for text in (name or "", card.words.nickname, card.words.name))), "")
    return _name(called, "its character is called", "import it with `name=NAME`")


def _name(text: str, what: str, else_: str) -> str:
    """A name that is valid in a script, also in its compatibility-normalized form."""
    valid = TypeAdapter(Name).validate_python
    try:
        name = valid(text)
        valid(unicodedata.normalize("NFKC", text))
        plain = prose.legible(name) and not prose.unfit(name, spoken=True)
    except ValidationError:
        plain = False
    if plain:
        return name
    raise ValueError(
        f"{what} {text[:60]!r}; a name begins with a letter, has 40 characters at most, and none of "
        f": [ ] {{ }} * < > or what cannot be seen; {else_}"
    )
