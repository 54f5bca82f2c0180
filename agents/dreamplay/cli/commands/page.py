"""The command that opens the page: open."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from dreamplay.errors import RecordError
from dreamplay.rendering.output import say
from dreamplay.runs import HOME


def open_page(
    reference: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Begin with this run, by its name in transcripts/.")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Listen on this address. Any other needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Default: 8145, or a free one.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Let in only those whose address has a token.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
) -> None:
    """Open the page in the browser: play, watch, step in, branch and compare.

    Examples:

      dreamplay open

      dreamplay open mindsync-20450101-220000-7
    """
    from dreamplay.web import server

    path = f"/runs/{quote(_name(reference), safe='')}" if reference else "/"
    server.serve(
        HOME, host=host, port=port, path=path, browser=not no_browser, token="new" if token else None, say=say,
    )  # fmt: skip


def _name(reference: str) -> str:
    """The name of a run by which the page knows it.

    Raises:
        RecordError: there is no such run, or it lies elsewhere.
    """
    from dreamplay.runs import run_index

    found = run_index.find(reference, HOME)
    folder = found if found.is_dir() else found.parent
    if folder.absolute().parent != HOME.absolute():
        raise RecordError(f"{reference} is not in {HOME}; the page shows what is there")
    return folder.name
