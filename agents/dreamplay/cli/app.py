"""The commands. Heavy modules are imported by the commands that need them, so that `--help` is fast."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from dreamplay.cli import misuse
from dreamplay.cli.commands import author, branch, cards, copy, extend, page, play, read, study
from dreamplay.cli.wording import Wording
from dreamplay.errors import ClosedPipeError, DreamplayError
from dreamplay.rendering.output import echo, installed, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Play a story with a cast of LLM agents.\n\nStart with: dreamplay run",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        echo(f"dreamplay {version('dreamplay')}")
        raise typer.Exit


@app.callback()
def _whole(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


for command in (
    play.run, play.resume, play.runs, read.show, read.why, read.knows, read.threads,
    read.score, read.compare,
    branch.whatif, branch.tree, cards.check, author.schema, play.models,
    extend.export, copy.copy, extend.plugins,
):  # fmt: skip
    app.command()(command)
app.command("open")(page.open_page)
app.add_typer(cards.casting_app, name="cast")
app.add_typer(author.new_app, name="new")
app.add_typer(study.study_app, name="study")


class _Said(logging.Handler):
    """Prints notices about a run on stderr, such as that an endpoint is busy or rejects a parameter."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record on stderr, in one line."""
        say(" ".join(record.getMessage().splitlines()))


def run() -> None:
    """Run the command that was typed. What is wrong with it, and a `DreamplayError`, become one line on stderr and an
    exit code."""
    logging.getLogger("dreamplay").addHandler(_Said())
    with installed(Wording(app)):
        try:
            sys.exit(app(standalone_mode=False))
        except TyperException as error:
            if misuse.is_help(error):
                echo(error.format_message())
            else:
                say(misuse.told(error, get_command(app), sys.argv[1:]))
            sys.exit(error.exit_code)
        except DreamplayError as error:
            if not isinstance(error, ClosedPipeError):
                misuse.say_failed(error)
            sys.exit(error.exit_code)
        except Exception:  # printed here, while the output filter is in place: it may quote untrusted text
            traceback.print_exc()
            say("this is a bug in dreamplay; please report it")
            sys.exit(1)
