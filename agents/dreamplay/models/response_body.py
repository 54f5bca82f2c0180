"""The body of a response: its size limit, how it ends, and the objects in it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from dreamplay.models.endpoint_errors import CutError, EndlessError, said

if TYPE_CHECKING:
    from openai._streaming import ServerSentEvent

    from dreamplay.models.shortcut import PlainResponse

LARGEST = 32_000_000
"""Bytes of an answer at most. A long reply with all its thoughts, and 300 bytes around each token, takes a third."""
_DONE = re.compile(rb"(?:\A|[\r\n])data:\s*\[DONE\]")
_TAIL = 32
"""Maximum size of the end mark in bytes."""


class Events(openai.AsyncStream[object]):
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


async def objects(
    response: httpx2.Response | PlainResponse, client: openai.AsyncOpenAI
) -> AsyncIterator[dict[str, Any]]:
    """The objects of an answer, up to where a cut or garbled one ends it. One that was to come piece by piece and did
    not is a single object.
    """
    empty = True
    try:
        if isinstance(response, httpx2.Response) and "event-stream" in response.headers.get("content-type", ""):
            streamed = response
        else:
            body = await _read(response)
            if _is_json(body) or b"data:" not in body:  # else it came piece by piece, and only does not say so
                yield _sound(_object(body), response)
                return
            streamed = httpx2.Response(200, content=body, request=response.request)
        async for data in Events(cast_to=object, response=streamed, client=client):
            empty = False
            if isinstance(data, dict):
                yield _sound(data, response)
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(response.request) from error
    except openai.APITimeoutError:
        raise
    except (json.JSONDecodeError, openai.APIConnectionError) as error:
        raise CutError from error
    except broken() as error:
        raise CutError from error
    if empty:
        raise CutError


def broken() -> tuple[type[Exception], ...]:
    """What is raised where a connection breaks, or an answer is no HTTP. What aiohttp raises of the latter, the
    library passes on as it is. Where calls do not go by aiohttp it is not loaded, and raises nothing."""
    aiohttp = sys.modules.get("aiohttp")
    return (httpx2.RequestError, aiohttp.ClientError) if aiohttp else (httpx2.RequestError,)


async def _read(response: httpx2.Response | PlainResponse) -> bytes:
    """The whole of an answer. What is not packed needs none of the client's layers, which cost more than all else here.

    Raises:
        CutError: nothing came.
    """
    packed = "content-encoding" in response.headers
    body = await response.aread() if packed else b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
    if not body.strip():
        raise CutError
    return body


def _is_json(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _object(body: bytes) -> dict[str, Any]:
    """The object of an answer that came whole.

    Raises:
        ValueError: it is none.
    """
    if not _is_json(body):
        raise ValueError("no JSON")
    data = json.loads(body)
    data = data[0] if isinstance(data, list) and data else data
    if not isinstance(data, dict) or not {"choices", "error", "object"} & set(data):
        raise ValueError(said(data) or "no choices")
    return data


def _sound(data: dict[str, Any], response: httpx2.Response | PlainResponse) -> dict[str, Any]:
    """One object of an answer, if it does not state an error in place of a reply.

    Raises:
        openai.APIError: it does.
    """
    if error := data.get("error") or (data if data.get("object") == "error" else None):
        message = error.get("message") if isinstance(error, dict) else error
        raise openai.APIError(str(message or "an error"), response.request, body=error)
    return data
