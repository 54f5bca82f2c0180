"""A stream of server-sent events: what happens in a play, for one tab.

The id of each message is the number of the event, so that a tab which reconnects gets exactly what it missed. Tokens
and moments have no id: what was missed of them is told anew when a tab connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import dreamplay as dp
from dreamplay.live_play import Seen
from dreamplay.web.scene_view import SceneView, Viewpoint, eyes

_ALIVE = 15.0
"""Seconds without news after which a comment is sent, so that a tab that is gone is noticed."""


async def stream(play: dp.LivePlay, viewpoint: Viewpoint, after: int) -> AsyncIterator[str]:
    """What happens in a play, from the event after number `after` on, as somebody sees it."""
    loop, news = asyncio.get_running_loop(), asyncio.Queue[Seen]()

    def listener(seen: Seen) -> None:
        with contextlib.suppress(RuntimeError):  # the server's loop is closed
            loop.call_soon_threadsafe(news.put_nowait, seen)

    events, spoken, moment = await asyncio.to_thread(play.listen, listener)
    try:
        teller = _Teller(play, viewpoint, list(events))
        if after >= len(events):  # something was taken back while the tab was away
            yield message("rewound", {"event": len(events)})
        for event in events[after + 1 :]:
            yield teller.event(event)
        yield teller.moment(moment)
        for token in spoken:
            yield teller.token(token)
        while True:
            try:
                seen = await asyncio.wait_for(news.get(), _ALIVE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            yield teller.tell(seen)
    finally:
        play.leave(listener)


class _Teller:
    """Puts what a tab is told into words, and keeps from it what its viewpoint does not see."""

    def __init__(self, play: dp.LivePlay, viewpoint: Viewpoint, events: list[dp.Event]) -> None:
        plan, folder = play.plan, play.folder
        assert plan
        assert folder
        self._view = SceneView(plan.story, plan.cast, folder.name, viewpoint)
        self._viewpoint, self._play = viewpoint, play
        self._events = events
        self._before: dp.Event | None = None
        self._roles = self._eyes()

    def tell(self, seen: Seen) -> str:
        match seen:
            case dp.Token():
                return self.token(seen)
            case dp.Moment():
                return self.moment(seen)
            case dp.Rewound():
                del self._events[seen.event :]
                self._before, self._roles = None, self._eyes()
                return message("rewound", {"event": seen.event})
            case _:
                self._events.append(seen)
                if seen.kind == "control" and self._eyes() != self._roles:
                    self._roles = self._eyes()
                    return self.event(seen) + message("again", {})  # there is more to see of what was played
                return self.event(seen)

    def event(self, event: dp.Event) -> str:
        """An event. One that is not seen is told as nothing but its number, so that a tab knows how far it is."""
        shown = self._view.shows(event, self._viewpoint, self._roles)
        html = self._view.event(event, self._before) if shown else ""
        if shown:
            self._before = event
        return message("event", {"html": html}, event.id)

    def token(self, token: dp.Token) -> str:
        """A piece of the line that is being spoken; an empty one takes back what was spoken of it."""
        heard = self._viewpoint in ("author", "reader") or self._roles & set(token.witnesses)
        return message("token", {
            "name": self._view.name(token.speaker), "voice": self._view.voice(token.speaker), "text": token.text,
        }) if heard else ": a whisper\n\n"  # fmt: skip

    def moment(self, moment: dp.Moment) -> str:
        """How the play stands."""
        asked = moment.asked
        return message("moment", {
            "state": moment.state, "why": moment.why, "typed": moment.typed, "refused": moment.refused,
            "asked": asked and {
                "role": asked.role, "name": self._view.name(asked.role), "task": asked.task,
                "occasion": asked.occasion, "away": asked.away,
                "here": [self._view.name(role) for role in asked.here],
                "held": [self._view.name(role) for role in asked.held],
            },
        })  # fmt: skip

    def _eyes(self) -> frozenset[str]:
        return eyes(self._viewpoint, self._view.cast, self._events)


def message(kind: str, data: dict[str, Any], number: int | None = None) -> str:
    """One message. JSON has no line breaks, so that no text can end it."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"
