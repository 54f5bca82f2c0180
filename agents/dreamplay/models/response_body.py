"""The body of a response, with a size limit and a check of how it ends."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx2
from openai import AsyncStream

from dreamplay.models.endpoint_errors import EndlessError

if TYPE_CHECKING:
    from openai._streaming import ServerSentEvent

LARGEST = 32_000_000
"""Bytes of an answer at most. A long reply with all its thoughts, and 300 bytes around each token, takes a third."""
_DONE = re.compile(rb"(?:\A|[\r\n])data:\s*\[DONE\]")
_TAIL = 32
"""Maximum size of the end mark in bytes."""


class Events(AsyncStream[object]):
    """The events of an answer but for those without data, which keep a connection open; the client takes each of them
    for broken JSON.
    """

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        async for event in super()._iter_events():
            if event.data.strip():
                yield event


class Body(httpx2.AsyncByteStream):
    """A body that passes on the bytes of another one. `done` tells whether the mark for the end of a stream was among
    them.
    """

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body
        self.done = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes.

        Raises:
            EndlessError: there were too many of them.
        """
        size, tail = 0, b""
        async for piece in self._body:
            size += len(piece)
            if size > LARGEST:
                raise EndlessError(f"{LARGEST:,} bytes in one answer")
            self.done = self.done or bool(_DONE.search(tail + piece))
            tail = (tail + piece)[-_TAIL:]
            yield piece

    async def aclose(self) -> None:
        """Close the other one."""
        await self._body.aclose()
