"""Similarity of topics to a voice or to the last line.

Material of a scene goes to the character whose own material is closest to it, so that characters do not grow alike: a
remark on input and output goes to the programmer, one on wood to the carpenter. Because the personas decide this, a
swap changes it as well. Among the topics of a speaker, the one closest to the last line is the most like an answer to
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast

Voices = tuple[tuple[str, ...], ...]
"""Texts that show what somebody is like, by what they are about."""
_EXACT = 6
"""Decimals that count when two similarities are compared. Further ones differ between machines."""


def owners(cast: Cast, embedder: Embedder, texts: Sequence[str], roles: Sequence[str]) -> dict[str, str]:
    """The role whose material each text is closest to: the cosine of the text and the mean of the material, both
    without names and minus what all material has in common. No role gets a text that names it, since nobody is told in
    the third person what they do themselves. A text that names all roles goes to nobody.

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


def voices(cast: Cast, role: str, beat: str) -> Voices:
    """The voices of a persona in a beat: what they talk about, and what they want, what they believe and where they
    stand, all without names."""
    persona = cast.personas[role]
    sheet = persona.private
    own = (sheet.want, sheet.belief, sheet.arc.get(beat, "")) if sheet else ()
    told = (tuple(cast.nameless(cast.fill(each)) for each in texts if each) for texts in (persona.material, own))
    return tuple(filter(None, told))


def likeness(cast: Cast, embedder: Embedder, text: str, voices: Voices) -> float:
    """How close a text is to somebody: the mean of the cosines with their voices.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    said = cast.nameless(cast.fill(text))
    near = [_near(embedder, said, voice) for voice in voices]
    return sum(near) / len(near)


def nearest(cast: Cast, embedder: Embedder, texts: Sequence[str], heard: str) -> str:
    """The topic that is most like an answer: cosine with what was just heard, both without names. On a tie, and if
    nothing was heard, the first one.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    from dreamplay.memory.embeddings import quantized

    near = quantized(embedder, cast.nameless(heard))
    return max(texts, key=lambda text: float(quantized(embedder, cast.nameless(cast.fill(text))) @ near))


def ranked(cast: Cast, embedder: Embedder, texts: Sequence[str], heard: str) -> list[str]:
    """The topics in the order of their similarity to what was just heard, the most similar first; those that are
    equally similar keep their order.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    from dreamplay.memory.embeddings import quantized

    near = quantized(embedder, cast.nameless(heard))
    return sorted(texts, key=lambda text: -float(quantized(embedder, cast.nameless(cast.fill(text))) @ near))


def similarity(cast: Cast, embedder: Embedder, one: str, other: str) -> float:
    """How close two texts are: their cosine, without names.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    one, other = (cast.nameless(cast.fill(text)) for text in (one, other))
    return round(float(_direction(embedder, one) @ _direction(embedder, other)), _EXACT)


@lru_cache(maxsize=4096)
def _near(embedder: Embedder, text: str, voice: tuple[str, ...]) -> float:
    """The similarity of a text to a voice. Cached, since a scene asks for the same ones again and again."""
    return round(float(_direction(embedder, text) @ _voice(embedder, voice)), _EXACT)


@lru_cache(maxsize=4096)
def _direction(embedder: Embedder, text: str) -> Any:
    """The vector of a text. Cached, since the moves of a story are compared with each line."""
    from dreamplay.memory.embeddings import row

    return _unit(row(embedder, text))


@lru_cache(maxsize=256)
def _voice(embedder: Embedder, voice: tuple[str, ...]) -> Any:
    """The middle of a voice. Cached, since every move of a story is compared with the same ones."""
    from dreamplay.memory.embeddings import embed

    return _unit(embed(embedder, voice).mean(axis=0))


@lru_cache(maxsize=256)
def _likeness(embedder: Embedder, texts: tuple[str, ...], voices: tuple[tuple[str, ...], ...]) -> list[list[float]]:
    """The similarity of each text to each voice. Cached, since many runs of one story ask for the same."""
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
