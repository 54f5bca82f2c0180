from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import LibraryError
from dreamplay.library import yaml_document


def _laugh(wide: int, deep: int) -> str:
    """Aliases of aliases: a few lines that stand for wide to the power of deep."""
    first = f"a0: &a0 [{', '.join('x' * wide)}]\n"
    return first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * wide)}]\n" for n in range(1, deep))


REFUSED: dict[str, tuple[str, int, str]] = {
    # the file, the line that is named, what is said
    "aliases of aliases": (_laugh(9, 20), 5, "more than 50,000 values, aliases counted"),
    "one alias very often": (f"a: &a {'x' * 5000}\nb: [{', '.join(['*a'] * 300)}]\n", 2, "more than 1,000,000 char"),
    "many small values": ("a:\n" + "- x\n" * 60_000, 50_000, "more than 50,000 values"),
    "an alias of itself": ("a: &a [*a]\n", 1, "an alias (*) without its anchor (&) before it"),
    "an alias of nothing": ("a: *nobody\n", 1, "a text that begins with * needs quotes"),
    "merge keys": ("a: &a {b: c}\nd:\n  <<: *a\n", 3, "merge keys (<<) are no part of YAML 1.2"),
    "brackets without end": ("a: " + "[" * 7000, 1, "more than 20 lists and mappings inside one another"),
    "braces that are closed": ("a: " + "{b: " * 900 + "c" + "}" * 900, 1, "more than 20 lists and mappings"),
    "lists in lists": ("a:\n" + "- " * 3000 + "b", 2, "more than 20 lists and mappings"),
    "deeper and deeper": ("".join(f"{' ' * n}a:\n" for n in range(60)), 20, "more than 20 lists and mappings"),
    "keys within keys": ("? " * 3000 + "a", 1, "more than 20 lists and mappings"),
    "a list as a key": ("? [a, b]\n: c\n", 1, "a key is a word"),
    "a key twice": ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "duplicate key 'c'; line 3 has it already"),
    "a tag": ("a: !!int 7\n", 1, "the tag '!!int' has no meaning here"),
    "a tag of another's": ("a: !secret x\n", 1, "the tag '!secret' has no meaning here"),
    "a tag under another name": ("%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system x\n", 3, "!!python/name"),
    "half an emoji": ('a: "\\ud83d"\n', 1, "half a character"),
    "an escape beyond Unicode": ('a: b\nc: "\\U00110000"\n', 2, "a backslash in double quotes"),
    "an escape beyond an int": ('a: b\nc: "\\UFFFFFFFF"\n', 2, "a backslash in double quotes"),
    "a NUL": ("a: b\nc: \x00\n", 2, "the character '\\x00' is not allowed in a file"),
    "a terminal code": ("a: \x1b[2J\n", 1, "the character '\\x1b' is not allowed in a file"),
    "two documents": ("a: b\n---\nc: d\n", 2, "a second document begins here"),
    "a document after the end": ("a: b\n...\nc: d\n", 3, "a second document begins here"),
    "a later YAML": ("%YAML 2.0\n---\na: b\n", 1, "not YAML"),
    "a colon in a text": ("a: he said: no\n", 1, "a text with a colon and a blank in it needs quotes"),
    "a role in front": ("a: {leo} carries the chair\n", 1, "needs quotes"),
    "quotes around the first word": ('a: "No," she said\n', 1, "needs quotes around the whole of it"),
    "a quote that is not closed": ('a: "b\nc: d\n', 1, "a quote is opened and not closed (noticed in line 3)"),
    "a list that is not closed": ("a: [b, c\nd: e\n", 1, "a list that begins with [ is not closed"),
    "a key without its colon": ("a: 1\nchoices\n  - b: c\n", 2, "a key needs a colon and a blank after it"),
    "a key too far to the left": ("a:\n  - b\n c: d\n", 3, "(what it stands in begins in line 1)"),
    "a tab": ("a:\n\tb: c\n", 2, "a tab stands where blanks belong"),
    "a backslash": ('a: "\\d"\n', 1, "a backslash in double quotes begins an escape"),
    "an at sign": ("a: @b\n", 1, "put the text in quotes"),
    "nothing but a remark": ("# a\n", 1, "empty, or not keys and values"),
    "a list": ("- a\n", 1, "empty, or not keys and values"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_document_of_ours_is_refused_with_its_line(tmp_path: Path, what: str) -> None:
    text, line, says = REFUSED[what]
    path = tmp_path / "a.yaml"
    path.write_bytes(text.encode())
    with pytest.raises(LibraryError) as caught:
        yaml_document.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "\n" not in message
    assert len(message) < 400


READ: dict[str, tuple[bytes, Any]] = {
    "words that look like something else": (
        b"a: [no, 1984, 2045-01-01, 0x1F, 1_0, 12:30:45, .inf, 1e9]\n",
        {"a": ["no", "1984", "2045-01-01", "0x1F", "1_0", "12:30:45", ".inf", "1e9"]},
    ),
    "five thousand digits": (b"a: " + b"9" * 5000, {"a": "9" * 5000}),
    "nothing": (b"a:\nb: null\nc: ~\nd: 'null'\ne: ''\n", {"a": None, "b": None, "c": None, "d": "null", "e": ""}),
    "an anchor used twice": (b"a: &t {min: 1, max: 2}\nb: [*t, *t]\n", {
        "a": {"min": "1", "max": "2"}, "b": [{"min": "1", "max": "2"}] * 2,
    }),
    "an anchor written again": (b"a: &a x\nb: &a y\nc: *a\n", {"a": "x", "b": "y", "c": "y"}),
    "a mark in front, and Windows": (b"\xef\xbb\xbfa: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
    "YAML 1.1": (b"%YAML 1.1\n---\na: no\n", {"a": "no"}),
    "a document between its marks": (b"---\na: b\n...\n", {"a": "b"}),
    "every script": ("a: Зоя 🌸 ליאה\n".encode(), {"a": "Зоя 🌸 ליאה"}),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_a_scalar_is_text_and_small_use_of_aliases_works(tmp_path: Path, what: str) -> None:
    data, value = READ[what]
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    assert yaml_document.read(path).plain() == value


def test_a_large_honest_file_is_read(tmp_path: Path) -> None:
    lines = [f"- the kettle number {n} hums behind the chapel since Tuesday" for n in range(15_000)]
    path = tmp_path / "a.yaml"
    path.write_text("a:\n" + "\n".join(lines), encoding="utf-8")
    assert path.stat().st_size > 0.9 * yaml_document.MAX_BYTES
    assert yaml_document.read(path).line_of(("a", 14_999)) == 15_001


@pytest.mark.parametrize(
    ("path", "line"),
    [((), 1), (("b",), 2), (("b", 1), 4), (("b", 1, "d"), 5), (("b", 1, "nothing"), 4), (("e", "f"), 6), (("g",), 1)],
)
def test_the_line_of_a_path_is_that_of_its_deepest_part(tmp_path: Path, path: tuple[Any, ...], line: int) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: x\nb:\n- c: x\n- c: x\n  d: y\ne: &e {f: z}\n", encoding="utf-8")
    assert yaml_document.read(file).line_of(path) == line


def test_a_file_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    for name in ("Ada", "Bo"):
        file.write_text(f"name: {name}")
        assert yaml_document.read(file).plain() == {"name": name}
