"""Character cards become persona files, and persona files become cards: what `cast import` and `cast export` do.

Beside a persona file `ada.yaml` that came from a card lies the card itself, `ada.card.json`, with everything that a
persona has no word for; no prompt is ever made from it, and an export takes it up again.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dreamplay import casting
from dreamplay.cards import card as cards
from dreamplay.cards import embedded_sheet, persona_mapping
from dreamplay.cards.card import Card, Version
from dreamplay.cards.persona_mapping import ImportedPersona
from dreamplay.errors import CardError, UsageError
from dreamplay.library import resources
from dreamplay.schema.cast import Cast, Persona

_UNTOUCHED = (
    "scenario", "creator_notes", "creator_notes_multilingual", "system_prompt", "post_history_instructions",
    "alternate_greetings", "group_only_greetings", "character_book",
)  # fmt: skip
"""The fields that may speak of a character, and for which a persona has no word."""
_OURS = "# left for you: the {source} has no word for this, and these words of ours say nothing of anybody"
_HIDDEN = """\
# left for you: the {source} says nothing of what {name} hides. Until it is written, {name} brings no fear into a dream.
# private:
#   want: what {name} wants
#   belief: what {name} would stand for
#   fear: the hidden fear, an image rather than a label
#   wish: what {name} would wish for if nobody heard
#   memories:
#     - formative memories, in the first person
"""


def file_for(persona: Persona, suffix: str, out: Path | None) -> Path:
    """The file to write: `out`, or one called like the character, in the current folder.

    Raises:
        UsageError: it is there already, or is called like a file of another kind.
    """
    path = out or Path(re.sub(r"\W+", "_", persona.name.lower()).strip("_") + suffix)
    if path.suffix != suffix:
        raise UsageError(f"`out={path}`: what is written is {suffix[1:].upper()}; give a name that ends in {suffix}")
    if path.exists():
        raise UsageError(f"{path} is already there; choose another `out`")
    return path


def adopt(seen: ImportedPersona, source: Path, path: Path) -> list[str]:
    """Write a persona file and, beside it, the card that it came from; what there is to say comes back line by line.

    Raises:
        UsageError: a file is there already, or cannot be written.
    """
    ours = embedded_sheet.written(seen.persona, secrets=True)
    kept = _kept_beside(path)
    save({path: sheet(seen).encode(), kept: cards.dump(seen.card.extended(embedded_sheet.NAMESPACE, ours))})
    lines = [
        f"{path}: {seen.persona.name}, from {source} ({seen.card.spec})",
        *(f"{path}: {note}" for note in seen.notes),
    ]
    if unsaid := seen.unsaid:
        lines.append(f"{path}: the card has no word for {', '.join(unsaid)}; that is left for you, or for `ask_model`")
    if seen.unused:
        lines.append(f"{kept}: kept for an export, and not played: {', '.join(seen.unused)}")
    return lines


def member(reference: str, story: str) -> tuple[Path, Persona, Cast]:
    """The persona that a role of a story, a name or a path means, with its file and the cast of the story.

    Raises:
        LibraryError: there is none, or it is not valid.
    """
    played = casting.load_story(story)
    beside, cast = resources.find("stories", story).parent, casting.cast(played)
    role = cast.role_given(reference)
    path = resources.find("personas", played.cast[role] if role else reference, beside)
    return path, casting.load_persona(str(path)), cast


def card(
    path: Path, persona: Persona, cast: Cast, version: Version, *, portrait: Path | None, secrets: bool
) -> tuple[bytes, list[str]]:
    """The file of a card, JSON or, with a portrait, PNG, for the persona in the file `path`; and what there is to say.

    Args:
        path: the file that the persona is in, which may be a card itself.
        persona: the persona.
        cast: whose names stand where the persona names a role.
        version: of the card.
        portrait: the PNG that the card goes into.
        secrets: whether the private sheet goes with it.

    Raises:
        CardError: the portrait, or the card that lies beside the persona, cannot be read.
    """
    kept, before = _kept(path, persona)
    fields = persona_mapping.fields(
        persona, _filled(persona, cast), kept.fields if kept else {}, before, secrets=secrets
    )
    tree = cards.compose(version, fields, kept.tree if kept else {})
    lines = []
    if persona.private and not secrets:
        lines.append("the private sheet is left out; add it with `with_secrets`")
    if persona.moves:
        lines.append("the moves are left out: a card has no word for what somebody says in a story of dreamplay")
    written = embedded_sheet.written(persona, secrets=secrets)
    lines += [f"an import will not read all of it: {note}" for note in embedded_sheet.read(written, written)[1]]
    if (
        kept
        and persona_mapping.changed(persona, before)
        and (stands := [each for each in _UNTOUCHED if fields.get(each)])
    ):
        lines.append(f"as the card had them, and perhaps not true any more: {', '.join(stands)}")
    if portrait is None:
        return cards.dump(tree), lines
    try:
        data, left = cards.into_png(cards.bounded(portrait), tree)
    except ValueError as error:
        raise CardError(f"{portrait}: {error}; give a portrait as PNG") from None
    if left:
        lines.append(f"what {portrait} held besides the picture is left out: {', '.join(left)}")
    return data, lines


def save(files: Mapping[Path, bytes], way_out: str = "choose another `out`") -> None:
    """Write all of the files or none, and none over another. `way_out` is what to do if one is there already.

    Raises:
        UsageError: a file is there already, or cannot be written.
    """
    made: list[Path] = []
    try:
        for path, data in files.items():
            with path.open("xb") as file:
                made.append(path)
                file.write(data)
    except OSError as error:
        for done in made:
            done.unlink(missing_ok=True)
        what = "is already there" if isinstance(error, FileExistsError) else f"cannot be written: {error.strerror}"
        raise UsageError(f"{path} {what}; {way_out}") from None


def sheet(seen: ImportedPersona, source: str = "card") -> str:
    """A persona as a file, with a remark on whatever it has no word for that the persona came from."""
    data = seen.persona.model_dump(mode="json", exclude_none=True)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = False, 4096, True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    parts = []
    for word, value in data.items():
        buffer = io.StringIO()
        yaml.dump({word: value}, buffer)
        parts += [f"{_OURS.format(source=source)}\n" if word in seen.filled else "", buffer.getvalue()]
    return "".join(parts) + ("" if seen.persona.private else _HIDDEN.format(name=seen.persona.name, source=source))


def _kept_beside(path: Path) -> Path:
    return path.with_suffix(".card.json")


def _kept(path: Path, persona: Persona) -> tuple[Card | None, dict[str, Any] | None]:
    """The card that a persona came from, and the sheet of the persona as it came from it, to compare with and no more:
    the card that lies beside a persona file may be anybody's.
    """
    if casting.is_card(path):
        return cards.read(path), embedded_sheet.written(persona, secrets=True)
    if not _kept_beside(path).is_file():
        return None, None
    card = cards.read(_kept_beside(path))
    before = card.words.extensions.get(embedded_sheet.NAMESPACE)
    return card, before if isinstance(before, dict) else None


def _filled(persona: Persona, cast: Cast) -> Persona:
    """The public words with names where the persona names roles."""
    words = {word: cast.fill(getattr(persona, word)) for word in ("who", "voice")}
    lists = {word: tuple(map(cast.fill, getattr(persona, word))) for word in ("examples", "material")}
    return persona.model_copy(update=words | lists)
