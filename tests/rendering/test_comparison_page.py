"""The page and its plots, read as a browser would: what is an element, and what is text."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest
import worlds
from dreamplay.comparison import compare
from dreamplay.comparison.compare import Comparison
from dreamplay.rendering import comparison_page

DAY = date(2045, 1, 1)
ATTACK = "</title></style><script>alert('x')</script>\"'&{{ 7*7 }}"
VOID = {"meta", "line", "circle", "rect", "polyline"}


class Read(HTMLParser):
    """Elements with their attributes, and the text between them; a tag that is not closed fails."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta"}:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _run(seed: int, swapped: bool) -> worlds.RunLog:
    run = worlds.record(
        worlds.said("ada", ATTACK if swapped else "Tea is tea."),
        worlds.said("bo", f"Line {seed}."),
        {"kind": "dream", "text": ATTACK, "ledger": [{"role": "bo", "fear": ATTACK, "wish": "x"}]},
        {"kind": "reflection", "speaker": "ada", "text": ATTACK, "attitudes": {"bo": 0.5 - swapped}},
        {"kind": "stance", "speaker": "bo", "choice": "stay" if swapped else "go", "text": ATTACK},
        seed=seed, **({"ada": "Zoe"} if swapped else {}),
    )  # fmt: skip
    story = run.header.story.model_copy(update={"title": ATTACK})
    header = run.header.model_copy(update={"story": story, "model": ATTACK})
    return worlds.RunLog(header, run.script, run.end)


@pytest.fixture(scope="module")
def made() -> Comparison:
    return compare.compare([_run(seed, False) for seed in (1, 2)], [_run(seed, True) for seed in (1, 2)], made=DAY)


@pytest.fixture(scope="module")
def read(made: Comparison) -> Read:
    return Read(comparison_page.render(made))


def test_whatever_was_said_is_text_and_never_an_element(read: Read) -> None:
    assert {tag for tag, _ in read.elements} & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    assert sum(ATTACK in text for text in read.text) >= 8
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)


def test_the_page_needs_and_allows_nothing_from_outside(made: Comparison, read: Read) -> None:
    assert not any({"src", "href", "action"} & set(attributes) for _, attributes in read.elements)
    policy = next(each["content"] for tag, each in read.elements if each.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    html = comparison_page.render(made)
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    assert html == comparison_page.render(made)


def test_the_page_can_be_read_aloud(read: Read) -> None:
    tags = [tag for tag, _ in read.elements]
    assert ("html", {"lang": "en"}) in read.elements
    assert tags.count("h1") == 1
    plots = [place for place, (tag, _) in enumerate(read.elements) if tag == "svg"]
    assert len(plots) >= 5
    for place in plots:
        assert read.elements[place][1]["role"] == "img"
        assert tags[place + 1] == "title"
    assert all(each.get("scope") in ("col", "row") for tag, each in read.elements if tag == "th")


def test_every_section_and_every_pair_is_there(made: Comparison, read: Read) -> None:
    for said in ("In short", "What was changed", "Where they diverge", "Stances", "Talk", "Relations", "Hidden fears",
                 "Scorecard", "Cost", "Side by side", "By beat", "By character", "Methods", "Glossary",
                 "Provenance"):  # fmt: skip
        assert said in read.text
    assert {*made.findings, made.methods, *made.glossary, *made.glossary.values()} <= set(read.text)
    pairs = [each for tag, each in read.elements if tag == "details" and each.get("class") == "pair"]
    assert len(pairs) == 2
    assert [pair for pair in pairs if "open" in pair] == pairs[:1]


def test_runs_in_which_nothing_happened_make_a_page_too() -> None:
    read = Read(comparison_page.render(compare.compare([worlds.record()], [worlds.record()])))
    assert "Stances" not in read.text
    assert "The runs are the same, event for event." in read.text
