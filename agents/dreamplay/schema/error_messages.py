"""Describes what is wrong with a value in a file or setting, and what would be valid."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

_WANTED: dict[str, str] = {
    "string": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "finite": "a number",
    "tuple": "a list: [a, b], or a dash before each entry", "list": "a list: [a, b], or a dash before each entry",
    "dict": "keys and values", "model": "keys and values", "path": "a path",
}  # fmt: skip
"""What would be right, by the first word of the kind of an error."""
_BOUND = {
    "greater_than_equal": ("ge", "at least"), "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"), "less_than": ("lt", "less than"),
}  # fmt: skip
_FORMS = {"^[a-z]{2,3}$": "a code of two or three small letters, such as en or de"}
"""Patterns in words."""
_SHOWN = 60
"""Characters that are shown of a bad value."""


def sentence(error: ErrorDetails) -> str:
    """One of the errors of a `ValidationError`, in words. An unknown key is told from a known one by the caller."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "this key is missing"
    if kind == "value_error":
        return f"{context['error']}{_shown(given)}"
    if kind in ("too_short", "too_long"):
        return _length(kind, context, "entry", "entries")
    if kind in ("string_too_short", "string_too_long"):
        if not given.strip():
            return "there are no words in it; write some"
        return f"{_length(kind.removeprefix('string_'), context | {'actual_length': len(given)}, 'character')}"
    if kind in _BOUND:
        bound, words = _BOUND[kind]
        return f"must be {words} {context[bound]}{_shown(given)}"
    if kind in ("literal_error", "enum"):
        known = [word.strip(" '") for word in context["expected"].replace(" or ", ", ").split(",")]
        return f"must be one of {listed(known)}{did_you_mean(str(given), known)}{_shown(given)}"
    if kind == "int_parsing_size":
        return "this number is too long"
    if kind == "string_pattern_mismatch":
        return f"must be {_FORMS.get(context['pattern'], 'written as ' + context['pattern'])}{_shown(given)}"
    if kind == "string_unicode":
        return f"holds half a character; write the character itself{_shown(given)}"
    wanted = _WANTED.get(kind.partition("_")[0])
    if not wanted:
        return f"{error['msg']}{_shown(given)}"
    if given is None:
        return f"must be {wanted}, and there is nothing here"
    if wanted == "a text" and _is_many(given):
        wanted = "a text; a text with a colon in it, or { or [ at its beginning, needs quotes"
    return f"must be {wanted}{_shown(given)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, in brackets; nothing if none is near."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def listed(known: Iterable[str]) -> str:
    """All of them, for a message."""
    return ", ".join(known) or "none"


def _length(kind: str, context: dict[str, Any], one: str, many: str = "") -> str:
    few = kind == "too_short"
    bound = context["min_length" if few else "max_length"]
    noun = one if bound == 1 else many or f"{one}s"
    has = context["actual_length"] or ("none" if few else "more")  # not all that is too long is counted
    return f"needs {'at least' if few else 'at most'} {bound} {noun}, and has {has}"


def _is_many(given: object) -> bool:
    return isinstance(given, dict | list | tuple)


def _shown(given: object) -> str:
    """The bad value, for somebody who looks for it. Python refuses to spell a number of thousands of digits."""
    if isinstance(given, int) and given.bit_length() > 4 * _SHOWN:
        return " (it is a very long number)"
    return f" (it is {str(given)[:_SHOWN]!r})" if isinstance(given, str | int | float | bool) else ""
