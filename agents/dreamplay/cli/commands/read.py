"""Commands that read runs: `show`, `why`, `knows`, `threads`, `score` and `compare`."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from dreamplay.cli.comparison_output import compared
from dreamplay.cli.options import HtmlFlag, JsonFlag, MarkdownFlag, RunArgument, StoreFlag, UrlFlag, check_reports
from dreamplay.rendering.output import dumps, echo, say


def show(
    reference: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The name of a run, or its folder. Default: the newest.")
    ] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="Print the number of each event.")] = False,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a run in the terminal, beat by beat.

    Example: dreamplay show mindsync-20450101-220000-7
    """
    from dreamplay import settings
    from dreamplay.cli.play_session import named
    from dreamplay.rendering.story_view import StoryView
    from dreamplay.run import Run

    run = Run.find(reference, store)
    record, player = run.record, run.played_by
    if as_json:
        echo(dumps([event.model_dump() for event in record.script]))
        return
    with StoryView(record.header.story, record.cast, [], "story", numbers=numbers) as screen:
        for event in record.script:
            screen.show(event)
    if record.end is None and player:
        say(f"this run is being played by {player}; show it again when it has ended")
    elif record.end is None:
        words, hidden = named(run.place, settings.load(store=store))
        say(f"this run is not finished; continue with: {shlex.join(['dreamplay', 'resume', *words])}{hidden}")


def why(
    reference: RunArgument,
    line: Annotated[int, typer.Argument(metavar="LINE", help="The number of an event, as show --numbers prints it.")],
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show why a line was said.

    Prints the cue, what the line took up, witnessed events, memories, rejected candidates, the prompt, and the cost.

    Example: dreamplay why mindsync-20450101-220000-7 30
    """
    from dreamplay.rendering.explain_view import ExplainView
    from dreamplay.run import Run

    run = Run.find(reference, store)
    made = run.why(line)
    if as_json:
        echo(dumps(made.model_dump(mode="json")))
    else:
        ExplainView(run.record).why(made)


def knows(
    reference: RunArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A role of the run, or a name.")],
    at: Annotated[
        int | None, typer.Option(metavar="EVENT", help="Show what is known after this event. Default: the last one.")
    ] = None,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what a role knows and since when.

    Also prints, beat by beat, who has dreamt whose fear.

    Example: dreamplay knows mindsync-20450101-220000-7 leo --at 30
    """
    from dreamplay.rendering.explain_view import ExplainView
    from dreamplay.run import Run

    run = Run.find(reference, store)
    made = run.knows(role, at)
    if as_json:
        echo(dumps(made.model_dump(mode="json")))
    else:
        ExplainView(run.record).knows(made)


def threads(
    reference: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The name of a run, or its folder. Default: the newest.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Only what this role witnessed. Default: everything.")
    ] = None,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List what was asked, offered, promised and told.

    Prints each question, request, accusation, offer, promise and told secret: to whom, in which words, since when, and
    what became of it.

    Example: dreamplay threads mindsync-20450101-220000-7
    """
    from dreamplay.rendering.threads_view import show_threads
    from dreamplay.run import Run

    run = Run.find(reference, store)
    found = run.threads(role)
    if as_json:
        echo(dumps([thread.model_dump(mode="json") for thread in found]))
    else:
        show_threads(run.record, found)


def score(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="The runs to measure. Default: the newest.")
    ] = None,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
    judge: Annotated[
        str | None, typer.Option("--judge", metavar="MODEL", help="Also ask this model for its opinion.")
    ] = None,
    base_url: UrlFlag = None,
) -> None:
    """Measure how well runs were played.

    Prints a column for each run, one for all of them, and the targets.

    Example: dreamplay score mindsync-20450101-220000-7 mindsync-20450101-221500-8
    """
    from dreamplay import comparing
    from dreamplay.rendering import scorecard_view
    from dreamplay.run import Run

    runs = [Run.find(reference, store) for reference in references] if references else [Run.find(store=store)]
    card = comparing.score(runs)
    if not as_json:
        scorecard_view.show_scorecard(card)
    report = card.model_dump()
    if judge:
        import asyncio

        from dreamplay.scoring import judge as judging

        judged = asyncio.run(judging.ask(judge, base_url, {str(run.place): run.record for run in runs}))
        report["judge"] = judged.model_dump()
        if not as_json:
            scorecard_view.show_judgement(judged)
    if as_json:
        echo(dumps(report))


def compare(
    references: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two runs, or the runs of two groups.")],
    store: StoreFlag = None,
    as_json: JsonFlag = False,
    as_markdown: MarkdownFlag = None,
    as_html: HtmlFlag = None,
) -> None:
    """Compare runs of one story.

    Shows where they diverge, and which differences are more than chance.

    Of two runs, the first is the base. Of more, the base is the group with the cast, model and settings of the first;
    if all runs are alike, it is the first half. Runs with the same seed make a pair.

    Example: dreamplay compare run-1 run-2 leo-believes-1 leo-believes-2 --html leo.html
    """
    from dreamplay.comparison import alignment
    from dreamplay.run import Run

    check_reports(as_markdown, as_html)
    runs = [Run.find(reference, store) for reference in references]
    base, changed = alignment.groups([(str(run.place), run.record) for run in runs])
    compared(base, changed, as_json, as_markdown, as_html)
