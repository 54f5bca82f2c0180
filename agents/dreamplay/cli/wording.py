"""How the command line says what the rest of the package calls by its Python name.

Messages outside this package name settings and functions in backticks, as a Python user writes them: `model`,
`at=kitchen`, `dreamplay.play()`. On the way to the terminal they become flags and commands.
"""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

COMMANDS = {
    "dreamplay.play": "dreamplay run",
    "dreamplay.load_run": "dreamplay show",
    "dreamplay.load_study": "dreamplay study run --dry-run",
    "dreamplay.list_runs": "dreamplay runs",
    "dreamplay.compare": "dreamplay compare",
    "dreamplay.copy_runs": "dreamplay copy",
    "run.events": "dreamplay show --numbers",
}
"""The command that does what a function or an attribute does."""
_NAMED = re.compile(r"`([\w.]+)(?:=([^`]*)|\(([^`]*)\))?`")
_OTHERWISE = {"visitor": "--as", "swaps": "--swap", "secrets": "--with-secrets", "headroom": "DREAMPLAY_HEADROOM"}
"""Settings whose flag has another name, or that have none but a variable."""


@dataclass(frozen=True)
class Wording:
    """The words of a command line.

    Args:
        app: the command line, whose options are asked for when a message names a setting.
    """

    app: typer.Typer

    def __call__(self, message: str) -> str:
        """A message with flags and commands in place of settings and functions."""
        return _NAMED.sub(self._typed, message)

    @cached_property
    def flags(self) -> dict[str, str]:
        """Settings and their flags, such as base_url and --base-url, of all commands."""
        from typer.main import get_command

        found: dict[str, str] = {}
        waiting: list[Any] = [get_command(self.app)]
        while waiting:
            command = waiting.pop()
            waiting += getattr(command, "commands", {}).values()
            options = [option for each in command.params for option in each.opts if option.startswith("--")]
            found |= {option[2:].replace("-", "_"): option for option in options}
        return found | _OTHERWISE

    def _typed(self, hit: re.Match[str]) -> str:
        name, value, arguments = hit.groups()
        if name in COMMANDS:
            typed = _typed_arguments(arguments or "")
            return hit[0] if typed is None else " ".join([COMMANDS[name], *typed])
        if arguments is not None or name not in self.flags:
            return hit[0]
        return self.flags[name] if value is None else f"{self.flags[name]} {value}"


def _typed_arguments(text: str) -> list[str] | None:
    """Arguments of a function as a shell takes them, RUN for a variable called run; None if they are none."""
    try:
        arguments = ast.parse(f"[{text}]", mode="eval").body.elts  # type: ignore[attr-defined]
        return [each.id.upper() if isinstance(each, ast.Name) else shlex.quote(str(ast.literal_eval(each)))
                for each in arguments]  # fmt: skip
    except (SyntaxError, ValueError):  # a stranger's words, which only look like ours
        return None
