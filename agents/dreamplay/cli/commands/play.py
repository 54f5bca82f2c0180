"""Commands that play: `run` and `resume`; and `runs` and `models`, which list what can be resumed or played on."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dreamplay.cli import play_session
from dreamplay.cli.options import (
    AdapterFlag,
    CandidatesFlag,
    DirectionFlag,
    DirectorFlag,
    EmbedderFlag,
    EventsFlag,
    JsonFlag,
    MemoryFlag,
    ModelFlag,
    NoAdapterFlag,
    NoCheckFlag,
    QuietFlag,
    StoreFlag,
    StoryFlag,
    SwapFlag,
    TemperatureFlag,
    ThinkFlag,
    TimeoutFlag,
    TraceContentFlag,
    TraceFlag,
    UrlFlag,
    WindowFlag,
    adapter_named,
    pairs,
)
from dreamplay.errors import UsageError
from dreamplay.rendering.output import dumps, echo, say, worded

if TYPE_CHECKING:
    from dreamplay.rendering.story_view import OutputMode


class Length(StrEnum):
    """How many turns a scene gets, within the limits of its story."""

    short = "short"
    full = "full"


def run(
    named: Annotated[str | None, typer.Argument(metavar="STORY", help="The same as --story.")] = None,
    story: StoryFlag = None,
    swap: SwapFlag = None,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    adapter: AdapterFlag = None,
    no_adapter: NoAdapterFlag = False,
    seed: Annotated[
        int | None, typer.Option(help="The seed of all random choices. Default: drawn and printed.")
    ] = None,
    length: Annotated[Length | None, typer.Option(help="How many turns each scene gets. Default: full.")] = None,
    beats: Annotated[
        str | None, typer.Option(metavar="BEAT,BEAT...", help="Play only these beats, such as launch,glitch.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="The new folder of the run. Default: a new place in --store.")
    ] = None,
    store: StoreFlag = None,
    temperature: TemperatureFlag = None,
    candidates: CandidatesFlag = None,
    direction: DirectionFlag = None,
    think: ThinkFlag = None,
    timeout: TimeoutFlag = None,
    trace: TraceFlag = None,
    trace_content: TraceContentFlag = None,
    memory: MemoryFlag = None,
    no_recall: Annotated[bool, typer.Option("--no-recall", help="Recall nothing: the same as --memory none.")] = False,
    director: DirectorFlag = None,
    embedder: EmbedderFlag = None,
    reflect: Annotated[
        bool | None,
        typer.Option(
            "--reflect/--no-reflect",
            help="Whether characters reflect after each scene. Default: if the model is at an endpoint.",
        ),
    ] = None,
    no_check: NoCheckFlag = None,
    window: WindowFlag = None,
    guest: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Step in as a visitor: your name, or a persona file.")
    ] = None,
    interventions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read from a file what the visitor does, and when.")
    ] = None,
    every_line: Annotated[bool, typer.Option("--every-line", help="Wait for the visitor after every line.")] = False,
    quiet: QuietFlag = False,
    as_json: EventsFlag = False,
) -> None:
    """Play a story and write its transcript.

    Examples:

      dreamplay run

      dreamplay run night.yaml

      dreamplay run --as Noor

      dreamplay run --swap leo=leo_believer --seed 7 --length short

      dreamplay run --model llama3.1 --base-url http://localhost:11434/v1
    """
    import asyncio

    from dreamplay import settings as reading

    if named and story:
        raise UsageError(f"two stories, {named!r} and --story {story!r}; leave out one of them")
    settings = reading.load(
        story=named or story, model=model, base_url=base_url, seed=seed, length=length and length.value, out=out,
        store=store, temperature=temperature, candidates=candidates, timeout=timeout, reflect=reflect, window=window,
        memory=_memory(memory, no_recall), director=director, embedder=embedder,
        no_check=no_check or None, direction=direction and direction.value, think=think,
        adapter=adapter_named(adapter, no_adapter), trace=trace, trace_content=trace_content,
    )  # fmt: skip
    manner = _manner(quiet, as_json)
    if guest is None and (interventions or every_line):
        raise UsageError(f"{'--interventions' if interventions else '--every-line'} needs a visitor: add --as NAME")
    if guest is not None and interventions is None:
        play_session.need_terminal(manner, "add --interventions FILE to play without one")
    visit: dict[str, Any] = {"guest": guest, "interventions": interventions, "every_line": every_line}
    asyncio.run(play_session.begin(settings, pairs(swap), manner, beats=_listed(beats), **visit))


def resume(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="The name of a run, or its folder. Default: the newest that was stopped."),
    ] = None,
    store: StoreFlag = None,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    adapter: AdapterFlag = None,
    no_adapter: NoAdapterFlag = False,
    temperature: TemperatureFlag = None,
    candidates: CandidatesFlag = None,
    direction: DirectionFlag = None,
    think: ThinkFlag = None,
    window: WindowFlag = None,
    timeout: TimeoutFlag = None,
    trace: TraceFlag = None,
    trace_content: TraceContentFlag = None,
    memory: MemoryFlag = None,
    director: DirectorFlag = None,
    embedder: EmbedderFlag = None,
    quiet: QuietFlag = False,
    as_json: EventsFlag = False,
) -> None:
    """Continue a stopped run at the same turn. Another model may take over.

    Examples:

      dreamplay resume

      dreamplay resume mindsync-20450101-220000-7 --model gpt-4o-mini
    """
    import asyncio

    from dreamplay import settings as reading

    settings = reading.load(
        store=store, model=model, base_url=base_url, temperature=temperature, candidates=candidates, window=window,
        timeout=timeout, memory=memory, director=director, embedder=embedder,
        direction=direction and direction.value, think=think,
        adapter=adapter_named(adapter, no_adapter), trace=trace, trace_content=trace_content,
    )  # fmt: skip
    asyncio.run(play_session.go_on(reference, settings, _manner(quiet, as_json)))


def runs(
    story: Annotated[str | None, typer.Option("--story", metavar="NAME", help="List only runs of this story.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="List only runs that a what-if has changed.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="List only runs played since 2045-01-31, or in the last 12h, 2d or 3w."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="List at most this many. Default: 20 in a terminal.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every run on a line of its own, without a limit. Default in a pipe.")
    ] = False,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the runs, newest first.

    Shows what was changed in each, how far it was played, and whether it can be resumed.

    In a terminal, runs that differ only in their seed share one line, under the name of the newest.

    Examples:

      dreamplay runs

      dreamplay runs --changed --since 2d --all
    """
    from datetime import datetime

    from dreamplay.cli import run_list
    from dreamplay.rendering import run_tables
    from dreamplay.runs import home

    after = run_tables.moment(since, datetime.now().astimezone()) if since else None
    kept = home.opened(store)
    there = run_list.known(kept, whole=every or as_json)
    found = run_tables.chosen(there, story=story, changed=changed, since=after)
    if as_json:
        echo(dumps([each.model_dump(mode="json") for each in found[:limit]]))
    elif not found:
        say(f"none of the {len(there)} runs in {kept} matches" if there else
            f"no runs in {kept}; play one with: dreamplay run")  # fmt: skip
    else:
        run_tables.show_runs(found, every=every, limit=limit)
        run_list.say_unread(found)


def models(
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    adapter: AdapterFlag = None,
    no_adapter: NoAdapterFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Show which model would play, and which models can be reached.

    Example: dreamplay models --base-url http://localhost:1234/v1
    """
    import asyncio

    from dreamplay import settings as reading
    from dreamplay.models import survey

    settings = reading.load(model=model, base_url=base_url, adapter=adapter_named(adapter, no_adapter))
    rows = asyncio.run(survey.survey(settings))
    rows = [row | {name: worded(row[name]) for name in ("model", "state")} for row in rows]
    if as_json:
        echo(dumps(rows))
        return
    for row in rows:
        echo(f"{'->' if row['chosen'] else '  '} {row['model']:40} {row['state']}{_played_with(row)}")
    profile: dict[str, Any] = next((row["profile"] for row in rows if row["chosen"]), {})
    for name, value in profile.items():
        told = ", ".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)
        echo(f"   {name:24} {told}")


def _played_with(row: dict[str, Any]) -> str:
    """The adapter of a local model, in words; empty for a model that takes none."""
    if "adapter" not in row:
        return ""
    found = row["adapter"]
    if found is None:
        return "; without an adapter"
    both = (found, found["second"]) if "second" in found else (found,)
    return "; with " + " and ".join(
        f"{each['name']} ({each['size'] / 1e6:.1f} MB, SHA-256 {each['sha256'][:12]})" for each in both
    )


def _memory(named: str | None, no_recall: bool) -> str | None:
    if named and no_recall:
        raise UsageError(f"--memory {named} and --no-recall: leave out one of them")
    return "none" if no_recall else named


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _manner(quiet: bool, as_json: bool) -> OutputMode:
    return "quiet" if quiet else "json" if as_json else "story"
