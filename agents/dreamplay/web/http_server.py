"""The server of the page, which ends its streams before it closes: nobody waits for a tab that only listens."""

from __future__ import annotations

import socket
from collections.abc import Collection

import uvicorn

from dreamplay.web.sse import EventStream


class HttpServer(uvicorn.Server):
    """A server.

    Args:
        config: what it serves, and how.
        open_streams: the streams that it has open.
    """

    def __init__(self, config: uvicorn.Config, open_streams: Collection[EventStream]) -> None:
        super().__init__(config)
        self._streams = open_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close it."""
        for stream in tuple(self._streams):
            stream.end()
        await super().shutdown(sockets)
