"""A play as a Python user follows it, event by event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from dreamplay import event_loop
from dreamplay.prepare import Prepared
from dreamplay.run import Run
from dreamplay.schema.event import Event, Token

if TYPE_CHECKING:
    from dreamplay.engine.runner import Runner


class Stream:
    """A play as it happens, from `dreamplay.stream`. Use it once: `async for event in stream`, or `run = await stream`.

    Leaving the loop early, or cancelling its task, stops the play after the current line. Every event is on disk before
    it is yielded. When the play is over, `run` holds what was played.
    """

    def __init__(self, prepare: Callable[[], Awaitable[Prepared]]) -> None:
        self._prepare = prepare
        self._player: Runner | None = None
        self._playing: Future[Run] | None = None
        self._stopped = False
        self.run: Run | None = None
        """What was played, once it is over; None before, and if nothing was."""

    def stop(self) -> None:
        """Stop after the line that is being spoken, which is kept. The events up to it are still seen, and
        `dreamplay.play(stream.run)` goes on.
        """
        self._stopped = True
        if self._player:
            event_loop.call(self._player.stop)

    async def aclose(self) -> None:
        """Stop, and wait until the play is over. If the task that waits is cancelled twice meanwhile, the line that is
        being spoken is not waited for.
        """
        self.stop()
        if self._playing is None:
            return
        here, over = asyncio.get_running_loop(), asyncio.Event()
        self._playing.add_done_callback(lambda _: here.call_soon_threadsafe(over.set))
        cancelled = None
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError as error:
                if cancelled:
                    self._playing.cancel()
                cancelled = error
        if cancelled:
            raise cancelled

    async def __aiter__(self) -> AsyncIterator[Event]:
        if self._playing:
            raise RuntimeError("a stream is played once; call dreamplay.stream() again")
        here, coming = asyncio.get_running_loop(), asyncio.Queue["Event | None"]()

        def tell(event: Event | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody is there to be told
                here.call_soon_threadsafe(coming.put_nowait, event)

        self._playing = event_loop.submit(self.play(tell))
        self._playing.add_done_callback(lambda _: tell(None))
        try:
            while (event := await coming.get()) is not None:
                yield event
            self._playing.result()
        finally:
            await self.aclose()

    def __await__(self) -> Generator[Any, None, Run]:
        return self._whole().__await__()

    async def _whole(self) -> Run:
        async for _ in self:
            pass
        assert self.run
        return self.run

    async def play(self, tell: Callable[[Event], None]) -> Run:
        """Play to the end, or until stopped, on the loop of dreamplay; `tell` is called with each event."""
        prepared = await self._prepare()
        self._player = player = prepared.player

        def watch(seen: Event | Token) -> None:
            if not isinstance(seen, Token):
                tell(seen)

        try:
            if self._stopped:
                player.stop()
            player.watched = False  # nobody sees the tokens
            if not prepared.done:
                await player.play(watch)
        finally:
            if prepared.opened:
                await player.model.close()
            if player.kept or prepared.done:
                self.run = Run.read(player.place)
        assert self.run
        return self.run
