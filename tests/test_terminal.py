"""A visitor at a terminal: what she types, and whole sessions through a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.cli import terminal
from dreamplay.cli.terminal import Refused
from dreamplay.record import transcript
from dreamplay.script import Script
from dreamplay.stage import visit
from dreamplay.stage.plan import Plan
from dreamplay.stage.visitor import Ask
from dreamplay.story import VISITOR

pexpect = pytest.importorskip("pexpect", exc_type=ImportError)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")

COMMAND = str(Path(sys.executable).with_name("dreamplay"))
CODES = r"(?:\x1b\[[0-9;?]*[A-Za-z]|[\r\n])*"


@pytest.fixture
def plan(small: Path) -> Plan:
    return worlds.plan(small, guest="Noor")


def _ask(plan: Plan, *events: dict[str, Any], why: Any = "round", role: str = VISITOR, away: bool = False) -> Ask:
    beat, scene = plan.scenes[0]
    here = scene.present[:-1] if away else scene.present
    script = Script(worlds.event(i, scene=scene.id, **made) for i, made in enumerate(events))
    return Ask(why, role, beat.id, scene, here, script)


HAND = {"kind": "hand", "speaker": "bo", "text": VISITOR, "provenance": {"by": "person"}}
MEANT = {
    "Hello there, Bo.": {"say": "Hello there, Bo."},
    "": {},
    "   ": {},
    "what /quit means": {"say": "what /quit means"},
    "/whisper bo the door": {"whisper": {"to": "bo", "text": "the door"}},
    "/whisper Bo: the door": {"whisper": {"to": "bo", "text": "the door"}},
    "/do sits down.": {"do": "sits down."},
    "/fear the stairs": {"fear": "the stairs"},
    "/go": {"go": True},
    "/play CYRUS": {"play": "cyrus"},
    "/hand back bo": {"hand_back": "bo"},
    "/hand back": {"hand_back": "bo"},
}


@pytest.mark.parametrize("line", MEANT)
def test_a_line_means_an_act(plan: Plan, line: str) -> None:
    act = terminal.parse(line, _ask(plan, HAND), plan.cast, plan.story)
    assert not isinstance(act, str)
    assert act.model_dump(exclude_defaults=True) == MEANT[line]


def test_a_stance_is_a_number_and_a_reason(plan: Plan) -> None:
    asked = _ask(plan, why="stance")
    act = terminal.parse("2 because it rains", asked, plan.cast, plan.story)
    assert not isinstance(act, str)
    assert act.stance == visit.Taken(choice="stay", because="because it rains")
    assert terminal.parse("", asked, plan.cast, plan.story) == visit.Act()
    for wrong in ("2", "3 no", "stay", "0 hm"):
        with pytest.raises(Refused, match="a number from 1 to 2 and your reason"):
            terminal.parse(wrong, asked, plan.cast, plan.story)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "/whisper nobody hm": ({}, "nobody is called 'nobody'; there are Ada, Bo, Cyrus"),
    "/whisper": ({}, "/whisper whom"),
    "/whisper bo": ({}, "the words are missing"),
    "/whisper noor hm": ({}, "nobody is called 'noor'"),
    "/play bo": ({}, "you play Bo already"),
    "/hand back ada": ({}, "you do not play Ada"),
    "/come": ({}, "you are with them"),
    "/dance": ({}, "no command /dance"),
    "Hello?": ({"away": True}, "/come brings you back"),
    "/fear it": ({"role": "bo"}, "this is Bo's turn"),
    "x" * 4_001: ({}, "longer than 4,000 characters; nothing was said"),
    "a \x1b[2J b": ({}, r"control character '\\x1b' at position 2"),
}


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: line[:20])
def test_what_cannot_be_done_is_said_in_one_line(plan: Plan, line: str) -> None:
    rest, message = REFUSED[line]
    with pytest.raises(Refused, match=message) as caught:
        terminal.parse(line, _ask(plan, HAND, **rest), plan.cast, plan.story)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_there_is_nothing_to_take_back_at_first(plan: Plan) -> None:
    with pytest.raises(Refused, match="not done anything yet"):
        terminal.parse("/undo", _ask(plan), plan.cast, plan.story)
    assert terminal.parse("/undo", _ask(plan, HAND), plan.cast, plan.story) == "undo"


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
    live.sees("taken back, with all that followed: CANARY under the rug", "spoken to")
    live.types("x" * 100_000)
    live.sees("that is longer than 4,000 characters")
    live.types("/quit")
    live.sees("stopped after event", "go on with: dreamplay resume")
    live.ends(130)
    stopped = transcript.read(folder)
    done = [(e.kind, e.text) for e in stopped.script if e.provenance.by == "person"]
    assert done == [("line", "Good evening, Bo.")]

    again = session("resume", folder)
    again.sees("going on with", "spoken to")
    again.types("/play Ada", "/quit")
    again.sees("stopped after event")
    again.ends(130)
    record = transcript.read(folder)
    assert list(record.script)[: len(stopped.script)] == list(stopped.script)
    assert [e.kind for e in record.script if e.provenance.by == "person"] == ["line", "hand"]
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
    lines = [(event.speaker, event.text) for event in record.script if event.turn or event.speaker == VISITOR]
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
    live.sees("stopped after event", "go on with: dreamplay resume")
    live.ends(130)
    before = transcript.read(tmp_path / "r").script
    again = session("resume", tmp_path / "r")
    again.sees("It is Bo's turn")
    again.types("Me, as Bo.")
    again.sees("Bo (played by Noor): Me, as Bo.")
    record = transcript.read(tmp_path / "r")
    assert list(record.script)[: len(before)] == list(before)
