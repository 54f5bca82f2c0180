"""A participant who is a person. The play waits for them; meanwhile it can be stopped, and the model reads ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dreamplay.models.base import OnToken
from dreamplay.participants.base import Departure, Outcome, Participant, Quit
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


class Attended:
    """Wraps a participant who may take as long as they like.

    Args:
        participant: who is asked.
        warm: has the model read what the next prompt begins with, given the common ground of those present.
    """

    def __init__(self, participant: Participant, warm: Callable[[View], Awaitable[None]]) -> None:
        self._participant, self._warm = participant, warm
        self._asking: asyncio.Future[Outcome | Departure] | None = None
        self._warming: asyncio.Future[None] | None = None
        """Kept here, so that the task is not garbage-collected."""
        self._stopped = False

    def stop(self) -> None:
        """Stop waiting. The current request, and every later one, is answered with `Quit`."""
        self._stopped = True
        if self._asking:
            self._asking.cancel()

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome | Departure:
        """See `Participant.take_turn`."""
        if self._stopped:
            return Quit()
        self._warming = asyncio.ensure_future(self._warm(view.common))
        self._asking = asyncio.ensure_future(self._participant.take_turn(turn, view, on_token))
        try:
            return await self._asking
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return Quit()
        finally:
            self._asking = None

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`."""
        return self._participant.wants_turn(turn, view)
