"""Commands for what goes into a play: the cast, character cards, and whether a file is valid."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dreamplay.cli.options import JsonFlag, ModelFlag, StoryFlag, SwapFlag, UrlFlag, pairs
from dreamplay.errors import UsageError
from dreamplay.rendering.output import dumps, echo, say


class CardVersion(StrEnum):
    """Versions of the character card that are written."""

    v2 = "v2"
    v3 = "v3"


casting_app = typer.Typer(rich_markup_mode=None)


@casting_app.callback(invoke_without_command=True)
def cast(context: typer.Context, story: StoryFlag = None, swap: SwapFlag = None, as_json: JsonFlag = False) -> None:
    """Show who plays in a story, and who could. Bring characters in and out as cards.

    Example: dreamplay cast --swap sam=nurse
    """
    if context.invoked_subcommand:
        if story or swap or as_json:
            raise UsageError(f"give the options of cast {context.invoked_subcommand} after that word")
        return
    from dreamplay import casting, settings
    from dreamplay.library import resources

    reference = settings.load(story=story).story
    played = casting.load_story(reference)
    members = casting.cast(played, reference, pairs(swap))
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

    from dreamplay import casting
    from dreamplay.cards import card_io, completion

    if (model or base_url) and not ask_model:
        raise UsageError("--model and --base-url say which model is asked; add --ask-model")
    seen = casting.portrayed(card, name=name, user=user)
    path = card_io.file_for(seen.persona, ".yaml", out)
    if ask_model:
        seen = asyncio.run(completion.ask_named(model, base_url, seen))
    for line in card_io.adopt(seen, card, path):
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
    from dreamplay import settings
    from dreamplay.cards import card_io

    path, persona, members = card_io.member(reference, settings.load(story=story).story)
    target = card_io.file_for(persona, ".png" if png else ".json", out)
    data, lines = card_io.card(path, persona, members, card.value, portrait=png, secrets=with_secrets)
    card_io.save({target: data})
    for line in (f"{target}: {persona.name}, as a card ({card.value})", *lines):
        say(line)


def check(
    reference: Annotated[
        str, typer.Argument(metavar="FILE", help="A persona or a story (YAML, or a shipped name), or a card.")
    ],
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Play the story on the fake, and see that no prompt tells a secret.")
    ] = False,
    swap: SwapFlag = None,
) -> None:
    """Say whether a persona, a story or a card is valid. If it is not, say what is wrong, and where.

    Examples:

      dreamplay check my_leo.yaml

      dreamplay check mindsync --secrets --swap leo=leo_believer
    """
    from dreamplay import casting
    from dreamplay.library import resources, yaml_loader
    from dreamplay.schema.story import Story

    file, swaps = resources.any_file(reference), pairs(swap)
    if casting.is_card(file):
        seen = casting.portrayed(file)
        echo(f"{reference}: a valid card of {seen.persona.name}")
        for note in seen.notes:
            say(f"{reference}: {note}")
        return
    value = yaml_loader.read_either(file)
    if not isinstance(value, Story) and (secrets or swap):
        raise UsageError(f"{reference} is a persona; --secrets and --swap are for a story")
    if isinstance(value, Story):
        members = casting.cast(value, str(file), swaps)
        counts = len(members.roles), len(value.beats), sum(scene.turns.max for _, scene in value.scenes)
        told = (f"{n} {what}{'s' * (n != 1)}" for n, what in zip(counts, ("role", "beat", "turn"), strict=True))
        echo(f"{reference}: a valid story of {', '.join(told)}")
    else:
        hidden = "" if value.private else "; it has no private sheet, and brings no fear into a dream"
        echo(f"{reference}: a valid persona{hidden}")
    if secrets:
        import asyncio

        from dreamplay.analysis import leak_scan
        from dreamplay.engine import run_config

        found = asyncio.run(leak_scan.check(run_config.make_run_config(str(file), swaps, seed=0)))
        echo(f"no prompt tells a secret: {found.prompts} prompts scanned for {found.marks} marks")
