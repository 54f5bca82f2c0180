"""The server of the page: it takes a free port on this machine, opens the browser, and serves until Ctrl-C."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import secrets
import socket
import webbrowser
from collections.abc import Callable

from dreamplay.errors import UsageError
from dreamplay.storage.store import Store
from dreamplay.web.app import make_app

PORT = 8145
"""The port that is tried first, so that bookmarks and the browser's history keep working."""

OBJECTS = 2_000
"""New objects between two runs of the garbage collector."""


def serve(
    home: Store, *, host: str = "127.0.0.1", port: int | None = None, path: str = "/", browser: bool = True,
    token: str | None = None, say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the page until Ctrl-C.

    Args:
        home: the store of the runs.
        host: the address to listen on. Any but this machine's own needs a token.
        port: the port; None: `PORT`, or a free one if that is taken.
        path: the page to begin with.
        browser: whether to open a browser.
        token: what an address has to carry; "new" draws one.
        say: tells the user the address.

    Raises:
        UsageError: the address cannot be listened on, or would be open to other machines without a token.
    """
    import uvicorn

    from dreamplay.web.http_server import HttpServer

    if not _own(host) and token is None:
        raise UsageError(f"`host={host}`: other machines could play, spend and read here; add `token`")
    secret = secrets.token_urlsafe(24) if token == "new" else token  # noqa: S105
    listening = _listen(host, port)
    number = listening.getsockname()[1]
    called = f"[{host}]" if ":" in host else host
    names = {called, "localhost"} if _own(host) else ()
    ends = (f":{number}", "") if number == 80 else (f":{number}",)  # browsers leave out a port of 80
    app = make_app(home, frozenset(name + end for name in names for end in ends), secret)
    address = f"http://{called}:{number}{path}" + (f"?token={secret}" if secret else "")
    say(f"open at {address} (Ctrl-C closes it)")
    if browser:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(address)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of every tab that is closed while much is told
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    # A play that is over leaves cycles behind: as rare as suits a command that ends, they would be collected too late.
    gc.freeze()
    gc.set_threshold(OBJECTS, 10, 5)
    with listening:
        HttpServer(config, app.state.streams).run(sockets=[listening])


def _own(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens."""
    why = ""
    for number in (port,) if port is not None else (PORT, 0):
        try:
            return socket.create_server((host, number), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            why = str(error.strerror or error).partition(" (")[0]
    where, other = (host, "`host`") if port is None else (f"{host}, port {port}", "`port`")
    raise UsageError(f"cannot listen on {where}: {why}; choose another {other}")
