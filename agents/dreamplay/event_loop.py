"""The event loop on which dreamplay plays for Python users: one thread, for as long as the process lives.

So a call works in a script, in a coroutine and in a notebook, where a loop runs already, and a model that was opened
once can play again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Have a coroutine run on the loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


def wait(work: Coroutine[Any, Any, T], interrupt: Callable[[], None] = lambda: None) -> T:
    """Run a coroutine to its end.

    Args:
        work: what runs.
        interrupt: asks it to stop. It is called at Ctrl-C, and KeyboardInterrupt is raised when the work has ended; a
            second Ctrl-C does not wait for that.
    """
    future = submit(work)
    try:
        return future.result()
    except KeyboardInterrupt:
        _loop().call_soon_threadsafe(interrupt)
        try:
            future.result()
        finally:
            future.cancel()
        raise


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="dreamplay", daemon=True).start()
    return loop
