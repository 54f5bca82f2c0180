"""The waits of a play for its models, which end as soon as the play is asked to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from dreamplay.errors import ModelError

_of_play: ContextVar[Waits] = ContextVar("waits")
"""Not an argument of a call: a model may be called by way of others that know nothing of it."""


class StoppedError(ModelError):
    """A model was not waited for, since the play was asked to stop. The runner handles it."""


@dataclass
class Waits:
    """The waits of one play, which may share its model with others. To be used on one event loop."""

    _stopping: bool = False
    _calls: int = 0
    """Calls that are being answered."""
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
        """End the waits: now, or when the answers that are on the way, and may be paid for, have come."""
        self._stopping = True
        self._see()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """A call is being answered."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._see()

    async def wait(self, seconds: float) -> None:
        """Wait for so many seconds.

        Raises:
            StoppedError: the play was asked to stop.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return
        raise StoppedError("the play was asked to stop")

    def _see(self) -> None:
        if self._stopping and not self._calls:
            self._over.set()
