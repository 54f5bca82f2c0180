"""The client library's client, which makes the address and the headers of a completion only once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
from openai import AsyncOpenAI

if TYPE_CHECKING:
    from openai._models import FinalRequestOptions

COMPLETIONS = "/chat/completions"


class CompletionsClient(AsyncOpenAI):
    """All completions have the same address and headers, and to make those takes the library 40% of its work for a
    call. Requests are the same as its own, and whatever else is asked for is asked as ever."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._first: httpx2.Request | None = None
        """The first completion that was asked for, as the library makes it."""

    @property
    def user_agent(self) -> str:
        """Whom the endpoint is told of: the library, which would give the name of this class."""
        return super().user_agent.replace(type(self).__name__, AsyncOpenAI.__name__)

    def _build_request(self, options: FinalRequestOptions, *, retries_taken: int = 0) -> httpx2.Request:
        if options.url != COMPLETIONS:
            return super()._build_request(options, retries_taken=retries_taken)
        if self._first is None:
            self._first = super()._build_request(options, retries_taken=retries_taken)
            for name in ("content-length", "cookie"):  # of this one alone
                self._first.headers.pop(name, None)
        content = json.dumps(options.json_data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        first = self._first
        return self._client.build_request(first.method, first.url, headers=first.headers, content=content)
