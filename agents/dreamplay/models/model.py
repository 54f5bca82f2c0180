"""The Model protocol, and the one client that speaks to every OpenAI-compatible endpoint, the embedded one too."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from dreamplay.errors import ModelError
from dreamplay.prompting import WINDOW, Prompt
from dreamplay.script import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OnToken = Callable[[str], None]
"""Takes the reply piece by piece. Whoever asks again passes an empty piece first: what came before is void."""

TRIES = 4
"""Calls before an endpoint that fails in a way worth retrying is given up."""
LONGEST_WAIT = 60.0
"""Seconds waited between two tries at most, whatever the endpoint asks for."""

_COOL = 0.3
"""Temperature at most of an answer in JSON by a local engine: a small model's choice then follows its reason. Of 16
stances with this, 15 were what the character believes in; with 0.8, 10 of 12.
"""
_UNREPEATED = {"dry_multiplier": 1.0, "dry_allowed_length": 3, "dry_penalty_last_n": 8192}
"""llama.cpp's DRY sampler: what would continue a run of tokens that stands in the prompt becomes unlikely."""


@dataclass(frozen=True)
class Reply:
    """What a model answered, from the prompt's opener on if the engine was given one.

    `finished` is false when it was cut off at the token limit.
    """

    text: str
    finished: bool
    usage: Usage
    others: tuple[Reply, ...] = ()
    """Further candidates of the same call; their usage is part of this one's."""


class Model(Protocol):
    """Answers one prompt at a time; safe to call concurrently."""

    name: str
    tries: int
    """Calls that the editor may make for a line before the turn passes in silence."""
    rolls: int
    """Of these, the calls with the same prompt before the model is told what was wrong: an engine that still has the
    prompt reads next to nothing for them."""
    sheets: bool
    """Whether there is room for the private sheet in the tail of a line."""
    window: int
    """Tokens, prompt and reply together, that it has room for."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt, passing on the tokens as they come.

        Raises:
            ModelError: it gave up; one line that says what to do.
        """

    async def close(self) -> None:
        """Let go of connections. Nothing is asked of it after that."""


class CutError(Exception):
    """A stream ended before the endpoint said that the reply was whole."""


@dataclass
class Endpoint:
    """An OpenAI-compatible endpoint. Retries what is worth retrying, and nothing else."""

    name: str
    client: AsyncOpenAI
    where: str
    """How error messages call it: an address, or «the embedded engine»."""
    sampling: dict[str, Any] = field(default_factory=dict)
    """Request fields of the API itself, such as temperature."""
    engine: dict[str, Any] = field(default_factory=dict)
    """Request fields that only llama.cpp knows; hosted endpoints refuse them."""
    streams: bool = True
    """Whether replies come piece by piece. Where nobody watches them whole ones cost less."""
    prefill: bool = False
    """Whether the engine continues a reply that was begun for it."""
    sheets: bool = True
    window: int = WINDOW
    tries: int = 3
    rolls: int = 1
    candidates: int = 1
    """Candidates for a line in one call: an engine that shares the prompt among them gives more for little."""
    limit: str = "max_tokens"
    """What the endpoint calls the limit of output tokens."""
    headroom: int = 0
    """Output tokens allowed beyond what the prompt asks for, since some models think before they speak."""
    wait: Callable[[RetryCallState], float] = field(default_factory=lambda: _polite_wait)
    _closed_until: float = field(default=0.0, init=False, repr=False)
    """When, by the monotonic clock, calls may go out again after one of them was told to wait."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`."""
        import openai

        retrying = AsyncRetrying(
            stop=stop_after_attempt(TRIES), wait=self._wait, retry=retry_if_exception(_worth_retrying), reraise=True
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await self._let_through()
                    return await self._ask(prompt, seed, on_token)
        except openai.APIError as error:
            raise ModelError(await self.explain(error)) from error
        except CutError as error:
            raise ModelError(
                f"{self.where} cut the reply off {TRIES} times; is it overloaded? Try again later"
            ) from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise ModelError(
                f"{self.where} sent something that is no chat completion ({_short(error)}); is it an OpenAI-compatible "
                "API? Its address usually ends in /v1"
            ) from error
        raise AssertionError("tenacity ends with a reply or an exception")

    def _wait(self, state: RetryCallState) -> float:
        """Seconds that a call waits; where the rate is limited, all the others wait with it."""
        import openai

        seconds = self.wait(state)
        if state.outcome and isinstance(state.outcome.exception(), openai.RateLimitError):
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
        return seconds

    async def _let_through(self) -> None:
        if (left := self._closed_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def close(self) -> None:
        """Close the client; see `Model.close`."""
        await self.client.close()

    async def _ask(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        start = time.monotonic()
        request: dict[str, Any] = {
            "model": self.name,
            "messages": prompt.messages(prefill=self.prefill),
            "seed": seed,
            self.limit: prompt.max_tokens + self.headroom,
            **self.sampling,
        }
        if self.streams:
            request |= {"stream": True, "stream_options": {"include_usage": True}}
        if prompt.shape:
            shape = {"name": prompt.kind, "strict": True, "schema": prompt.shape}
            request["response_format"] = {"type": "json_schema", "json_schema": shape}
        if self.candidates > 1 and prompt.kind in ("line", "dream", "epilogue"):
            request["n"] = self.candidates
        if self.engine:
            stop = {"stop": prompt.stop} if prompt.stop else {}
            request["extra_body"] = self.engine | stop | (_UNREPEATED if prompt.fresh else {})
            if prompt.shape:
                request["temperature"] = min(_COOL, self.sampling.get("temperature", _COOL))
        if self.streams:
            stream = await self.client.chat.completions.create(**request)
            replies, usage = await self._heard(stream, prompt, on_token)
        else:
            # The client's own values would cost more than all the rest of a call.
            body = request.pop("extra_body", {}) | request
            answered = await self.client.post("/chat/completions", body=body, cast_to=object)
            replies, usage = self._read(answered, prompt)
        whole = [reply for _, reply in sorted(replies.items())]
        if not whole or any(reply.finish is None for reply in whole):
            raise CutError
        usage = usage.model_copy(update={"seconds": round(time.monotonic() - start, 3)})
        first, *others = [Reply(reply.text, reply.finish == "stop", Usage()) for reply in whole]
        return replace(first, usage=usage, others=tuple(others))

    async def _heard(self, stream: Any, prompt: Prompt, on_token: OnToken | None) -> tuple[dict[int, _Whole], Usage]:
        """Replies that come piece by piece."""
        usage = Usage(calls=1)
        replies: dict[int, _Whole] = {}
        async with stream:
            async for chunk in _checked(stream):
                usage = _count(chunk, usage)
                for choice in chunk.choices:
                    reply = replies.setdefault(choice.index, _Whole(prompt.opener if self.prefill else ""))
                    reply.finish = choice.finish_reason or reply.finish
                    piece = reply.take(choice.delta.content or "")
                    if piece and on_token and choice.index == 0:
                        on_token(piece)
        return replies, usage

    def _read(self, answered: Any, prompt: Prompt) -> tuple[dict[int, _Whole], Usage]:
        """Replies that come whole, as JSON."""
        replies = {}
        for choice in answered["choices"]:
            replies[choice["index"]] = reply = _Whole(prompt.opener if self.prefill else "")
            reply.take(choice["message"]["content"] or "")
            reply.finish = choice["finish_reason"]
        spent = answered.get("usage") or {}
        cached = (spent.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        counts = {
            "prompt": spent.get("prompt_tokens", 0),
            "cached": cached,
            "output": spent.get("completion_tokens", 0),
        }
        return replies, Usage.model_validate({"calls": 1, **counts})

    async def explain(self, error: Exception) -> str:
        """One line for an error of the client: what is wrong, and the next step."""
        import openai

        match error:
            case openai.APITimeoutError():
                return f"{self.where} did not answer in time; is it overloaded? Raise --timeout or try again later"
            case openai.APIConnectionError():
                return (
                    f"cannot reach {self.where} ({_short(error.__cause__ or error)}); is it running? Check --base-url"
                )
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                return f"{self.where} refuses the key ({error.status_code}); set OPENAI_API_KEY to one that it accepts"
            case openai.NotFoundError():
                return f"{self.where} has no model {self.name!r} (404){await self._offer()}; choose one with --model"
            case openai.RateLimitError() if error.code == "insufficient_quota":
                return f"{self.where} says that the quota is used up; add credit, or choose another --model"
            case openai.RateLimitError():
                return f"{self.where} still limits the rate after {TRIES} tries (429); wait, then try again"
            case openai.APIStatusError() if error.status_code >= 500:
                return f"{self.where} answers {error.status_code}: {_short(error)}; try again later"
            case openai.APIStatusError():
                return f"{self.where} answers {error.status_code}: {_short(error)}; choose another --model"
        return f"{self.where} failed: {_short(error)}"

    async def _offer(self) -> str:
        import openai

        try:
            return f"; it offers {', '.join(await self.models())}"
        except (openai.APIError, ValueError, TypeError, AttributeError):
            return ""

    async def models(self) -> list[str]:
        """The models that the endpoint says it has, at most ten.

        Raises:
            openai.APIError: it cannot be asked.
        """
        page = await self.client.models.list()
        return [model.id for model in page.data][:10]


def open_endpoint(base_url: str | None, api_key: str, *, timeout: float, many: bool = False) -> AsyncOpenAI:
    """The client. Its own retries are off: they would multiply with ours. For many calls at once it goes by aiohttp:
    the usual pool looks at all of its connections for each call.
    """
    from openai import AsyncOpenAI, DefaultAioHttpClient, Timeout

    patience = Timeout(timeout, connect=min(10.0, timeout))
    client = DefaultAioHttpClient(timeout=patience) if many else None
    return AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=patience, http_client=client)


class _Whole:
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


def _worth_retrying(error: BaseException) -> bool:
    """Whether the same request may succeed later. A wrong key or a wrong request never does."""
    import openai

    if isinstance(error, openai.RateLimitError):
        return error.code != "insufficient_quota"
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 409) or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | CutError)


def _polite_wait(state: RetryCallState) -> float:
    """Seconds to wait: what the endpoint asks for in retry-after, else exponential with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(getattr(error, "response", None), "headers", {}).get("retry-after", "")
    if asked.replace(".", "", 1).isdigit():
        return min(float(asked), LONGEST_WAIT)
    return float(wait_random_exponential(multiplier=0.5, max=20)(state))


def _short(error: object) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
