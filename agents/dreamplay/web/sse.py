"""A stream of server-sent events: what happens in a run, for one tab.

The id of each message is the number of the last event that was told, with a mark of all that was told up to there, so
that a tab which reconnects gets exactly what it missed, even if something was taken back meanwhile or the server was
started anew. Tokens and moments have no id: what was missed of them is told anew when a tab connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

import dreamplay as dp
from dreamplay.live_state import Seen
from dreamplay.web import visit_view
from dreamplay.web.scene_view import SceneView
from dreamplay.web.standing import Standing, where
from dreamplay.web.telling import Place, Telling

MOST = 64
"""Streams that a server has open at once."""
_ALIVE = 15.0
"""Seconds without news after which a comment is sent, so that a tab that is gone is noticed."""
_BEHIND = 5_000
"""Messages that may wait for a tab that does not read them. It is then let go of, and reconnects when it wakes up."""
_DOING = ("control", "entrance", "exit")
"""Events after which the visitor can do other things."""


class EventStream(StreamingResponse):
    """An answer that is a stream, and ends with its tab.

    Args:
        told: what is sent.
        open_streams: the streams that the server has open; this one is among them as long as it is.
    """

    def __init__(self, told: AsyncGenerator[str], open_streams: set[EventStream]) -> None:
        super().__init__(told, media_type="text/event-stream")
        self._told, self._open, self._until = told, open_streams, asyncio.Timeout(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if len(self._open) >= MOST:
            full = f"{MOST} tabs follow plays already; close some of them."
            await PlainTextResponse(full, 503, {"Retry-After": "10"})(scope, receive, send)
            return
        self._open.add(self)
        try:
            async with contextlib.aclosing(self._told), self._until:
                await super().__call__(scope, receive, send)
        except TimeoutError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._open.discard(self)

    def end(self) -> None:
        """End it now."""
        self._until.reschedule(asyncio.get_running_loop().time())


async def live(play: dp.LivePlay, view: SceneView, after: str) -> AsyncGenerator[str]:
    """What happens in a live play, from after a place on, until it is over."""
    loop, news = asyncio.get_running_loop(), asyncio.Queue[Seen]()

    def put(seen: Seen) -> None:
        if news.qsize() < _BEHIND:
            news.put_nowait(seen)

    def listener(seen: Seen) -> None:
        with contextlib.suppress(RuntimeError):  # the server's loop is closed
            loop.call_soon_threadsafe(put, seen)

    events, spoken, moment = play.listen(listener)
    try:
        teller = _Teller(play, view)
        for each in teller.catch_up(events, after):
            yield each
        yield teller.moment(moment)
        for token in spoken:
            yield teller.token(token)
        while Standing.now(moment).live and news.qsize() < _BEHIND:
            try:
                seen = await asyncio.wait_for(news.get(), _ALIVE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            yield teller.tell(seen)
            if not isinstance(seen, dp.Moment | dp.Token | dp.Rewound) and seen.kind in _DOING:
                yield teller.moment(moment)
            moment = seen if isinstance(seen, dp.Moment) else moment
    finally:
        play.leave(listener)


async def kept(run: dp.Run, view: SceneView, after: str) -> AsyncGenerator[str]:
    """What was played of a run that is not live here, from after a place on, and how it stands."""
    teller = _Teller(run, view)
    for each in teller.catch_up(run.events, after):
        yield each
    yield message("moment", teller.standing(Standing.of(run)))


class _Teller:
    """Puts what a tab is told into words, and keeps from it what its viewpoint does not see."""

    def __init__(self, of: dp.LivePlay | dp.Run, view: SceneView) -> None:
        self._of, self._view, self._telling = of, view, Telling(view)

    def catch_up(self, events: Sequence[dp.Event], after: str) -> Iterator[str]:
        """What was played after a place, in one message: see `Place`. Everything anew if the tab was told another
        beginning, or sees more of it by now.
        """
        self._telling.begin(events)
        place = Place.of(after)
        if not self._telling.follows(place):
            yield self._anew()
            return
        known = place.event + 1
        self._telling.begin(events[:known])
        missed = "".join(map(self._telling.tell, events[known:]))
        if self._telling.look():
            yield self._anew()
        elif known < len(events):
            yield self._placed("event", {"html": missed})

    def tell(self, seen: Seen) -> str:
        match seen:
            case dp.Token():
                return self.token(seen)
            case dp.Moment():
                return self.moment(seen)
            case dp.Rewound():
                if self._telling.rewind(seen.event):
                    return self._anew()
                return self._placed("rewound", {"event": seen.event})
            case _:
                html = self._telling.tell(seen)
                if seen.kind == "control" and self._telling.look():
                    return self._anew()  # there is more to see of what was played
                return self._placed("event", {"html": html})

    def token(self, token: dp.Token) -> str:
        """A piece of the line that is being spoken; an empty one takes back what was spoken of it."""
        return message("token", {
            "name": self._view.name(token.speaker), "voice": self._view.voice(token.speaker), "text": token.text,
        }) if self._telling.hears(token) else ": a whisper\n\n"  # fmt: skip

    def moment(self, moment: dp.Moment) -> str:
        """How a live play stands."""
        visit = visit_view.told(self._of, moment, self._view) if isinstance(self._of, dp.LivePlay) else None
        return message("moment", self.standing(Standing.now(moment)) | {"why": moment.why, "visit": visit})

    def standing(self, now: Standing) -> dict[str, Any]:
        """How a run stands."""
        return {"state": now.state, "words": now.words, "can": now.can, "live": now.live, **self._where()}

    def _anew(self) -> str:
        return self._placed("script", {"html": self._telling.all()})

    def _placed(self, kind: str, data: dict[str, Any]) -> str:
        return message(kind, data | self._where(), self._telling.place)

    def _where(self) -> dict[str, Any]:
        play = self._of if isinstance(self._of, dp.LivePlay) else None
        return {"where": where(self._telling, play), "share": play and play.pace.share}


def message(kind: str, data: dict[str, Any], place: Place | None = None) -> str:
    """One message. JSON has no line breaks, so that no text can end it."""
    head = f"id: {place}\n" if place else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"
