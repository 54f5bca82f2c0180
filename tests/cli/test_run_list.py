"""Lists of many runs: soon at a terminal, which says what it has not read, and exact in a pipe."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import worlds
from dreamplay.cli import run_list
from dreamplay.runs import run_index
from dreamplay.storage.folders import FolderStore

HOME = Path("transcripts")


@pytest.fixture(autouse=True)
async def _runs(small: Path) -> None:
    """Three runs, of which the middle one is broken."""
    await worlds.play(small, HOME / "one")
    for name in ("two", "three"):
        shutil.copytree(HOME / "one", HOME / name)
    lines = (HOME / "two" / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (HOME / "two" / "transcript.jsonl").write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))


def _states() -> dict[str, str]:
    return {run.name: run.state for run in run_list.known(FolderStore(HOME))}


def test_at_a_terminal_a_list_waits_for_nothing_and_says_what_was_not_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(run_list, "_SOON", 0.0)
    assert _states() == dict.fromkeys(("one", "two", "three"), "finished")
    run_list.say_unread(run_list.known(FolderStore(HOME)))
    assert "3 of them were not read as a whole yet" in capsys.readouterr().err
    run_list.say_unread(run_list.known(FolderStore(HOME), whole=True))
    assert capsys.readouterr().err == ""
    assert _states()["two"] == "damaged"


def test_in_a_pipe_all_are_read_and_it_says_so_if_they_are_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_list, "_MANY", 3)
    assert _states()["two"] == "damaged"
    assert "reading 3 runs for the first time" in capsys.readouterr().err
    monkeypatch.setattr(run_index, "_summary", lambda folder, whole: pytest.fail("all of them were read"))
    _states()
    assert capsys.readouterr().err == ""
