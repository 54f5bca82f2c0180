"""The client library's client, with a shorter way to ask for a completion."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import anyio
import httpx2
from openai import APIConnectionError, APITimeoutError, AsyncOpenAI

_LOST = (httpx2.RequestError, ssl.SSLError, anyio.EndOfStream)
"""What the library takes for a lost connection."""


class Client(AsyncOpenAI):
    """The address and the headers of a completion are made once: making them is half of the library's work for a call,
    and stays the same. Everything else is asked for as ever.
    """

    async def complete(self, body: Mapping[str, Any]) -> httpx2.Response:
        """Ask for a completion. The response is there as soon as it begins; the caller closes it.

        Raises:
            openai.APIError: nobody answers, or what is answered is an error.
        """
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = httpx2.Request(
            "POST", self._completions, headers=self._asking, content=content, cookies=self._client.cookies
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TimeoutException as error:
            raise APITimeoutError(request) from error
        except _LOST as error:
            raise APIConnectionError(request=request) from error
        if response.is_success:
            return response
        async with contextlib.aclosing(response):
            await response.aread()
        raise self._make_status_error_from_response(response)

    @cached_property
    def _completions(self) -> httpx2.URL:
        """Where completions are asked for, with what stands in the query of the address."""
        query = {name: str(value) for name, value in self.default_query.items()}
        return httpx2.URL(f"{self.base_url}chat/completions", params=query or None)

    @cached_property
    def _asking(self) -> httpx2.Headers:
        """Those of the library but for what was left out, and of the connection what the library does not name."""
        own = httpx2.Headers({"Authorization": f"Bearer {self.api_key}"})
        for name, value in self.default_headers.items():
            if isinstance(value, str):
                own[name] = value
            else:
                own.pop(name, None)
        return self._client.headers | own
