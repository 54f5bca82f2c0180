"""Values: the base of everything that comes in from a file, and the kinds of text that may stand in it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Characters that cannot be seen, or that turn the direction of what follows: a name with one passes for another."""
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]*)\}(?!\})")
"""{role}, where an author wants the name of whoever holds the role."""


def _printable(text: str) -> str:
    """Control and ANSI codes never get in, so that nothing has to take them out before it prints."""
    if hit := _CONTROL.search(text):
        raise ValueError(f"control character {hit[0]!r} at position {hit.start()}; take it out")
    return text


def _written(pattern: str, rule: str) -> AfterValidator:
    """That the whole of a text is written as a pattern says, and the rule in words for when it is not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(rule)
        return text

    return AfterValidator(check)


Words = Annotated[str, AfterValidator(lambda text: _CONTROL.sub(" ", text))]
"""What was said or told, by a model or in a stranger's transcript: what a terminal would obey is left out."""
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_printable)
]
Role = Annotated[str, _written(r"[a-z][a-z0-9_]{0,39}", "a role is up to 40 of a-z, 0-9 and _, a letter first")]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    _written(
        rf"[^\W\d_][^:\[\]{{}}*<>{_UNSEEN}]{{0,39}}",
        "a name is up to 40 characters, a letter first, without : [ ] { } * < > and without any that cannot be seen",
    ),
]


class Value(BaseModel):
    """The base of everything that comes in from a file: unchangeable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
