"""The flags that several commands share, and what is written in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dreamplay.errors import RecordError, UsageError
from dreamplay.rendering.output import say

StoryFlag = Annotated[str | None, typer.Option("--story", help="A shipped story by name, or a YAML file.")]
SwapFlag = Annotated[
    list[str] | None,
    typer.Option("--swap", metavar="ROLE=PERSONA", help="Give a role another persona: a name, file, card or role."),
]
ModelFlag = Annotated[
    str | None,
    typer.Option("--model", help="A model at an endpoint, a .gguf file, 'embedded', or 'scripted'."),
]
UrlFlag = Annotated[str | None, typer.Option("--base-url", help="Address of an OpenAI-compatible API, up to /v1.")]
TemperatureFlag = Annotated[float | None, typer.Option("--temperature", help="Sampling temperature, 0 to 2.")]
CandidatesFlag = Annotated[
    int | None, typer.Option("--candidates", help="Candidates for a line, of which the best is kept.")
]
TimeoutFlag = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        help="Seconds without a word before a call is given up, and seconds that a busy endpoint is waited for.",
    ),
]
WindowFlag = Annotated[int | None, typer.Option("--window", help="Tokens that the model has room for. Default: 8192.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
EventsFlag = Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run: its folder, or its name in transcripts/.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
MarkdownFlag = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown.")]
HtmlFlag = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page.")]


def pairs(swaps: list[str] | None) -> dict[str, str]:
    """Swaps as they are written, ROLE=PERSONA, by role.

    Raises:
        UsageError: one is not written so.
    """
    found = {}
    for text in swaps or []:
        role, sign, persona = text.partition("=")
        if not (role and sign and persona):
            raise UsageError(f"--swap {text!r}: write ROLE=PERSONA, for example leo=leo_believer")
        found[role.strip()] = persona.strip()
    return found


def write(file: Path, text: str, *, quiet: bool = False) -> None:
    """Write a file that was asked for, and say so.

    Raises:
        RecordError: it cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot write {file}: {error.strerror}; choose another file") from error
    if not quiet:
        say(f"written: {file}")
