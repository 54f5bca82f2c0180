"""Reads YAML files that authors write into values. Errors name file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dreamplay.errors import FaultsError, LibraryError
from dreamplay.library import yaml_document
from dreamplay.library.yaml_document import Node
from dreamplay.schema.authored import Authored
from dreamplay.schema.base import FrozenModel, MisplacedError
from dreamplay.schema.cast import Persona
from dreamplay.schema.error_messages import did_you_mean, listed, sentence
from dreamplay.schema.story import AUTHORED, Story

V = TypeVar("V", bound=FrozenModel)
_SHOWN = 5
"""Faults of a file that are reported, at most."""
_STUDY = frozenset({"story", "seeds", "conditions", "baseline"})
"""Keys of a study, which is read elsewhere: by them its file is known here."""
_KEYS = {"story": frozenset(Story.model_fields), "persona": frozenset(Persona.model_fields), "study": _STUDY}
"""The keys by which it is known what a file is."""


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
        other = _other(node, kind)
        if other == "study":
            load = f"`dreamplay.load_study({called!r})`"
            raise LibraryError(f"{called}: this is a study, and no {_word(kind)}; try it with: {load}") from None
        if other:
            raise LibraryError(f"{called}: this is a {other}, and a {_word(kind)} is needed here") from None
        told = list(_complaints(node, kind, _told(error.errors(include_url=False))))
        more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
        message = "; ".join([f"{called}:{'; line '.join(told[:_SHOWN])}", *more])
        raise FaultsError(message, [*(f"{called}:{each}" for each in told[:_SHOWN]), *more]) from None


def _other(node: Node, kind: type[FrozenModel]) -> str | None:
    """What a file is in place of the expected kind, judged by its keys; None if that cannot be told."""
    keys = node.value.keys() if isinstance(node.value, dict) else set[str]()
    counts = {word: len(keys & known) for word, known in _KEYS.items() if word != _word(kind)}
    most = max(counts, key=lambda word: counts[word])
    return most if counts[most] >= 3 and counts[most] > len(keys & kind.model_fields.keys()) else None


def _word(kind: type[FrozenModel]) -> str:
    return kind.__name__.lower()


def _told(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """The errors to report, unknown keys first, since they are the usual reason for a missing one. A list with wrong
    entries is also reported as too short by pydantic; that error is left out."""
    outer = {each["loc"][:n] for each in errors for n in range(len(each["loc"]))}
    own = [each for each in errors if each["loc"] not in outer]
    return sorted(own, key=lambda each: each["type"] != "extra_forbidden")


def _complaints(node: Node, kind: type[FrozenModel], errors: Sequence[ErrorDetails]) -> Iterator[str]:
    """Validation errors, each as line, key, and what would be right. The keys that are valid are listed once."""
    shown = set[str]()
    for error in errors:
        told, valid = _complaint(node, kind, error)
        yield told if valid in shown else f"{told}{valid}"
        shown.add(valid)


def _complaint(node: Node, kind: type[FrozenModel], error: ErrorDetails) -> tuple[str, str]:
    """One validation error, and for an unknown key which there are."""
    valid = ""
    loc = tuple(part for part in error["loc"] if part != "[key]")  # pydantic's word for a key that is bad itself
    if error["type"] == "extra_forbidden":
        known = sorted(_fields_at(kind, loc[:-1]))
        message, valid = f"unknown key{did_you_mean(str(loc[-1]), known)}", f"; valid keys are {listed(known)}"
    else:
        message = sentence(error)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, MisplacedError):
        loc += cause.at
    where = ".".join(str(part)[:60] for part in loc) or _word(kind)
    return f"{node.line_of(loc)}: {where}: {message}", valid


def _fields_at(kind: type[FrozenModel], loc: tuple[int | str, ...]) -> set[str]:
    """The keys that are valid at a place in a value, followed down through its type annotations."""
    here: type[FrozenModel] = kind
    for part in loc:
        if isinstance(part, str) and part in here.model_fields:
            annotation = here.model_fields[part].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            here = next((t for t in inner if isinstance(t, type) and issubclass(t, FrozenModel)), here)
    return set(here.model_fields)
