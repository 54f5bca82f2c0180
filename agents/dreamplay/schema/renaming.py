"""Renaming: another name for somebody, in all that was written about them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


def renamed(value: T, was: Collection[str], name: str, others: Collection[str] = ()) -> T:
    """A value in which somebody has another name in every text, wherever the old one is a whole word. "Anna-Lena" names
    nobody called Anna, and {anna} is a role.

    Args:
        value: a text, a model, or what holds these.
        was: the names that they had.
        name: the name that they have.
        others: the names of other people, which stay, even if one of `was` is a part of them.
    """
    longest = sorted({*was, *others}, key=len, reverse=True)
    found = re.compile(rf"(?<![\w{{])(?<!\w-)(?:{'|'.join(map(re.escape, longest))})(?![\w}}]|-\w)")

    def told(inner: Any) -> Any:
        match inner:
            case str():
                return found.sub(lambda hit: name if hit[0] in was else hit[0], inner)
            case BaseModel():
                return inner.model_copy(update=told(dict(inner)))
            case dict():
                return {key: told(each) for key, each in inner.items()}
            case list() | tuple():
                return type(inner)(map(told, inner))
        return inner

    made: T = told(value)
    return made
