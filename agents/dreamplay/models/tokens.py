"""Tokens: how many a text takes, by its length alone."""

from __future__ import annotations

_BYTES_A_TOKEN = 3.5
"""English has about 4.2 bytes in a token, Russian 4 and Chinese 4 to 5: an estimate that is on the safe side."""


def tokens(text: str) -> float:
    """How many tokens a text takes at most."""
    return len(text.encode()) / _BYTES_A_TOKEN


def beginning(text: str, most: float) -> str:
    """As many whole words from the beginning of a text as take at most so many tokens; half a word if it has no end."""
    cut = text.encode()[: int(most * _BYTES_A_TOKEN)].decode(errors="ignore")
    return cut if cut == text or " " not in cut else cut[: cut.rindex(" ")]
