"""The form of a visitor on the page: what its fields mean, and the fields of what was meant."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

import dreamplay as dp
from dreamplay.participants.commands import LONGEST
from dreamplay.schema.error_messages import sentence

_PLAIN = {"listen": "", "undo": "/undo"}
"""What takes no field."""


class FormError(Exception):
    """The fields cannot be used. The message says which, in one line."""


def meant(act: str, line: str, to: str, choice: str) -> str | dp.Action:
    """What the fields mean: a line or a command, as it was typed, or an action.

    Raises:
        FormError: a field is missing, or cannot be used.
    """
    words = line.strip()
    if act == "say" or words == "?":  # which asks for the list of commands, and is meant for nobody
        if len(words) > LONGEST:
            raise FormError(f"that is longer than {LONGEST:,} characters; nothing was said")
        return words
    if act in _PLAIN:
        return _PLAIN[act]
    if act in ("whisper", "play", "hand_back") and not to:
        raise FormError("choose whom")
    if act == "stance" and not choice:
        raise FormError("choose one of them, or take no stance")
    said: dict[str, Any] = {
        "whisper": {"to": to, "text": words}, "do": words, "fear": words, "go": True, "come": True, "play": to,
        "hand_back": to, "stance": {"choice": choice, "because": words},
    }  # fmt: skip
    if act not in said:
        raise FormError(f"nothing is called {act[:40]!r} here")
    try:
        return dp.Action.model_validate({act: said[act]})
    except ValidationError as error:
        raise FormError(sentence(error.errors()[0])) from None


def fields(meant: str | dp.Action) -> dict[str, str]:
    """The fields that mean it, to be put back into the form."""
    if isinstance(meant, str):
        return {"act": "say", "line": meant}
    if meant.whisper:
        return {"act": "whisper", "to": meant.whisper.to, "line": meant.whisper.text}
    if meant.stance:
        return {"act": "stance", "choice": meant.stance.choice, "line": meant.stance.because}
    act, value = next(iter(meant.said.items()), ("listen", True))
    words = {"to" if act in ("play", "hand_back") else "line": value} if isinstance(value, str) else {}
    return {"act": act, **words}
