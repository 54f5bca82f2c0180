"""Finds prompts/, reads YAML into story values, and owns the templates."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from dreamplay.errors import CardError, LibraryError
from dreamplay.story import Cast, Persona, Story, Value

if TYPE_CHECKING:
    from dreamplay.cards.likeness import Likeness

V = TypeVar("V", bound=Value)
_MAX_BYTES = 1_000_000  # a persona or story is a few kilobytes; more is a mistake or an attack


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
    path = find("personas", reference, beside)
    return portrayed(path).persona if is_card(path) else read(path, Persona)


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
    beside = find("stories", reference).parent
    own = Cast({role: persona(name, beside) for role, name in played.cast.items()})
    return swapped(own, swaps or {})


def swapped(own: Cast, swaps: Mapping[str, str], *, known: bool = False) -> Cast:
    """A cast in which some roles have another persona; see `cast`. If they are known to the others already, they keep
    their names: what was said before calls them by these.

    Raises:
        LibraryError: see `cast`.
    """
    for role in swaps:
        if role not in own.roles:
            raise LibraryError(f"no role {role!r} in this story; it has {_listed(own.roles)}")
    personas = dict(own.personas)
    personas |= {role: personas[ref] if ref in own.roles else persona(ref) for role, ref in swaps.items()}
    for role in swaps:
        others = {p.name for r, p in personas.items() if r != role}
        if known or personas[role].name in others:
            personas[role] = personas[role].model_copy(update={"name": own.name(role)})
    taken: dict[str, str] = {}
    for role, member in personas.items():
        if member.name in taken:
            raise LibraryError(
                f"{taken[member.name]} and {role} are both called {member.name!r}; give one persona another name"
            )
        taken[member.name] = role
    return Cast(personas)


def find(kind: str, reference: str, beside: Path | None = None) -> Path:
    """The file that a name or path means.

    Raises:
        LibraryError: no such file; the message lists the names there are.
    """
    shipped = prompts() / kind / f"{reference}.yaml"
    if reference in names(kind):
        return shipped
    for path in (Path(reference), (beside or Path()) / reference, (beside or Path()) / f"{reference}.yaml"):
        if path.is_file():
            return path
    known = names(kind)
    raise LibraryError(
        f"no file and no shipped {kind} called {reference!r}{_meant(reference, known)}; there are {_listed(known)}"
    )


def any_file(reference: str) -> Path:
    """The file of a persona or a story that a path or a shipped name means.

    Raises:
        LibraryError: no such file; the message lists the names there are.
    """
    shipped = {name: prompts() / kind / f"{name}.yaml" for kind in ("personas", "stories") for name in names(kind)}
    path = shipped.get(reference, Path(reference))
    if not path.exists():
        raise LibraryError(
            f"no file and no shipped persona or story called {reference!r}{_meant(reference, list(shipped))}; "
            f"there are {_listed(shipped)}"
        )
    return path


def read(path: Path, kind: type[V], **context: object) -> V:
    """Read a YAML file into a value; `context` is what it is checked against besides its own form.

    Raises:
        LibraryError: it cannot be read, is not YAML, or does not fit; the message names file, line and key.
    """
    tree, data = _load(path)
    try:
        return kind.model_validate(data, context=context)
    except ValidationError as error:
        raise LibraryError("; ".join(_complaint(path, tree, kind, e) for e in error.errors()[:5])) from None


def kind_of(path: Path) -> type[Persona] | type[Story]:
    """Whether a file is a persona or a story, by the keys it has."""
    _, data = _load(path)
    return Story if {"beats", "premise", "cast", "prologue", "title"} & set(data) else Persona


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


def _load(path: Path) -> tuple[Node, dict[str, Any]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LibraryError(f"{path}: larger than {_MAX_BYTES // 1000} kB; that is no persona or story")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LibraryError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}; check the path") from None
    yaml = YAML(typ="safe", pure=True)
    try:
        tree = yaml.compose(text)
        data = yaml.load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LibraryError(f"{path}:{line}: not YAML: {error.problem}") from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise LibraryError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise LibraryError(f"{path}:1: empty, or not a list of keys and values; see prompts/ for examples")
    return tree, data


def _complaint(path: Path, tree: Node, kind: type[Value], error: ErrorDetails) -> str:
    """One validation error as file, line, key, and what would be right."""
    loc = error["loc"]
    where = ".".join(str(part) for part in loc) or kind.__name__.lower()
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        valid = sorted(_fields_at(kind, loc[:-1]))
        message = f"unknown key{_meant(str(loc[-1]), valid)}; valid keys are {_listed(valid)}"
    elif error["type"] == "missing":
        message = "this key is missing"
    elif isinstance(error["input"], str | int | float | bool):
        message += f" (it is {str(error['input'])[:60]!r})"
    return f"{path}:{_line(tree, loc)}: {where}: {message}"


def _fields_at(kind: type[Value], loc: tuple[int | str, ...]) -> set[str]:
    """The keys that are valid at a place in a value, followed down through its type annotations."""
    here: type[Value] = kind
    for part in loc:
        if isinstance(part, str) and part in here.model_fields:
            annotation = here.model_fields[part].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            here = next((t for t in inner if isinstance(t, type) and issubclass(t, Value)), here)
    return set(here.model_fields)


def _line(tree: Node, loc: tuple[int | str, ...]) -> int:
    """The line, counted from 1, of the deepest part of a path that stands in the file."""
    node, line = tree, tree.start_mark.line
    for part in loc:
        if isinstance(node, MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _meant(word: str, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "none"
