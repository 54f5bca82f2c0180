from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import worlds
from dreamplay import formats
from dreamplay.errors import RecordError
from dreamplay.exports.markdown import Markdown
from dreamplay.formats import Source
from dreamplay.library import resources
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, READER
from dreamplay.schema.event import PROLOGUE
from dreamplay.schema.script import Script


@pytest.mark.parametrize("reference", resources.names("stories"))
async def test_a_page_holds_everything_that_was_said_in_order(reference: str, tmp_path: Path) -> None:
    record = await worlds.play(reference, tmp_path / "run")
    page = (tmp_path / "run" / formats.PAGE).read_text(encoding="utf-8")
    log = transcript.read(tmp_path / "run")
    assert page == _written(log, READER)
    assert not any(event.text in page for event in record.script if event.kind == "reflection")
    page = _written(log, AUTHOR)
    story, cast = record.header.story, record.cast
    assert page.startswith(f"# {story.title}\n")
    at = -1
    for event in record.script:
        if event.kind == "silence":
            continue
        after = page.index(event.text, at + 1)
        assert after > at or event.kind == "stance"
        at = max(at, after)
        name = cast.name(event.speaker) if event.speaker else ""
        if event.kind == "line" and event.cue and event.cue.hears:
            assert f"**{name}** *(whispers to {cast.listed(event.cue.hears)}).* {event.text}" in page
        elif event.kind == "line":
            assert f"**{name}.** {event.text}" in page
        if event.kind == "reflection":
            assert f"\n*({name} thinks: {event.text})*\n" in page
        if event.kind in ("entrance", "exit"):
            assert f"\n*{event.text}*\n" in page
        if event.kind == "dream":
            assert f"\n> {event.text}\n" in page
    assert re.findall(r"^## (.+)", page, re.MULTILINE) == ["The night before", *(b.title for b in story.beats)]
    places = [cast.fill(scene.place) for _, scene in story.scenes]
    assert re.findall(r"^### (.+)", page, re.MULTILINE) == places
    assert page.count("|---|---|---|") == 1
    assert "{" not in page
    assert "stopped before its end" not in page
    assert "CANARY" not in page


def _written(log: RunLog, view: str = AUTHOR) -> str:
    return Markdown().write(Source((log,), view))


def _page(small: Path, *texts: str, kind: str = "line", **rest: object) -> str:
    place: dict[str, object] = {"beat": PROLOGUE, "scene": PROLOGUE, "speaker": "ada"}
    script = Script([worlds.event(i, kind, text, **(place | rest)) for i, text in enumerate(texts)])
    return _written(RunLog(worlds.plan(small).header("a_model", {}), script, None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# no title", r"\# no title"), ("*loud*", r"\*loud\*"), ("a_b_c", r"a\_b\_c"), ("[x](y)", r"\[x\](y)"),
        ("<script>", r"\<script\>"), ("> quote", r"\> quote"), ("`code`", r"\`code\`"), ("1. one", r"1\. one"),
        ("two\n\nparagraphs", "two paragraphs"), ("~~gone~~", r"\~\~gone\~\~"), ("&amp;", r"\&amp;"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["line", "narration", "dream"])
def test_what_was_said_is_never_markup(small: Path, kind: str, text: str, shown: str) -> None:
    page = _page(small, text, kind=kind)
    body = page[page.index("## The night before") :]
    said = next(line for line in body.splitlines()[1:] if line)
    left, right = {"line": ("**Ada.** ", ""), "narration": ("*", "*"), "dream": ("> ", "")}[kind]
    assert said == f"{left}{shown}{right}"


def test_a_stance_with_a_bar_stays_in_its_cell(small: Path) -> None:
    page = _page(small, "I go | I go.", kind="stance", choice="go")
    (row,) = [line for line in page.splitlines() if "I go" in line]
    assert row == r"| Ada | leave the house | I go \| I go. |"


def test_a_reason_that_was_said_before_is_a_quotation(small: Path) -> None:
    page = _page(small, "The road is *dry*.", kind="stance", choice="go", said=3)
    assert r"| Ada | leave the house | “The road is \*dry\*.” |" in page.splitlines()
    unheard = _page(small, "", kind="stance", choice="go", said=3)
    assert "| Ada | leave the house |  |" in unheard.splitlines()


@pytest.mark.parametrize("kind", ["recap", "silence"])
def test_what_only_repeats_and_what_was_not_said_is_left_out(small: Path, kind: str) -> None:
    assert "Once more" not in _page(small, "Once more.", kind=kind)


def test_a_run_that_was_stopped_says_so(small: Path) -> None:
    assert "stopped before its end" in _page(small, "Tea is tea.")


async def test_a_page_that_cannot_be_written_is_an_error(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await worlds.play(small, tmp_path / "run")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="No space left"):
        formats.write_page(tmp_path / "run", transcript.read(tmp_path / "run"))
    assert not (tmp_path / "run" / formats.PAGE).exists()


def test_a_gesture_stands_in_its_line_and_a_thought_on_the_page_of_the_author(small: Path) -> None:
    place = {"beat": "day", "scene": "square", "speaker": "ada", "provenance": {"by": "agent"}}
    events = [
        {"kind": "thought", "text": "He lies.", "witnesses": ["ada"]},
        {"kind": "action", "text": "slides the key* across"},
        {"kind": "line", "text": "No.", "turn": 1}, {"kind": "action", "text": "nods"},
        {"kind": "line", "text": "Yes.", "turn": 2, "cue": worlds.cue(hears=("bo",))},
        {"kind": "action", "text": "shrugs"}, {"kind": "silence", "turn": 3, "chosen": True},
    ]  # fmt: skip
    script = Script([worlds.made(place | event | {"id": number}) for number, event in enumerate(events)])
    log = RunLog(worlds.plan(small).header("a_model", {}), script, None)
    page = _written(log)
    body = page[page.index("### ") :].split("\n\n")[1:-2]
    assert body == [
        "*(Ada thinks: He lies.)*",
        r"**Ada** *(slides the key\* across).* No.", "**Ada** *(nods; whispers to Bo).* Yes.", "*Ada shrugs*",
        "*Ada says nothing*",
    ]  # fmt: skip
    assert "He lies" not in _written(log, READER)
    assert ["He lies" in _written(log, role) for role in ("ada", "bo")] == [True, False]
