"""Vectors of texts by an embedder, checked and scaled: the one way to use an embedder.

A play uses the embedder that was chosen for it. What measures runs uses `default_embedder()`, so that the numbers of
any two runs can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dreamplay.errors import PluginFailedError
from dreamplay.memory.base import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dreamplay.memory.base import Matrix

STEPS = 2048
"""Rows of `quantized` have so many steps to the unit. Their products are then whole numbers below 2**24, which single
precision adds up exactly and in any order, so that no machine's way of adding decides what comes up."""


def embed(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    """The texts as rows of unit length, so that a dot product is a cosine; what the embedder knows nothing of is a row
    of zeros.

    Raises:
        EmbeddingError: the shipped vectors cannot be read.
        PluginFailedError: the embedder fails, or returns no matrix of the right shape.
    """
    if not texts:
        return np.zeros((0, embedder.width), dtype=np.float32)
    given = embedder.embed(list(texts))
    try:
        rows = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        raise PluginFailedError(
            f"embedder {embedder.name!r} failed: embed() returned {type(given).__name__}, which is no matrix of numbers"
        ) from None
    if rows.shape != (len(texts), embedder.width) or not np.isfinite(rows).all():
        what = f"shape {rows.shape}" if np.isfinite(rows).all() else "numbers that are not finite"
        raise PluginFailedError(
            f"embedder {embedder.name!r} failed: embed() returned {what} for {len(texts)} texts; it has to be "
            f"({len(texts)}, {embedder.width}), finite"
        )
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Matrix = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return unit


@lru_cache(maxsize=1024)
def row(embedder: Embedder, text: str) -> NDArray[np.float32]:
    """A text as a row of `embed`; kept, since what was just said is compared with one thing after another.

    Raises:
        EmbeddingError: see `embed`.
        PluginFailedError: see `embed`.
    """
    made: NDArray[np.float32] = embed(embedder, [text])[0]
    made.flags.writeable = False
    return made


@lru_cache(maxsize=8192)
def quantized(embedder: Embedder, text: str) -> NDArray[np.float32]:
    """A text as a row of whole numbers (see STEPS); kept, since everybody who was there remembers the same words.

    Raises:
        EmbeddingError: see `embed`.
        PluginFailedError: see `embed`.
    """
    steps: NDArray[np.float32] = np.rint(row(embedder, text) * STEPS)
    return steps


def ready(embedder: Embedder) -> None:
    """Embed a text, so that nothing can fail for want of vectors once a run has begun.

    Raises:
        EmbeddingError: see `embed`.
        PluginFailedError: see `embed`.
    """
    embed(embedder, ["."])
