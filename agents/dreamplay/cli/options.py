"""The options that several commands share, and how their values are read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dreamplay.errors import RecordError, UsageError
from dreamplay.rendering.output import say

StoryFlag = Annotated[str | None, typer.Option("--story", help="The story: a shipped one by name, or a YAML file.")]
SwapFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--swap",
        metavar="ROLE=PERSONA",
        help="Give a role another persona: a name, a file, a character card or another role.",
    ),
]
ModelFlag = Annotated[
    str | None,
    typer.Option("--model", help="The model: its name at an endpoint, a .gguf file, 'embedded' or 'scripted'."),
]
UrlFlag = Annotated[str | None, typer.Option("--base-url", help="The address of an OpenAI-compatible API, up to /v1.")]
AdapterFlag = Annotated[
    str | None,
    typer.Option(
        "--adapter",
        metavar="FILE",
        help="A LoRA adapter for a local model: a .gguf file.",
    ),
]
NoAdapterFlag = Annotated[
    bool, typer.Option("--no-adapter", help="Play without an adapter: the same as --adapter none.")
]
TemperatureFlag = Annotated[float | None, typer.Option("--temperature", help="Sampling temperature, 0 to 2.")]
CandidatesFlag = Annotated[
    int | None, typer.Option("--candidates", help="Candidates for each line, of which the best is kept.")
]


class Direction(StrEnum):
    """How closely a character is directed."""

    free = "free"
    guided = "guided"
    led = "led"


DirectionFlag = Annotated[
    Direction | None,
    typer.Option("--direction", help="How closely characters are directed. Default: what suits the model."),
]
ThinkFlag = Annotated[
    bool | None,
    typer.Option("--think/--no-think", help="Whether characters think first. Default: what suits the model."),
]
TimeoutFlag = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        help="Seconds without data before a call is given up, and seconds to wait for a busy endpoint.",
    ),
]
WindowFlag = Annotated[int | None, typer.Option("--window", help="Context window in tokens. Default: 8192.")]
TraceFlag = Annotated[
    str | None,
    typer.Option("--trace", metavar="URL", help="Send traces to an OpenTelemetry collector: http://localhost:4318."),
]
TraceContentFlag = Annotated[
    bool | None,
    typer.Option("--trace-content", help="Include all that is said and asked in traces, private sheets too."),
]
MemoryFlag = Annotated[
    str | None, typer.Option("--memory", metavar="NAME", help="The memory plug-in: 'retrieval', 'none', or another.")
]
DirectorFlag = Annotated[
    str | None, typer.Option("--director", metavar="NAME", help="The director plug-in: 'standard', or another.")
]
EmbedderFlag = Annotated[
    str | None, typer.Option("--embedder", metavar="NAME", help="The embedder plug-in: 'wordllama', or another.")
]
NoCheckFlag = Annotated[
    list[str] | None, typer.Option("--no-check", metavar="NAME", help="A check that does not run; repeatable.")
]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
EventsFlag = Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The name of a run, or its folder.")]
StoreFlag = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="WHERE",
        help="Where runs are kept: a folder, or postgresql://... Default: transcripts/.",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
MarkdownFlag = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown.")]
HtmlFlag = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as an HTML page.")]


def adapter_named(file: str | None, without: bool) -> str | None:
    """The setting `adapter`, from --adapter and --no-adapter.

    Raises:
        UsageError: both are given.
    """
    if file and without:
        raise UsageError(f"--adapter {file} and --no-adapter: leave out one of them")
    return "none" if without else file


def pairs(swaps: list[str] | None) -> dict[str, str]:
    """Role to persona, from swaps written as ROLE=PERSONA.

    Raises:
        UsageError: a swap has another form, or a role is swapped twice.
    """
    found: dict[str, str] = {}
    for text in swaps or []:
        role, sign, persona = text.partition("=")
        if not (role and sign and persona):
            raise UsageError(f"--swap {text!r}: write ROLE=PERSONA, for example leo=leo_believer")
        role = role.strip()
        if role in found:
            raise UsageError(f"--swap {text!r}: {role} is {found[role]} already; leave out one of them")
        found[role] = persona.strip()
    return found


def check_reports(*files: Path | None) -> None:
    """Check that report files can be written, before that takes an effort. What is there already may be no file: a
    report may go to /dev/stdout.

    Raises:
        UsageError: one cannot be.
        RecordError: the system does not let us look.
    """
    from dreamplay.storage import disk

    for file in files:
        if file and disk.there(file) and not file.is_dir():
            disk.check_content(file)
        elif file:
            disk.check_file(file)


def write(file: Path, text: str | bytes, *, quiet: bool = False) -> None:
    """Write a report file, and confirm it on stderr.

    Raises:
        RecordError: the file cannot be written.
    """
    try:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise RecordError(f"cannot write {file}: {error.strerror}; choose another file") from error
    if not quiet:
        say(f"written: {file}")
