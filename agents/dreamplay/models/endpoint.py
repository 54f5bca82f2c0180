"""A model at an OpenAI-compatible endpoint, the embedded one included: calls, and calls that are made again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dreamplay.errors import ModelError
from dreamplay.models import endpoint_errors, profile_learning
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.endpoint_errors import UNREADABLE, CutError, EndlessError, worth_retrying
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.rate_limit import RateLimit
from dreamplay.models.request_body import request_body
from dreamplay.models.response_parser import received
from dreamplay.models.retry import Patience, polite_wait
from dreamplay.models.tokens import tokens
from dreamplay.models.waiting import Answer, Waits
from dreamplay.schema.api_key import hide

if TYPE_CHECKING:
    from tenacity import AsyncRetrying

    from dreamplay.models.completions_client import CompletionsClient

PATIENCE = 180.0
"""Seconds without data before a call is given up, and maximum seconds to wait for a busy endpoint."""
_SOON = 12.0
"""Seconds in which an endpoint that can be called says something; a connection takes 10 at most."""
_LONGEST_NAME = 200
"""Maximum number of characters of a model's name."""
_SLOWEST = 4
"""The time limit of a whole reply, as a multiple of the limit without data."""
_log = logging.getLogger(__name__)


@dataclass
class Endpoint:
    """An OpenAI-compatible endpoint. It retries only errors that another attempt may avoid."""

    name: str
    client: CompletionsClient
    where: str
    """Its name in error messages: an address, or "the embedded engine"."""
    profile: ModelProfile = field(default_factory=ModelProfile)
    """What the endpoint accepts and how it is called, including what was learnt since it was opened."""
    slot: int | None = None
    """Of the slots of a llama.cpp server, the one whose prompt cache it uses. None: the server chooses."""
    second_slot: int | None = None
    """The one for what its first adapter does not answer, if it has two: with another one, or with none, a slot has to
    read its prompt again. None: the same."""
    streams: bool = True
    """Whether replies are streamed. Whole replies cost less if nobody watches."""
    patience: float = PATIENCE
    wait: Callable[[Exception, int], float] = polite_wait
    """Seconds between two attempts."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secrets that no message may show, including messages of the endpoint."""
    key_advice: str = endpoint_errors.KEY_ADVICE
    """What to do if the key is refused."""
    reach_advice: str = endpoint_errors.REACH_ADVICE
    """What to do if nobody answers."""
    limit: RateLimit | None = None
    """On requests, those that are made again included, and on tokens."""
    _closed_until: float = field(default=0.0, init=False, repr=False)
    """Time of the monotonic clock, in seconds, from which calls may be made again after one was told to wait."""
    _said_busy: bool = field(default=False, init=False, repr=False)
    _opened: ModelProfile = field(init=False, repr=False)
    """The profile before anything was learnt."""

    def __post_init__(self) -> None:
        self._opened = self.profile

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
        if self.client.is_closed():
            raise ModelError(f"{self.where} was closed; open it again, and go on")
        async with Waits.current().answering() as answer:
            reply = await self._ask(prompt, seed, on_token, answer)
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

    async def _ask(self, prompt: Prompt, seed: int, on_token: OnToken | None, answer: Answer) -> Reply:
        """Call the endpoint, and call it again without a field as long as it refuses an optional one."""
        import openai

        while True:
            known = self.profile
            first = self.second_slot is None or known.adapter_for(prompt.kind) == 0
            slot = self.slot if first else self.second_slot
            request = request_body(prompt, seed, known, model=self.name, slot=slot, streams=self.streams)
            try:
                return await self._send(request, prompt, on_token, answer)
            except openai.APIError as error:
                renamed = known.output_limit != self._opened.output_limit
                learnt = profile_learning.learn(known, request, error, renamed=renamed)
                if learnt is None:
                    raise
                if self.profile == known:  # else another call has learnt it meanwhile
                    self.profile = learnt
                    news = profile_learning.news(known, learnt)
                    _log.warning("%s does not take all that is asked; from here on: %s", self.where, news)

    async def _send(self, request: dict[str, Any], prompt: Prompt, on_token: OnToken | None, answer: Answer) -> Reply:
        start = time.monotonic()
        prefill = prompt.prefill if self.profile.prefill else ""
        try:
            async with asyncio.timeout(_SLOWEST * self.patience):
                response = await self.client.ask(request)
                return await received(
                    response, self.client, prefill, on_token, tokens=prompt.max_tokens, heard=answer.heard, since=start
                )
        except TimeoutError as error:
            raise EndlessError(f"it was still coming after {_SLOWEST * self.patience:g} s") from error

    async def explain(self, error: Exception) -> str:
        """One line for what went wrong; see `endpoint_errors.explain`."""
        holds = self.profile.context_window
        if holds < self._opened.context_window and endpoint_errors.status(error) in (400, 413, 422, 500):
            return f"{self.where} holds {holds} tokens, and a prompt was larger; set `window={holds}`"
        return await endpoint_errors.explain(
            error, where=self.where, model=self.name, offered=self.models,
            secrets=self.secrets, key_advice=self.key_advice, reach_advice=self.reach_advice,
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


def _is_name(given: object) -> bool:
    return isinstance(given, str) and bool(given.strip()) and given.isprintable() and len(given) <= _LONGEST_NAME
