"""API keys: their valid characters, and how they are removed from shown text."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote

from pydantic import BeforeValidator, SecretStr

HIDDEN = "[hidden]"
_SHORTEST = 4
"""Characters of a secret that is looked for in what others write: a shorter one stands in any text."""
_KINDS = {
    "Cc": "a control character", "Cf": "an invisible character", "Cs": "a byte that is no text",
    "Pi": "a curly quote", "Pf": "a curly quote", "Zl": "a line break", "Zp": "a line break", "Zs": "a space",
}  # fmt: skip


def checked(value: object) -> SecretStr:
    """A key as it can be sent: a line break or space around it, as files and shells leave one, is taken off.

    Raises:
        ValueError: no header can carry it; the message names the kind of character, and nothing of the key.
    """
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        raise ValueError("a key is text, in quotes")  # noqa: TRY004  pydantic reports ValueError only
    key = value.strip()
    if not key:
        raise ValueError("the key is empty")
    if key[0] in "\"'" or key[-1] in "\"'":
        raise ValueError("the key stands in quotes; leave them out")
    for number, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            raise ValueError(f"the key has {_kind(character)} in it (character {number}); copy it again")
    return SecretStr(key)


Key = Annotated[SecretStr, BeforeValidator(checked)]


def hide(text: str, secrets: Iterable[str]) -> str:
    """A text from elsewhere with all secrets removed, in any encoding."""
    written = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return re.sub(r"(?i)\b(bearer|basic)\s+[^\s'\"]+", rf"\1 {HIDDEN}", text)


def _forms(secret: str) -> tuple[str, ...]:
    return secret, quote(secret, safe=""), repr(secret)[1:-1], base64.b64encode(secret.encode()).decode()


def _kind(character: str) -> str:
    if character in "\r\n":
        return "a line break"
    return _KINDS.get(unicodedata.category(character), "a character that is not ASCII")
