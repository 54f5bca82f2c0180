"""The live plays of a server, by the name of their run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import dreamplay as dp
from dreamplay.storage.store import Store
from dreamplay.web.names import Names

_LOCAL = ("embedded", "gguf")
"""The kinds of models that are in this process."""


class Plays:
    """Plays that somebody has begun, or gone on with, on the page. They go on when nobody watches.

    Args:
        home: the store of the runs.
    """

    def __init__(self, home: Store) -> None:
        self._home = home
        self._live: dict[str, dp.LivePlay] = {}

    def get(self, name: str) -> dp.LivePlay | None:
        """The live play of a run; None if it is not played here, or nothing more comes of it."""
        play = self._live.get(name)
        return play if play and not play.over else None

    @property
    def local_models(self) -> frozenset[str]:
        """The models of this process on which plays are live. One engine answers for each, and remembers one prompt."""
        headers = [play.header for play in self._live.values() if not play.over]
        return frozenset(each.model for each in headers if each and each.settings.get("provider") in _LOCAL)

    async def begin(self, make: Callable[[], dp.LivePlay], *, paused: bool = False) -> str:
        """Begin a play, and return the name of its run once it is opened. A run that is played already is not played
        twice.

        Args:
            make: makes it, such as by `dreamplay.live`. It is called on another thread, since it may read files.
            paused: wait before the first event.

        Raises:
            DreamplayError: it cannot be played.
            TypeError: an argument that `make` cannot use.
        """
        play = await asyncio.to_thread(make)
        await asyncio.wrap_future(play.start(paused=True))
        assert play.place
        name = play.place.name
        if self.get(name):
            play.close()
            return name
        self._live = {other: each for other, each in self._live.items() if not each.over} | {name: play}
        if not paused:
            play.go_on()
        return name

    async def go_on(self, name: str, **settings: Any) -> str:
        """Go on with a run: with its live play, or else with what is on disk.

        Args:
            name: of the run.
            settings: what `dreamplay.live` takes, such as another model. A live play is then stopped first.

        Raises:
            DreamplayError: it cannot be gone on with.
        """
        play = self.get(name)
        if play and not settings and play.moment.state != "closing":
            play.go_on()
            return name
        names = Names(self._home)
        if play:
            await asyncio.to_thread(names.place, name)  # nothing is stopped of which nothing is kept
            await asyncio.wrap_future(play.close())
        run = await asyncio.to_thread(names.run, name)
        return await self.begin(lambda: dp.live(run, **settings))

    async def close(self) -> None:
        """Stop all plays after the event that is being made."""
        await asyncio.gather(*(asyncio.wrap_future(play.close()) for play in self._live.values()))
        self._live.clear()
