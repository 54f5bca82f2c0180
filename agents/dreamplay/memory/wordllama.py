"""The shipped embedder: WordLlama, static token vectors averaged over a text. Small, offline, and the same every time.

Good for what a text is about; blind to word order and to negation. The metrics that use it say so.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay.errors import EmbeddingError

if TYPE_CHECKING:
    from dreamplay.memory.base import Matrix


class WordLlamaEmbedder:
    """Static token vectors, averaged over a text; offline."""

    name = "wordllama"
    width = 256

    def embed(self, texts: Sequence[str]) -> Matrix:
        """The texts as rows; a text without tokens is a row of zeros.

        Raises:
            EmbeddingError: the vectors, which come inside a package, are missing or cannot be read.
        """
        import numpy as np

        known, rows = _vectors(self.width), np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            if ids := _tokens(text, self.width):
                row[:] = known.embedding[ids].sum(axis=0, dtype=np.float32) / np.float32(len(ids))
        return rows


def _tokens(text: str, width: int) -> list[int]:
    """The tokens of a text, as WordLlama.embed finds them. No token reaches from one word into the next, so that words
    that are known need not be taken apart again; but several spaces are one token, "▁" is a space to the tokenizer, and
    a special token has brackets.
    """
    words = text.split(" ")
    if "" in words or "<" in text or "▁" in text:
        return list(_of_word(text, width))
    return [token for word in words for token in _of_word(word, width)]


@lru_cache(maxsize=32768)
def _of_word(word: str, width: int) -> tuple[int, ...]:
    # Without the padding and the masks of a batch, which take as long again.
    (tokens,) = _vectors(width).tokenizer.encode_batch_fast([word], add_special_tokens=False)
    return tuple(tokens.ids)


@cache
def _vectors(width: int) -> Any:
    """The token vectors, read once. WordLlama changes the root logger as it is imported; that is undone."""
    # Texts come one or two at a time: threads for them cost more than they save, above all beside a local engine's.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        import wordllama  # type: ignore[import-untyped]

        home = Path(wordllama.__file__).parent
        return wordllama.WordLlama.load(cache_dir=home, dim=width, disable_download=True)
    except Exception as error:  # a damaged file fails in as many ways as there are readers in between
        why = " ".join(str(error).split())[:160] or type(error).__name__
        raise EmbeddingError(
            f"cannot load the sentence vectors ({why}); install them again: pip install wordllama"
        ) from error
    finally:
        root.setLevel(level)
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
