from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import RecordError
from dreamplay.storage import jsonl
from dreamplay.storage.jsonl import JsonlFile


@pytest.mark.parametrize(
    ("there", "kept"),
    [(None, b""), (b"", b""), (b"half", b""), (b"one\n", b"one\n"), (b"one\ntwo\nhalf", b"one\ntwo\n")],
    ids=["no file", "nothing", "half a record", "whole", "half at the end"],
)
@pytest.mark.parametrize("forced", [True, False])
def test_it_goes_on_behind_what_is_whole(tmp_path: Path, there: bytes | None, kept: bytes, forced: bool) -> None:
    path = tmp_path / "file"
    if there is not None:
        path.write_bytes(there)
    opened = JsonlFile(path, forced=forced)
    assert path.read_bytes() == kept
    opened.append(b"3\n")
    assert path.read_bytes() == kept + b"3\n"
    opened.append(b"4\n5\n")
    assert path.read_bytes() == kept + b"3\n4\n5\n"
    opened.close()
    assert jsonl.lines(path) == [*kept.split(b"\n")[:-1], b"3", b"4", b"5"]


def test_only_what_is_forced_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    for forced in (True, False):
        opened = JsonlFile(tmp_path / str(forced), forced=forced)
        opened.append(b"one\n")
        opened.close()
    assert len(waited) == 1


@pytest.mark.parametrize("there", [b"one\n", b"one\nhalf of what a crash has cut"])
def test_a_disk_that_is_full_leaves_whole_records(tmp_path: Path, there: bytes) -> None:
    class Full:
        def __init__(self, file: Any) -> None:
            self.tell, self.seek, self.truncate = file.tell, file.seek, file.truncate
            self._file = file

        def write(self, data: bytes) -> int:
            return int(self._file.write(data[:3]))

    path = tmp_path / "file"
    path.write_bytes(there)
    opened = JsonlFile(path, forced=False)
    room, opened._file = opened._file, Full(opened._file)  # type: ignore[assignment]
    with pytest.raises(RecordError, match=r"file: No space left on device; what was played before is kept; make room"):
        opened.append(b"another\n")
    assert path.read_bytes() == b"one\n"
    opened._file = room
    opened.append(b"two\n")
    opened.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=tmp_path.name):
        JsonlFile(tmp_path, forced=True)
