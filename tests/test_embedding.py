from __future__ import annotations

import logging

import numpy as np
import pytest
from dreamplay import embedding
from dreamplay.errors import EmbeddingError

TEXTS = [
    "He has mended his clock.", "My clock stopped at four in the morning.",
    "The soup is getting cold on the stove.", "", "…",
]  # fmt: skip


def test_texts_become_rows_of_unit_length_the_same_every_time() -> None:
    rows = embedding.embed(TEXTS)
    assert rows.shape == (len(TEXTS), embedding.WIDTH)
    assert np.allclose(np.linalg.norm(rows[:3], axis=1), 1, atol=1e-5)
    assert not rows[3].any()  # nothing said is about nothing
    assert np.array_equal(rows, embedding.embed(TEXTS))
    assert embedding.embed([]).shape == (0, embedding.WIDTH)


def test_what_is_about_the_same_is_nearer() -> None:
    clock, other, soup, *_ = embedding.embed(TEXTS)
    assert clock @ other > clock @ soup + 0.2


def test_the_loggers_of_others_stay_as_they_are() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    embedding._vectors.cache_clear()
    embedding.embed(["Tea is tea."])
    assert (root.level, list(root.handlers)) == before


def test_vectors_that_cannot_be_read_are_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    import wordllama

    def damaged(**rest: object) -> None:
        raise ValueError("header too large\nfor a file of 3 bytes")

    monkeypatch.setattr(wordllama.WordLlama, "load", damaged)
    embedding._vectors.cache_clear()
    with pytest.raises(EmbeddingError, match=r"header too large for .*pip install wordllama"):
        embedding.embed(["Tea is tea."])
    embedding._vectors.cache_clear()
