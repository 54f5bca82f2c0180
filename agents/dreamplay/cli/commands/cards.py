"""Commands for the files of a play: `cast`, `cast import`, `cast export` and `check`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dreamplay.cli import misuse
from dreamplay.cli.options import JsonFlag, ModelFlag, StoryFlag, SwapFlag, UrlFlag, pairs
from dreamplay.errors import DreamplayError, OutputError, UsageError
from dreamplay.rendering.output import dumps, echo, say

_LINES = 4
"""Further lines of a file that one advice names, at most."""


class CardVersion(StrEnum):
    """Versions of the character card format that can be written."""

    v2 = "v2"
    v3 = "v3"


casting_app = typer.Typer(rich_markup_mode=None)


@casting_app.callback(invoke_without_command=True)
def cast(context: typer.Context, story: StoryFlag = None, swap: SwapFlag = None, as_json: JsonFlag = False) -> None:
    """Show the cast of a story and the personas that could play in it. Import and export character cards.

    Example: dreamplay cast --swap sam=nurse
    """
    if context.invoked_subcommand:
        if story or swap or as_json:
            raise UsageError(f"put the options of cast {context.invoked_subcommand} after that word")
        return
    from dreamplay import casting, settings
    from dreamplay.library import resources

    reference = settings.load(story=story).story
    played = casting.load_story(reference)
    members = casting.cast(played, pairs(swap))
    here = resources.files(Path())
    rows = [{"role": role, "name": p.name, "who": members.fill(p.who)} for role, p in members.personas.items()]
    if as_json:
        echo(dumps({"cast": rows, "personas": resources.names("personas"), "files": here}))
        return
    echo(f"{played.title}\n")
    for row in rows:
        echo(f"  {row['role']:10} {row['name']}: {row['who']}")
    echo(f"\nPersonas for --swap: {', '.join(resources.names('personas'))}")
    if here:
        echo(f"In this folder: {', '.join(here)}")


@casting_app.command("import")
def import_(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="A character card: PNG or JSON, version 1, 2 or 3.")],
    out: Annotated[
        Path | None, typer.Option(help="The persona file. Default: named after the character, with .yaml.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of the character. Default: the one on the card.")] = None,
    user: Annotated[
        str | None, typer.Option(help="The name to put in place of {{user}}. Default: 'the visitor'.")
    ] = None,
    ask_model: Annotated[bool, typer.Option("--ask-model", help="Let a model write what the card lacks.")] = False,
    model: ModelFlag = None,
    base_url: UrlFlag = None,
) -> None:
    """Make a persona file from a character card. Missing fields get defaults for you to edit, or a model writes them.

    Example: dreamplay cast import card.png --out sam2.yaml
    """
    import asyncio

    from dreamplay import card_io, casting
    from dreamplay.cards import completion

    if (model or base_url) and not ask_model:
        raise UsageError("--model and --base-url choose the model to ask; add --ask-model")
    seen = casting.portrayed(card, name=name, user=user)
    path = card_io.file_for(seen.persona, ".yaml", out)
    if ask_model:
        seen = asyncio.run(completion.ask_named(model, base_url, seen))
    for line in card_io.adopt(seen, card, path):
        say(line)


@casting_app.command("export")
def export(
    reference: Annotated[
        str, typer.Argument(metavar="PERSONA", help="A role of the story, a shipped persona, or a file.")
    ],
    card: Annotated[CardVersion, typer.Option(help="Version of the card format.")] = CardVersion.v3,
    png: Annotated[Path | None, typer.Option("--png", help="A PNG portrait to write the card into.")] = None,
    out: Annotated[Path | None, typer.Option(help="The card file. Default: named after the character.")] = None,
    with_secrets: Annotated[bool, typer.Option("--with-secrets", help="Include the private sheet.")] = False,
    story: StoryFlag = None,
) -> None:
    """Write a persona as a character card, for other applications. The private sheet is left out by default.

    Example: dreamplay cast export leo --card v2 --png portrait.png
    """
    from dreamplay import card_io, settings

    path, persona, members = card_io.member(reference, settings.load(story=story).story)
    target = card_io.file_for(persona, ".png" if png else ".json", out)
    data, lines = card_io.card(path, persona, members, card.value, portrait=png, secrets=with_secrets)
    card_io.save({target: data})
    for line in (f"{target}: {persona.name}, as a card ({card.value})", *lines):
        say(line)


def check(
    references: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Stories, personas, by file or shipped name, and character cards."),
    ],
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Play the story on the scripted model and check that no prompt leaks a secret."),
    ] = False,
    swap: SwapFlag = None,
) -> None:
    """Check whether a story, a persona or a card is valid. If it is not, say what is wrong and where; if it is, what
    would make it better.

    Of several files each is checked, and the exit code is that of the worst.

    Examples:

      dreamplay check my_leo.yaml night.yaml

      dreamplay check mindsync --secrets --swap leo=leo_believer
    """
    swaps, worst = pairs(swap), 0
    for reference in references:
        try:
            _check(reference, swaps, secrets=secrets)
        except OutputError:
            raise
        except DreamplayError as error:
            misuse.say_failed(error)
            worst = max(worst, error.exit_code)
    raise typer.Exit(worst)


def _check(reference: str, swaps: dict[str, str], *, secrets: bool) -> None:
    from dreamplay import casting
    from dreamplay.analysis import advice
    from dreamplay.library import resources, yaml_document, yaml_loader
    from dreamplay.schema.story import Story

    file = resources.any_file(reference)
    if casting.is_card(file):
        seen = casting.portrayed(file)
        echo(f"{reference}: a valid card of {seen.persona.name}")
        for note in seen.notes:
            say(f"{reference}: {note}")
        return
    value = yaml_loader.read_either(file)
    if not isinstance(value, Story) and (secrets or swaps):
        raise UsageError(f"{reference} is a persona; --secrets and --swap are for a story")
    if isinstance(value, Story):
        members = casting.cast(value, swaps)
        counts = len(members.roles), len(value.beats), sum(scene.turns.max for _, scene in value.scenes)
        told = (f"{n} {what}{'s' * (n != 1)}" for n, what in zip(counts, ("role", "beat", "turn"), strict=True))
        echo(f"{reference}: a valid story of {', '.join(told)}")
    else:
        hidden = "" if value.private else "; it has no private sheet, and brings no fear into a dream"
        later = f"; its moves are checked with a story: dreamplay check STORY --swap ROLE={reference}"
        echo(f"{reference}: a valid persona{hidden}{later if value.moves else ''}")
    if secrets:
        import asyncio

        from dreamplay.analysis import leak_scan
        from dreamplay.engine import run_config

        scan = asyncio.run(leak_scan.check(run_config.make_run_config(str(file), swaps, seed=0)))
        echo(f"no prompt tells a secret: {scan.prompts} prompts scanned for {scan.marks} marks")
    found = advice.of_story(value, members) if isinstance(value, Story) else advice.of_persona(value)
    node = yaml_document.read(file)
    for each in found:
        lines = [str(node.line_of(at)) for at in each.also]
        are = "is line" if len(lines) == 1 else "are lines"
        rest = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
        also = f" (so {are} {', '.join(lines[:_LINES])}{rest})" if lines else ""
        say(f"{reference}:{node.line_of(each.at)}: {each.text}{also}")
