from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from dreamplay.errors import RecordError
from dreamplay.storage import lock
from dreamplay.storage.folders import FolderPlace
from dreamplay.storage.store import check_free

HOLD = """
import sys, time
from pathlib import Path
from dreamplay.storage import lock
with lock.hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_refused_by_the_name_of_the_first_and_a_dead_one_refuses_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, encoding="utf-8") as first:
        try:
            assert first.stdout
            assert first.stdout.readline() == "held\n"
            who = rf"process {first.pid} on {socket.gethostname()} since \d\d:\d\d on \d{{4}}-\d\d-\d\d"
            for ask in (lambda folder: check_free(FolderPlace(folder)), lambda folder: lock.hold(folder).__enter__()):
                with pytest.raises(RecordError, match=rf"{folder} is being played by {who}; wait until it ends"):
                    ask(folder)
        finally:
            first.send_signal(signal.SIGKILL)
    assert (folder / lock.FILE).exists()
    assert lock.holder(folder) is None
    check_free(FolderPlace(folder))
    with lock.hold(folder):
        assert f"process {os.getpid()} on " in (lock.holder(folder) or "")
    assert not folder.exists()


def test_it_leaves_what_else_is_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with lock.hold(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"mine", lock.FILE}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert lock.holder(tmp_path) is None


def test_who_only_asks_refuses_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / lock.FILE).touch()
    with (tmp_path / lock.FILE).open("rb+") as asking:
        lock._take(asking, shared=True)
        assert lock.holder(tmp_path) is None  # another who asks
        with pytest.raises(RecordError, match="being played by another process"):
            lock.hold(tmp_path).__enter__()
        monkeypatch.setattr("time.sleep", lambda seconds: seconds and asking.close())
        with lock.hold(tmp_path):
            assert lock.holder(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"cannot write to .*choose another folder"):
        lock.hold(tmp_path / "file" / "run").__enter__()
