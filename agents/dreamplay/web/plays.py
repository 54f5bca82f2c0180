"""The live plays of a server, by the name of their run, and the models that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dreamplay as dp
from dreamplay.web.names import Names


class Plays:
    """Plays that somebody has begun, or gone on with, on the page. They go on when nobody watches.

    Args:
        home: the folder of the runs.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._live: dict[str, dp.LivePlay] = {}

    def get(self, name: str) -> dp.LivePlay | None:
        """The live play of a run; None if it is not played here, or nothing more comes of it."""
        play = self._live.get(name)
        return play if play and not play.over else None

    async def begin(self, make: Callable[[], dp.LivePlay], *, paused: bool = False) -> str:
        """Begin a play, and return the name of its run once it is opened.

        Args:
            make: makes it, such as by `dreamplay.live`. It is called on another thread, since it may read files.
            paused: wait before the first event.

        Raises:
            DreamplayError: it cannot be played.
            TypeError: an argument that `make` cannot use.
        """
        play = await asyncio.to_thread(make)
        await asyncio.wrap_future(play.start(paused=paused))
        assert play.folder
        name = play.folder.name
        earlier = self._live.pop(name, None)
        self._live[name] = play
        if earlier:
            earlier.close()
        return name

    async def go_on(self, name: str, **settings: Any) -> str:
        """Go on with a run: with its live play, or else with what is on disk.

        Raises:
            DreamplayError: it cannot be gone on with.
        """
        play = self.get(name)
        if play and play.moment.state != "closing":
            play.go_on()
            return name
        if play:
            await asyncio.wrap_future(play.close())
        run = await asyncio.to_thread(Names(self._home).run, name)
        return await self.begin(lambda: dp.live(run, **settings))

    async def close(self) -> None:
        """Stop all plays after the event that is being made."""
        await asyncio.gather(*(asyncio.wrap_future(play.close()) for play in self._live.values()))
        self._live.clear()
