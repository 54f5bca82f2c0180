"""What reaches a terminal: nothing that a stranger wrote to be obeyed, in whatever way it is printed."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import worlds
from dreamplay.cli.main import main
from dreamplay.rendering import console, output
from dreamplay.runs import transcript
from fake_endpoint import FakeEndpoint
from rich.table import Table
from rich.text import Text

COMMAND = str(Path(sys.executable).with_name("dreamplay"))
PACKAGE = Path(output.__file__).parents[1]
HOSTILE = "\x1b]52;c;aGk=\x07\x1b]0;title\x07\x1b[2J\x9b2J\x90\u202e\u2066\u2028\x7f\r"
OBEYED = re.compile(rf"{output._OBEYED.pattern}|\udc9b")
OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?=\r*\n)|\r\x1b\[")
"""The codes of rich and prompt_toolkit on a terminal, of which none is a CSI that was given in one character."""


def test_a_text_keeps_what_no_terminal_obeys() -> None:
    assert output.clean(f"a{HOSTILE}b") == "a]52;c;aGk=]0;title[2J2Jb"
    kept = "\u05e9\u200f\tna\u00efve \u6771\n\U0001f469\u200d\U0001f680"
    assert output.clean(kept) == kept


@pytest.mark.parametrize("value", [HOSTILE, "half \ud83d", "\u6771", '\t\n"'])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_escapes_and_loses_nothing(value: str, indent: int | None) -> None:
    told = output.dumps({value: [value]}, indent=indent)
    assert not OBEYED.search(told)
    told.encode()
    assert json.loads(told) == {value: [value]}


def test_styles_are_ours_and_texts_are_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(Text(f"a{HOSTILE}", style="red"))
    for told in (table, HOSTILE, Text(HOSTILE, style="bold")):
        console.stdout().print(told)
    assert "\x1b[31ma]52" in out.getvalue()
    assert not OBEYED.search(re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()))


def test_a_line_breaks_between_words_and_a_command_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_columns", lambda stream: 30)
    text = "stopped after somebody spoke; continue with: dreamplay resume a-long-name --model other"
    assert output.wrapped(text, sys.stderr) == (
        "stopped after somebody spoke;\ncontinue with:\ndreamplay resume a-long-name --model other\n"
    )


def _printing(path: Path) -> list[str]:
    """The ways to print that a module uses past the printer."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            plain = isinstance(node.func, ast.Name) and name == "print"
            if plain or name in ("Console", "FormattedText", "secho") or ast.unparse(node.func) == "typer.echo":
                found.append(f"{path.name}:{node.lineno}: {name}")
        elif isinstance(node, ast.Attribute) and re.fullmatch(r"sys\.(__)?std(out|err)(__)?", ast.unparse(node)):
            found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    return found


def test_nothing_prints_but_the_printer() -> None:
    assert _printing(PACKAGE / "rendering" / "output.py")
    others = [path for path in PACKAGE.rglob("*.py") if path.name not in ("output.py", "console.py")]
    assert [hit for path in others for hit in _printing(path)] == []


@pytest.fixture
async def hostile(small: Path) -> Path:
    """Files of a stranger's, with what a terminal would obey wherever their form allows it."""
    home = Path("transcripts")
    for name in ("one", "two"):
        await worlds.play(small, home / name)
        path = home / name / transcript.FILE
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows[0] |= {"model": f"m{HOSTILE}", "changes": [f"swap bo={HOSTILE}{name}"], "point": 0, "seed": 7,
                    "parent": "one" if name == "two" else "gone", "story_id": f"s{HOSTILE}"}  # fmt: skip
        for row in rows[1:]:
            if row.get("text"):
                row["text"] += HOSTILE + name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    odd = home / f"odd{HOSTILE}"
    odd.mkdir()
    (odd / transcript.FILE).write_text(json.dumps({HOSTILE: 1}) + "\n", encoding="utf-8")
    (home.parent / "story.yaml").write_text('"a\\x1b]0;b\\x07\\x9b\\u202e": 1\n', encoding="utf-8")
    return small


COMMANDS = (
    "show one", "show one --numbers", "show one --json", "why one {line}", "why one {line} --json", "knows one ada",
    "knows one ada --json", "score one two", "score one --json", "compare one two", "compare one two --json", "runs",
    "runs --json", "tree", "tree two", "check story.yaml", "show transcripts/odd*", "show {bad}", "{bad}",
    "run --story story.yaml", "run --model scripted --out {bad}/\0", "whatif one --swap {bad}=x",
    "run --story small/story.yaml --model scripted --as Noor --interventions story.yaml",
)  # fmt: skip


ON_A_TERMINAL = ("show one", "why one {line}", "score one two", "compare one two", "runs", "tree", "show {bad}")


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_no_command_lets_a_strangers_codes_through(
    hostile: Path, terminal: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pexpect = pytest.importorskip("pexpect", exc_type=ImportError)
    (line, *_) = [e.id for e in transcript.read(Path("transcripts/one")).script if e.provenance.by == "agent"]
    (odd,) = Path("transcripts").glob("odd*")
    for command in ON_A_TERMINAL if terminal else COMMANDS:
        words = [word.format(line=line, bad="x\x1b]0;x\x07\x9b2J").replace("\0", "") for word in command.split()]
        arguments = [str(odd) if word.endswith("odd*") else word for word in words]
        if terminal:
            child = pexpect.spawn(COMMAND, arguments, encoding="utf-8", timeout=60, dimensions=(40, 80))
            told = OURS.sub("", child.read())
        else:
            monkeypatch.setattr(sys, "argv", ["dreamplay", *arguments])
            with pytest.raises(SystemExit):
                main()
            told = "".join(capfd.readouterr())
        assert told.strip(), command
        assert not OBEYED.search(told), (command, told)
        assert "Traceback" not in told, command


def test_a_models_codes_do_not_reach_the_terminal_while_it_speaks_or_fails(small: Path) -> None:
    pexpect = pytest.importorskip("pexpect", exc_type=ImportError)
    replies = [f"I say{HOSTILE} this and that, number {number}." for number in range(3)]
    with FakeEndpoint(replies, models=(f"m{HOSTILE}",), faults=[None, None, None, "401"]) as fake:
        child = pexpect.spawn(
            COMMAND, ["run", "--story", str(small), "--base-url", fake.base_url, "--model", "fake", "--seed", "1"],
            encoding="utf-8", timeout=60, dimensions=(40, 80),
        )  # fmt: skip
        told = child.read()
        listed = subprocess.run([COMMAND, "models", "--base-url", fake.base_url], capture_output=True, check=False)
    assert "this and that" in told
    for text in (OURS.sub("", told), listed.stdout.decode()):
        assert not OBEYED.search(text), text


PLAY = "run --story small/story.yaml --model scripted --beats day"
FULL = "dreamplay: cannot write to stdout: No space left on device; send it elsewhere"
CLOSED = "dreamplay: stdout is closed; open it, or send it to a file"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("show run >/dev/full", 1, FULL), ("show run >&-", 1, CLOSED), ("show run | true", 141, ""),
        ("runs --json >/dev/full", 1, FULL), ("--help >/dev/full", 1, FULL), ("--help >&-", 1, CLOSED),
        ("runs --json | true", 141, ""), (f"{PLAY} -q >&-", 0, ""), (f"{PLAY} >/dev/full", 1, FULL),
        ("show none 2>/dev/full", 1, ""), ("show none 2>&-", 1, ""),
        (f"{PLAY} --as Noor <&-", 2, "dreamplay: a visitor needs a terminal to type in; "),
    ],
)  # fmt: skip
def test_stdout_that_is_full_or_closed_is_said_in_one_line(small: Path, command: str, code: int, said: str) -> None:
    asyncio.run(worlds.play(small, Path("transcripts/run"), beats=["day"]))
    line = f"{COMMAND} {command}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, encoding="utf-8", timeout=60, check=False)
    told = "".join(row for row in done.stderr.splitlines(keepends=True) if ": playing on " not in row)
    assert (done.returncode, told.count("\n")) == (code, int(bool(said)))
    assert told.startswith(said)


class _Pipe(io.StringIO):
    """Somebody who reads so many characters and goes."""

    def write(self, text: str) -> int:
        if self.tell() > 600:
            raise BrokenPipeError
        return super().write(text)

    def fileno(self) -> int:
        return os.open(os.devnull, os.O_WRONLY)


def test_who_plays_into_a_pipe_that_breaks_is_told_how_to_go_on(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", _Pipe())
    monkeypatch.setattr(sys, "argv", ["dreamplay", *PLAY.split(), "--out", "run"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = "dreamplay: whoever read stdout stopped reading; continue with: dreamplay resume run\n"
    assert capsys.readouterr().err.endswith(said)
    assert len(transcript.read(Path("run")).script) > 3


def test_what_stdout_cannot_encode_is_replaced(small: Path) -> None:
    Path("story.yaml").write_text("\u6771: 1\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    for command in ("--help", f"{PLAY} --out \u6771", "runs", "runs --json", "check story.yaml", "show \u6771"):
        done = subprocess.run([COMMAND, *command.split()], capture_output=True, env=environment, check=False)
        assert b"Traceback" not in done.stderr
        (done.stdout + done.stderr).decode("ascii")
