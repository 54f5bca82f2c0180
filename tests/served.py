"""The page for tests: a server in a thread of this process, and a model that speaks when it is told to.

`python served.py HOME PORT ANSWERS` is the same in a process of its own, which can be killed: the model answers so many
times, and then never again.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from dreamplay import event_loop
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.web.app import make_app
from dreamplay.web.http_server import HttpServer

HOST = "127.0.0.1:8145"
"""Of the page in tests without a server."""
PAGES = [
    "/", "/bin", "/runs/{name}", "/runs/{name}?view=author", "/runs/{name}/line/12", "/runs/{name}/line/12?view=author",
    "/runs/{name}/line/12/branch", "/runs/{name}/knows", "/runs/{name}/knows?view=author",
    "/runs/{name}/read", "/compare?base={name}", "/compare?base={name}&other={name}", "/new", "/runs/{name}/model",
]  # fmt: skip
"""An address for each route that shows something; {name} is a run that was played to its end."""
PARTS = [
    "/reading", "/runs/{name}/stands", "/runs/{name}/step-in", "/runs/{name}/export/csv", "/compare/figures.css",
    "/new/story?story=mindsync", "/new/role?story=mindsync&role=leo", "/new/models", "/play.css",
]  # fmt: skip
"""Those that are only ever a part of a page, or a file."""
QUIET = ["/bin", "/reading", "/runs/{name}/stands"]
"""Those that show no word of the run."""
STREAMS = ["/runs/{name}/events"]
"""Those that never end."""


@contextmanager
def page(home: Path) -> Iterator[str]:
    """Serve the runs of a folder, and say at which address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server, address = _server(home, listening)
        thread = threading.Thread(target=server.run, args=([listening],), name="page")
        thread.start()
        try:
            until(lambda: server.started)
            yield address
        finally:
            server.should_exit = True
            thread.join()


def _server(home: Path, listening: socket.socket) -> tuple[uvicorn.Server, str]:
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    app = make_app(home, frozenset({host}))
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    return HttpServer(config, app.state.streams), f"http://{host}"


def until(holds: Any, seconds: float = 60.0) -> Any:
    """Wait for something that another thread brings about, and return it."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)
    return found


class Pace:
    """Lets the scripted model answer as many times as it is told, so that a test is never ahead of a play."""

    def __init__(self) -> None:
        self._left = 0
        self._more = asyncio.Event()

    def let(self, answers: int = 1_000_000) -> None:
        """Let so many more answers through."""

        def more() -> None:
            self._left += answers
            self._more.set()

        event_loop.call(more)

    async def wait(self) -> None:
        """Wait to be let through."""
        while not self._left:
            self._more.clear()
            await self._more.wait()
        self._left -= 1


@contextmanager
def paced() -> Iterator[Pace]:
    """Have the scripted model wait for a pace before each answer."""
    pace, complete = Pace(), ScriptedModel.complete

    async def answer(
        self: ScriptedModel, prompt: Prompt, *, seed: int, on_token: OnToken | None = None
    ) -> Reply:  # fmt: skip
        await pace.wait()
        return await complete(self, prompt, seed=seed, on_token=on_token)

    ScriptedModel.complete = answer  # type: ignore[method-assign]
    try:
        yield pace
    finally:
        pace.let()
        ScriptedModel.complete = complete  # type: ignore[method-assign]


def main(home: str, port: str, answers: str) -> None:
    """Serve until the process is killed, and say when it listens."""
    with paced() as pace, socket.create_server(("127.0.0.1", int(port))) as listening:
        pace.let(int(answers))
        server, address = _server(Path(home), listening)
        print(address, flush=True)
        server.run([listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
