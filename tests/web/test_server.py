"""`dreamplay open`: where it listens, what it opens, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dreamplay.errors import UsageError
from dreamplay.web import server

OPEN = [sys.executable, "-c", "from dreamplay.cli.main import main; main()", "open", "--no-browser"]


@contextmanager
def opened(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and what it says first."""
    process = subprocess.Popen([*OPEN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        yield process, process.stderr.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.usefixtures("first")
def test_ctrl_c_closes_it_at_once_though_a_tab_follows_a_play() -> None:
    with opened("first", "--port", "0") as (process, said):
        address = said.split()[3]
        assert address.endswith("/runs/first")
        with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as tab:
            tab.request("GET", "/runs/first/events")
            assert tab.getresponse().readline()
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=60)
    assert (process.returncode, rest) in ((0, ""), (130, ""))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nothing",), "no run 'nothing'; the newest in transcripts are first"),
        (("elsewhere",), "elsewhere is not in transcripts; the page shows what is there"),
        (("--host", "0.0.0.0"), "--host 0.0.0.0: other machines could play, spend and read here; add --token"),
        (("--host", "nowhere.invalid", "--token"), "cannot listen on nowhere.invalid: "),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line(first: Path, words: tuple[str, ...], complaint: str) -> None:
    first.with_name("second").mkdir()
    Path("elsewhere").mkdir()
    (Path("elsewhere") / "transcript.jsonl").write_bytes((first / "transcript.jsonl").read_bytes())
    done = subprocess.run([*OPEN, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 or done.returncode == 1
    assert done.stderr.startswith(f"dreamplay: {complaint}")
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: Address already in use; choose another `port`"):
            server.serve(home, port=port, browser=False, say=print)
        monkeypatch.setattr(server, "PORT", port)
        with server._listen("127.0.0.1", None) as free:
            assert free.getsockname()[1] != port
