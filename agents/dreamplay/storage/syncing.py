"""Forcing files to the disk on other threads, so that a play goes on meanwhile, and many plays do not wait for each
other's."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

_THREADS = 4


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, "dreamplay-sync")


def begin(sync: Callable[[], None]) -> Future[None]:
    """Have something made durable. An error of it is that of the result."""
    return _threads().submit(sync)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a fork has no threads but the one that forked
