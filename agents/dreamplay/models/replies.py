"""Replies as an endpoint sends them, piece by piece or whole, put together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from dreamplay.event import Usage
from dreamplay.models.failures import CutError
from dreamplay.models.model import OnToken, Reply


async def streamed(stream: Any, opener: str, on_token: OnToken | None) -> Reply:
    """A reply that comes piece by piece; those of the first candidate are passed on.

    Args:
        stream: the client's.
        opener: what was put in the model's mouth.
        on_token: takes the pieces.

    Raises:
        CutError: it ended before it was whole.
        ValueError, TypeError, AttributeError, LookupError: it is no chat completion.
    """
    usage = Usage(calls=1)
    coming: dict[int, _Coming] = {}
    async with stream:
        async for chunk in _checked(stream):
            usage = _count(chunk, usage)
            for choice in chunk.choices:
                reply = coming.setdefault(choice.index, _Coming(opener))
                reply.finish = choice.finish_reason or reply.finish
                piece = reply.take(choice.delta.content or "")
                if piece and on_token and choice.index == 0:
                    on_token(piece)
    return _together(coming, usage)


def whole(answered: Any, opener: str) -> Reply:
    """A reply that came at once, as JSON; see `streamed`."""
    coming = {}
    for choice in answered["choices"]:
        coming[choice["index"]] = reply = _Coming(opener)
        reply.take(choice["message"]["content"] or "")
        reply.finish = choice["finish_reason"]
    spent = answered.get("usage") or {}
    cached = (spent.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    counts = {
        "prompt": spent.get("prompt_tokens", 0),
        "cached": cached,
        "output": spent.get("completion_tokens", 0),
    }
    return _together(coming, Usage.model_validate({"calls": 1, **counts}))


class _Coming:
    """A reply piece by piece, its opener included once: some engines repeat what was put in the model's mouth,
    and some do not.
    """

    def __init__(self, opener: str) -> None:
        self._opener, self._held, self.text = opener, "", ""
        self.finish: str | None = None

    def take(self, piece: str) -> str:
        """What is new in the reply with this piece."""
        new = piece
        if self._opener:
            self._held += piece
            if not self._held or (self._opener != self._held and self._opener.startswith(self._held)):
                return ""
            new = self._held if self._held.startswith(self._opener) else self._opener + self._held
            self._opener = ""
        self.text += new
        return new


def _together(coming: dict[int, _Coming], usage: Usage) -> Reply:
    """The first candidate, the others with it."""
    candidates = [candidate for _, candidate in sorted(coming.items())]
    if not candidates or any(candidate.finish is None for candidate in candidates):
        raise CutError
    first, *others = [Reply(each.text, each.finish == "stop", Usage()) for each in candidates]
    return replace(first, usage=usage, others=tuple(others))


async def _checked(stream: Any) -> AsyncIterator[Any]:
    """The chunks of a stream, up to where a cut or garbled one ends it."""
    import openai

    empty = True
    try:
        async for chunk in stream:
            empty = False
            yield chunk
    except (json.JSONDecodeError, openai.APIConnectionError) as error:
        if isinstance(error, openai.APITimeoutError):
            raise
        raise CutError from error
    if empty:
        raise ValueError("a reply without a single event")


def _count(chunk: Any, usage: Usage) -> Usage:
    """Take over the token counts of a chunk, if it has any. llama.cpp's own timings also know the cache."""
    if timings := getattr(chunk, "timings", None):
        read, cached = int(timings["prompt_n"]), int(timings["cache_n"])
        return usage.model_copy(update={
            "prompt": read + cached, "cached": cached, "output": int(timings["predicted_n"])
        })  # fmt: skip
    if chunk.usage is None:
        return usage
    details = chunk.usage.prompt_tokens_details
    return usage.model_copy(update={
        "prompt": chunk.usage.prompt_tokens,
        "cached": (details.cached_tokens if details else None) or usage.cached,
        "output": chunk.usage.completion_tokens,
    })  # fmt: skip
