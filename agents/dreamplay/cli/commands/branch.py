"""Commands for what-if runs: `whatif` branches off a run, once or many times, and `tree` draws the branches."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamplay.cli.comparison_output import compared
from dreamplay.cli.options import (
    AdapterFlag,
    CandidatesFlag,
    DirectionFlag,
    HtmlFlag,
    JsonFlag,
    MarkdownFlag,
    ModelFlag,
    NoAdapterFlag,
    QuietFlag,
    StoreFlag,
    SwapFlag,
    TemperatureFlag,
    ThinkFlag,
    TimeoutFlag,
    TraceContentFlag,
    TraceFlag,
    UrlFlag,
    adapter_named,
    check_reports,
    pairs,
)
from dreamplay.cli.play_session import named, perform, until_stopped
from dreamplay.errors import INTERRUPTED, ModelError, UsageError
from dreamplay.rendering.output import echo, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dreamplay.branched import Branched
    from dreamplay.branching.batch import Job
    from dreamplay.models.base import Model
    from dreamplay.models.model_choice import ModelSpec
    from dreamplay.rendering.story_view import OutputMode
    from dreamplay.runs.transcript import RunLog
    from dreamplay.settings import Settings

_MOST_SEEDS = 1000
_LONGEST = 60
"""Characters of a flag's value in a message."""


def whatif(
    reference: Annotated[str, typer.Argument(metavar="RUN", help="The run to branch off: its name, or its folder.")],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="POINT",
            help="The branch point: a beat, a scene, or the number of an event. Default: the start.",
        ),
    ] = None,
    swap: SwapFlag = None,
    says: Annotated[
        list[str] | None,
        typer.Option("--say", metavar="'ROLE: WORDS'", help="A line that somebody says at the branch point."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="ROLE", help="Somebody leaves at the branch point and stays away."),
    ] = None,
    story_edit: Annotated[
        Path | None, typer.Option("--story-edit", metavar="FILE", help="Continue with this story file.")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", help="Play pairs with and without the change: a number of pairs, or a list of seeds (3,5,8)."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=500, help="How many runs to play at once. Default: what suits the model."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate the cost and play nothing.")] = False,
    store: StoreFlag = None,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
    adapter: AdapterFlag = None,
    no_adapter: NoAdapterFlag = False,
    temperature: TemperatureFlag = None,
    candidates: CandidatesFlag = None,
    direction: DirectionFlag = None,
    think: ThinkFlag = None,
    timeout: TimeoutFlag = None,
    trace: TraceFlag = None,
    trace_content: TraceContentFlag = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
    as_markdown: MarkdownFlag = None,
    as_html: HtmlFlag = None,
) -> None:
    """Branch off a run with a change, play the branch, and compare.

    Give the same command again to continue what was stopped. Nothing is played twice.

    Examples:

      dreamplay whatif RUN --at nightmare --swap leo=leo_believer

      dreamplay whatif RUN --at kitchen --say 'elara: I am leaving.' --drop elara

      dreamplay whatif RUN --swap leo=leo_believer --seeds 8 --jobs 4 --html leo.html
    """
    import asyncio

    from dreamplay import prepare
    from dreamplay import settings as reading
    from dreamplay.branching import batch, said_lines
    from dreamplay.models import model_choice, registry
    from dreamplay.run import Run
    from dreamplay.runs import home as homes

    swaps, lines = pairs(swap), [_line(text) for text in says or ()]
    dropped = tuple(dict.fromkeys(drop or ()))
    settings = reading.load(
        store=store, model=model, base_url=base_url, temperature=temperature, candidates=candidates, timeout=timeout,
        direction=direction and direction.value, think=think,
        adapter=adapter_named(adapter, no_adapter), trace=trace, trace_content=trace_content,
    )  # fmt: skip
    check_reports(as_markdown, as_html)
    home = homes.chosen(settings)
    parent = Run.find(reference, home)
    own = parent.header.seed
    chosen = _seeds(seeds, own) if seeds else [own]
    changed = [
        parent.branch(at=at, swap=swaps, say=lines, drop=dropped, story_edit=story_edit, seed=seed) for seed in chosen
    ]
    otherwise = [settings.model, settings.adapter, settings.direction, settings.think]
    same = [f"--swap {each}" for each in swap or ()] + ([f"--story-edit {story_edit}"] if story_edit else [])
    if changed[0].branch.twin and (seeds or same or otherwise == [None] * len(otherwise)):
        raise UsageError(
            f"nothing is changed by {' '.join(same)}, which is as it was; name another" if same else
            "nothing is changed; add --swap, --say, --drop or --story-edit"
        )  # fmt: skip
    twins = [parent.branch(at=at, seed=seed) for seed in chosen] if seeds else []
    engine, known = prepare.choose(settings, parent.record.newest)
    profile = model_choice.profile(engine, settings, known)
    if profile.max_jobs and jobs and jobs > profile.max_jobs:
        raise UsageError(
            f"--jobs {jobs}: {engine.kind} models have room for {profile.max_jobs} runs at once; ask for fewer"
        )
    at_once = jobs or profile.jobs
    batch.check(min(at_once, len(changed) + len(twins)), len(parent.record.cast.roles))
    manner: OutputMode = "quiet" if quiet or as_json else "story"

    async def play() -> tuple[list[RunLog], list[RunLog]]:
        runs_at_once = min(at_once, len(changed) + len(twins))
        # All of it may have been played: a local engine has time to load when the first of them asks.
        models = await registry.open_models(engine, settings, jobs=runs_at_once, load=False, recorded=known)
        try:
            return await _played(parent.record, twins, changed, models, engine, settings, manner, dry_run)
        finally:
            await registry.close(models)

    base, other = asyncio.run(play())
    if not dry_run:
        both = [*named(parent.place, settings)[0], *named(home.place(other[0].name), settings)[0]]
        rest = "" if seeds else shlex.join(["dreamplay", "compare", *dict.fromkeys(both)])
        compared(base, other, as_json, as_markdown, as_html, quiet=quiet, rest=rest)
        for note in () if quiet or as_json else said_lines.notes(other):
            say(note)


def tree(
    reference: Annotated[str | None, typer.Argument(metavar="RUN", help="Show only the tree with this run.")] = None,
    store: StoreFlag = None,
) -> None:
    """Draw which run branched off which, where, and with which change.

    Example: dreamplay tree
    """
    from dreamplay.branching import lineage
    from dreamplay.cli import run_list
    from dreamplay.rendering import run_tables
    from dreamplay.runs import home

    drawn = lineage.families(run_list.known(home.opened(store)), Path(reference).name if reference else None)
    run_tables.show_trees(drawn)
    run_list.say_unread([run for family in drawn for run in family])


async def _played(
    parent: RunLog, twins: Sequence[Branched], changed: Sequence[Branched], models: Sequence[Model], engine: ModelSpec,
    settings: Settings, manner: OutputMode, dry_run: bool,
) -> tuple[list[RunLog], list[RunLog]]:  # fmt: skip
    """Play the missing runs. The base is the parent and, for other seeds, its unchanged twins.

    Raises:
        ModelError: some of the runs failed.
        typer.Exit: the user stopped.
    """
    from dreamplay import prepare
    from dreamplay.branching import batch
    from dreamplay.branching.branch import cost
    from dreamplay.models import registry
    from dreamplay.open_model import OpenModel
    from dreamplay.runs import home as homes

    store = homes.chosen(settings)
    model, kept = models[0], prepare.recorded(engine)
    made, base = ([batch.job(each.branch, model, kept, store) for each in group] for group in (changed, twins))
    base = [each for each in base if not _is(parent, each)]
    missing = [each for each in (*base, *made) if not each.done()]
    if missing and not dry_run:
        await registry.reach(model)
    for note in () if manner == "quiet" else changed[0].notes:
        say(note)
    if dry_run:
        usage = cost(parent, [each.branch for each in missing])
        echo(
            f"{len(missing)} of {len(base) + len(made)} runs to play: about {usage.calls:,} calls, {usage.prompt:,} "
            f"prompt tokens ({usage.evaluated:,} read anew) and {usage.output:,} tokens spoken"
        )
        return [], []
    if missing and not twins:
        await perform(await prepare.branch(changed[0], settings, OpenModel(model, engine), store), settings, manner)
    elif missing:
        await _many(missing, models, engine, settings, manner)
    whole = [parent] * (len(base) < len(changed))
    return [*whole, *(each.record() for each in base)], [each.record() for each in made]


async def _many(
    missing: Sequence[Job], models: Sequence[Model], engine: ModelSpec, settings: Settings, manner: OutputMode
) -> None:
    from dreamplay.branching import batch
    from dreamplay.prepare import recorded
    from dreamplay.rendering.batch_progress import BatchProgress
    from dreamplay.tracing import choice

    playing = batch.BatchRunner(missing, models, recorded(engine), choice.chosen(settings))
    if manner != "quiet":
        say(f"playing {len(missing)} runs, {min(len(models), len(missing))} at once, on {engine}")
        if playing.trace:
            say(f"traces go to {playing.trace}")
    with BatchProgress(len(missing), quiet=manner == "quiet") as board:
        await until_stopped(playing, playing.play(board.watch), manner)
    if playing.stopped:
        if manner != "quiet":
            say("stopped; the same command again plays what is missing")
        raise typer.Exit(INTERRUPTED)
    if playing.failed:
        name, why = next(iter(playing.failed.items()))
        raise ModelError(
            f"{len(playing.failed)} of {len(missing)} runs failed, {name} first: {why}; the same command "
            "again plays what is missing"
        ) from why


def _is(parent: RunLog, twin: Job) -> bool:
    """Whether a twin would be the parent again: the same dice, model and settings, to the end."""
    from dreamplay.runs.run_settings import comparable

    # What was learnt of the endpoint on the way is no other setting: a twin would learn it, too.
    played = [(parent.header.model, parent.header.settings)]
    played += [(each.model, each.settings) for each in parent.resumptions]
    own = twin.header.model, comparable(twin.header.settings)
    alike = all((model, comparable(settings)) == own for model, settings in played)
    return alike and parent.header.seed == twin.header.seed and parent.end is not None


def _line(text: str) -> tuple[str, str]:
    """Role and words, from a line written as ROLE: WORDS."""
    from dreamplay.schema.base import mended

    role, colon, words = mended(text).partition(":")
    if not (colon and role.strip() and words.strip()) or not words.isprintable():
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        raise UsageError(f"--say {shown!r}: write ROLE: WORDS in one line, for example 'elara: I am leaving.'")
    return role.strip(), words.strip()


def _seeds(text: str, own: int) -> list[int]:
    """Seeds from the option: a number of them, counted from the seed of the parent, or a list."""
    parts = [part.strip() for part in text.split(",")]
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    # Python refuses numbers of thousands of digits, and no seed has more than ten.
    numbers = [int(part) for part in parts if part.isdecimal() and len(part) <= 10]
    if len(numbers) < len([part for part in parts if part]) or not numbers:
        raise UsageError(f"--seeds {shown!r}: write how many, or which with commas: 8, or 3,5,8")
    several = "," in text
    found = list(dict.fromkeys(numbers)) if several else list(range(own, own + min(numbers[0], _MOST_SEEDS + 1)))
    if not 1 <= len(found) <= _MOST_SEEDS or max(found) >= 2**31:
        raise UsageError(f"--seeds {shown!r}: from 1 to {_MOST_SEEDS} of them, each below {2**31}")
    return found
