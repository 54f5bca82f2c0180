"""Casting: reads stories and personas, and gives each role of a story a persona."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import ValidationError

from dreamplay.errors import CardError, LibraryError
from dreamplay.library import resources, yaml_document
from dreamplay.library.yaml_loader import read
from dreamplay.schema import own_moves
from dreamplay.schema.authored import Authored
from dreamplay.schema.base import MisplacedError, folded
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.error_messages import did_you_mean, listed, sentence
from dreamplay.schema.scene_checks import check_braces
from dreamplay.schema.story import Story

if TYPE_CHECKING:
    from dreamplay.cards.persona_mapping import ImportedPersona

V = TypeVar("V", bound=Authored)


def offered(kind: Literal["stories", "personas"]) -> list[str]:
    """The names that a story or a persona can be asked for by: the shipped ones, then the files in this folder."""
    return [*resources.names(kind), *resources.files(Path(), kind)]


def load_story(reference: str) -> Story:
    """A shipped story by name, or one from a file.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return read(resources.find("stories", reference), Story)


def load_persona(reference: str, *, name: str | None = None) -> Persona:
    """A shipped persona by name, or one from a file; or the one that a character card shows, by another name if one is
    given.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    path = resources.find("personas", reference)
    if is_card(path):
        return portrayed(path, name=name).persona
    persona = read(path, Persona)
    return checked(persona.renamed(name)) if name else persona


def checked(value: V) -> V:
    """A value as its class demands it: what `model_copy` changed was not checked.

    Raises:
        LibraryError: it is not valid; the message names the field.
    """
    try:
        return type(value).model_validate(value.model_dump(warnings="none")).read_from(value.path)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part)[:60] for part in first["loc"]) or "the whole"
        raise LibraryError(f"this {type(value).__name__} is not valid: {where}: {sentence(first)}") from None


def is_card(path: Path) -> bool:
    """Whether a file is called like a character card, and not like a persona."""
    return path.suffix.lower() in (".png", ".json", ".charx")


def portrayed(given: Path | bytes, *, name: str | None = None, user: str | None = None) -> ImportedPersona:
    """What a character card shows, given its file or the content of that; see `persona_mapping.read`.

    Raises:
        CardError: it cannot be read, is no card, or its character has no name that can stand in a script.
    """
    from dreamplay.cards import card, persona_mapping

    filling = read(resources.prompts() / "card.yaml", persona_mapping.CardDefaults)
    read_card = card.decoded(given) if isinstance(given, bytes) else card.read(given)
    try:
        return persona_mapping.read(read_card, filling, name=name, user=user)
    except ValueError as error:
        raise CardError(f"{'the card' if isinstance(given, bytes) else given}: {error}") from None


def cast(played: Story, swaps: Mapping[str, str | Path | Persona] | None = None) -> Cast:
    """Fill the roles of a story, some with another persona than the story names.

    A swap is for a role, given by itself or by a name. It is a persona, names one or its file, or another role of the
    cast. Two characters of one name would answer to
    each other's cues, so a persona whose name is taken keeps the name of the one it replaces.

    Raises:
        LibraryError: a swap for a role that is not there, or a persona that cannot be read, or that names a role, a
            beat or a move that the story does not have.
    """
    return filled(played, swaps or {})[0]


def filled(played: Story, swaps: Mapping[str, str | Path | Persona]) -> tuple[Cast, dict[str, str | Path | Persona]]:
    """The cast of a story, and the swaps by role; see `cast`, which raises the same."""
    personas = {}
    for role, name in played.cast.items():
        given = swaps.get(role)
        try:
            personas[role] = _portrait(_named(played.path, role, name))
        except LibraryError:
            if not isinstance(given, Persona):  # whoever brings all the personas needs no files of them
                raise
            personas[role] = given
    swaps = by_role(Cast(personas), swaps)
    for role, persona in personas.items():
        _check_fit(played, persona, personas, own=role not in swaps)
    made = swapped(Cast(personas), swaps)
    check_swaps(played, made, swaps)
    return made, swaps


def by_role(own: Cast, swaps: Mapping[str, str | Path | Persona]) -> dict[str, str | Path | Persona]:
    """Swaps by role, and with roles for those who trade places, where some were given by the name of who plays them.

    Raises:
        LibraryError: there is no such role, or one is swapped twice.
    """
    found: dict[str, str | Path | Persona] = {}
    for given, persona in swaps.items():
        role = own.role_given(str(given))
        if role is None:
            raise LibraryError(own.lacks(str(given), "story"))
        if role in found:
            raise LibraryError(f"{given!r} is the role {role}, which is swapped already; leave out one of them")
        found[role] = persona if isinstance(persona, Persona) else own.role_given(str(persona)) or persona
    return found


def check_swaps(played: Story, made: Cast, swaps: Iterable[str], *, whole: bool = True) -> None:
    """Refuse whoever was swapped in and does not fit the story; see `cast`.

    Args:
        played: the story.
        made: the cast.
        swaps: the roles that were swapped.
        whole: whether the story has all that its author wrote.

    Raises:
        LibraryError: their arc or their moves do not fit; the message names file and line.
    """
    for role in swaps:
        _check_fit(played, made.personas[role], made.personas, own=False, whole=whole)


def _check_fit(played: Story, persona: Persona, roles: Collection[str], *, own: bool, whole: bool = True) -> None:
    """Refuse an arc with a beat, or moves with an id or a role, that the story does not have. A persona from elsewhere
    may come with those for another story: a shipped one in a story that is not, and a swap that knows none of them.

    Raises:
        LibraryError: see above; the message names file and line.
    """
    if resources.is_shipped(persona.path) and not resources.is_shipped(played.path):
        return
    try:
        _check_arc(played, persona, own=own)
        own_moves.check(played, persona, roles, own=own, whole=whole)
    except MisplacedError as error:
        place = ".".join(map(str, error.at))
        file = f"{persona.path}:{yaml_document.read(persona.path).line_of(error.at)}: " if persona.path else ""
        raise LibraryError(f"{file}{place}: {error}") from None


def _check_arc(played: Story, persona: Persona, *, own: bool) -> None:
    arc = persona.private.arc if persona.private else {}
    beats = [beat.id for beat in played.beats]
    unknown = [beat for beat in arc if beat not in beats]
    if unknown and (own or len(unknown) < len(arc)):
        known = f"{did_you_mean(unknown[0], beats)}; it has {listed(beats)}"
        wrong = f"the story has no beat {unknown[0]!r}{known}; rename it, or delete it"
        raise MisplacedError(wrong, "private", "arc", unknown[0])


def _check_named(persona: Persona, roles: Sequence[str]) -> None:
    """Refuse a persona whose file names a role that the story does not have: the braces would be played as they are
    written. A shipped one may come into any story, and what a card says is a stranger's own. Moves may be of another
    story: see `_check_fit`.

    Raises:
        LibraryError: see above; the message names file and line.
    """
    path = persona.path
    if path is None or is_card(path) or resources.is_shipped(path):
        return
    try:
        check_braces(persona.model_dump(exclude={"moves"}), set(roles))
    except MisplacedError as error:
        line, place = yaml_document.read(path).line_of(error.at), ".".join(map(str, error.at))
        raise LibraryError(f"{path}:{line}: {place}: {error}") from None


def swapped(
    own: Cast, swaps: Mapping[str, str | Path | Persona], *, known: bool = False, named: Mapping[str, str] | None = None
) -> Cast:
    """A cast in which some roles have another persona; see `cast`, and `by_role` for swaps by name.

    Args:
        own: the cast as it is.
        swaps: by role.
        known: whether they are known to the others already. They then keep their names: what was said before calls them
            by these.
        named: the personas that the story names. A role that is swapped for itself has its one again, if that is
            shipped: of a file, a run does not know where it is.

    Raises:
        LibraryError: see `cast`.
    """
    personas = dict(own.personas)
    for role, given in swaps.items():
        if isinstance(given, Persona):
            personas[role] = checked(given)
        elif str(given) == role and named and named.get(role) in resources.names("personas"):
            personas[role] = load_persona(named[role])
        else:
            personas[role] = own.personas[str(given)] if str(given) in own.roles else load_persona(str(given))
    for role in swaps:
        now, kept = Cast(personas), own.personas[role]
        if known or role in (now.alike() or ()):
            others = [name for other in now.roles if other != role for name in now.names(other)]
            personas[role] = checked(personas[role].renamed(kept.name, kept.called, others=others))
    made = Cast(personas)
    if alike := made.alike():
        one, other = alike
        raise LibraryError(f"{one} and {other} are both called {made.name(other)!r}; give one persona another name")
    for persona in made.personas.values():
        _check_named(persona, made.roles)
    return made


def _portrait(path: Path) -> Persona:
    return portrayed(path).persona if is_card(path) else read(path, Persona)


def _named(story: Path | None, role: str, reference: str) -> Path:
    """The file of a persona that a story, read from a file or not, names for a role.

    Raises:
        LibraryError: there is none; the message says where the story names it.
    """
    try:
        return resources.find("personas", reference, story and story.parent)
    except LibraryError as error:
        place = "cast", role
        if story is None:
            raise LibraryError(f"{'.'.join(place)}: {error}") from None
        raise LibraryError(f"{story}:{yaml_document.read(story).line_of(place)}: {'.'.join(place)}: {error}") from None


def visitor(reference: str | Persona, others: Cast) -> Persona:
    """The visitor's sheet: a name, a sheet of their own, or the file of that.

    Raises:
        LibraryError: no such file, no valid name, or one to which somebody of the cast would answer, too; or a role in
            braces that nobody has.
    """
    if isinstance(reference, Persona):
        sheet = checked(reference)
    elif reference.lower().endswith((".yaml", ".yml")):
        sheet = load_persona(reference)
    else:
        public = read(resources.prompts() / "visitor.yaml", Persona)
        try:
            sheet = Persona.model_validate(public.model_dump() | {"name": reference})
        except ValidationError:
            raise LibraryError(
                f"`visitor={reference[:40]!r}`: no name; at most 40 characters, a letter first, and no "
                ": [ ] { } * < >"
            ) from None
    own = set(folded(f"{sheet.name} {sheet.called or ''}").split())
    for role in others.roles:
        if own & set(folded(f"{others.name(role)} {others.called(role)}").split()):
            raise LibraryError(
                f"`visitor={sheet.name!r}`: {others.name(role)} is in the cast already; choose another name"
            )
    _check_named(sheet, others.roles)
    return sheet
