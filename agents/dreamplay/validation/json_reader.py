"""Structured answers: the one reader of the JSON that a model sends, however it is dressed.

What a model means is read; what it does not say is never added. Half an answer is refused, since a tool that repairs
JSON would complete it with words that the model did not choose.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import json5
from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

_LONGEST = 20_000
"""Characters up to which an object is read as JSON5, which is slow."""
_SHOWN = 40
"""Characters of a wrong value that a message quotes."""
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[{}]', re.DOTALL)
_WHOLE = re.compile(
    r"([+\-]?\d{1,4})(?:\.0+|,0)?(?:\s*(?:/|out of|of)\s*(\d{1,4})(?:\.0+)?)?(?:\s*\([^()]*\))?\.?", re.IGNORECASE
)


class UnreadableError(ValueError):
    """An answer that cannot be read; the message is one line that says why."""


@dataclass(frozen=True)
class Scale:
    """A whole number between two bounds, for `Annotated[int, Scale(0, 10)]`: 4, 4.0, "4", "+4" and "4/10" are the same
    mark. What is between two whole numbers, or beyond a bound, is refused: another number would be another opinion.
    """

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema for pydantic: an integer within the bounds, in any spelling."""
        return core_schema.no_info_before_validator_function(
            self._read, core_schema.int_schema(strict=True, ge=self.low, le=self.high)
        )

    def _read(self, value: object) -> int:
        if isinstance(value, Mapping):  # a mark with what is said for it
            numbers = [number for each in value.values() if (number := self._spelled(each)) is not None]
            number = numbers[0] if len(numbers) == 1 else None
        else:
            number = self._spelled(value)
        if number is None:
            raise ValueError(f"a whole number from {self.low} to {self.high} is needed")
        return number

    def _spelled(self, value: object) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value
        if isinstance(value, float):
            return int(value) if value.is_integer() else None
        if not isinstance(value, str):
            return None
        found = _WHOLE.fullmatch(unicodedata.normalize("NFKC", value).replace("\u2212", "-").strip(" \t\r\n\"'`*"))
        if not found or (found[2] and int(found[2]) != max(abs(self.low), abs(self.high))):
            return None
        return int(found[1])


def read(text: str, wanted: Collection[str]) -> dict[str, Any]:
    """The values of some keys in a model's answer.

    The answer is the first whole JSON object that has them all, in a fence or in none, with words before and after it.
    Comments, trailing commas, single quotes, bare keys and a plus sign are read as in JSON5. See `picked` for the keys.

    Raises:
        UnreadableError: there is no such object.
    """
    wrong = "the answer is not JSON, or only half of it"
    for number, answer in enumerate(_objects(text)):
        found = picked(answer, wanted)
        if len(found) == len(set(wanted)):
            return found
        if not number:
            wrong = f"the answer lacks {', '.join(key for key in wanted if key not in found)}"
    raise UnreadableError(wrong)


def picked(answer: Mapping[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    """The values of the wanted keys, and of no other: compared without case, the outermost first, and found within
    what is wrapped around them, but never within the value of another wanted key.
    """
    meant = {folded(key): key for key in wanted}
    found: dict[str, Any] = {}
    level: list[Any] = [answer]
    while level and len(found) < len(meant):
        below: list[Any] = []
        for node in level:
            if isinstance(node, list):
                below += node
            elif isinstance(node, dict):
                for key in sorted(node, key=lambda key: key not in wanted):  # as it is written before as it is meant
                    name = key if key in wanted else meant.get(folded(key))
                    if name is None:
                        below.append(node[key])
                    else:
                        found.setdefault(name, node[key])
        level = below
    return found


def folded(text: str) -> str:
    """A text as it is compared: without case, with plain quotes, single spaces, and without quotes and end marks
    around it.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return " ".join(plain.split()).strip(" .,;:!?\"'`*_-\u2022\u201c\u201d\u2018«»()[]")


def fault(error: ValidationError) -> str:
    """What was wrong with an answer, in one line: where, what, and the value."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"])) or "the answer"
    value = first["input"]
    given = f", not {str(value)[:_SHOWN]!r}" if isinstance(value, str | int | float) and str(value).strip() else ""
    return f"{place}: {first['msg'].removeprefix('Value error, ')}{given}"


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The whole objects in a text, one after the other. Each character is looked at once, whatever the text."""
    start = text.find("{")
    while start >= 0 and (end := _closed(text, start)):
        if (answer := _parsed(text[start:end])) is not None:
            yield answer
        start = text.find("{", end)


def _closed(text: str, start: int) -> int:
    """Where the object that begins at `start` is closed; 0 if it never is."""
    depth = 0
    for mark in _MARK.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    return 0


def _parsed(text: str) -> dict[str, Any] | None:
    """An object, or None for what only stands in braces."""
    for load in (partial(json.loads, strict=False), json5.loads if len(text) <= _LONGEST else None):
        try:
            answer = load(text) if load else None
        except (ValueError, RecursionError):
            continue
        return answer if isinstance(answer, dict) else None
    return None
