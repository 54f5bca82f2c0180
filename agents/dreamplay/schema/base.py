"""Values: the base of everything that comes in from a file, and the kinds of text that may stand in it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HALF = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that are drawn as nothing though they count as letters or marks (Unicode's Default_Ignorable_Code_Point,
and the blank of braille)."""
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]*)\}(?!\})")
"""{role}, where an author wants the name of whoever holds the role."""


def mended(text: str) -> str:
    """Text that can be encoded: halves of a surrogate pair are joined, and a half without the other becomes U+FFFD.

    Python takes such halves in from JSON ("\\ud83d") and from the command line, and fails where it has to write them.
    """
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _mended(value: Any) -> Any:
    return mended(value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    """What authors write is refused with a control character in it: they put it there by mistake, and can mend it."""
    if hit := _CONTROL.search(text):
        raise ValueError(f"control character {hit[0]!r} at position {hit.start()}; remove it")
    return text


def _written(pattern: str, rule: str) -> AfterValidator:
    """That the whole of a text is written as a pattern says, and the rule in words for when it is not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(rule)
        return text

    return AfterValidator(check)


def _seen(name: str) -> str:
    """That every character of a name can be seen: with a soft hyphen in it, one name would pass for another."""
    for char in name:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or _UNSEEN.match(char):
            raise ValueError(f"a name may not have U+{ord(char):04X} in it, which cannot be seen; remove it")
    return name


def _tidy(name: str) -> str:
    """A name as it stands in a line of text, where a model writes it again: one blank at a time, letters composed."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def folded(name: str) -> str:
    """A name as it is compared: without regard to case, width and spacing (Unicode, UAX 31, section 4.1)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", " ".join(name.split())).casefold())


Words = Annotated[str, BeforeValidator(_mended), AfterValidator(lambda text: _CONTROL.sub(" ", text))]
"""What was said or told, by a model or in a stranger's transcript, without control characters: it goes into prompts and
into pages, and a NUL would end a prompt early. What a terminal would obey is the printer's to take out."""
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    BeforeValidator(_mended),
    AfterValidator(_printable),
]
_WORD = r"[a-z][a-z0-9_]{0,39}"
_WORD_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{_WORD}$"})
Id = Annotated[str, _written(_WORD, "an id is up to 40 of a-z, 0-9 and _, a letter first"), _WORD_SCHEMA]
MoveAddress = Annotated[
    str,
    _written(rf"{_WORD}(\.{_WORD}){{2}}", "a move of a story is called SCENE.TOPIC.MOVE, by the ids of all three"),
    WithJsonSchema({"type": "string", "pattern": rf"^{_WORD}(\.{_WORD}){{2}}$"}),
]
Role = Annotated[
    str,
    _written(_WORD, "a role is up to 40 of a-z, 0-9 and _, a letter first; it is a key of cast, and no name"),
    _WORD_SCHEMA,
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    BeforeValidator(_mended),
    AfterValidator(_seen),
    _written(
        r"[^\W\d_][^:\[\]{}*<>]{0,39}",
        "a name is up to 40 characters, a letter first, without : [ ] { } * < >",
    ),
    AfterValidator(_tidy),
]
Byline = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    AfterValidator(_seen),
    _written(r".*[^\W\d_].*", "write a name, with a letter in it"),
    AfterValidator(_tidy),
]
"""Whoever a play is said to be by, in a file for others: a name, or several."""


class FrozenModel(BaseModel):
    """The base of everything that comes in from a file: unchangeable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)


class MisplacedError(ValueError):
    """A part of a value does not fit the rest of it.

    Args:
        wrong: what is wrong.
        at: where the part stands in the value, as keys and indices.
    """

    def __init__(self, wrong: str, *at: int | str) -> None:
        super().__init__(wrong)
        self.at = at


def digest(value: FrozenModel) -> str:
    """SHA-256 of a value's content, the same in every process."""
    return _digest(Same(value))


V = TypeVar("V")


class Same(Generic[V]):
    """A value as a key: the very same value, and not one that says the same, which takes longer to find out."""

    def __init__(self, value: V) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


@lru_cache(128)
def _digest(same: Same[FrozenModel]) -> str:
    return hashlib.sha256(same.value.model_dump_json().encode()).hexdigest()
