"""What is wrong with the words that were typed after dreamplay, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typer.exceptions import TyperException


def is_help(error: TyperException) -> bool:
    """Whether nothing was typed where a command is needed, so that the help is shown."""
    context: Any = getattr(error, "ctx", None)
    return context is not None and error.message == context.get_help()


def told(error: TyperException) -> str:
    """What was typed wrongly, and where it says how it would be right."""
    context: Any = getattr(error, "ctx", None)
    own = error.format_message()
    words = _bad_value(error) or f"{own[:1].lower()}{own[1:].rstrip('.')}"
    return f"{words}; see {context.command_path if context else 'dreamplay'} --help"


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
