"""The command line. Only typer is imported at the top: `--help` has no need of a graph or a client."""

from __future__ import annotations

import gc
import logging
import sys
import traceback

import typer

from dreamplay.cli.commands import author, branch, cards, play, read
from dreamplay.cli.play_session import INTERRUPTED
from dreamplay.cli.wording import Wording
from dreamplay.errors import ClosedPipeError, DreamplayError
from dreamplay.rendering.output import installed, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Play a story with a cast of LLM agents.\n\nStart with: dreamplay run",
)
for command in (
    play.run, play.resume, play.runs, read.show, read.why, read.knows, read.score, read.compare,
    branch.whatif, branch.tree, cards.check, author.schema, play.models,
):  # fmt: skip
    app.command()(command)
app.add_typer(cards.casting_app, name="cast")
app.add_typer(author.new_app, name="new")

OBJECTS = 200_000
"""New ones, before Python looks among them for garbage."""


class _Said(logging.Handler):
    """Says what a run has to tell beside the story: that an endpoint is waited for, or takes less than was asked."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it on stderr, in one line."""
        say(" ".join(record.getMessage().splitlines()))


def main() -> None:
    """Run the command line; an error of ours is one line on stderr and an exit code."""
    logging.getLogger("dreamplay").addHandler(_Said())
    # Imports make a great many objects and no garbage: looking for it at the usual pace delays the first line.
    gc.set_threshold(OBJECTS)
    with installed(Wording(app)):
        try:
            app()
        except DreamplayError as error:
            if not isinstance(error, ClosedPipeError):
                say(" ".join(str(error).splitlines()))  # a line of a stranger's would pass for one of ours
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except Exception:  # printed here, while the filter is in place: it may quote what a stranger wrote
            traceback.print_exc()
            say("this is a bug in dreamplay; please report it")
            sys.exit(1)
