"""The command that copies runs between stores: copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dreamplay.cli.options import JsonFlag, StoreFlag
from dreamplay.errors import RecordError
from dreamplay.rendering.output import dumps, echo, say

if TYPE_CHECKING:
    from dreamplay.copying import Copied

_WORDS = {"copied": "copied", "extended": "the rest was added", "there": "was there already"}


def copy(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="Names of runs, or their folders. Default: all.")
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="WHERE", help="Where to copy them: a folder, or postgresql://...")
    ] = "",
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy runs into another store: a folder, or a database.

    Transcripts are the same byte for byte. Prompts and what was noted come along. What is already there is not copied
    again, and the runs stay where they are.

    Examples:

      dreamplay copy --to postgresql://localhost/plays

      dreamplay copy mindsync-20450101-220000-7 --store postgresql://localhost/plays --to transcripts
    """
    from dreamplay.copying import copy_runs
    from dreamplay.errors import UsageError

    if not to:
        raise UsageError("add --to WHERE, a folder or an address, into which the runs are copied")

    def watch(each: Copied) -> None:
        if not as_json:
            say(f"{each.name}: {_WORDS.get(each.state, each.why)}")

    done = copy_runs(tuple(references) if references else None, to=to, store=store, watch=watch)
    if as_json:
        echo(dumps([each.model_dump() for each in done]))
    elif not done:
        say("there are no runs to copy")
    if failed := [each for each in done if each.state == "failed"]:
        raise RecordError(f"{len(failed)} of {len(done)} runs were not copied; the reason stands with each")
