"""The shortcut of a completion: by aiohttp itself, past the layers of the client library above it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2
from aiohttp import ClientSession, ClientTimeout
from multidict import CIMultiDict, CIMultiDictProxy
from openai._vendor.httpx_aiohttp.transport import AiohttpResponseStream, AiohttpTransport, map_aiohttp_exceptions


@dataclass
class PlainResponse:
    """What is used of a response of httpx2, for one that went well and comes whole and not packed."""

    request: httpx2.Request
    headers: CIMultiDictProxy[str]
    stream: httpx2.AsyncByteStream

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self.stream.aclose()


class Shortcut:
    """Sends completions by the session of a client that goes by aiohttp, without a proxy and without a login. The
    library would copy every header several times, and pass an answer on through as many generators.

    Args:
        request: a completion without its content.
        client: the client of the library's client.
    """

    def __init__(self, request: httpx2.Request, client: httpx2.AsyncClient) -> None:
        transport = client._transport_for_url(request.url)
        assert isinstance(transport, AiohttpTransport)
        self._request, self._transport, self._url = request, transport, str(request.url)
        own = ("host", request.url.netloc.decode())  # aiohttp's own; what a user has set stays
        self._headers = CIMultiDict(pair for pair in request.headers.multi_items() if pair != own)
        limits = request.extensions["timeout"]
        self._timeout = ClientTimeout(connect=limits["pool"], sock_connect=limits["connect"], sock_read=limits["read"])

    async def send(self, content: bytes) -> httpx2.Response | PlainResponse:
        """Send a completion. The response is yet to be read.

        Raises:
            httpx2.RequestError: there is none.
        """
        if not isinstance(self._transport.client, ClientSession):
            self._transport.client = self._transport.get_client()
        with map_aiohttp_exceptions():
            found = await self._transport.client.request(
                "POST", self._url, headers=self._headers, data=content, timeout=self._timeout,
                allow_redirects=False, auto_decompress=False,
            )  # fmt: skip
        stream, headers = AiohttpResponseStream(found), found.headers
        packed = "content-encoding" in headers or "event-stream" in headers.get("content-type", "")
        if found.status == 200 and not packed and "set-cookie" not in headers:
            return PlainResponse(self._request, headers, stream)
        return httpx2.Response(found.status, headers=found.raw_headers, stream=stream, request=self._request)
