"""Where a sentence ends and the next one begins. One rule for cards, lines, memories and openings."""

from __future__ import annotations

import re

_TITLES = ("Dr", "Mr", "Mrs", "Ms", "St")
_NO_TITLE = "".join(rf"(?<!\b{title}\.)" for title in _TITLES)
_GAP = re.compile(
    rf"(?:(?<=[.!?…])|(?<=[.!?…][\"”»'\u2019)])){_NO_TITLE}\s+"
    r"|(?<=[\u3002\uff01\uff1f])\s*"
    r"|[\n\u2028\u2029]+"
)
_CAPITAL = re.compile(r"[\"“«'A-Z]")


def sentences(text: str, *, capital: bool = False) -> list[str]:
    """A text in pieces that end where a sentence or a line does; empty ones are left out.

    Args:
        text: one or more sentences.
        capital: whether a sentence begins with a capital letter or a quotation mark, as in a line, where "Wait… what?
            No." is two sentences. Without it every mark ends one.
    """
    pieces: list[str] = []
    start = 0
    for gap in _GAP.finditer(text):
        if not capital or _CAPITAL.match(text, gap.end()):
            pieces.append(text[start : gap.start()])
            start = gap.end()
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]
