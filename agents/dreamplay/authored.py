"""YAML files that authors write: read into values, with complaints that name file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from dreamplay.cast import Persona
from dreamplay.errors import LibraryError
from dreamplay.story import Story
from dreamplay.value import Value

V = TypeVar("V", bound=Value)
_MAX_BYTES = 1_000_000  # a persona or story is a few kilobytes; more is a mistake or an attack


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


def meant(word: str, known: tuple[str, ...] | list[str]) -> str:
    """The known word that was probably meant, in brackets; nothing if none is near."""
    close = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def listed(known: Iterable[str]) -> str:
    """All of them, for a message."""
    return ", ".join(known) or "none"


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
        message = f"unknown key{meant(str(loc[-1]), valid)}; valid keys are {listed(valid)}"
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
