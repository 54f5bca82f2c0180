"""The client for every OpenAI-compatible endpoint, including the embedded one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import endpoint_errors, json_schema, profile_learning, proxy
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.endpoint_errors import UNREADABLE, CutError, EndlessError, worth_retrying
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.rate_limit import RateLimit
from dreamplay.models.response_parser import received
from dreamplay.models.retry import Patience, polite_wait
from dreamplay.models.tokens import tokens
from dreamplay.models.waiting import Waits
from dreamplay.schema.address import Address
from dreamplay.schema.api_key import hide

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from tenacity import AsyncRetrying

AMBIENT = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS")
"""Environment variables that the client library sends as headers to any address by default."""
_UNASKED = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
"""What the client library tells of this machine by default, in headers X-Stainless-*: nobody has asked for it, and
making them is an eighth of the work for a request."""
_TLS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""Variables that name files for TLS."""
PATIENCE = 180.0
"""Seconds without data before a call is given up, and maximum seconds to wait for a busy endpoint."""
_SOON = 12.0
"""Seconds in which an endpoint that can be called says something; a connection takes 10 at most."""
_LONGEST_NAME = 200
"""Maximum number of characters of a model's name."""
_SLOWEST = 4
"""The time limit of a whole reply, as a multiple of the limit without data."""
_log = logging.getLogger(__name__)

_UNREPEATED = {"dry_multiplier": 1.0, "dry_allowed_length": 3, "dry_penalty_last_n": 8192}
"""llama.cpp's DRY sampler: what would continue a run of tokens that stands in the prompt becomes unlikely."""

_UNADAPTED = {"lora": [{"id": 0, "scale": 0.0}]}
"""The adapter that llama.cpp was started with, switched off."""


@dataclass
class Endpoint:
    """An OpenAI-compatible endpoint. It retries only errors that another attempt may avoid."""

    name: str
    client: AsyncOpenAI
    where: str
    """Its name in error messages: an address, or "the embedded engine"."""
    profile: ModelProfile = field(default_factory=ModelProfile)
    """What the endpoint accepts and how it is called, including what was learnt since it was opened."""
    slot: int | None = None
    """Of the slots of a llama.cpp server, the one whose prompt cache it uses. None: the server chooses."""
    streams: bool = True
    """Whether replies are streamed. Whole replies cost less if nobody watches."""
    patience: float = PATIENCE
    wait: Callable[[Exception, int], float] = polite_wait
    """Seconds between two attempts."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secrets that no message may show, including messages of the endpoint."""
    key_advice: str = endpoint_errors.KEY_ADVICE
    """What to do if the key is refused."""
    limit: RateLimit | None = None
    """On requests, those that are made again included, and on tokens."""
    _closed_until: float = field(default=0.0, init=False, repr=False)
    """Time of the monotonic clock, in seconds, from which calls may be made again after one was told to wait."""
    _said_busy: bool = field(default=False, init=False, repr=False)
    _opened: ModelProfile = field(init=False, repr=False)
    """The profile before anything was learnt."""

    def __post_init__(self) -> None:
        self._opened = self.profile

    @cached_property
    def _completions(self) -> str:
        """Where completions are asked for. Given the whole address, the client does not put it together each time."""
        return f"{self.client.base_url}chat/completions"

    def open(self, profile: ModelProfile) -> None:
        """Use another profile from now on."""
        self.profile = self._opened = profile

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`."""
        import openai

        failed: Exception | None = None
        try:
            try:
                return await self._try(prompt, seed, on_token)
            except Exception as error:
                if not worth_retrying(error):
                    raise
                failed = error
            # Only here, since it leaves objects that refer to each other, and most calls do not fail.
            async for attempt in self._retrying():
                with attempt:
                    if failed:
                        first, failed = failed, None
                        raise first
                    if on_token:
                        on_token("")
                    return await self._try(prompt, seed, on_token)
        except (openai.APIError, CutError, EndlessError, *UNREADABLE) as error:
            raise ModelError(await self.explain(error)) from error
        raise AssertionError("tenacity ends with a reply or an exception")

    async def _try(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        await self._let_through(prompt)
        with Waits.current().answering():
            reply = await self._ask(prompt, seed, on_token)
        self._said_busy = False
        if self.limit:
            self.limit.count(reply.usage.output)
        return reply

    def _retrying(self) -> AsyncRetrying:
        """What makes a call again; its first attempt is the one that has failed."""
        from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

        patience = Patience(self.patience)

        def failure(state: RetryCallState) -> Exception:
            error = state.outcome.exception() if state.outcome else None
            assert isinstance(error, Exception)
            return error

        return AsyncRetrying(
            sleep=Waits.current().wait,
            wait=lambda state: self._wait(failure(state), state.attempt_number, patience),
            stop=lambda state: patience.ends(failure(state), state.attempt_number),
            retry=retry_if_exception(worth_retrying),
            reraise=True,
        )

    async def warm_cache(self, prompt: Prompt) -> None:
        """Process a prompt in advance if that is free; see `Model.warm_cache`."""
        if self.profile.shared_prefix_cache:
            with contextlib.suppress(ModelError):  # the next call that needs a reply reports it
                await self.complete(prompt, seed=0)

    def _wait(self, error: Exception, tries: int, patience: Patience) -> float:
        """Seconds that a call waits; while the endpoint is busy, all the others wait with it."""
        seconds = self.wait(error, tries)
        if endpoint_errors.busy(error):
            patience.waited += seconds
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
            if not self._said_busy:
                self._said_busy = True
                why = "limits the rate" if endpoint_errors.status(error) == 429 else "is not ready"
                _log.warning("%s %s; waiting for it, %d s at most (`timeout`)", self.where, why, self.patience)
        return seconds

    async def _let_through(self, prompt: Prompt) -> None:
        if (left := self._closed_until - time.monotonic()) > 0:
            await Waits.current().wait(left)
        if self.limit:
            await self.limit.turn(tokens(prompt.system) + tokens(prompt.script) + tokens(prompt.tail))

    async def close(self) -> None:
        """Close the client; see `Model.close`."""
        await self.client.close()

    async def _ask(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        """Call the endpoint, and call it again without a field as long as it refuses an optional one."""
        import openai

        while True:
            known = self.profile
            request = self._request(prompt, seed)
            try:
                return await self._send(request, prompt, on_token)
            except openai.APIError as error:
                renamed = known.output_limit != self._opened.output_limit
                learnt = profile_learning.learn(known, request, error, renamed=renamed)
                if learnt is None:
                    raise
                if self.profile == known:  # else another call has learnt it meanwhile
                    self.profile = learnt
                    news = profile_learning.news(known, learnt)
                    _log.warning("%s does not take all that is asked; from here on: %s", self.where, news)

    async def _send(self, request: dict[str, Any], prompt: Prompt, on_token: OnToken | None) -> Reply:
        import httpx2
        import openai

        start = time.monotonic()
        prefill = prompt.prefill if self.profile.prefill else ""
        try:
            async with asyncio.timeout(_SLOWEST * self.patience):
                # A response is asked for as it comes: the client's own stream is made only of what comes in pieces.
                response: Any = await self.client.post(
                    self._completions, body=request, cast_to=httpx2.Response, stream=True, stream_cls=openai.AsyncStream
                )
                reply = await received(response, self.client, prefill, on_token, tokens=prompt.max_tokens)
        except TimeoutError as error:
            raise EndlessError(f"it was still coming after {_SLOWEST * self.patience:g} s") from error
        return replace(reply, usage=reply.usage.model_copy(update={"seconds": round(time.monotonic() - start, 3)}))

    def _request(self, prompt: Prompt, seed: int) -> dict[str, Any]:
        can = self.profile
        messages = self._messages(prompt)
        request: dict[str, Any] = {"model": self.name, "messages": messages}
        if can.dialect == "llamacpp":
            known = {"cache_prompt": True, "id_slot": self.slot, "min_p": can.min_p}
            request |= {name: value for name, value in known.items() if value is not None}
            request |= _UNREPEATED if prompt.penalize_repetition else {}
            request |= _UNADAPTED if can.adapted is not None and prompt.kind not in can.adapted else {}
        if can.seed:
            request["seed"] = seed
        if can.output_limit != "none":
            request[can.output_limit] = self._room(prompt, messages)
        if can.temperature_control and (temperature := self._temperature(prompt)) is not None:
            request["temperature"] = temperature
        if can.stop and prompt.stop:
            request["stop"] = prompt.stop
        if can.stream and self.streams:
            request |= {"stream": True} | ({"stream_options": {"include_usage": True}} if can.stream_usage else {})
        if can.multiple_candidates and can.candidates > 1 and prompt.kind in ("line", "dream", "epilogue"):
            request["n"] = can.candidates
        if prompt.json_schema and can.structured_output == "json_schema":
            # llama.cpp makes a grammar of it, which holds an answer to all that a schema says.
            schema = prompt.json_schema if can.dialect == "llamacpp" else json_schema.plain(prompt.json_schema)
            shape = {"name": prompt.kind, "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif prompt.json_schema and can.structured_output == "json_object":
            request["response_format"] = {"type": "json_object"}
        return request

    def _temperature(self, prompt: Prompt) -> float | None:
        asked, most = self.profile.temperature, self.profile.json_temperature
        if prompt.kind == "dream" and self.profile.dream_temperature is not None:
            return self.profile.dream_temperature
        if prompt.json_schema is None or most is None:
            return asked
        return most if asked is None else min(asked, most)

    def _messages(self, prompt: Prompt) -> list[dict[str, str]]:
        """The messages in a form that the endpoint accepts; what it does not support is expressed in words."""
        can = self.profile
        system, user, *begun = prompt.messages(prefill=can.prefill)
        if prompt.json_schema and can.structured_output != "json_schema":
            user = user | {"content": f"{user['content']}\n{json_schema.in_words(prompt.json_schema)}"}
        if can.system_role:
            return [system, user, *begun]
        return [user | {"content": f"{system['content']}\n\n{user['content']}"}, *begun]

    def _room(self, prompt: Prompt, messages: list[dict[str, str]]) -> int:
        """The limit of output tokens: those of the reply and of reasoning, as far as the context window allows."""
        can = self.profile
        left = int(can.context_window - sum(tokens(each["content"]) for each in messages))
        room = max(prompt.max_tokens, min(prompt.max_tokens + can.thinking_tokens, left))
        return min(room, can.max_output_tokens or room)

    async def explain(self, error: Exception) -> str:
        """One line for what went wrong; see `failures.explain`."""
        holds = self.profile.context_window
        if holds < self._opened.context_window and endpoint_errors.status(error) in (400, 413, 422, 500):
            return f"{self.where} holds {holds} tokens, and a prompt was larger; set `window={holds}`"
        return await endpoint_errors.explain(
            error, where=self.where, model=self.name, offered=self.models,
            secrets=self.secrets, key_advice=self.key_advice,
        )  # fmt: skip

    async def reach(self) -> None:
        """See whether it can be called at all. What else may be wrong, only a call can tell.

        Raises:
            ModelError: nobody answers at the address, or the key is refused.
        """
        import openai

        try:
            async with asyncio.timeout(_SOON):
                await self.models()
        except (openai.APIConnectionError, openai.AuthenticationError) as error:
            raise ModelError(await self.explain(error)) from error
        except (openai.APIError, TimeoutError, *UNREADABLE):
            pass  # not all say which models they have, and one that is loading may say nothing yet

    async def models(self) -> list[str]:
        """The models that the endpoint says it has, at most ten. What cannot be a name, or holds a secret, is none: a
        name stands in messages, in commands and in every transcript.

        Raises:
            openai.APIError: it cannot be asked.
        """
        page = await self.client.models.list()
        return [model.id for model in page.data if _is_name(model.id) and hide(model.id, self.secrets) == model.id][:10]


def open_endpoint(
    address: Address | str, api_key: str, *, timeout: float, many: bool = False, ambient: bool = False
) -> AsyncOpenAI:
    """The client. Its own retries are off: they would multiply with ours. For many calls at once it goes by aiohttp:
    the usual pool looks at all of its connections for each call. It follows no redirect: whoever is asked does not
    decide where a prompt goes.

    Args:
        address: where the API is; user, password and query in it are sent as well.
        api_key: sent unless the address has a user.
        timeout: seconds without a word before a call is given up.
        many: whether many calls are made at once.
        ambient: whether the headers that the environment holds for this client are sent; see `AMBIENT`.

    Raises:
        ValueError: it is no address.
        SettingsError: the proxy, a header or the certificates that the environment names cannot be used.
    """
    address = address if isinstance(address, Address) else Address.parse(address)
    via = proxy.chosen(address)
    try:
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient, Timeout

        # Certificates take longer to load than all the rest, and plain HTTP has no use for them. Of the variables,
        # aiohttp reads one as it is imported.
        tls = httpx2.create_ssl_context(verify=bool(via) or address.url.startswith("https:"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(f"the certificates cannot be loaded ({why}); correct or unset {_tls_variables()}") from None
    patience = Timeout(timeout, connect=min(10.0, timeout))
    kind = DefaultAioHttpClient if many and not (via and via.socks) else DefaultAsyncHttpxClient
    http_client = kind(
        auth=address.login, follow_redirects=False, timeout=patience, proxy=via.url if via else None,
        trust_env=False, verify=tls,
    )  # fmt: skip
    return AsyncOpenAI(
        base_url=address.url, api_key=api_key, max_retries=0, timeout=patience, http_client=http_client,
        default_query=dict(address.query), default_headers=_headers(api_key, ambient=ambient),
    )  # fmt: skip


def _tls_variables() -> str:
    return ", ".join(name for name in _TLS if os.environ.get(name)) or " or ".join(_TLS)


def _is_name(given: object) -> bool:
    return isinstance(given, str) and bool(given.strip()) and given.isprintable() and len(given) <= _LONGEST_NAME


def _headers(api_key: str, *, ambient: bool) -> dict[str, Any]:
    """The key, and what else the client would take from the environment: left out, or seen to be fit to be sent."""
    from openai import Omit

    held = {name: os.environ.get(name, "") for name in AMBIENT}
    own: dict[str, Any] = {f"X-Stainless-{name}": Omit() for name in _UNASKED}
    own |= {"Authorization": f"Bearer {api_key}"}  # given here, it is not replaced by one of the environment's
    if not ambient:
        custom = [line.partition(":")[0].strip() for line in held["OPENAI_CUSTOM_HEADERS"].split("\n")]
        return dict.fromkeys([*filter(None, custom), "OpenAI-Organization", "OpenAI-Project"], Omit()) | own
    for name, text in held.items():
        if not re.fullmatch(r"[ -~\n]*" if name == "OPENAI_CUSTOM_HEADERS" else r"[ -~]*", text):
            raise SettingsError(f"{name} has a character in it that no header can carry; correct it, or unset it")
    return own
