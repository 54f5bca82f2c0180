from __future__ import annotations

import pytest
from dreamplay.sentences import sentences


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Tea is tea. Is it? It is!", ["Tea is tea.", "Is it?", "It is!"]),
        ('He said "Stop." Nobody did.', ['He said "Stop."', "Nobody did."]),
        ("Mrs. Hale knows Dr. Moss. St. Ives is far.", ["Mrs. Hale knows Dr. Moss.", "St. Ives is far."]),
        ("3.5 litres, e.g. of tea", ["3.5 litres, e.g.", "of tea"]),
        ("\u665a\u5b89\u3002\u518d\u89c1\u3002", ["\u665a\u5b89\u3002", "\u518d\u89c1\u3002"]),
        ("A name\nand a line.\n\n", ["A name", "and a line."]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_a_sentence_or_a_line_ends(text: str, pieces: list[str]) -> None:
    assert sentences(text) == pieces


def test_in_a_line_a_sentence_begins_with_a_capital_or_a_quotation_mark() -> None:
    text = 'Wait... what? no. "Leo?" she says. Go!'
    assert sentences(text, capital=True) == ["Wait... what? no.", '"Leo?" she says.', "Go!"]
