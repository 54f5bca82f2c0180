"""Finds the folder of prompts, and the personas, stories and files in it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from dreamplay.errors import LibraryError
from dreamplay.schema.error_messages import did_you_mean, listed

_FILES = 1_000
"""Files of a folder that are searched, at most."""
_LOOKED_AT = 65_536
"""Bytes at the beginning of a file that are read to see what it is. A persona has a few thousand."""
_ONE = {"personas": "persona", "stories": "story"}
_KEY = re.compile(rb"^([a-z]+):", re.MULTILINE)
_KEYS = {
    "personas": {b"name", b"who", b"voice", b"tactics", b"material"},
    "stories": {b"title", b"premise", b"cast", b"beats"},
}
"""The keys that a file of each kind must have."""


@cache
def prompts() -> Path:
    """The folder of prompts: inside an installed package, or at the top of a checkout."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_prompts", here.parents[1] / "prompts"):
        if folder.is_dir():
            return folder
    raise LibraryError(f"the prompts folder is missing beside {here}; reinstall dreamplay")


def names(kind: str) -> tuple[str, ...]:
    """The shipped personas or stories by name."""
    return tuple(sorted(path.stem for path in (prompts() / kind).glob("*.yaml")))


def is_shipped(path: Path | None) -> bool:
    """Whether a file is one of those that ship with dreamplay."""
    return path is not None and path.resolve().is_relative_to(prompts())


def files(folder: Path, kind: str = "personas") -> tuple[str, ...]:
    """The persona or story files of a folder by name: YAML files with the keys that these must have, valid or not.

    Other files may be a stranger's: only the beginning of each is read, and it is not parsed.
    """
    found = []
    for path in sorted(folder.glob("*.yaml"))[:_FILES]:
        try:
            with path.open("rb") if path.is_file() else io.BytesIO() as file:
                keys = set(_KEY.findall(file.read(_LOOKED_AT)))
        except OSError:
            continue
        if keys >= _KEYS[kind] and path.name.isprintable():
            found.append(path.name)
    return tuple(found)


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
        f"no file and no shipped {_ONE[kind]} called {_quoted(reference)}"
        f"{did_you_mean(reference, [*known, *_here(reference, kind)])}; "
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
            f"no file and no shipped persona or story called {_quoted(reference)}"
            f"{did_you_mean(reference, [*shipped, *(name for kind in _ONE for name in _here(reference, kind))])}; "
            f"there are {listed(shipped)}"
        )
    return path


def _here(reference: str, kind: str) -> list[str]:
    """The files in this folder that somebody may have meant, with or without the suffix, as they wrote it."""
    bare = not reference.endswith(".yaml")
    return [name.removesuffix(".yaml") if bare else name for name in files(Path(), kind)]


def _quoted(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else f"{reference[:80]}…")


def _is(there: Callable[[], bool], reference: str) -> bool:
    """Whether a reference leads to an existing file.

    Raises:
        LibraryError: nobody can tell, because of its folder or its name.
    """
    try:
        return there()
    except OSError as error:
        raise LibraryError(f"{_quoted(reference)}: {error.strerror}; check the path") from None
