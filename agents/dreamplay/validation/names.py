"""Names in patterns: a name as a whole, and told from the word that it also is.

Somebody may be called Will, Hope or May, "Ann" beside "Ann Marie", "O'Neill", or even "I".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from dreamplay.languages.language import Language

if TYPE_CHECKING:
    from dreamplay.validation.check import Heard


def whole(names: Iterable[str]) -> str:
    """A pattern of any of these names, each as a whole, the longest first, whichever apostrophe it is written with.
    Without a name it matches nothing.
    """
    return _whole(frozenset(names))


@lru_cache(maxsize=1024)
def _whole(names: frozenset[str]) -> str:
    longest = sorted(sorted(names), key=len, reverse=True)
    either = "|".join(re.escape(name).replace("'", "['\u2019]") for name in longest)
    return rf"(?<![\w-])(?:{either})(?![\w-])" if either else "(?!)"


def alone(name: str, cast: Collection[str]) -> str:
    """A pattern that matches a name unless it is part of another one: "Ann", but not in "Ann Marie"."""
    return _alone(name, tuple(cast))


@lru_cache(maxsize=1024)
def _alone(name: str, cast: tuple[str, ...]) -> str:
    longer = [other for other in cast if other != name]
    after = "".join(rf"(?!{re.escape(each[len(name) :])})" for each in longer if each.startswith(f"{name} "))
    before = "".join(rf"(?<!{re.escape(each[: -len(name)])})" for each in longer if each.endswith(f" {name}"))
    return f"{before}{whole([name])}{after}"


def says_nothing(name: str, language: Language) -> bool:
    """Whether a name is a word of nearly every line ("I", "You", "One"): no pattern can tell who is called so."""
    return name.casefold() in language.function_words


def is_word(name: str, language: Language, heard: Heard | None = None) -> bool:
    """Whether a name is also a word: one that the language knows, or one that somebody has said in small letters."""
    small = name.lower()
    if small in language.name_words or says_nothing(name, language):
        return True
    return heard is not None and small != name and heard.says(small)
