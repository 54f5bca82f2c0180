"""Commands that play: run, resume, and what could be played or gone on with."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dreamplay.cli import play_session
from dreamplay.cli.options import (
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
from dreamplay.cli.play_session import HOME
from dreamplay.errors import UsageError
from dreamplay.rendering.output import dumps, echo, say, worded

if TYPE_CHECKING:
    from dreamplay.rendering.story_view import OutputMode


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
    out: Annotated[str | None, typer.Option(help="The run's own new folder. Default: one in transcripts/.")] = None,
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
        play_session.need_terminal(manner, "give --interventions FILE where there is none")
    visit: dict[str, Any] = {"guest": guest, "interventions": interventions, "every_line": every_line}
    asyncio.run(play_session.begin(settings, pairs(swap), manner, beats=_listed(beats), **visit))


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
    """Go on with a run that was stopped. It goes on at the very turn, on the same model or on another.

    Examples:

      dreamplay resume

      dreamplay resume mindsync-20450101-220000-7 --model gpt-4o-mini
    """
    import asyncio

    from dreamplay import settings as reading

    settings = reading.load(
        model=model, base_url=base_url, temperature=temperature, candidates=candidates, window=window, timeout=timeout
    )
    asyncio.run(play_session.go_on(reference, settings, _manner(quiet, as_json)))


def runs(
    story: Annotated[str | None, typer.Option("--story", metavar="NAME", help="Only runs of this story.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only runs in which a what-if changed something.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only runs played since: 2045-01-31, or 12h, 2d, 3w.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="So many at most. In a terminal, 20 if not given.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="A line for each run, without a limit, as in a pipe.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the runs, the newest first. Of each it shows what was changed, where it stands, and whether it can go on.

    In a terminal, runs that differ in their seed alone are one line, under the name of the newest.

    Examples:

      dreamplay runs

      dreamplay runs --changed --since 2d --all
    """
    from datetime import datetime

    from dreamplay.rendering import run_tables
    from dreamplay.runs import run_index

    after = run_tables.moment(since, datetime.now().astimezone()) if since else None
    there = run_index.standings(HOME)
    found = run_tables.chosen(there, story=story, changed=changed, since=after)
    if as_json:
        echo(dumps([each.model_dump(mode="json") for each in found[:limit]]))
    elif not found:
        say(f"none of the {len(there)} runs in {HOME} is like that" if there else
            f"no runs in {HOME}; play one with: dreamplay run")  # fmt: skip
    else:
        run_tables.show_runs(found, every=every, limit=limit)


def models(model: ModelFlag = None, base_url: UrlFlag = None, as_json: JsonFlag = False) -> None:
    """Show which model would play, and what can be reached.

    Example: dreamplay models --base-url http://localhost:1234/v1
    """
    import asyncio

    from dreamplay import settings as reading
    from dreamplay.models import registry

    rows = asyncio.run(registry.survey(reading.load(model=model, base_url=base_url)))
    rows = [row | {name: worded(row[name]) for name in ("model", "state")} for row in rows]
    if as_json:
        echo(dumps(rows))
        return
    for row in rows:
        echo(f"{'->' if row['chosen'] else '  '} {row['model']:40} {row['state']}")


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _manner(quiet: bool, as_json: bool) -> OutputMode:
    return "quiet" if quiet else "json" if as_json else "story"
