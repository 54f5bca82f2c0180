"""The runs in a folder as a Python user sees them: what is noted about them, and the bin."""

from __future__ import annotations

import os
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.errors import RecordError, UsageError
from dreamplay.runs import labels
from dreamplay.runs.transcript import FILE
from dreamplay.storage import lock


@pytest.fixture
def home(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, `one`, and a damaged one, `bad`, in `transcripts/` of the current folder."""
    monkeypatch.chdir(tmp_path)
    dp.play(small, model="scripted", seed=7, out="transcripts/one")
    (tmp_path / "transcripts" / "bad").mkdir()
    (tmp_path / "transcripts" / "bad" / FILE).write_text("no record\n")
    return Path("transcripts")


def _names(**how: bool) -> set[str]:
    return {run.name for run in dp.list_runs(**how)}


def test_what_is_noted_lies_beside_the_transcript(home: Path) -> None:
    before = (home / "one" / FILE).read_bytes()
    assert dp.load_run("one").label == dp.Label()
    dp.label_run("one", title=" The quiet one ", favourite=True)
    dp.label_run(dp.load_run("one"), note="Leo stays.\nKeep the end.")
    dp.label_run("bad", note="disk full")
    noted = dp.Label(title="The quiet one", note="Leo stays.\nKeep the end.", favourite=True)
    assert dp.load_run("one").label == dp.run_summary("one").label == noted
    assert {run.name: run.label.note for run in dp.list_runs()} == {"one": noted.note, "bad": "disk full"}
    assert dp.label_run("one", title="", favourite=False) == dp.Label(note=noted.note)
    assert (home / "one" / FILE).read_bytes() == before
    with pytest.raises(UsageError, match="`title`: write at most 100 characters"):
        dp.label_run("one", title="x" * 101)


@pytest.mark.parametrize(
    "raw", [b'{"title": "x", "owner": "y"}', b'{"favourite": "yes"}', b"\xff", b'{"title": 5}'],
)  # fmt: skip
def test_what_a_stranger_noted_and_cannot_be_read_is_said_and_left_out(home: Path, raw: bytes) -> None:
    (home / "one" / labels.FILE).write_bytes(raw)
    summary = dp.run_summary("one")
    assert (summary.state, summary.label) == ("finished", dp.Label())
    assert f"{home / 'one' / labels.FILE}: " in summary.label_fault
    dp.label_run("one", title="mine")
    assert (dp.run_summary("one").label.title, dp.run_summary("one").label_fault) == ("mine", "")


def test_a_link_of_a_stranger_is_not_written_through(home: Path) -> None:
    Path("mine.txt").write_text("mine")
    (home / "one" / labels.FILE).symlink_to(Path("mine.txt").resolve())
    dp.label_run("one", title="x")
    assert Path("mine.txt").read_text() == "mine"
    assert dp.load_run("one").label.title == "x"


def test_runs_go_to_the_bin_and_come_back(home: Path, small: Path) -> None:
    kept = (home / "one" / FILE).read_bytes()
    dp.bin_run("bad")
    assert (_names(), _names(binned=True)) == ({"one"}, {"bad"})
    dp.bin_run(dp.load_run("one"))
    assert (_names(), _names(binned=True)) == (set(), {"one", "bad"})
    with pytest.raises(RecordError, match="no run 'one'"):
        dp.load_run("one")
    dp.play(small, model="scripted", seed=8, out="transcripts/one")
    dp.bin_run("one")
    assert _names(binned=True) == {"one", "one-2", "bad"}
    assert dp.restore_run("one") == home / "one"
    assert (home / "one" / FILE).read_bytes() == kept
    dp.play(small, model="scripted", seed=9, out="transcripts/one-2")
    assert dp.restore_run("one-2", home).name == "one-2-2"
    assert _names() == {"one", "one-2", "one-2-2"}


@pytest.mark.parametrize("name", ["two", "../one", "..", "", "one\0", os.sep])
def test_only_a_name_in_the_bin_is_taken_back(home: Path, name: str) -> None:
    with pytest.raises(RecordError, match="in the bin"):
        dp.restore_run(name)
    assert _names() == {"one", "bad"}


def test_a_run_that_is_played_stays_where_it_is(home: Path) -> None:
    with lock.hold(home / "one"), pytest.raises(RecordError, match="is being played by process"):
        dp.bin_run("one")
    assert _names() == {"one", "bad"}
