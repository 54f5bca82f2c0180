"""The command line. Only typer is imported at the top: `--help` has no need of a graph or a client."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dreamplay import cli_whatif, session
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.flags import (
    CandidatesFlag,
    EventsFlag,
    HtmlFlag,
    JsonFlag,
    MarkdownFlag,
    ModelFlag,
    QuietFlag,
    RunArgument,
    StoryFlag,
    SwapFlag,
    TemperatureFlag,
    TimeoutFlag,
    UrlFlag,
    WindowFlag,
    pairs,
)
from dreamplay.session import HOME, INTERRUPTED, say

if TYPE_CHECKING:
    from dreamplay.screen import Manner

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Play a story with a cast of LLM agents.\n\nStart with: dreamplay run",
)


class Length(StrEnum):
    """How many turns a scene gets within its contract."""

    short = "short"
    full = "full"


class CardVersion(StrEnum):
    """Versions of the character card that are written."""

    v2 = "v2"
    v3 = "v3"


@app.command()
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


@app.command()
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


@app.command()
def runs(as_json: JsonFlag = False) -> None:
    """List the runs, the newest first: who played, where they stand, and whether they can go on.

    Example: dreamplay runs --json
    """
    from dreamplay import runs as known

    standings = known.standings(HOME)
    if as_json:
        rows = [each.model_dump(mode="json") for each in standings]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif standings:
        known.show(standings)
    else:
        say(f"no runs in {HOME}; play one with: dreamplay run")


@app.command()
def show(
    reference: Annotated[str | None, typer.Argument(metavar="RUN", help="A run; the newest if not given.")] = None,
    numbers: Annotated[bool, typer.Option("--numbers", help="Print the number of each event before it.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show a run in the terminal, beat by beat.

    Example: dreamplay show mindsync-20450101-220000-7
    """
    from dreamplay import transcript
    from dreamplay.screen import Screen

    record = transcript.read(transcript.find(reference, HOME))
    if as_json:
        typer.echo(json.dumps([event.model_dump() for event in record.script], indent=2, ensure_ascii=False))
        return
    with Screen(record.header.story, record.cast, [], "story", numbers=numbers) as screen:
        for event in record.script:
            screen.show(event)
    if record.end is None:
        say(f"this run was not played to its end; go on with: dreamplay resume {reference or ''}".rstrip())


@app.command()
def why(
    reference: RunArgument,
    line: Annotated[int, typer.Argument(metavar="LINE", help="The number of an event; show --numbers prints them.")],
    as_json: JsonFlag = False,
) -> None:
    """Show why somebody said that: cue, sight, memories, refused candidates, the whole prompt, and the cost.

    Example: dreamplay why mindsync-20450101-220000-7 30
    """
    from dreamplay import archive, knowledge, transcript
    from dreamplay.views import Views

    path = transcript.find(reference, HOME)
    record = transcript.read(path)
    folder = path if path.is_dir() else path.parent
    made = knowledge.why(record, line, lambda digest: archive.find(folder, digest))
    if as_json:
        typer.echo(made.model_dump_json(indent=2))
    else:
        Views(record).why(made)


@app.command()
def knows(
    reference: RunArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A role of the run; dreamplay cast lists them.")],
    at: Annotated[int | None, typer.Option(metavar="EVENT", help="After which event. Default: the last.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what somebody knows and since when, and who has dreamt whose fear, beat by beat.

    Example: dreamplay knows mindsync-20450101-220000-7 leo --at 30
    """
    from dreamplay import knowledge, transcript
    from dreamplay.views import Views

    record = transcript.read(transcript.find(reference, HOME))
    made = knowledge.knows(record, role, at)
    if as_json:
        typer.echo(made.model_dump_json(indent=2))
    else:
        Views(record).knows(made)


@app.command()
def score(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="Runs to measure; the newest if none is given.")
    ] = None,
    as_json: JsonFlag = False,
    judge: Annotated[
        str | None, typer.Option("--judge", metavar="MODEL", help="Ask a model for its opinion too, named as for run.")
    ] = None,
    base_url: UrlFlag = None,
) -> None:
    """Measure runs: a column for each, one for all of them, and the bars they should keep.

    Example: dreamplay score mindsync-20450101-220000-7 mindsync-20450101-221500-8
    """
    from dreamplay import score as scoring
    from dreamplay import transcript

    folders = [transcript.find(reference, HOME) for reference in references or ()] or [transcript.find(None, HOME)]
    runs = {str(folder): transcript.read(folder) for folder in folders}
    card = scoring.card(runs)
    if not as_json:
        scoring.show(card)
    report = card.model_dump()
    if judge:
        import asyncio

        from dreamplay import judge as judging

        judged = asyncio.run(judging.ask(judge, base_url, runs))
        report["judge"] = judged.model_dump()
        if not as_json:
            judging.show(judged)
    if as_json:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))


@app.command()
def compare(
    references: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two runs, or two groups of runs.")],
    as_json: JsonFlag = False,
    as_markdown: MarkdownFlag = None,
    as_html: HtmlFlag = None,
) -> None:
    """Hold runs of one story against each other: where they part, and what changed beyond chance.

    Of two runs, the first is the base and the second is the changed one. Of more, the base are those that are like the
    first in cast, model and settings; if all are alike, the first half of them. Runs of one seed make a pair.

    Example: dreamplay compare run-1 run-2 leo-believes-1 leo-believes-2 --html leo.html
    """
    from dreamplay import beside, transcript

    folders = [transcript.find(reference, HOME) for reference in references]
    base, changed = beside.groups([(str(folder), transcript.read(folder)) for folder in folders])
    cli_whatif.compared(base, changed, as_json, as_markdown, as_html)


app.command()(cli_whatif.whatif)
app.command()(cli_whatif.tree)


casting_app = typer.Typer(rich_markup_mode=None)
app.add_typer(casting_app, name="cast")


@casting_app.callback(invoke_without_command=True)
def cast(context: typer.Context, story: StoryFlag = None, swap: SwapFlag = None, as_json: JsonFlag = False) -> None:
    """Show who plays in a story, and which personas could; bring characters in and out as cards.

    Example: dreamplay cast --swap sam=nurse
    """
    if context.invoked_subcommand:
        if story or swap or as_json:
            raise UsageError(f"give the options of cast {context.invoked_subcommand} after that word")
        return
    from dreamplay import library, settings

    reference = settings.load(story=story).story
    played = library.story(reference)
    members = library.cast(played, reference, pairs(swap))
    rows = [{"role": role, "name": p.name, "who": members.fill(p.who)} for role, p in members.personas.items()]
    if as_json:
        typer.echo(json.dumps({"cast": rows, "personas": library.names("personas")}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{played.title}\n")
    for row in rows:
        typer.echo(f"  {row['role']:10} {row['name']}: {row['who']}")
    typer.echo(f"\nPersonas for --swap: {', '.join(library.names('personas'))}")


@casting_app.command("import")
def import_(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="A character card: PNG or JSON, V1, V2 or V3.")],
    out: Annotated[Path | None, typer.Option(help="The persona's file. Default: the character's name, .yaml.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the character, if not as the card does.")] = None,
    user: Annotated[str | None, typer.Option(help="Whom the card means by {{user}}. Default: the visitor.")] = None,
    ask_model: Annotated[bool, typer.Option("--ask-model", help="Have a model write what the card lacks.")] = False,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
) -> None:
    """Make a persona file from a character card. What the card has no word for is left for you, or asked of a model.

    Example: dreamplay cast import card.png --out sam2.yaml
    """
    import asyncio

    from dreamplay import casting, interview, library

    if (model or base_url) and not ask_model:
        raise UsageError("--model and --base-url say which model is asked; add --ask-model")
    seen = library.portrayed(card, name=name, user=user)
    path = casting.file_for(seen.persona, ".yaml", out)
    if ask_model:
        seen = asyncio.run(interview.ask_named(model, base_url, seen))
    for line in casting.adopt(seen, card, path):
        say(line)


@casting_app.command("export")
def export(
    reference: Annotated[str, typer.Argument(metavar="PERSONA", help="A role, a persona by name, or a file.")],
    card: Annotated[CardVersion, typer.Option(help="Version of the card.")] = CardVersion.v3,
    png: Annotated[Path | None, typer.Option("--png", help="A portrait for the card to go into.")] = None,
    out: Annotated[Path | None, typer.Option(help="The card's file. Default: the character's name.")] = None,
    with_secrets: Annotated[bool, typer.Option("--with-secrets", help="Put the private sheet in, too.")] = False,
    story: StoryFlag = None,
) -> None:
    """Write a persona as a character card, for other applications. The private sheet stays here, if not asked for.

    Example: dreamplay cast export leo --card v2 --png portrait.png
    """
    from dreamplay import casting, settings

    path, persona, members = casting.member(reference, settings.load(story=story).story)
    target = casting.file_for(persona, ".png" if png else ".json", out)
    data, lines = casting.card(path, persona, members, card.value, portrait=png, secrets=with_secrets)
    casting.save({target: data})
    for line in (f"{target}: {persona.name}, as a card ({card.value})", *lines):
        say(line)


@app.command()
def check(
    reference: Annotated[
        str, typer.Argument(metavar="FILE", help="A persona or a story (YAML, or a shipped name), or a card.")
    ],
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Play the story on the fake, and see that no prompt tells a secret.")
    ] = False,
    swap: SwapFlag = None,
) -> None:
    """Say whether a persona, a story or a card is valid, and if not, what is wrong where.

    Examples:

      dreamplay check my_leo.yaml

      dreamplay check mindsync --secrets --swap leo=leo_believer
    """
    from dreamplay import library
    from dreamplay.story import Story

    file, swaps = library.any_file(reference), pairs(swap)
    if library.is_card(file):
        typer.echo(f"{reference}: a valid card of {library.portrayed(file).persona.name}")
        return
    kind = library.kind_of(file)
    value = library.read(file, kind)
    if kind is not Story and (secrets or swap):
        raise UsageError(f"{reference} is a persona; --secrets and --swap are for a story")
    if isinstance(value, Story):
        members = library.cast(value, str(file), swaps)
        turns = sum(scene.turns.max for _, scene in value.scenes)
        typer.echo(f"{reference}: a valid story of {len(members.roles)} roles, {len(value.beats)} beats, {turns} turns")
    else:
        hidden = "" if value.private else "; it has no private sheet, and brings no fear into a dream"
        typer.echo(f"{reference}: a valid persona{hidden}")
    if secrets:
        import asyncio

        from dreamplay import canaries
        from dreamplay import plan as planning

        found = asyncio.run(canaries.check(planning.plan(str(file), swaps, seed=0)))
        typer.echo(f"no prompt tells a secret: {found.prompts} prompts scanned for {found.marks} marks")


@app.command()
def models(model: ModelFlag = None, base_url: UrlFlag = None, as_json: JsonFlag = False) -> None:
    """Show which model would play, and what can be reached.

    Example: dreamplay models --base-url http://localhost:1234/v1
    """
    import asyncio

    from dreamplay import engines
    from dreamplay import settings as reading

    rows = asyncio.run(engines.survey(reading.load(model=model, base_url=base_url)))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{'->' if row['chosen'] else '  '} {row['model']:40} {row['state']}")


def main() -> None:
    """Run the command line; an error of ours is one line on stderr and an exit code."""
    try:
        app()
    except DreamplayError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _manner(quiet: bool, as_json: bool) -> Manner:
    return "quiet" if quiet else "json" if as_json else "story"
