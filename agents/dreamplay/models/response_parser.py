"""Assembles the replies of an endpoint, streamed or whole.

Endpoints send different fields. Missing fields count as empty; only a response without any reply is an error.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dreamplay.models.base import OnToken, Reply
from dreamplay.models.endpoint_errors import CutError
from dreamplay.models.thinking import ThinkingSplitter
from dreamplay.schema.base import mended
from dreamplay.schema.provenance import Usage

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

    from dreamplay.models.shortcut import PlainResponse


_SPOKEN = 4_000
"""Characters of a reply at least that are taken in, as many as a person may type."""
_A_TOKEN = 16
"""Characters of a token at most: of those that were asked for, no honest reply has more."""
_BROKEN = ("error", "network_error")
"""Finish reasons that mean an error."""
_CUT = ("length", "max", "limit", "filter", "safety", "abort", "cancel")
"""What stands in a reason to finish, however it is spelt, where the reply is not whole."""
_THOUGHT = ("reasoning_content", "reasoning", "thinking")
"""Fields in which endpoints send a model's reasoning separately from its reply."""


async def received(
    response: httpx2.Response | PlainResponse, client: AsyncOpenAI, prefill: str, on_token: OnToken | None, *,
    tokens: int, heard: Callable[[], None], since: float,
) -> Reply:  # fmt: skip
    """The reply that an answer holds, whether it comes piece by piece or whole. What the first candidate says is passed
    on as it comes.

    Args:
        response: the answer, of which nothing was read yet. It is closed at the end.
        client: what asked for it.
        prefill: what was put in the model's mouth.
        on_token: takes the pieces.
        tokens: how many a reply was to have at most. Far beyond that nothing more is taken in.
        heard: called from when something was said, whenever more comes.
        since: when it was asked for, in seconds of the monotonic clock.

    Raises:
        CutError: it ended before it was whole.
        EndlessError: it is too large.
        openai.APIError: it holds an error in place of a reply.
        ValueError, TypeError, AttributeError, LookupError, RecursionError: it is no chat completion.
    """
    from dreamplay.models.response_body import Body, objects

    spent = _Spent()
    coming: dict[int, _Coming] = {}
    most = max(_SPOKEN, _A_TOKEN * tokens)
    async with contextlib.aclosing(response):
        body = response.stream = Body(response.stream)  # type: ignore[arg-type]
        async for data in objects(response, client):
            spent.count(data)
            for place, choice in enumerate(filter(None, data.get("choices") or ())):
                index = choice["index"] if isinstance(choice.get("index"), int) else place
                reply = coming.setdefault(index, _Coming(prefill, most))
                reply.finish = _reason(choice) or reply.finish
                whole = {} if reply.heard else choice.get("message")  # some repeat it all at the end
                _pass_on(reply.take(choice.get("delta") or whole or {}), index, on_token)
            if any(reply.heard for reply in coming.values()):
                heard()
            if coming and all(reply.too_long for reply in coming.values()):
                break
        for index, reply in coming.items():
            _pass_on(reply.end(), index, on_token)
    ended = body.done or spent.prompt + spent.output > 0  # the tokens are counted last
    return _together(coming, spent.usage(since), ended=ended)


@dataclass
class _Spent:
    """The tokens of a call, as far as its answer has counted them."""

    prompt: int = 0
    cached: int = 0
    output: int = 0

    def count(self, data: Mapping[str, Any]) -> None:
        """Take over the counts of an object, if it has any. llama.cpp's own timings also know the cache."""
        spent, timings = data.get("usage") or {}, data.get("timings") or {}
        if "cache_n" in timings:
            self.cached = _number(timings["cache_n"])
            self.prompt = _number(timings.get("prompt_n")) + self.cached
            self.output = _number(timings.get("predicted_n"))
        elif spent:
            details = spent.get("prompt_tokens_details") or {}
            self.prompt = _number(spent.get("prompt_tokens")) or self.prompt
            self.cached = min(_number(details.get("cached_tokens")) or self.cached, self.prompt)
            self.output = _number(spent.get("completion_tokens")) or self.output

    def usage(self, since: float) -> Usage:
        """What the call cost."""
        seconds = round(time.monotonic() - since, 3)
        return Usage(calls=1, prompt=self.prompt, cached=self.cached, output=self.output, seconds=seconds)


class _Coming:
    """A reply piece by piece, its prefill included once: some engines repeat what was put in the model's mouth,
    and some do not.
    """

    def __init__(self, prefill: str, most: int) -> None:
        self._prefill = self._pending = prefill
        self._most = most
        self._held = self._half = ""
        self._parts = ThinkingSplitter()
        self._beside: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self.finish: str | None = None
        self.heard = False
        """Whether anything was said."""

    @property
    def too_long(self) -> bool:
        """Whether nothing more is taken in."""
        return self._size > self._most

    def take(self, message: Mapping[str, Any]) -> list[str]:
        """What is new with a piece; an empty text where all that came before is void."""
        new, thought = _parted(message.get("content"))
        beside = next((message[key] for key in _THOUGHT if isinstance(message.get(key), str)), "")
        self._beside += [mended(words) for words in (thought, beside) if words]
        self.heard = self.heard or bool(new)
        if not new or self.too_long:
            return []
        said = self._half + new
        self._half = said[-1] if "\ud800" <= said[-1] <= "\udbff" else ""  # the other half may follow
        return self._begun(self._parts.take(mended(said[: len(said) - len(self._half)])))

    def end(self) -> list[str]:
        """What was held back."""
        half, self._half = mended(self._half), ""
        return self._begun([*self._parts.take(half), *self._parts.end()])

    def reply(self, *, ended: bool) -> Reply:
        """All of it. `ended` tells whether a reply that gives no reason is whole."""
        text = "".join(self._text)
        finished = ended if self.finish is None else not any(word in self.finish for word in _CUT)
        thought = "".join([*self._beside, self._parts.thought]).strip()
        return Reply(text[: self._most], finished and not self.too_long, Usage(), thought=thought)

    def _begun(self, pieces: Iterable[str]) -> list[str]:
        """The pieces with the prefill in front, once it is clear whether the engine repeats it."""
        new: list[str] = []
        for piece in pieces:
            if not piece:  # what came before was thought
                self._text, self._size = [], 0
                self._pending, self._held = self._prefill, ""
                new.append(piece)
            elif whole := self._opened(piece):
                self._text.append(whole)
                self._size += len(whole)
                new.append(whole)
        return new

    def _opened(self, piece: str) -> str:
        if not self._pending:
            return piece
        self._held += piece
        if self._pending != self._held and self._pending.startswith(self._held):
            return ""
        prefill, self._pending = self._pending, ""
        return self._held if self._held.startswith(prefill) else prefill + self._held


def _pass_on(pieces: Iterable[str], index: int, on_token: OnToken | None) -> None:
    if on_token and index == 0:
        for piece in pieces:
            on_token(piece)


def _parted(content: Any) -> tuple[str, str]:
    """What is said and what is thought in the content of a message: a text, one part or a list of them, or an answer in
    JSON that was read on the way.
    """
    if isinstance(content, dict):
        content = [content] if isinstance(content.get("text"), str) else json.dumps(content, ensure_ascii=False)
    if content is None or isinstance(content, str):
        return content or "", ""
    said, thought = "", ""
    for part in content:
        if isinstance(part, str):
            said += part
        elif isinstance(part.get("text"), str) and part.get("type") not in ("thinking", "reasoning"):
            said += part["text"]
        else:
            inner = part.get("thinking") or part.get("reasoning") or part.get("text") or ""
            thought += inner if isinstance(inner, str) else _parted(inner)[0]
    return said, thought


def _reason(choice: Mapping[str, Any]) -> str | None:
    """Why a reply ends, in lower case; None if it does not yet, or no reason is given.

    Raises:
        CutError: since it was broken off.
    """
    reason = str(choice.get("finish_reason") or "").lower()
    if reason in _BROKEN:
        raise CutError
    return reason or None


def _together(coming: dict[int, _Coming], usage: Usage, *, ended: bool) -> Reply:
    """The first candidate, the others with it."""
    candidates = [candidate for _, candidate in sorted(coming.items())]
    if not candidates or not all(ended or each.finish or each.too_long for each in candidates):
        raise CutError
    first, *others = [each.reply(ended=ended) for each in candidates]
    return Reply(first.text, first.finished, usage, tuple(others), first.thought)


def _number(count: Any) -> int:
    """A number of tokens; whatever is none counts as nothing."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return max(0, int(count))
    return 0
