"""What is wrong with the words that were typed after dreamplay, in one line, and with what they asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dreamplay.errors import FaultsError
from dreamplay.rendering.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.exceptions import TyperException

    from dreamplay.errors import DreamplayError


def is_help(error: TyperException) -> bool:
    """Whether nothing was typed where a command is needed, so that the help is shown."""
    context: Any = getattr(error, "ctx", None)
    return context is not None and error.message == context.get_help()


def told(error: TyperException, command: Any, typed: Sequence[str]) -> str:
    """What was typed wrongly, and where it says how it would be right.

    Args:
        error: what the parser complains of.
        command: that of the whole command line.
        typed: the words behind its name.
    """
    called = ["dreamplay"]
    for word in typed:  # the error does not always know of which command it is
        if (within := getattr(command, "commands", {}).get(word)) is None:
            break
        command = within
        called.append(word)
    if taking := _taking(getattr(error, "option_name", ""), command):
        vars(error)["possibilities"] = taking
    own = error.format_message()
    words = _bad_value(error) or f"{own[:1].lower()}{own[1:].rstrip('.')}"
    return f"{words}; see {' '.join(called)} --help"


def say_failed(error: DreamplayError) -> None:
    """Say on stderr what went wrong, each fault in a line of its own, and no fault in two: a second line of untrusted
    text could pass for a message of dreamplay."""
    faults = error.faults if isinstance(error, FaultsError) else (str(error),)
    for fault in faults:
        say(" ".join(fault.splitlines()))


def _taking(option: str, command: Any) -> list[str]:
    """The options of a command that take what an unknown one is called after: `--to FORMAT` for --format."""
    wanted = option.lstrip("-").upper()
    taking = (each for each in getattr(command, "params", ()) if wanted and each.metavar == wanted)
    return [name for each in taking for name in each.opts if name.startswith("--")]


def _bad_value(error: TyperException) -> str | None:
    """The complaint about a value that has another form than its option or argument takes."""
    from pydantic import ValidationError

    from dreamplay.schema.error_messages import sentence

    parameter: Any = getattr(error, "param", None)
    if parameter is None or not isinstance(error.__cause__, ValidationError):
        return None
    called = next((name for name in parameter.opts if name.startswith("--")), parameter.metavar or parameter.name)
    (wrong, *_) = error.__cause__.errors()
    if wrong["type"] == "value_error":
        return f"{called}: {wrong['ctx']['error']}".rstrip(".")  # it names the value
    return f"{called}: {sentence(wrong)}"
