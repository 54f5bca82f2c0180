"""Who may read what of a run: one function decides it for every format."""

from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay import formats
from dreamplay.errors import PluginError, UsageError
from dreamplay.exports.playscript import Playscript
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, READER, Viewpoint
from dreamplay.schema.script import Script

PLACE = {"beat": "day", "scene": "square", "provenance": {"by": "agent"}}


@pytest.fixture
def log(small: Path) -> RunLog:
    """A line, a whisper to Bo, what Ada thinks and made of it, and a silence for which there was no line."""
    events = [
        {"kind": "line", "speaker": "ada", "text": "Aloud.", "turn": 1, "witnesses": ["ada", "bo", "cyrus"]},
        {"kind": "thought", "speaker": "ada", "text": "A thought.", "witnesses": ["ada"]},
        {"kind": "line", "speaker": "ada", "text": "A whisper.", "turn": 2, "witnesses": ["ada", "bo"],
         "cue": worlds.cue(hears=("bo",))},
        {"kind": "silence", "speaker": "bo", "turn": 3, "witnesses": ["ada", "bo", "cyrus"]},
        {"kind": "recap", "text": "In short.", "witnesses": ["ada", "bo"], "covers": [0, 1]},
        {"kind": "reflection", "speaker": "ada", "text": "A reflection.", "witnesses": ["ada"]},
        {"kind": "reflection", "speaker": "bo", "failed": True},
    ]  # fmt: skip
    script = Script([worlds.made(PLACE | event | {"id": number}) for number, event in enumerate(events)])
    return RunLog(worlds.plan(small).header("a_model", {}), script, None)


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (READER, ["Aloud.", "A whisper."]),
        (AUTHOR, ["Aloud.", "A thought.", "A whisper.", "A reflection."]),
        ("ada", ["Aloud.", "A thought.", "A whisper.", "A reflection."]),
        ("bo", ["Aloud.", "A whisper."]),
        ("cyrus", ["Aloud."]),
    ],
)
def test_a_view_has_what_it_may_know_and_nothing_else(log: RunLog, view: str, told: list[str]) -> None:
    seen = Viewpoint.of(view, log.cast, log.script)
    assert [passage.text for passage in Playscript.of(log, seen).passages] == told


def test_a_view_of_nobody_is_refused_before_anything_is_written(log: RunLog, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown view 'adda' \(did you mean 'ada'\?\)"):
        formats.write("markdown", [log], view="adda")
    with pytest.raises(UsageError, match="author's view, not 'ada'"):
        formats.write("markdown", [log], view="ada", secrets=True)


@pytest.mark.parametrize("name", ["c\nsv", ""])
def test_a_name_of_any_kind_that_no_format_has_is_refused_in_words(log: RunLog, name: str) -> None:
    with pytest.raises(PluginError, match="unknown format"):
        formats.write(name, [log])
    with pytest.raises(UsageError, match="unknown view ''"):
        formats.write("markdown", [log], view="")


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    made = formats.Files("main", {".note.md": b"beside"})
    (tmp_path / "a.note.md").write_text("mine")
    with pytest.raises(UsageError, match=r"a\.note\.md exists"):
        formats.save(made, tmp_path / "a.txt")
    assert not (tmp_path / "a.txt").exists()
    formats.save(made, tmp_path / "a.txt", replace=True)
    with pytest.raises(UsageError, match="no file that can be replaced"):
        formats.save(made, tmp_path, replace=True)
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    formats.save(formats.Files("main"), tmp_path / "link.txt", replace=True)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "a.txt").read_text() + (tmp_path / "a.note.md").read_text() == "mainbeside"
