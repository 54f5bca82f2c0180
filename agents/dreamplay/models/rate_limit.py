"""A limit on the requests to an endpoint, kept by processes that do not know of each other.

The limit is divided by the number of plays at once. Each play that runs brings its share to its process, so all the
processes together stay within the limit, however the plays are spread, and also when one dies and its plays go on in
another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """Lets requests through at even distances. Nothing is saved up, since an endpoint may count by the second.

    To be used on one event loop.
    """

    share: float
    """Requests a minute for each play that runs."""
    _plays: int = field(default=0, init=False)
    _ahead: float = field(default=0.0, init=False)
    """Requests that were let through, or may go at a set time, and for which the time has not passed yet."""
    _looked: float = field(default=0.0, init=False)

    @contextmanager
    def play(self) -> Iterator[None]:
        """A play runs, and brings its share."""
        self._look()
        self._plays += 1
        try:
            yield
        finally:
            self._look()
            self._plays -= 1

    async def turn(self) -> None:
        """Wait until the next request may be made."""
        self._look()
        wait = self._ahead / self._rate
        self._ahead += 1
        if wait:
            await asyncio.sleep(wait)

    @property
    def _rate(self) -> float:
        """Requests a second."""
        return self.share * max(self._plays, 1) / 60

    def _look(self) -> None:
        now = time.monotonic()
        self._ahead = max(0.0, self._ahead - (now - self._looked) * self._rate)
        self._looked = now
