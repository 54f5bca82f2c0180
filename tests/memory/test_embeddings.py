from __future__ import annotations

import logging

import numpy as np
import pytest
from dreamplay.errors import EmbeddingError
from dreamplay.memory import embeddings
from dreamplay.memory import wordllama as shipped
from dreamplay.memory.base import default_embedder

TEXTS = [
    "He has mended his clock.", "My clock stopped at four in the morning.",
    "The soup is getting cold on the stove.", "", "…",
]  # fmt: skip


def test_texts_become_rows_of_unit_length_the_same_every_time() -> None:
    rows = embeddings.embed(default_embedder(), TEXTS)
    assert rows.shape == (len(TEXTS), default_embedder().width)
    assert np.allclose(np.linalg.norm(rows[:3], axis=1), 1, atol=1e-5)
    assert not rows[3].any()  # nothing said is about nothing
    assert np.array_equal(rows, embeddings.embed(default_embedder(), TEXTS))
    assert embeddings.embed(default_embedder(), []).shape == (0, default_embedder().width)


@pytest.mark.parametrize(
    "text", [*TEXTS, "a  b", " a", "a ", "a <s> b", "a \u2581b", "Ein Wort, zwei\nWörter: 我们 🙂.", "\t "]
)
def test_the_tokens_of_its_words_are_those_of_the_whole_text(text: str) -> None:
    width = default_embedder().width
    whole = shipped._vectors(width).tokenizer.encode(text, add_special_tokens=False)
    assert shipped._tokens(text, width) == whole.ids


def test_what_is_about_the_same_is_nearer() -> None:
    clock, other, soup, *_ = embeddings.embed(default_embedder(), TEXTS)
    assert clock @ other > clock @ soup + 0.2


def test_the_loggers_of_others_stay_as_they_are() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    shipped._vectors.cache_clear()
    embeddings.embed(default_embedder(), ["Tea is tea."])
    assert (root.level, list(root.handlers)) == before


def test_vectors_that_cannot_be_read_are_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    import wordllama

    def damaged(**rest: object) -> None:
        raise ValueError("header too large\nfor a file of 3 bytes")

    monkeypatch.setattr(wordllama.WordLlama, "load", damaged)
    shipped._vectors.cache_clear()
    with pytest.raises(EmbeddingError, match=r"header too large for .*pip install wordllama"):
        embeddings.embed(default_embedder(), ["Tea is tea."])
    shipped._vectors.cache_clear()
