"""A run as Fountain and as FDX, read back by programs of others."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from dreamplay.exports.fdx import FinalDraft
from dreamplay.exports.fountain import Fountain
from dreamplay.exports.playscript import Playscript
from dreamplay.exports.screenplay import elements
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import said_by_all

screenplain = pytest.importorskip("screenplain.parsers.fountain", reason="screenplain is not installed")
tools = pytest.importorskip("screenplay_tools.fountain.parser", reason="screenplay-tools is not installed")

Told = tuple[str, ...]
"""What stands in a script: the kind, the text, and of a speech also who speaks, how, and what is in parentheses."""


def _expected(log: RunLog, view: str) -> list[Told]:
    """What the script should hold, in the order of play."""
    source = Source((log,), view)
    told: list[Told] = []
    for each in elements(Playscript.of(log, source.viewpoint(log))):
        if each.kind == "speech":
            told.append(("speech", each.speaker, each.extension, each.manner.strip("()"), each.text))
        else:
            told.append((each.kind, each.text.upper() if each.kind == "heading" else each.text))
    return [_plain(each) for each in told]


def _plain(told: Iterable[str]) -> Told:
    """Without what keeps marks from being marks, which the readers leave in, and without underscores, for which
    screenplain knows no escape.
    """
    marks = str.maketrans({"[": "(", "]": ")", "\u02c6": "^"} | dict.fromkeys("\u2060\\_", ""))
    return tuple(" ".join(each.translate(marks).split()) for each in told)


def _by_screenplain(text: str) -> Iterator[Told]:
    for each in screenplain.parse(io.StringIO(text)):
        kind = {"Slug": "heading", "Dialog": "speech", "Action": "action", "Section": "section"}[type(each).__name__]
        if kind == "speech":
            name, _, extension = str(each.character).partition(" (")
            manner = [str(line)[1:-1].strip("()") for aside, line in each.blocks if aside]
            said = [str(line) for aside, line in each.blocks if not aside]
            yield kind, name, extension.removesuffix(")"), "".join(manner), "".join(said)
        else:
            yield kind, str(each.text if kind == "section" else each.lines[0])


def _by_screenplay_tools(script: Any) -> list[Told]:
    told: list[list[str]] = []
    for each in script.elements:
        kind = each.type.name.lower()
        if kind == "character":
            told.append(["speech", each.name, each.extension or "", "", ""])
        elif kind == "parenthetical":
            told[-1][3] = each.text_raw.strip("()")
        elif kind == "dialogue":
            told[-1][4] = each.text_raw
        elif kind in ("heading", "section", "action") and each.text_raw.strip():
            told.append([kind, each.text_raw.upper() if kind == "heading" else each.text_raw])
    return [tuple(each) for each in told]


def _read_by_both(text: str) -> tuple[list[Told], list[Told]]:
    parser = tools.Parser()
    parser.mergeActions = False
    parser.add_text(text)
    return [_plain(each) for each in _by_screenplain(text)], [
        _plain(each) for each in _by_screenplay_tools(parser.script)
    ]


@pytest.mark.parametrize("view", ["reader", "author", "leo"])
def test_two_readers_of_fountain_find_the_play_scene_by_scene(example: RunLog, view: str) -> None:
    expected = _expected(example, view)
    assert [list(each) for each in _read_by_both(Fountain().write(Source((example,), view)))] == [expected, expected]
    headings = [told[1] for told in expected if told[0] == "heading"]
    assert headings.count("INT. DREAM - NIGHT") == 2
    assert "THE FOOTBRIDGE OVER THE CANAL, NOON" not in headings or view != "leo"


def test_whispers_stances_and_thoughts_are_told_as_scripts_do(marked: RunLog, example: RunLog) -> None:
    text = Fountain().write(Source((example,)))
    assert "\n\n@Sam\n(whispers to Elara)\nThe footbridge" in text
    assert "\n\n@Leo\n(chooses to campaign" in text
    assert "(V.O.)" in Fountain().write(Source((marked,), "author"))
    assert "(V.O.)" not in Fountain().write(Source((marked,)))


def test_no_mark_of_a_stranger_makes_another_script(marked: RunLog) -> None:
    expected = _expected(marked, "author")
    one, two = _read_by_both(Fountain().write(Source((marked,), "author")))
    assert one == expected
    assert two == expected


def test_no_mark_in_a_title_or_a_name_makes_another_title_page(example: RunLog) -> None:
    title = "<b>Night</b> & *Day*\nAuthor: Nobody\n\n# Act [[note]] /* gone */ > c <"
    author = "Noor: <i>O'Weber</i> **b** _u_ [[x]] /*y*/ ~z"
    story = example.header.story.model_copy(update={"title": title})
    log = replace(example, header=example.header.model_copy(update={"story": story}))
    text = Fountain().write(Source((log,), author=author))
    parser = tools.Parser()
    parser.add_text(text)
    entries = {each.key: each.text_raw for each in parser.script.titleEntries}
    lines = screenplain.parse(io.StringIO(text)).title_page
    for page in (entries, {key: "\n".join(each) for key, each in lines.items()}):
        assert list(page) == ["Title", "Author", "Source", "Notes", "Cast"]
        assert [_plain([page["Title"]]), _plain([page["Author"]])] == [_plain([title]), _plain([author])]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Co", "Cs"]), min_size=1).filter(str.strip))
@with_example("INT./EXT. HOUSE TO:")
def test_whatever_is_said_stays_what_is_said(text: str) -> None:
    log = said_by_all(text)
    expected = _expected(log, "author")
    assert [list(each) for each in _read_by_both(Fountain().write(Source((log,), "author")))] == [expected, expected]


@pytest.mark.parametrize("which", ["example", "marked"])
def test_a_reader_of_fdx_finds_the_play_scene_by_scene(which: str, request: pytest.FixtureRequest) -> None:
    from screenplay_tools.fdx.parser import Parser

    log = request.getfixturevalue(which)
    script = Parser().parse(FinalDraft().write(Source((log,), "author")))
    found = [_plain(each) for each in _by_screenplay_tools(script)]
    assert found == [("action", each[1]) if each[0] == "section" else each for each in _expected(log, "author")]


def test_fdx_is_what_screenplain_makes_of_the_same_play_in_fountain(example: RunLog) -> None:
    from screenplain.export.fdx import to_fdx

    made = io.StringIO()
    to_fdx(screenplain.parse(io.StringIO(Fountain().write(Source((example,))))), made)
    paragraphs = re.compile(r'<Paragraph Type="([^"]+)">\s*<Text>(.*?)</Text>\s*</Paragraph>')
    theirs, ours = paragraphs.findall(made.getvalue()), paragraphs.findall(FinalDraft().write(Source((example,))))
    upper = [(kind, words.upper() if kind == "Scene Heading" else words) for kind, words in ours]
    assert upper == theirs
