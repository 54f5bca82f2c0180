"""The library of words: finds prompts/ and what is in it, casts a story, and owns the templates."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dreamplay import document
from dreamplay.authored import read
from dreamplay.cast import Cast, Persona
from dreamplay.complaint import listed, meant
from dreamplay.errors import CardError, LibraryError
from dreamplay.story import Story
from dreamplay.value import Value

if TYPE_CHECKING:
    from dreamplay.cards.likeness import Likeness

_FILES = 1_000
"""Files of a folder that are looked at for personas."""
_LOOKED_AT = 65_536
"""Bytes of each; a persona has a few thousand."""
_ONE = {"personas": "persona", "stories": "story"}
_KEY = re.compile(rb"^([a-z]+):", re.MULTILINE)
_PERSONA = {b"name", b"who", b"voice", b"examples", b"tactics", b"material"}


@cache
def prompts() -> Path:
    """The folder of words: inside an installed package, or at the top of a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_prompts", here.parents[1] / "prompts"):
        if folder.is_dir():
            return folder
    raise LibraryError(f"the prompts folder is missing beside {here}; reinstall dreamplay")


def names(kind: str) -> tuple[str, ...]:
    """The shipped personas or stories by name."""
    return tuple(sorted(path.stem for path in (prompts() / kind).glob("*.yaml")))


def files(folder: Path) -> tuple[str, ...]:
    """The persona files of a folder by name: YAML with the keys that a persona must have, valid or not.

    Whatever else lies there is a stranger's: of a file only the beginning is looked at, and it is not parsed.
    """
    found = []
    for path in sorted(folder.glob("*.yaml"))[:_FILES]:
        try:
            with path.open("rb") if path.is_file() else io.BytesIO() as file:
                keys = set(_KEY.findall(file.read(_LOOKED_AT)))
        except OSError:
            continue
        if keys >= _PERSONA and path.name.isprintable():
            found.append(path.name)
    return tuple(found)


def story(reference: str) -> Story:
    """A shipped story by name, or one from a file.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return read(find("stories", reference), Story)


def persona(reference: str, beside: Path | None = None) -> Persona:
    """A shipped persona by name, or one from a file, looked for beside a story file too; or the one that a character
    card shows.
    """
    return _portrait(find("personas", reference, beside))


def is_card(path: Path) -> bool:
    """Whether a file is called like a character card, and not like a persona."""
    return path.suffix.lower() in (".png", ".json", ".charx")


def portrayed(path: Path, *, name: str | None = None, user: str | None = None) -> Likeness:
    """What a character card shows; see `likeness.read`.

    Raises:
        CardError: it cannot be read, is no card, or its character has no name that can stand in a script.
    """
    from dreamplay.cards import card as cards
    from dreamplay.cards import likeness

    filling = read(prompts() / "card.yaml", likeness.Filling)
    try:
        return likeness.read(cards.read(path), filling, name=name, user=user)
    except ValueError as error:
        raise CardError(f"{path}: {error}") from None


def cast(played: Story, reference: str, swaps: Mapping[str, str] | None = None) -> Cast:
    """Fill the roles of a story, some with another persona than the story names.

    A swap names a persona, a file, or another role of the cast. Two characters of one name would answer to each
    other's cues, so a persona whose name is taken keeps the name of the one it replaces.

    Raises:
        LibraryError: a swap for a role that is not there, or a persona that cannot be read.
    """
    path = find("stories", reference)
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
    personas |= {role: personas[ref] if ref in own.roles else persona(ref) for role, ref in swaps.items()}
    for role in swaps:
        kept = {"name": own.name(role), "called": own.personas[role].called}
        if known or role in (Cast(personas).alike() or ()):
            personas[role] = personas[role].model_copy(update=kept)
    made = Cast(personas)
    if alike := made.alike():
        one, other = alike
        raise LibraryError(f"{one} and {other} are both called {made.name(other)!r}; give one persona another name")
    return made


def find(kind: str, reference: str, beside: Path | None = None) -> Path:
    """The file that a name or path means.

    Raises:
        LibraryError: no such file; the message lists the names there are.
    """
    known = names(kind)
    if reference in known:
        return prompts() / kind / f"{reference}.yaml"
    for folder in (beside or Path(), Path()):  # what a story names is looked for beside it first
        for name in (reference, f"{reference}.yaml"):
            if _is((folder / name).is_file, reference):
                return folder / name
    raise LibraryError(
        f"no file and no shipped {_ONE[kind]} called {_quoted(reference)}{meant(reference, known)}; "
        f"there are {listed(known)}"
    )


def any_file(reference: str) -> Path:
    """The file of a persona or a story that a path or a shipped name means.

    Raises:
        LibraryError: no such file; the message lists the names there are.
    """
    shipped = {name: prompts() / kind / f"{name}.yaml" for kind in ("personas", "stories") for name in names(kind)}
    path = shipped.get(reference, Path(reference))
    if not _is(path.exists, reference):
        raise LibraryError(
            f"no file and no shipped persona or story called {_quoted(reference)}{meant(reference, list(shipped))}; "
            f"there are {listed(shipped)}"
        )
    return path


def _portrait(path: Path) -> Persona:
    return portrayed(path).persona if is_card(path) else read(path, Persona)


def _named(story: Path, role: str, reference: str) -> Path:
    """The file of a persona that a story names for a role.

    Raises:
        LibraryError: there is none; the message says where the story names it.
    """
    try:
        return find("personas", reference, story.parent)
    except LibraryError as error:
        place = "cast", role
        raise LibraryError(f"{story}:{document.read(story).line_of(place)}: {'.'.join(place)}: {error}") from None


def _quoted(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else f"{reference[:80]}…")


def _is(there: Callable[[], bool], reference: str) -> bool:
    """Whether something is there where a reference leads.

    Raises:
        LibraryError: nobody can tell, because of its folder or its name.
    """
    try:
        return there()
    except OSError as error:
        raise LibraryError(f"{_quoted(reference)}: {error.strerror}; check the path") from None


def digest(value: Value) -> str:
    """SHA-256 of a value's content, the same in every process."""
    return hashlib.sha256(value.model_dump_json().encode()).hexdigest()


def render(template: str, **values: object) -> str:
    """Fill a template of ours. Whatever stands in the values is data and is never compiled.

    Raises:
        LibraryError: the template is missing or asks for a value that is not given.
    """
    try:
        return _environment().get_template(template).render(**values).strip()
    except TemplateError as error:
        raise LibraryError(
            f"prompts/templates/{template}: {type(error).__name__}: {error}; mend the template"
        ) from None


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(  # plain text for a model, not a page: escaping would change the words
        loader=FileSystemLoader(prompts() / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
