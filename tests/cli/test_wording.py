"""Messages speak Python outside the command line, which makes flags and commands of what they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dreamplay
import pytest
from dreamplay.cli.app import app
from dreamplay.cli.wording import COMMANDS, Wording

PACKAGE = Path(dreamplay.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "cli" not in path.relative_to(PACKAGE).parts]
WORDING = Wording(app)


def _messages(path: Path) -> Iterator[str]:
    """The strings of a module, without docstrings; of an f-string each value is an X."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docstrings | parts):
            yield node.value


FLAG = re.compile(rf"(?<!pip install )(?<![\w-])--[a-z]|\b({'|'.join(COMMANDS.values())})\b")


@pytest.fixture(scope="module")
def messages() -> list[tuple[str, str]]:
    spoken = [path for path in MODULES if path.name != "print_page.py"]  # which has the flags of a browser
    return [(str(path.relative_to(PACKAGE)), message) for path in spoken for message in _messages(path)]


def test_no_message_outside_the_command_line_names_a_flag_or_a_command_of_it(messages: list[tuple[str, str]]) -> None:
    assert [each for each in messages if FLAG.search(each[1])] == []


def test_the_command_line_has_a_word_for_whatever_a_message_names(messages: list[tuple[str, str]]) -> None:
    named = {name for _, message in messages for name in re.findall(r"`([\w.]+)[=(`]", message)} - {"X"}
    assert {"model", "base_url", "visitor", "dreamplay.play"} <= named
    assert named - set(WORDING.flags) - set(COMMANDS) == set()


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ("raise `timeout`, or choose another `base_url`", "raise --timeout, or choose another --base-url"),
        ("`at=a b`: no such event", "--at a b: no such event"),
        ("`visitor='X'`: no name", "--as 'X': no name"),
        ("play one with: `dreamplay.play()`", "play one with: dreamplay run"),
        ("look with: `dreamplay.load_run('a, b')`", "look with: dreamplay show 'a, b'"),
        ("name two: `dreamplay.compare(run, run)`", "name two: dreamplay compare RUN RUN"),
        ("it says `foo` and `bar(1)`, ``` and `model", "it says `foo` and `bar(1)`, ``` and `model"),
        ("`dreamplay.load_run(what?)`", "`dreamplay.load_run(what?)`"),
    ],
)
def test_settings_become_flags_and_functions_become_commands(message: str, typed: str) -> None:
    assert WORDING(message) == typed
