"""Sentence embeddings: WordLlama, static token vectors averaged over a text. Small, offline, and the same every time.

Good for what a text is about; blind to word order and to negation. The measures that use it say so.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamplay.errors import EmbeddingError

Matrix = NDArray[np.float32]

WIDTH = 256
STEPS = 2048
"""Rows of `exact` have so many steps to the unit. Their products are then whole numbers below 2**24, which single
precision adds up exactly and in any order, so that no machine's way of adding decides what comes up."""


def embed(texts: Sequence[str]) -> Matrix:
    """The texts as rows of unit length, so that a dot product is a cosine; a text without tokens is a row of zeros.

    Raises:
        EmbeddingError: the vectors, which come inside the package, are not there or cannot be read.
    """
    if not texts:
        return np.zeros((0, WIDTH), dtype=np.float32)
    rows = np.asarray(_vectors().embed(list(texts)), dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Matrix = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return unit


@lru_cache(maxsize=8192)
def quantized(text: str) -> NDArray[np.float32]:
    """A text as a row of whole numbers (see STEPS); kept, since everybody who was there remembers the same words.

    Raises:
        EmbeddingError: see `embed`.
    """
    row: NDArray[np.float32] = np.rint(embed([text])[0] * STEPS)
    return row


def ready() -> None:
    """Load the vectors, so that nothing can fail for want of them once a run has begun.

    Raises:
        EmbeddingError: see `embed`.
    """
    embed(["."])


@cache
def _vectors() -> Any:
    """The token vectors, read once. WordLlama logs to the root logger as it is imported; that is undone."""
    # Texts come one or two at a time: threads for them cost more than they save, above all beside a local engine's.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        import wordllama  # type: ignore[import-untyped]

        home = Path(wordllama.__file__).parent
        return wordllama.WordLlama.load(cache_dir=home, dim=WIDTH, disable_download=True)
    except Exception as error:  # a damaged file fails in as many ways as there are readers in between
        why = " ".join(str(error).split())[:160] or type(error).__name__
        raise EmbeddingError(
            f"cannot load the sentence vectors ({why}); install them anew: pip install wordllama"
        ) from error
    finally:
        root.setLevel(level)
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
