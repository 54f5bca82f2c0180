"""Waiting for the disk on other threads, so that a play goes on meanwhile, and many plays do not wait for each
other's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
_THREADS = 4


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, "dreamplay-sync")


def begin(sync: Callable[[], None]) -> Future[None]:
    """Have something made durable. An error of it is that of the result."""
    return _threads().submit(sync)


async def aside(work: Callable[[], T]) -> T:
    """Do something that waits for the disk, and wait for it. Whoever is cancelled goes on only when it is over, so that
    nothing is written behind their back.

    Raises:
        Exception: what the work raises.
    """
    doing = asyncio.wrap_future(_threads().submit(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a fork has no threads but the one that forked
