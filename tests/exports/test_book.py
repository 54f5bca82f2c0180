"""A run as HTML, as PDF and as an e-book, looked at by programs of others."""

from __future__ import annotations

import html.parser
import io
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import marked as marked_words
import pytest
from dreamplay.errors import UsageError
from dreamplay.exports import print_page
from dreamplay.exports.epub import Epub
from dreamplay.exports.page import Html, Pdf
from dreamplay.exports.playscript import Playscript
from dreamplay.exports.screenplay import one_line
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog

_XHTML = "{http://www.w3.org/1999/xhtml}"
_EMPTY = {"meta", "link", "br", "hr"}


class _Page(html.parser.HTMLParser):
    """Reads a page as a browser does: its words, its elements, and its headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.headings: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _EMPTY:
            self.open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(f"{tag} ")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data
        if self.open and re.fullmatch(r"h\d", self.open[-1]):
            self.headings[-1] += data


def _holds_in_order(words: str, log: RunLog, view: str) -> None:
    """See that a text has all passages, in order."""
    source, at, told = Source((log,), view), 0, " ".join(words.split())
    for each in Playscript.of(log, source.viewpoint(log)).passages:
        at = told.index(" ".join(one_line(each.text).split()), at)


def test_a_page_holds_the_play_and_nothing_that_acts(example: RunLog) -> None:
    page = _Page(Html().write(Source((example,))))
    _holds_in_order(page.words, example, "reader")
    assert not page.found & {"script", "img", "iframe", "form", "object", "base"}
    assert not page.attributes & {"src", "style", "onclick", "onload"}
    assert page.headings[:4] == ["h1 The Borrowed Night", "h2 The cast", "h2 The night before", "h2 Launch"]
    assert page.headings[4] == "h3 The roof of the MindSync tower, launch night"


def test_words_of_strangers_stay_words(marked: RunLog) -> None:
    page = _Page(Html().write(Source((marked,), "author")))
    _holds_in_order(page.words, marked, "author")
    assert "script" not in page.found
    for name in marked_words.NAMES.values():
        assert name in page.words


def test_a_language_that_is_written_from_the_right_is(marked: RunLog) -> None:
    story = marked.header.story.model_copy(update={"language": "he"})
    log = RunLog(marked.header.model_copy(update={"story": story}), marked.script, marked.end)
    assert '<html lang="he" dir="rtl">' in Html().write(Source((log,)))
    assert 'page-progression-direction="rtl"' in _files(Epub().write(Source((log,))))["EPUB/package.opf"]


def _files(book: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def _read(book: bytes) -> Iterator[str]:
    """The words of an e-book, page by page, in the order that its spine gives."""
    files = _files(book)
    package = ElementTree.fromstring(files["EPUB/package.opf"])
    of = "{http://www.idpf.org/2007/opf}"
    pages = {each.get("id"): each.get("href") for each in package.iter(f"{of}item")}
    for item in package.iter(f"{of}itemref"):
        page = ElementTree.fromstring(files[f"EPUB/{pages[item.get('idref')]}"])
        body = page.find(f"{_XHTML}body")
        assert body is not None
        yield "".join(body.itertext())


@pytest.mark.parametrize("which", ["example", "marked"])
def test_a_book_holds_the_play_a_chapter_a_beat(which: str, request: pytest.FixtureRequest) -> None:
    log = request.getfixturevalue(which)
    book = Epub().write(Source((log,), "author"))
    _holds_in_order(" ".join(_read(book)), log, "author")
    text = Playscript.of(log, Source((log,), "author").viewpoint(log))
    assert len(list(_read(book))) == 3 + len(text.parts)  # after the title, the contents and the cast
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert Epub().write(Source((log,), "author")) == book


@pytest.mark.parametrize("which", ["marked", "empty"])
def test_a_book_is_valid(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    program = shutil.which("epubcheck")
    if program is None or shutil.which("java") is None:
        pytest.skip("epubcheck is not installed")
    log = marked_words.said_by_all() if which == "empty" else request.getfixturevalue(which)
    (tmp_path / "play.epub").write_bytes(Epub().write(Source((log,), "author", author="Noor & Anna")))
    packed = zipfile.is_zipfile(program)  # Debian's is a jar that only some systems can execute
    command = ["java", "-jar", program] if packed else [program]
    done = subprocess.run([*command, str(tmp_path / "play.epub")], capture_output=True, text=True, check=False)
    assert "0 fatals / 0 errors / 0 warnings" in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.skipif(print_page.browser() is None, reason="no browser is installed that could print")
def test_a_pdf_holds_the_play_with_its_outline(example: RunLog) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    made = Pdf().write(Source((example,)))
    assert Pdf().write(Source((example,))) == made
    pdf = pypdf.PdfReader(io.BytesIO(made))
    # Some fonts print "fl" as one sign.
    read = unicodedata.normalize("NFKC", "".join(page.extract_text() for page in pdf.pages))
    squeezed = re.sub(r"\s", "", read)
    for event in example.script:
        if event.kind in ("line", "narration", "dream"):
            assert re.sub(r"\s", "", unicodedata.normalize("NFKC", one_line(event.text))) in squeezed
    assert pdf.metadata is not None
    assert pdf.metadata.title == "The Borrowed Night"
    assert "The night before" in str(pdf.outline)


@pytest.mark.parametrize(
    ("does", "said"), [("exit 3", r"printed nothing \(code 3\)"), ("exit 0", r"printed nothing \(No such file")]
)
def test_a_browser_that_fails_is_one_line(
    does: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chromium").write_text(f"#!/bin/sh\necho noise >&2\n{does}\n", encoding="utf-8")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.defpath)
    with pytest.raises(UsageError, match=said + ".*export the play as html"):
        print_page.pdf("<p>A page.")


def test_what_a_killed_process_has_left_is_taken_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(print_page, "browser", lambda: "/nowhere/chromium")
    for name in ("dreamplay-print-old", "dreamplay-print-new", "dreamplay-other"):
        (tmp_path / name / "profile").mkdir(parents=True)
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / "dreamplay-print-new")
    with pytest.raises(UsageError):
        print_page.pdf("<p>A page.")
    assert {path.name for path in tmp_path.iterdir()} == {"dreamplay-print-new", "dreamplay-other"}


def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "apt install chromium" in Pdf().missing()
    assert Html().missing() == ""
