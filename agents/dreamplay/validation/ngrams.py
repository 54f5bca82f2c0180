"""Runs of words: what tells that two texts say the same, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

NEAR_COPY = 0.4
"""Share of a line's word 3-grams that may have been said or told before; beyond it the line is a copy."""

WORD = re.compile(r"[\w']+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, which are written without spaces between words."""


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, apostrophes inside. Kept, since one check after the other asks for those of
    the same line."""
    return tuple(word.lower() for word in WORD.findall(text.replace("\u2019", "'")))


def length(text: str) -> int:
    """How many words a text has. Where no spaces are between them, two letters count as one: about that many make a
    word in Japanese and in Chinese."""
    return len(words(_UNSPACED.sub(" ", text))) + len(_UNSPACED.findall(text)) // 2


@lru_cache(maxsize=20_000)
def grams(text: str, n: int = 3) -> frozenset[str]:
    """The n-grams of words of a text, each as one string: there are many, and the garbage collector looks through
    tuples. A short text has none: "No." may be said twice."""
    return frozenset(runs(text, n))


def runs(text: str, n: int = 3) -> list[str]:
    """The runs of n words of a text, with a blank between the words, in order, as often as they come."""
    said = words(text)
    return [" ".join(said[i : i + n]) for i in range(len(said) - n + 1)]


def brought_up(text: str, matter: str) -> float:
    """Share of the longer words of some matter that a text says; all of them if there are none."""
    about = {word for word in words(matter) if len(word) > 3}
    return len(about & set(words(text))) / len(about) if about else 1.0


def in_order(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts share in the same order: the length of their longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        left = 0
        for at, theirs in enumerate(other, start=1):
            left, row[at] = row[at], left + 1 if word == theirs else max(row[at], row[at - 1])
    return row[-1]
