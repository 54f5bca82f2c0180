"""What a card and a persona say of each other: a persona as a card shows it, and a card's fields from a persona.

What a card has no word for is filled with words of ours that say nothing of anybody (prompts/card.yaml); a private
sheet is never made up. What a persona has no word for stays in the card, which is kept.
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

_SAYS: dict[str, tuple[str, ...]] = {
    "description": ("who", "material"), "personality": ("voice",), "first_mes": ("examples",),
    "mes_example": ("examples",),
}  # fmt: skip
"""The fields of a card, and the words of a persona that they say."""
_USED = {"name", "nickname", "extensions", *_SAYS}
_NAMING = (
    *TEXTS[1:], "system_prompt", "post_history_instructions", "alternate_greetings", "group_only_greetings",
)  # fmt: skip
"""The fields of a card in which applications put a name for {{char}}."""
_REPEATED = 20
"""Characters from which a text that stands in two fields is taken for a repetition, and not for a coincidence."""


class CardDefaults(FrozenModel):
    """Our own words for what a card has no word for."""

    who: Text
    voice: Text
    examples: tuple[Text, ...]
    tactics: tuple[Text, ...]
    material: tuple[Text, ...]
    user: Name
    """Whom {{user}} means."""


@dataclass(frozen=True)
class ImportedPersona:
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


def read(card: Card, filling: CardDefaults, *, name: str | None = None, user: str | None = None) -> ImportedPersona:
    """The persona that a card shows. The words of a sheet in its extensions count before everything else.

    Args:
        card: the card.
        filling: our words for what it has no word for.
        name: what to call the character, if not as the card does.
        user: whom {{user}} means, if not whom the filling says.

    Raises:
        ValueError: the character has no name that can stand in a script; one line without the name of the file.
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
    persona = Persona.model_validate({"name": called, **ours, **said})
    filled = tuple(word for word in ours if word not in said)
    return ImportedPersona(card, persona, filled, notes, reading.told)


def fields(
    persona: Persona, filled: Persona, kept: Mapping[str, Any], before: Mapping[str, Any] | None, *, secrets: bool
) -> dict[str, Any]:
    """The fields of a card for a persona. Where the persona still says what it said `before`, the `kept` card's own
    words stay; what a persona has no word for stays in any case. A text that was replaced is replaced wherever the
    card repeats it, and so is the name of somebody who is called something else now.

    Args:
        persona: as it is written, with roles in braces; this is the sheet that goes into the extensions.
        filled: the same with names for roles, for those who read no sheet of ours.
        kept: the fields of the card that the persona came from; empty if there was none.
        before: the sheet of the persona as it came from that card.
        secrets: whether the private sheet goes with it.
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
    names = [name for field in ("name", "nickname") if isinstance(name := kept.get(field), str) and name.strip()]
    if persona.name not in map(str.strip, names):
        for name in sorted(names, key=len, reverse=True):
            called = re.compile(rf"(?<!\w){re.escape(name.strip())}(?!\w)")
            made |= {field: _replaced(made[field], called, "{{char}}") for field in _NAMING if field in made}
        made["name"] = persona.name
        made.pop("nickname", None)
    extensions = dict(made.get("extensions") or {})
    if "talkativeness" in now:
        extensions["talkativeness"] = persona.talkativeness
    extensions[embedded_sheet.NAMESPACE] = embedded_sheet.written(persona, secrets=secrets)
    return made | {"extensions": extensions}


def changed(persona: Persona, before: Mapping[str, Any] | None) -> set[str]:
    """The words of a persona that are not what they were; all of them if there was nothing before."""
    now = embedded_sheet.written(persona, secrets=True)
    return {word for word in now if before is None or now[word] != before.get(word)}


def _replaced(value: Any, old: re.Pattern[str], new: str) -> Any:
    """A value in which every text has something else for what the pattern finds."""
    if isinstance(value, str):
        return old.sub(lambda found: new, value)
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    return [_replaced(item, old, new) for item in value] if isinstance(value, list) else value


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
    return _name(called, "its character is called", "import it with `name=NAME`")


def _name(text: str, what: str, else_: str) -> str:
    """A name that can stand in a script, also in the simpler forms of its letters in which it may be read."""
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
