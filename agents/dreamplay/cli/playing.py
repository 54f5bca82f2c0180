"""Commands that play: run, resume, and what could be played or gone on with."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dreamplay.cli import session
from dreamplay.cli.flags import (
    CandidatesFlag,
    EventsFlag,
    JsonFlag,
    ModelFlag,
    QuietFlag,
    StoryFlag,
    SwapFlag,
    TemperatureFlag,
    TimeoutFlag,
    UrlFlag,
    WindowFlag,
    pairs,
)
from dreamplay.cli.session import HOME, say
from dreamplay.errors import UsageError

if TYPE_CHECKING:
    from dreamplay.cli.screen import Manner


class Length(StrEnum):
    """How many turns a scene gets within its contract."""

    short = "short"
    full = "full"


def run(
    story: StoryFlag = None,
    swap: SwapFlag = None,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same dice. Drawn if not given.")] = None,
    length: Annotated[Length | None, typer.Option(help="Turns in each scene.")] = None,
    beats: Annotated[str | None, typer.Option(help="Play only these beats: launch,glitch")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's own new folder. Default: one in transcripts/.")] = None,
    temperature: TemperatureFlag = None,
    candidates: CandidatesFlag = None,
    timeout: TimeoutFlag = None,
    recall: Annotated[
        bool | None, typer.Option("--recall/--no-recall", help="Whether they remember. Default: yes.")
    ] = None,
    reflect: Annotated[
        bool | None,
        typer.Option(
            "--reflect/--no-reflect", help="Whether they think after each scene. Default: if the model runs elsewhere."
        ),
    ] = None,
    window: WindowFlag = None,
    guest: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Step in: your name, or a persona file of your own.")
    ] = None,
    interventions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the visitor does, and when, instead of asking you.")
    ] = None,
    every_line: Annotated[bool, typer.Option("--every-line", help="Ask the visitor after every line.")] = False,
    quiet: QuietFlag = False,
    as_json: EventsFlag = False,
) -> None:
    """Play a story and leave a transcript.

    Examples:

      dreamplay run

      dreamplay run --as Noor

      dreamplay run --swap leo=leo_believer --seed 7 --length short

      dreamplay run --model llama3.1 --base-url http://localhost:11434/v1
    """
    import asyncio

    from dreamplay import settings as reading

    settings = reading.load(
        story=story, model=model, base_url=base_url, seed=seed, length=length and length.value, out=out,
        temperature=temperature, candidates=candidates, timeout=timeout, recall=recall, reflect=reflect, window=window,
    )  # fmt: skip
    manner = _manner(quiet, as_json)
    if guest is None and (interventions or every_line):
        raise UsageError(f"{'--interventions' if interventions else '--every-line'} needs a visitor: add --as NAME")
    if guest is not None and interventions is None:
        session.need_terminal(manner, "give --interventions FILE where there is none")
    visit: dict[str, Any] = {"guest": guest, "interventions": interventions, "every_line": every_line}
    asyncio.run(session.begin(settings, pairs(swap), manner, beats=_listed(beats), **visit))


def resume(
    reference: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run; the newest that was stopped if not given.")
    ] = None,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    temperature: TemperatureFlag = None,
    candidates: CandidatesFlag = None,
    window: WindowFlag = None,
    timeout: TimeoutFlag = None,
    quiet: QuietFlag = False,
    as_json: EventsFlag = False,
) -> None:
    """Go on with a run that was stopped, at the very turn: on the same model, or on another.

    Examples:

      dreamplay resume

      dreamplay resume mindsync-20450101-220000-7 --model gpt-4o-mini
    """
    import asyncio

    from dreamplay import settings as reading

    settings = reading.load(
        model=model, base_url=base_url, temperature=temperature, candidates=candidates, window=window, timeout=timeout
    )
    asyncio.run(session.go_on(reference, settings, _manner(quiet, as_json)))


def runs(as_json: JsonFlag = False) -> None:
    """List the runs, the newest first: who played, where they stand, and whether they can go on.

    Example: dreamplay runs --json
    """
    from dreamplay.record import runs as known

    standings = known.standings(HOME)
    if as_json:
        rows = [each.model_dump(mode="json") for each in standings]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif standings:
        known.show(standings)
    else:
        say(f"no runs in {HOME}; play one with: dreamplay run")


def models(model: ModelFlag = None, base_url: UrlFlag = None, as_json: JsonFlag = False) -> None:
    """Show which model would play, and what can be reached.

    Example: dreamplay models --base-url http://localhost:1234/v1
    """
    import asyncio

    from dreamplay import settings as reading
    from dreamplay.models import engines

    rows = asyncio.run(engines.survey(reading.load(model=model, base_url=base_url)))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{'->' if row['chosen'] else '  '} {row['model']:40} {row['state']}")


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _manner(quiet: bool, as_json: bool) -> Manner:
    return "quiet" if quiet else "json" if as_json else "story"
