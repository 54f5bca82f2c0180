"""Replies: what a line does that answers another one, in a scene without topics, for a model that is led."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Template

from ruamel.yaml import YAML

from dreamplay.errors import LibraryError
from dreamplay.library import resources

_FILE = "replies.yaml"


@dataclass(frozen=True)
class Reply:
    """One way to answer, in words that follow the speaker's name."""

    act: str
    form: str
    """The words, with `$to` for whoever is answered and `$matter` for a clause of the speaker's own."""

    @property
    def with_matter(self) -> bool:
        """Whether it needs something that the speaker has to say."""
        return "$matter" in self.form

    @property
    def words(self) -> str:
        """What it says apart from the matter."""
        return self.form.partition("$to ")[2].replace("$matter", "").strip(" ,")

    def filled(self, to: str, matter: str) -> str:
        """The words with a name and the matter."""
        return Template(self.form).substitute(to=to, matter=matter)


def acts(*, matter: bool) -> tuple[str, ...]:
    """The acts that there are words for, with or without something that the speaker has to say."""
    return tuple(act for act, forms in _replies().items() if matter or any("$matter" not in form for form in forms))


def drawn(act: str, said: Sequence[str], dice: random.Random, *, matter: bool) -> Reply:
    """A reply of an act, one of those that were used least.

    Args:
        act: one of `acts()`.
        said: the notes of earlier lines.
        dice: draws it.
        matter: whether it may say something of the speaker's own.
    """
    ways = [Reply(act, form) for form in _replies()[act] if matter or "$matter" not in form]
    counts = Counter(words for note in said for words in _said(note))
    used = [counts[way.words] for way in ways]
    return dice.choice([way for way, count in zip(ways, used, strict=True) if count == min(used)])


@lru_cache(maxsize=8192)
def _said(note: str) -> frozenset[str]:
    """The words of all replies that stand in a note; kept, since every reply counts those in many earlier ones."""
    ways = (Reply(act, form) for act, forms in _replies().items() for form in forms)
    return frozenset(way.words for way in ways if way.words and way.words in note)


@cache
def _replies() -> dict[str, list[str]]:
    try:
        found: dict[str, list[str]] = YAML(typ="safe").load(resources.prompts() / _FILE)
    except OSError as error:
        raise LibraryError(f"prompts/{_FILE}: {error.strerror}; reinstall dreamplay") from None
    return found
