"""The client library's client, which makes the address and the headers of a completion only once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx2
from openai import APIConnectionError, APITimeoutError, AsyncOpenAI
from pydantic_core import to_json

from dreamplay.models.response_body import broken

if TYPE_CHECKING:
    from openai._models import FinalRequestOptions

    from dreamplay.models.shortcut import PlainResponse, Shortcut

COMPLETIONS = "/chat/completions"


class CompletionsClient(AsyncOpenAI):
    """All completions have the same address and headers. To make those anew, and to copy and check what is sent, takes
    the library more than half of its work for a call. Requests and errors are the same as its own, and whatever else is
    asked for is asked as ever.

    Args:
        shortcut: whether completions go by aiohttp itself; see `Shortcut`.
        options: those of the library.
    """

    def __init__(self, *, shortcut: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._shorter = shortcut
        self._first: httpx2.Request | None = None
        """A completion without its content, as the library asks for it."""
        self._shortcut: Shortcut | None = None

    @property
    def user_agent(self) -> str:
        """Whom the endpoint is told of: the library, which would give the name of this class."""
        return super().user_agent.replace(type(self).__name__, AsyncOpenAI.__name__)

    async def ask(self, body: Mapping[str, Any]) -> httpx2.Response | PlainResponse:
        """Ask for a completion. The response is yet to be read.

        Raises:
            openai.APIError: there is none, or it has the status of an error.
        """
        if self._first is None:
            from openai._models import FinalRequestOptions

            self._build_request(FinalRequestOptions(method="post", url=COMPLETIONS, json_data={}))
        first = self._first
        assert first
        try:
            response = await self._sent(first, to_json(body))
            if isinstance(response, httpx2.Response) and not response.is_success:
                await response.aread()
        except httpx2.TimeoutException as error:
            raise APITimeoutError(first) from error
        except broken() as error:
            raise APIConnectionError(request=first) from error
        if isinstance(response, httpx2.Response) and not response.is_success:
            raise self._make_status_error_from_response(response)
        return response

    async def _sent(self, first: httpx2.Request, content: bytes) -> httpx2.Response | PlainResponse:
        if self._shortcut and not self._client.cookies:
            response = await self._shortcut.send(content)
            if isinstance(response, httpx2.Response):
                self._client.cookies.extract_cookies(response)
            return response
        request = httpx2.Request(
            first.method, first.url, headers=first.headers, content=content, cookies=self._client.cookies,
            extensions=first.extensions,
        )  # fmt: skip
        return await self._client.send(request, stream=True)

    def _build_request(self, options: FinalRequestOptions, *, retries_taken: int = 0) -> httpx2.Request:
        request = super()._build_request(options, retries_taken=retries_taken)
        if options.url == COMPLETIONS:
            self._first = httpx2.Request(
                request.method, request.url, headers=request.headers, extensions=request.extensions
            )
            self._first.headers.pop("content-length", None)  # of this one alone
            if "cookie" not in self._build_headers(options):  # else it is the user's own, and not the endpoint's
                self._first.headers.pop("cookie", None)
            if self._shorter:
                with contextlib.suppress(ImportError):  # it takes a part of the library that may move
                    from dreamplay.models.shortcut import Shortcut  # for many calls alone, since it imports aiohttp

                    self._shortcut = Shortcut(self._first, self._client)
        return request
