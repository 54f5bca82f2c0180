"""How a text ends: whether its last sentence is whole."""

from __future__ import annotations

import re
import unicodedata

QUOTES = {'"': '"', "“": "”", "«": "»"}
STOPS = ".!?…\u3002\uff01\uff1f\u0964\u061f\u06d4"
_ENDED = re.compile(rf"[{STOPS}\u2013\u2014-][\"”“„»«'\u2019\u2018)\]\u300d\u300f\uff09*_\s]*$")
_GREEK_QUESTION = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][;\u037e]$")
_KISSES = re.compile(rf"[{STOPS}] +x{{1,5}}$", re.IGNORECASE)
_NO_STOPS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]$")
"""Thai, Lao, Burmese and Khmer, which are written without full stops."""


def ends(text: str) -> bool:
    """Whether a text ends as a whole text may: with the end of a sentence, a quotation, an emoji, or kisses."""
    text = text.rstrip("*_ ")
    if not text:
        return False
    if any(pattern.search(text) for pattern in (_ENDED, _KISSES, _GREEK_QUESTION)):
        return True
    if unicodedata.category(text[-1]) in ("So", "Sk") or text[-1] in "\ufe0f\u200d":
        return True
    opening = next((opens for opens, closes in QUOTES.items() if closes == text[-1]), None)
    quoted = text.count(opening) if opening else 0
    return quoted % 2 == 0 and quoted > 0 if opening == text[-1] else quoted > 0


def without_stops(text: str) -> bool:
    """Whether a text ends in a script that has no full stops."""
    return bool(_NO_STOPS.search(text))


def whole(text: str) -> str:
    """A text up to the end of its last whole sentence: what a limit cut off behind it was never said."""
    return text if ends(text) or without_stops(text) else text[: max(text.rfind(mark) for mark in STOPS) + 1]
