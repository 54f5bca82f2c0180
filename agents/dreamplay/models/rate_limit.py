"""Limits on what an endpoint is asked, kept by processes that do not know of each other.

A limit is divided by the number of plays at once. Each play that runs brings its share to its process, so all the
processes together stay within the limit, however the plays are spread, and also when one dies and its plays go on in
another.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dreamplay.models.waiting import Waits


@dataclass
class RateLimit:
    """Lets requests through at such distances that neither limit is passed. Nothing is saved up, since an endpoint may
    count by the second.

    To be used on one event loop.
    """

    requests: float | None = None
    """Requests a minute for each play that runs."""
    tokens: float | None = None
    """Tokens a minute for each play that runs, of prompts and answers."""
    _plays: int = field(default=0, init=False)
    _ahead: dict[str, float] = field(default_factory=lambda: {"requests": 0.0, "tokens": 0.0}, init=False)
    """What was asked for, or may be at a set time, and for which the time has not passed yet."""
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

    async def turn(self, tokens: float) -> None:
        """Wait until the next request may be made.

        Args:
            tokens: of its prompt, about.
        """
        self._look()
        wait = max((self._ahead[name] / rate for name, rate in self._rates().items()), default=0.0)
        self._ahead["requests"] += 1
        self._ahead["tokens"] += tokens
        if wait:
            await Waits.current().wait(wait)

    def count(self, tokens: float) -> None:
        """Count the tokens of an answer."""
        self._look()
        self._ahead["tokens"] += tokens

    def _rates(self) -> dict[str, float]:
        """How much may be asked for in a second."""
        shares = {"requests": self.requests, "tokens": self.tokens}
        return {name: share * max(self._plays, 1) / 60 for name, share in shares.items() if share}

    def _look(self) -> None:
        now = time.monotonic()
        for name, rate in self._rates().items():
            self._ahead[name] = max(0.0, self._ahead[name] - (now - self._looked) * rate)
        self._looked = now
