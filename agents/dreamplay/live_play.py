"""A live play: watched by several, paused, taken step by step, stopped, and joined by a person.

A pause is a stop after the event that is being made: what was played is on disk, and to go on is to resume the run. So
a pause may last for days, and nothing that a crash could lose is kept here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from dreamplay import event_loop
from dreamplay.audience import Audience
from dreamplay.errors import DreamplayError
from dreamplay.live_state import LiveState, Moment, Pace, Seen
from dreamplay.models import registry
from dreamplay.participants.actions import Action
from dreamplay.participants.guest import Guest
from dreamplay.prepare import Prepared
from dreamplay.run import Run
from dreamplay.runs import labels, transcript
from dreamplay.runs.labels import Label
from dreamplay.schema.event import Event, Token
from dreamplay.schema.script import Script, away, in_hand
from dreamplay.storage.folders import folder_of

if TYPE_CHECKING:
    from pathlib import Path

    from dreamplay.engine.run_config import RunConfig
    from dreamplay.engine.runner import Runner
    from dreamplay.participants.visit import Visit
    from dreamplay.runs.transcript import Header
    from dreamplay.storage.store import Place


class LivePlay:
    """A play that people watch and steer, from `dreamplay.live`. Every method can be called from any thread, and
    returns at once; what comes of it is told to the listeners. Close it when nobody needs it any more.
    """

    def __init__(self, prepare: Callable[[], Awaitable[Prepared]]) -> None:
        self._prepare = prepare
        self._audience = Audience()
        self._guest: Guest | None = None
        self._player: Runner | None = None
        self._going = asyncio.Event()
        self._one_step = self._closing = False
        self._over: Future[None] | None = None

    @property
    def moment(self) -> Moment:
        """How it stands."""
        return self._audience.moment

    @property
    def plan(self) -> RunConfig | None:
        """What is played; None before it is opened."""
        return self._player.plan if self._player else None

    @property
    def header(self) -> Header | None:
        """What was chosen: see `Run.header`. None before it is opened."""
        return self._player.header if self._player else None

    @property
    def label(self) -> Label:
        """What somebody noted about its run: see `Run.label`. Nothing before it is opened."""
        return labels.read(self.place)[0] if self.place else Label()

    @property
    def events(self) -> tuple[Event, ...]:
        """What was played so far."""
        return self._audience.events

    @property
    def pace(self) -> Pace:
        """How far it is."""
        return self._audience.pace

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it: it is finished or closed, or could not be opened."""
        state = self.moment.state
        return state in ("finished", "closed") or (state == "failed" and self._player is None)

    @property
    def place(self) -> Place | None:
        """Where the run is kept; None before it is opened."""
        return self._player.place if self._player else None

    @property
    def folder(self) -> Path | None:
        """The folder of the run; None before it is opened.

        Raises:
            UsageError: it is kept in another store.
        """
        return folder_of(self.place) if self.place else None

    @property
    def visit(self) -> Visit | None:
        """How a visitor takes part; None if there is none."""
        return self.plan.visit if self.plan else None

    @property
    def readers(self) -> frozenset[str]:
        """The roles of whoever takes part: the visitor, and those whom they play at this moment. Empty without one."""
        plan = self.plan
        if plan is None or plan.cast.visitor is None or plan.visit is None:
            return frozenset()
        return frozenset({plan.cast.visitor, *in_hand(Script(self.events))})

    @property
    def away(self) -> bool:
        """Whether the visitor has left the others."""
        return away(Script(self.events))

    def listen(self, listener: Callable[[Seen], None]) -> tuple[tuple[Event, ...], tuple[Token, ...], Moment]:
        """Be told of everything from now on, on the thread of the play, and get what came before: the events, the
        tokens of the line that is being spoken, and how it stands. A listener returns at once and raises nothing.
        """
        return self._audience.listen(listener)

    def leave(self, listener: Callable[[Seen], None]) -> None:
        """Be told of nothing more."""
        self._audience.leave(listener)

    def start(self, *, paused: bool = False) -> Future[None]:
        """Begin. The result comes when the play is opened, and raises the error if it cannot be.

        Args:
            paused: wait for `go_on` or `step` before the first event.
        """
        opened: Future[None] = Future()
        self._over = event_loop.submit(self._perform(opened, paused))
        return opened

    def pause(self) -> None:
        """Pause after the event that is being made."""
        event_loop.call(self._pause)

    def go_on(self) -> None:
        """Go on after a pause or a failure."""
        event_loop.call(lambda: self._go(one_step=False))

    def step(self) -> None:
        """Play one event, and pause."""
        event_loop.call(lambda: self._go(one_step=True))

    def say(self, line: str | Action) -> None:
        """Say or do something as the visitor, or as the role which they are asked for: a line, a command as at the
        terminal, or an action. It is kept until the play can take it; what cannot be done then is told by
        `Moment.refused`. An empty line listens, or passes a turn in silence.
        """
        event_loop.call(lambda: self._guest.give(line) if self._guest else None)

    def withdraw(self) -> None:
        """Take back what the visitor has typed and the play has not taken up."""
        event_loop.call(lambda: self._guest.withdraw() if self._guest else None)

    def close(self) -> Future[None]:
        """Stop after the event that is being made, and let go of the model. The result comes when it is done."""

        def end() -> None:
            self._closing = True
            self._pause()
            if not self.over:
                self._become("closing")
            self._going.set()

        event_loop.call(end)
        if self._over is None:
            self._over = Future()
            self._over.set_result(None)
        return self._over

    async def _perform(self, opened: Future[None], paused: bool) -> None:
        try:
            prepared = await self._prepare()
            await _reach(prepared)
        except BaseException as error:
            self._become("failed", str(error))
            opened.set_exception(error)
            return
        self._player = prepared.player
        self._audience.begin(prepared.player.plan.scenes, prepared.before)
        opened.set_result(None)
        try:
            if prepared.done:
                self._become("finished")
            else:
                await self._play(paused)
        finally:
            if prepared.opened:
                await self._player.model.close()
        if self._closing:
            self._become("closed")

    async def _play(self, paused: bool) -> None:
        player = self._player
        assert player
        visit = player.plan.visit
        if visit and visit.interventions is None:
            self._guest = Guest(player.plan.cast, player.plan.performed, self._changed, self._audience.rewind)
            player.visitor = self._guest
        if paused and not self._closing:
            self._become("paused")
        while True:
            while paused and not self._going.is_set():  # a pause that follows at once takes it back
                await self._going.wait()
            self._going.clear()
            if self._closing:
                return
            self._become("playing")
            self._audience.look(counts=False)
            why = ""
            try:
                await player.play(self._watch)
            except DreamplayError as error:
                why = str(error)
            except Exception as error:
                logging.getLogger("dreamplay").exception("a bug in dreamplay; please report it")
                why = f"a bug in dreamplay, please report it: {error!r}"
            if not why and not player.stopped:
                self._become("finished")
                return
            if not self._closing:
                self._become("failed" if why else "paused", why)
            paused = True
            # A runner plays once; the next one goes on where it stopped, from the transcript.
            self._player = player = replace(player, goes_on=player.goes_on or player.kept, stopped=False)

    def _pause(self) -> None:
        self._going.clear()
        if self._player and self.moment.state == "playing":
            self._become("pausing")
            self._player.stop()

    def _go(self, *, one_step: bool) -> None:
        if one_step and self.moment.state == "pausing":
            return  # the event that is being made is the one
        self._one_step = one_step
        if self.moment.state in ("pausing", "paused", "failed") and not self._closing:
            self._going.set()

    def _watch(self, seen: Event | Token) -> None:
        self._audience.hear(seen)
        if self._one_step and not isinstance(seen, Token):
            self._one_step = False
            self._pause()

    def _changed(self) -> None:
        asked = bool(self._guest and self._guest.asked)
        if asked != bool(self.moment.asked):
            self._audience.look(counts=asked)
        self._become(self.moment.state, self.moment.why)

    def _become(self, state: LiveState, why: str = "") -> None:
        guest = self._guest
        self._audience.become(
            Moment(state, why, guest.asked, tuple(guest.typed), guest.refused) if guest else Moment(state, why)
        )

    @property
    def run(self) -> Run | None:
        """What was played so far, as it stands on disk; None if there is nothing yet."""
        place = self.place
        return Run.read(place) if place and place.has(transcript.FILE) else None


async def _reach(prepared: Prepared) -> None:
    """See whether the model of a play can be called, so that whoever begins it is told at once."""
    if prepared.opened and not prepared.done:
        try:
            await registry.reach(prepared.player.model)
        except BaseException:
            await prepared.player.model.close()
            raise
