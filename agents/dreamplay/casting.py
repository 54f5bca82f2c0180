"""Casting: reads stories and personas, and gives each role of a story a persona."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay.errors import CardError, LibraryError
from dreamplay.library import resources, yaml_document
from dreamplay.library.yaml_loader import read
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.error_messages import listed
from dreamplay.schema.story import Story

if TYPE_CHECKING:
    from dreamplay.cards.persona_mapping import ImportedPersona


def load_story(reference: str) -> Story:
    """A shipped story by name, or one from a file.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return read(resources.find("stories", reference), Story)


def load_persona(reference: str, beside: Path | None = None) -> Persona:
    """A shipped persona by name, or one from a file, looked for beside a story file too; or the one that a character
    card shows.
    """
    return _portrait(resources.find("personas", reference, beside))


def is_card(path: Path) -> bool:
    """Whether a file is called like a character card, and not like a persona."""
    return path.suffix.lower() in (".png", ".json", ".charx")


def portrayed(path: Path, *, name: str | None = None, user: str | None = None) -> ImportedPersona:
    """What a character card shows; see `likeness.read`.

    Raises:
        CardError: it cannot be read, is no card, or its character has no name that can stand in a script.
    """
    from dreamplay.cards import card, persona_mapping

    filling = read(resources.prompts() / "card.yaml", persona_mapping.CardDefaults)
    try:
        return persona_mapping.read(card.read(path), filling, name=name, user=user)
    except ValueError as error:
        raise CardError(f"{path}: {error}") from None


def cast(played: Story, reference: str, swaps: Mapping[str, str] | None = None) -> Cast:
    """Fill the roles of a story, some with another persona than the story names.

    A swap names a persona, a file, or another role of the cast. Two characters of one name would answer to each
    other's cues, so a persona whose name is taken keeps the name of the one it replaces.

    Raises:
        LibraryError: a swap for a role that is not there, or a persona that cannot be read.
    """
    path = resources.find("stories", reference)
    own = Cast({role: _portrait(_named(path, role, name)) for role, name in played.cast.items()})
    return swapped(own, swaps or {})


def swapped(own: Cast, swaps: Mapping[str, str], *, known: bool = False) -> Cast:
    """A cast in which some roles have another persona; see `cast`. If they are known to the others already, they keep
    their names: what was said before calls them by these.

    Raises:
        LibraryError: see `cast`.
    """
    for role in swaps:
        if role not in own.roles:
            raise LibraryError(f"no role {role!r} in this story; it has {listed(own.roles)}")
    personas = dict(own.personas)
    personas |= {role: personas[ref] if ref in own.roles else load_persona(ref) for role, ref in swaps.items()}
    for role in swaps:
        kept = {"name": own.name(role), "called": own.personas[role].called}
        if known or role in (Cast(personas).alike() or ()):
            personas[role] = personas[role].model_copy(update=kept)
    made = Cast(personas)
    if alike := made.alike():
        one, other = alike
        raise LibraryError(f"{one} and {other} are both called {made.name(other)!r}; give one persona another name")
    return made


def _portrait(path: Path) -> Persona:
    return portrayed(path).persona if is_card(path) else read(path, Persona)


def _named(story: Path, role: str, reference: str) -> Path:
    """The file of a persona that a story names for a role.

    Raises:
        LibraryError: there is none; the message says where the story names it.
    """
    try:
        return resources.find("personas", reference, story.parent)
    except LibraryError as error:
        place = "cast", role
        raise LibraryError(f"{story}:{yaml_document.read(story).line_of(place)}: {'.'.join(place)}: {error}") from None
