"""Commands for studies: `study run` plays what is missing, `study status` says how far it is, and `study report` what
it has found."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamplay.cli.options import (
    HtmlFlag,
    JsonFlag,
    MarkdownFlag,
    ModelFlag,
    QuietFlag,
    StoreFlag,
    TimeoutFlag,
    check_reports,
    write,
)
from dreamplay.cli.play_session import SAME, store_named, until_stopped
from dreamplay.errors import INTERRUPTED
from dreamplay.rendering.output import dumps, echo, say, worded

if TYPE_CHECKING:
    from dreamplay.studies.loaded import LoadedStudy
    from dreamplay.studies.play import StudyPlay
    from dreamplay.studies.status import StudyStatus

StudyArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the study.")]
UrlsFlag = Annotated[
    list[str] | None,
    typer.Option("--base-url", help="The address of an OpenAI-compatible API, up to /v1; repeatable."),
]

study_app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Play a study: many plays of several conditions, compared."
)


@study_app.command("run")
def run(
    file: StudyArgument,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            max=10_000,
            help="How many plays run at once, in all processes. Default: what suits the model.",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, max=500, help="How many processes play. Default: one for each core."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="WHERE",
            help="Play on a Dask cluster: tcp://HOST:8786, or the YAML file of one to start.",
        ),
    ] = None,
    store: StoreFlag = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate the cost and play nothing.")] = False,
    model: ModelFlag = None,
    base_url: UrlsFlag = None,
    timeout: TimeoutFlag = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Play what is missing of a study.

    Give the same command again to continue what was stopped or has failed. Nothing is played twice.

    Examples:

      dreamplay study run leo.yaml --dry-run

      dreamplay study run leo.yaml --jobs 100 --processes 4
    """
    import asyncio

    from dreamplay.rendering import study_view
    from dreamplay.studies import loaded

    found = _loaded(file, store, model, base_url, timeout)
    stands = found.status()
    playing = found.prepare(jobs, processes, cluster)
    where = {"engine": str(playing.engine), "models": found.models, "store": str(found.store)}
    if dry_run:
        cost = found.estimate(jobs)
        if as_json:
            echo(dumps(cost.model_dump() | where))
        else:
            echo(study_view.told(cost, len(found.tasks), found.jobs(jobs)))
            if cost.plays:
                echo(worded(f"{_where(playing, found)}; they are kept in {found.store}"))
            for line in found.reach.says:
                echo(line)
        return
    if playing.tasks:
        asyncio.run(_play(found, playing, stands, quiet=quiet or as_json))
    loaded.check(playing)
    if as_json:
        echo(dumps(found.status().model_dump()))
    elif not quiet:
        say(f"all {len(found.tasks):,} plays are finished; look at them with: {_command('report', file, found, model)}")


@study_app.command("status")
def status(
    file: StudyArgument,
    store: StoreFlag = None,
    model: ModelFlag = None,
    base_url: UrlsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show how far the plays of each condition are.

    They are finished, being played, stopped or missing. What has failed is not kept, and counts as stopped or missing.

    Example: dreamplay study status leo.yaml
    """
    from dreamplay.rendering import study_view

    found = _loaded(file, store, model, base_url)
    stands = found.status()
    if as_json:
        echo(dumps(stands.model_dump()))
    else:
        study_view.show_status(stands)
        _say_elsewhere("status", file, found, stands)


@study_app.command("report")
def report(
    file: StudyArgument,
    table: Annotated[
        Path | None,
        typer.Option("--table", metavar="FILE", help="Write a row for each play, as CSV, or as JSON to a .json file."),
    ] = None,
    as_markdown: MarkdownFlag = None,
    as_html: HtmlFlag = None,
    store: StoreFlag = None,
    model: ModelFlag = None,
    base_url: UrlsFlag = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Report what a study has found.

    Placebo and controls come first, then every condition in every measure. Every number says how it was made. A report
    in a file has the Python that reproduces it from the table.

    Examples:

      dreamplay study report leo.yaml

      dreamplay study report leo.yaml --table results.csv --markdown report.md --html report.html
    """
    from dreamplay.rendering import study_page, study_report

    check_reports(table, as_markdown, as_html)
    found = _loaded(file, store, model, base_url)
    rows = found.table()
    made = found.report(rows, file=table.name if table else "results.csv")
    if as_json:
        echo(dumps(made.model_dump()))
    elif not quiet:
        study_report.show(made)
        if not made.finished:
            _say_elsewhere("report", file, found, found.status())
    if table:
        write(table, rows.to_json() if table.suffix.lower() == ".json" else rows.to_csv(), quiet=quiet)
    if as_markdown:
        write(as_markdown, study_report.render(made), quiet=quiet)
    if as_html:
        write(as_html, study_page.render(made), quiet=quiet)


def _loaded(
    file: Path, store: str | None, model: str | None = None, base_url: list[str] | None = None,
    timeout: float | None = None,
) -> LoadedStudy:  # fmt: skip
    from dreamplay.studies.loaded import load_study

    return load_study(file, store=store, model=model, base_url=base_url or (), timeout=timeout)


def _command(word: str, file: Path, found: LoadedStudy, model: str | None) -> str:
    """A command that finds the same plays: with the options by which they are named or found."""
    words, hidden = store_named(found.store, found.settings)
    if model:
        words = ["--model", model, *words]
    if found.addresses and found.addresses[0].hides:
        hidden += SAME.format("--base-url")
    elif found.addresses:  # the others share its plays
        words += ["--base-url", str(found.addresses[0])]
    return f"{shlex.join(['dreamplay', 'study', word, str(file), *words])}{hidden}"


def _say_elsewhere(word: str, file: Path, found: LoadedStudy, stands: StudyStatus) -> None:
    """Say how to find the plays of a study if none is found, and some are there that another model played."""
    from dreamplay.studies import other_models

    if stands.count("missing") == len(stands.tasks) and (model := other_models.played(found)):
        say(f"it was played on {model}, though; for that: {_command(word, file, found, model)}")


def _where(playing: StudyPlay, found: LoadedStudy) -> str:
    return f"{playing.engine}, on {', '.join(found.models)}"


async def _play(found: LoadedStudy, playing: StudyPlay, stands: StudyStatus, *, quiet: bool) -> None:
    from dreamplay.rendering.study_progress import StudyProgress

    if not quiet:
        say(f"playing {len(playing.tasks):,} of {len(found.tasks):,} plays, {_where(playing, found)}")
        say(f"they are kept in {found.store}")
    with StudyProgress(stands, quiet=quiet) as board:
        await until_stopped(playing, playing.play(board), "quiet" if quiet else "story")
    if playing.stopped:
        if not quiet:
            say(f"stopped; {len(playing.finished):,} were finished; the same command again plays what is missing")
        raise typer.Exit(INTERRUPTED)
