"""Files of a run's folder: what is a stranger's is not followed, and what cannot be done is said in words."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import worlds
from dreamplay import formats
from dreamplay.errors import RecordError, UsageError
from dreamplay.participants import visit
from dreamplay.runs import run_index, transcript
from dreamplay.runs.transcript import FILE
from dreamplay.storage import disk, jsonl, lock

NAMES = ("transcript.md", "transcript.md.new", "run.lock", "interventions.yaml", "prompts.jsonl")


def _link(path: Path) -> None:
    path.symlink_to(path.parents[1] / "theirs")


@pytest.mark.parametrize("make", [_link, os.mkfifo], ids=["link", "pipe"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_run_goes_on_past_links_and_pipes_and_writes_to_none(
    small: Path, tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("Not yours.")
    done = worlds.dump(tmp_path / "done.yaml", {"interventions": [{"beat": "day", "say": "Hm."}]})
    plan = worlds.plan(small, guest="Noor", interventions=done)
    await worlds.visited(plan, tmp_path / "run")
    raw = (tmp_path / "run" / FILE).read_bytes()
    (tmp_path / "run" / FILE).write_bytes(b"".join(raw.splitlines(keepends=True)[:-9]))
    (tmp_path / "run" / name).unlink(missing_ok=True)
    make(tmp_path / "run" / name)
    record = await worlds.visited(plan, tmp_path / "run", goes_on=True)
    visit.write(tmp_path / "run", record.script, record.cast)
    assert (tmp_path / "run" / FILE).read_bytes() == raw
    assert theirs.read_text() == "Not yours."


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_transcript_that_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / FILE)
    with pytest.raises(RecordError, match="no run in"):
        transcript.read(tmp_path)
    assert lock.holder(tmp_path) is None


def test_a_link_to_a_transcript_is_read_and_not_written_to(small: Path, tmp_path: Path) -> None:
    header = worlds.plan(small).header("scripted", {})
    with transcript.Transcript(tmp_path / "theirs", header):
        pass
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / FILE).symlink_to(tmp_path / "theirs" / FILE)
    assert transcript.read(tmp_path / "run").header == header
    with pytest.raises(RecordError, match="it is a link; put the file itself there"):
        transcript.Transcript(tmp_path / "run")


LONG = "x" * 300


@pytest.mark.parametrize("reference", [LONG, f"{LONG}/y", "a\0b", "x" * 5000, "file/x"])
def test_a_name_that_cannot_be_one_is_no_run(tmp_path: Path, reference: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"^no run '?[^\n]{1,400}$"):
        run_index.find(reference, tmp_path)
    with pytest.raises(RecordError, match=r"^no run in [^\n]{1,400}$"):
        transcript.read(tmp_path / reference)


def test_a_folder_with_too_long_a_name_is_said_to_have_one(small: Path, tmp_path: Path) -> None:
    header = worlds.plan(small).header("scripted", {})
    for begin in (
        lambda: transcript.Transcript(tmp_path / LONG, header),
        lambda: transcript.begin(tmp_path / LONG, header, []),
    ):
        with pytest.raises(RecordError, match="File name too long; choose a shorter name"):
            begin()


@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        (errno.ENOSPC, "make room on that disk"),
        (errno.EROFS, "a disk that can be written to"),
        (errno.EACCES, "change its permissions"),
        (errno.ENAMETOOLONG, "choose a shorter name"),
        (errno.EMFILE, "fewer runs at once"),
        (errno.EISDIR, "move it away"),
        (errno.EIO, "choose another folder"),
    ],
)
def test_what_the_system_would_not_do_is_said_with_the_way_out_of_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, way_out: str
) -> None:
    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    opened = jsonl.JsonlFile(tmp_path / "file", forced=True)
    monkeypatch.setattr(os, "fsync", fail)
    opened.append(b"one\n")
    with pytest.raises(RecordError, match=rf"file: {os.strerror(code)}; what was played before is kept; .*{way_out}"):
        opened.close()
    assert jsonl.lines(tmp_path / "file") == []


def test_a_folder_that_may_not_be_looked_at_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*args: object, **rest: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "stat", closed)
    with pytest.raises(RecordError, match="cannot look at theirs: Permission denied; change its permissions"):
        run_index.find("theirs", tmp_path)
    with pytest.raises(RecordError, match=r"no run in theirs \(Permission denied\)"):
        transcript.read(Path("theirs"))


def test_a_folder_in_which_nothing_may_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.check_writable(tmp_path / "not" / "yet")
    with pytest.raises(UsageError, match=r"cannot write to .*xx…: File name too long; choose a shorter name"):
        disk.check_writable(tmp_path / "not" / ("x" * 300))
    assert not list(tmp_path.iterdir())

    def closed(**where: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", closed)  # whoever tests as root may write anywhere
    with pytest.raises(UsageError, match=r"cannot write to .*yet: Permission denied; change its permissions"):
        disk.check_writable(tmp_path / "not" / "yet")


async def test_a_page_keeps_its_place_until_the_next_one_is_whole(small: Path, tmp_path: Path) -> None:
    await worlds.play(small, tmp_path / "run")
    formats.write_page(tmp_path / "run", transcript.read(tmp_path / "run"))
    assert (tmp_path / "run" / formats.PAGE).read_bytes()
    assert not (tmp_path / "run" / "transcript.md.new").exists()


def test_a_word_in_the_name_of_a_file() -> None:
    assert disk.named("mindsync") == "mindsync"
    assert disk.named("Müller-Voß 2") == "Müller-Voß_2"
