"""The event loop on which dreamplay plays for Python users: one thread, for as long as the process lives.

So a call works in a script, in a coroutine and in a notebook, where a loop runs already, and a model that was opened
once can play again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import Any, TypeVar

from dreamplay.errors import UsageError

T = TypeVar("T")
_LOOK = 0.1
"""Seconds between two checks whether the waiting task was cancelled."""
_making = threading.Lock()


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run a coroutine on the loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop(os.getpid())[0])


def call(function: Callable[[], None]) -> None:
    """Call a function on the loop."""
    _loop(os.getpid())[0].call_soon_threadsafe(function)


def wait(work: Coroutine[Any, Any, T], interrupt: Callable[[], None] = lambda: None) -> T:
    """Run a coroutine to its end.

    Args:
        work: what runs.
        interrupt: asks it to stop. It is called on the loop at Ctrl-C, and KeyboardInterrupt is raised when the work
            has ended; a second Ctrl-C does not wait for that. In a coroutine the same holds of the task that
            waits, if it is cancelled, which is what `asyncio.run` makes of Ctrl-C.

    Raises:
        UsageError: called by what runs on the loop itself, which would wait for itself.
    """
    if threading.current_thread() is _loop(os.getpid())[1]:
        work.close()
        raise UsageError("this cannot be called by a function that is shown events; wait until the play is over")
    future = submit(work)
    try:
        return _result(future)
    except (KeyboardInterrupt, asyncio.CancelledError):
        call(interrupt)
        with contextlib.suppress(CancelledError):
            try:
                future.result()
            finally:
                future.cancel()
        raise


def _result(future: Future[T]) -> T:
    """The result of a future.

    Raises:
        asyncio.CancelledError: the task that waits was cancelled. Its loop is blocked, so that it is not told.
    """
    task = _task()
    if task is None:
        return future.result()
    before = task.cancelling()
    while True:
        try:
            return future.result(_LOOK)
        except TimeoutError:
            if future.done():  # it is the work's own
                raise
            if task.cancelling() > before:
                raise asyncio.CancelledError from None


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None


def _loop(process: int) -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    """The loop of a process, and the thread that runs it: a fork has neither."""
    with _making:  # else two threads that come at the same time would each have one
        return _made(process)


@cache
def _made(process: int) -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="dreamplay", daemon=True)
    thread.start()
    return loop, thread
