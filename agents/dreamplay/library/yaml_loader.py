"""Reads YAML files that authors write into values. Errors name file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dreamplay.errors import LibraryError
from dreamplay.library import yaml_document
from dreamplay.library.yaml_document import Node
from dreamplay.schema.authored import Authored
from dreamplay.schema.base import FrozenModel, MisplacedError
from dreamplay.schema.cast import Persona
from dreamplay.schema.error_messages import did_you_mean, listed, sentence
from dreamplay.schema.story import AUTHORED, Story

V = TypeVar("V", bound=FrozenModel)
_SHOWN = 5
"""Faults that one message reports, at most."""


def read(path: Path, kind: type[V], **context: object) -> V:
    """Read a YAML file into a value; `context` is what it is checked against besides its own form.

    Raises:
        LibraryError: it cannot be read, is not YAML, or does not fit; the message names file, line and key.
    """
    return _fitted(path, yaml_document.read(path), kind, context)


def read_text(text: str, kind: type[V], called: str) -> V:
    """Read YAML text into a value. A story may be one that lost people in a branch.

    Args:
        text: the document.
        kind: of the value.
        called: what messages call it, in place of a path.

    Raises:
        LibraryError: it is not YAML, or does not fit; the message names line and key.
    """
    return _value(called, yaml_document.parse(text.encode(errors="surrogatepass"), called), kind, {})


def read_either(path: Path) -> Persona | Story:
    """Read a file that is a persona or a story, as the keys in it say.

    Raises:
        LibraryError: see `read`.
    """
    node = yaml_document.read(path)
    is_story = isinstance(node.value, dict) and not node.value.keys().isdisjoint(Story.model_fields)
    return _fitted(path, node, Story, {}) if is_story else _fitted(path, node, Persona, {})


def _fitted(path: Path, node: Node, kind: type[V], context: dict[str, object]) -> V:
    value = _value(str(path), node, kind, {AUTHORED: True} if kind is Story else context)
    return value.read_from(path) if isinstance(value, Authored) else value


def _value(called: str, node: Node, kind: type[V], context: dict[str, object]) -> V:
    try:
        return kind.model_validate(node.plain(), context=context)
    except ValidationError as error:
        if other := _other(node, kind):
            raise LibraryError(f"{called}: this is a {_word(other)}, and a {_word(kind)} is needed here") from None
        found = _told(error.errors(include_url=False))
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        told = "; line ".join(_complaint(node, kind, each) for each in found[:_SHOWN])
        raise LibraryError(f"{called}:{told}{more}") from None


def _other(node: Node, kind: type[FrozenModel]) -> type[FrozenModel] | None:
    """The kind that a file is in place of the expected one, judged by its keys; None if it is neither a persona nor a
    story."""
    others: dict[type[FrozenModel], type[FrozenModel]] = {Story: Persona, Persona: Story}
    other = others.get(kind)
    keys = node.value.keys() if isinstance(node.value, dict) else set[str]()
    if other is None or len(keys & other.model_fields.keys()) < 3 or not keys.isdisjoint(kind.model_fields):
        return None
    return other


def _word(kind: type[FrozenModel]) -> str:
    return kind.__name__.lower()


def _told(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """The errors to report, unknown keys first, since they are the usual reason for a missing one. A list with wrong
    entries is also reported as too short by pydantic; that error is left out."""
    outer = {each["loc"][:n] for each in errors for n in range(len(each["loc"]))}
    own = [each for each in errors if each["loc"] not in outer]
    return sorted(own, key=lambda each: each["type"] != "extra_forbidden")


def _complaint(node: Node, kind: type[FrozenModel], error: ErrorDetails) -> str:
    """One validation error as line, key, and what would be right."""
    loc = tuple(part for part in error["loc"] if part != "[key]")  # pydantic's word for a key that is bad itself
    if error["type"] == "extra_forbidden":
        valid = sorted(_fields_at(kind, loc[:-1]))
        message = f"unknown key{did_you_mean(str(loc[-1]), valid)}; valid keys are {listed(valid)}"
    else:
        message = sentence(error)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, MisplacedError):
        loc += cause.at
    where = ".".join(str(part)[:60] for part in loc) or _word(kind)
    return f"{node.line_of(loc)}: {where}: {message}"


def _fields_at(kind: type[FrozenModel], loc: tuple[int | str, ...]) -> set[str]:
    """The keys that are valid at a place in a value, followed down through its type annotations."""
    here: type[FrozenModel] = kind
    for part in loc:
        if isinstance(part, str) and part in here.model_fields:
            annotation = here.model_fields[part].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            here = next((t for t in inner if isinstance(t, type) and issubclass(t, FrozenModel)), here)
    return set(here.model_fields)
