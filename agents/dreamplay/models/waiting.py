"""The waits of a play for its models, which end as soon as the play is asked to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from dreamplay.errors import ModelError

SILENCE = 5.0
"""Seconds in which nothing more comes of an answer that has begun, after which it is not waited for if the play was
asked to stop."""
_of_play: ContextVar[Waits] = ContextVar("waits")
"""Not an argument of a call: a model may be called by way of others that know nothing of it."""


class StoppedError(ModelError):
    """A model was not waited for, since the play was asked to stop. The runner handles it."""


@dataclass(eq=False)
class Answer:
    """An answer that is on its way."""

    _limit: asyncio.Timeout
    _hurried: bool
    """Whether the play was asked to stop."""
    _begun: bool = False

    def heard(self) -> None:
        """A part of what is said has come."""
        self._begun = True
        self._see()

    def hurry(self) -> None:
        """The play was asked to stop."""
        self._hurried = True
        self._see()

    def _see(self) -> None:
        if self._hurried and self._begun:
            self._limit.reschedule(asyncio.get_running_loop().time() + SILENCE)


@dataclass
class Waits:
    """The waits of one play, which may share its model with others. To be used on one event loop."""

    _stopping: bool = False
    _answers: set[Answer] = field(default_factory=set)
    """Those that are on their way."""
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @staticmethod
    def current() -> Waits:
        """Those of the play from which this is called; outside a play, new ones, which nobody stops."""
        return _of_play.get(None) or Waits()

    @contextmanager
    def of_play(self) -> Iterator[None]:
        """Whatever is called meanwhile has these as its current ones."""
        before = _of_play.set(self)
        try:
            yield
        finally:
            _of_play.reset(before)

    def stop(self) -> None:
        """End the waits: now, or when the answers that are on the way, and may be paid for, have come. One that comes
        to a halt in the middle is left.
        """
        if not self._stopping:
            self._stopping = True
            for answer in self._answers:
                answer.hurry()
            self._see()

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[Answer]:
        """A call is being answered.

        Raises:
            StoppedError: the play was asked to stop, and the answer has come to a halt.
        """
        try:
            async with asyncio.timeout(None) as limit:
                self._answers.add(answer := Answer(limit, self._stopping))
                try:
                    yield answer
                finally:
                    self._answers.discard(answer)
                    self._see()
        except TimeoutError:
            if not limit.expired():
                raise
            await self._end()

    async def wait(self, seconds: float) -> None:
        """Wait for so many seconds.

        Raises:
            StoppedError: the play was asked to stop.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._end()
        except TimeoutError:
            return

    async def _end(self) -> None:
        await self._over.wait()
        raise StoppedError("the play was asked to stop")

    def _see(self) -> None:
        if self._stopping and not self._answers:
            self._over.set()
