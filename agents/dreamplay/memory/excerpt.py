"""Excerpts of long memories: whole sentences, around the one that has most to do with the matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dreamplay.models.tokens import beginning, tokens
from dreamplay.sentences import sentences


def excerpt(text: str, limit: int, near: Callable[[list[str]], Sequence[float]]) -> str:
    """A text, or as many whole sentences of it as there is room for. No sentence is cut unless it alone is longer than
    twice the limit.

    Args:
        text: one or more sentences on one line.
        limit: tokens that it may take.
        near: how close each of some sentences is to the matter; not asked if the text is short enough.
    """
    if tokens(text) <= limit:
        return text
    parts = sentences(text)
    closeness = near(parts)
    first = last = max(range(len(parts)), key=closeness.__getitem__)
    while True:
        if last + 1 < len(parts) and tokens(" ".join(parts[first : last + 2])) <= limit:
            last += 1
        elif first > 0 and tokens(" ".join(parts[first - 1 : last + 1])) <= limit:
            first -= 1
        else:
            break
    found = " ".join(parts[first : last + 1])
    return found if tokens(found) <= 2 * limit else f"{beginning(found, limit)} …"
