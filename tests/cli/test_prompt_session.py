"""A visitor at a terminal: whole sessions through a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import worlds
from dreamplay.participants import visit
from dreamplay.runs import transcript
from dreamplay.schema.event import TurnEvent
from dreamplay.schema.scene import VISITOR

pexpect = pytest.importorskip("pexpect", exc_type=ImportError)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")

COMMAND = str(Path(sys.executable).with_name("dreamplay"))
CODES = r"(?:\x1b\[[0-9;?]*[A-Za-z]|[\r\n])*"


class _Session:
    """A `dreamplay` in a pseudo-terminal."""

    def __init__(self, *args: object) -> None:
        self.child = pexpect.spawn(
            COMMAND, [*map(str, args)], encoding="utf-8", timeout=120, dimensions=(40, 200), cwd=str(Path.cwd()),
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
        )  # fmt: skip

    def sees(self, *texts: str) -> None:
        """Wait for some texts, in order, whatever colour they have."""
        for text in texts:
            self.child.expect(CODES.join(map(re.escape, text)))

    def types(self, *lines: str) -> None:
        for line in lines:
            self.child.sendline(line)

    def ends(self, code: int) -> None:
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == code


@pytest.fixture
def session() -> Iterator[Callable[..., _Session]]:
    begun: list[_Session] = []

    def begin(*args: object) -> _Session:
        begun.append(_Session(*args))
        return begun[-1]

    yield begin
    for each in begun:
        each.child.close(force=True)


def test_a_visit_through_a_pseudo_terminal(small: Path, tmp_path: Path, session: Callable[..., _Session]) -> None:
    folder = tmp_path / "run"
    live = session("run", "--story", small, "--as", "Noor", "--model", "scripted", "--seed", 7, "--out", folder)
    live.sees("A new scene.")
    live.types("Good evening, Bo.")
    live.sees("Noor: Good evening, Bo.", "Bo: ", "spoken to")
    live.types("/whisper nobody hm")
    live.sees("nobody is called 'nobody'")
    live.types("/whisper cyrus CANARY under the rug")
    live.sees("Noor whispers to Cyrus: CANARY", "Cyrus whispers to Noor", "spoken to")
    live.types("/undo")
    live.sees("taken back: “CANARY under the rug”, and all that followed", "spoken to")
    live.types("x" * 100_000)
    live.sees("that is longer than 4,000 characters")
    live.types("/quit")
    live.sees("stopped after event", "continue with: dreamplay resume")
    live.ends(130)
    stopped = transcript.read(folder)
    done = [(e.kind, e.text) for e in stopped.script if e.provenance.by == "person"]
    assert done == [("line", "Good evening, Bo.")]

    again = session("resume", folder)
    again.sees("resuming", "spoken to")
    again.types("/play Ada", "/quit")
    again.sees("stopped after event")
    again.ends(130)
    record = transcript.read(folder)
    assert list(record.script)[: len(stopped.script)] == list(stopped.script)
    assert [e.kind for e in record.script if e.provenance.by == "person"] == ["line", "control"]
    plan = worlds.plan(small, guest="Noor", interventions=folder / visit.FILE)
    assert plan.visit
    assert [each.said for each in plan.visit.interventions or ()] == [{"say": "Good evening, Bo."}, {"play": "ada"}]


def test_what_is_typed_while_somebody_speaks_is_kept(
    small: Path, tmp_path: Path, session: Callable[..., _Session]
) -> None:
    live = session("run", "--story", small, "--as", "Noor", "--model", "scripted", "--seed", 7, "--out", tmp_path / "r")
    live.sees("A new scene.")
    live.types("First, Bo.", "Second, Cyrus.", "\x1b[2J\x1b[31mThird, Ada.", "/quit")
    live.sees("Noor: First, Bo.", "Bo: ", "Noor: Second, Cyrus.", "Cyrus: ", "Third, Ada.", "stopped after event")
    live.ends(130)
    record = transcript.read(tmp_path / "r")
    lines = [
        (event.speaker, event.text)
        for event in record.script
        if isinstance(event, TurnEvent) and (event.turn or event.speaker == VISITOR)
    ]
    assert [who for who, _ in lines[:5]] == [VISITOR, "bo", VISITOR, "cyrus", VISITOR]
    assert "\\u001b" not in (tmp_path / "r" / transcript.FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_whatever_stops_it_she_is_asked_again_where_she_was(
    small: Path, tmp_path: Path, session: Callable[..., _Session], how: str
) -> None:
    live = session("run", "--story", small, "--as", "Noor", "--model", "scripted", "--seed", 7, "--out", tmp_path / "r")
    live.sees("A new scene.")
    live.types("/play Bo", "", "Well, Bo?")
    live.sees("It is Bo's turn")
    if how == "SIGTERM":
        live.child.kill(signal.SIGTERM)
    else:
        live.child.sendcontrol(how[-1].lower())
    live.sees("stopped after event", "continue with: dreamplay resume")
    live.ends(130)
    before = transcript.read(tmp_path / "r").script
    again = session("resume", tmp_path / "r")
    again.sees("It is Bo's turn")
    again.types("Me, as Bo.")
    again.sees("Bo (played by Noor): Me, as Bo.")
    record = transcript.read(tmp_path / "r")
    assert list(record.script)[: len(before)] == list(before)


def test_a_terminal_that_is_closed_leaves_a_run_to_read_and_to_resume(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    live = _Session("run", "--story", small, "--as", "Noor", "--model", "scripted", "--seed", 7, "--out", folder)
    live.sees("A new scene.")
    live.child.close(force=False)
    assert transcript.read(folder).end is None
    assert "stopped before its end" in (folder / "transcript.md").read_text(encoding="utf-8")


def test_who_is_away_learns_nothing_and_what_leaves_no_line_is_confirmed(
    small: Path, tmp_path: Path, session: Callable[..., _Session]
) -> None:
    live = session("run", "--story", small, "--as", "Noor", "--model", "scripted", "--seed", 7, "--out", tmp_path / "r")
    live.sees("A new scene.")
    live.types("/fear of the stairs", "/play Bo", "/hand back Bo", "/go", "/who")
    live.sees("your fear is kept", "you speak for Bo", "Bo is played by the model again", "you are away")
    told = ""
    while live.child.expect([CODES.join("let them go on"), pexpect.EOF]) == 0:
        told += live.child.before
        live.types("")
    told += live.child.before
    assert "transcript: " in told
    assert "stopping after this line" not in told
    assert "here are" not in told
