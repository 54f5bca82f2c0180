"""What a matter is near to: a voice, or what was just heard.

What a scene gives to talk about goes to whoever it sounds like, among those who are there. A remark on input and output
is the programmer's, and one on the grain of things is the carpenter's. Given to anybody, the same words come out of
every mouth, and the friends grow alike. It goes by what the personas talk about, and so a swap hands the matter on by
itself. And of what a speaker could talk about, what is nearest to the last words is most like an answer to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast

_EXACT = 6
"""Decimals that count when two likenesses are compared: beyond, machines differ."""


def owners(cast: Cast, embedder: Embedder, texts: Sequence[str], roles: Sequence[str]) -> dict[str, str]:
    """For each text the role whose material it is nearest to: cosine of a text with the mean of the material, both
    without names and less what all the material has in common. A text falls to nobody whom it names, since nobody is
    told in the third person what he does himself; one that names all of them is nobody's.

    Args:
        cast: who plays the roles.
        embedder: what makes vectors of texts.
        texts: that-clauses, as their author wrote them.
        roles: those among whom they are shared out.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    filled = [cast.fill(text) for text in texts]
    voices = tuple(tuple(cast.nameless(cast.fill(text)) for text in cast.personas[role].material) for role in roles)
    near = _likeness(embedder, tuple(map(cast.nameless, filled)), voices)
    found = {}
    for text, said, row in zip(texts, filled, near, strict=True):
        named = cast.mentioned(said)
        if able := [n for n, role in enumerate(roles) if role not in named]:
            found[text] = roles[max(able, key=row.__getitem__)]
    return found


def nearest(cast: Cast, embedder: Embedder, texts: Sequence[str], heard: str) -> str:
    """Which of some matters is most like an answer: cosine with what was just heard, both without names. The first of
    several that are as near, and so the first of all if nothing was heard.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    from dreamplay.memory.embeddings import quantized

    near = quantized(embedder, cast.nameless(heard))
    return max(texts, key=lambda text: float(quantized(embedder, cast.nameless(cast.fill(text))) @ near))


@lru_cache(maxsize=256)
def _likeness(embedder: Embedder, texts: tuple[str, ...], voices: tuple[tuple[str, ...], ...]) -> list[list[float]]:
    """How near each text is to each voice; kept, since many runs of one story ask for the same."""
    import numpy as np

    from dreamplay.memory.embeddings import embed

    spoken = [embed(embedder, material) for material in voices]
    middle = np.concatenate(spoken).mean(axis=0)
    means = np.stack([_unit(rows.mean(axis=0) - middle) for rows in spoken])
    near: list[list[float]] = ((embed(embedder, texts) - middle) @ means.T).round(_EXACT).tolist()
    return near


def _unit(vector: Any) -> Any:
    import numpy as np

    length = np.linalg.norm(vector)
    return vector / length if length else vector
