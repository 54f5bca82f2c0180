"""Whoever a play is said to be by, in the formats that have a place for it."""

from __future__ import annotations

import html
import io
import zipfile

import pytest
from dreamplay import formats
from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog

_AUTHOR = "Noor & Anna O'Weber-Lee"
_BYLINED = {
    "html": f'<meta name="author" content="{_AUTHOR}">', "epub": f"<dc:creator>{_AUTHOR}</dc:creator>",
    "fountain": f"\nAuthor: {_AUTHOR}\n", "fdx": f"<Text>{_AUTHOR}</Text>", "ink": f"# author: {_AUTHOR}\n",
}  # fmt: skip
"""Where it stands."""


def _written(name: str, log: RunLog, author: str | None) -> str:
    made = formats.write(name, [log], author=author).main
    if isinstance(made, str):
        return html.unescape(made)
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        return html.unescape("\n".join(book.read(each).decode() for each in book.namelist()))


@pytest.mark.parametrize("name", _BYLINED)
def test_a_play_is_by_whoever_is_named(name: str, example: RunLog) -> None:
    named, unnamed = _written(name, example, f" {_AUTHOR}  "), _written(name, example, None)
    assert _BYLINED[name] in named
    assert _AUTHOR not in unnamed
    assert ("Played by " in named) == (name != "ink")


def test_a_page_and_a_book_begin_with_it(example: RunLog) -> None:
    for name in ("html", "epub"):
        title, _, rest = _written(name, example, _AUTHOR).partition('<p class="premise">')
        assert f"<bdi>{_AUTHOR}</bdi>" in title
        assert 'class="byline"' not in rest
        assert 'class="byline"' not in _written(name, example, None)


def test_what_has_no_place_for_it_says_so(example: RunLog) -> None:
    others = {each.name for each in formats.known() if not each.bylined and not each.missing}
    assert {"csv", "markdown", "twee", "prompts"} <= others
    for name in others:
        with pytest.raises(UsageError, match=r"has no place for the name of an author; leave out `author`"):
            formats.write(name, [example], view="leo", author=_AUTHOR)


@pytest.mark.parametrize("author", ["", "  ", "...", "12", "Noor\nTitle: Mine", "No\u200bor", "No\udcffor", "x" * 201])
def test_what_is_no_name_is_refused_in_a_line(author: str, example: RunLog) -> None:
    with pytest.raises(UsageError, match=r"^`author`: [^\n]+$") as caught:
        formats.write("fountain", [example], author=author)
    assert (repr(author) in str(caught.value)) == (len(author) <= 200)
