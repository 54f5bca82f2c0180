"""The command that opens the page: open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from dreamplay.cli.options import StoreFlag
from dreamplay.errors import RecordError
from dreamplay.rendering.output import say

if TYPE_CHECKING:
    from dreamplay.storage.store import Store


def open_page(
    reference: Annotated[str | None, typer.Argument(metavar="RUN", help="The name of a run to begin with.")] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="The address to listen on. Any but the default needs --token."),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The port to listen on. Default: 8145, or a free one."),
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Print an address with a token, and let nobody in without it.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
    store: StoreFlag = None,
) -> None:
    """Open the page: play, watch, step in, branch, compare.

    Examples:

      dreamplay open

      dreamplay open mindsync-20450101-220000-7
    """
    from dreamplay.runs import home
    from dreamplay.web import server

    kept = home.opened(store)
    path = f"/runs/{quote(_name(reference, kept), safe='')}" if reference else "/"
    server.serve(
        kept, host=host, port=port, path=path, browser=not no_browser, token="new" if token else None, say=say,
    )  # fmt: skip


def _name(reference: str, store: Store) -> str:
    """The name of a run by which the page knows it.

    Raises:
        RecordError: there is no such run, or it lies elsewhere.
    """
    from dreamplay.runs import run_index

    place = run_index.find(reference, store)
    if not store.holds(place):
        raise RecordError(f"{reference} is not in {store}; the page shows what is there")
    return place.name
