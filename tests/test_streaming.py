"""A play as it happens: seen event by event, left early, cancelled, interrupted, and several at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
from dreamplay.errors import UsageError
from dreamplay.models.scripted import ScriptedModel

DAY: dict[str, Any] = {"model": "scripted", "beats": ["day"], "length": "short"}


def _interrupt(event: dp.Event) -> None:
    """Ctrl-C at one event; `on_event` is called on another thread."""
    if event.id == 6:
        ident = threading.main_thread().ident
        assert ident
        signal.pthread_kill(ident, signal.SIGINT)


async def _left(playing: dp.Stream) -> None:
    async for event in playing:
        if event.id == 6:
            break
    await playing.aclose()


async def _stopped(playing: dp.Stream) -> None:
    async for event in playing:
        if event.id == 6:
            playing.stop()


async def _cancelled(playing: dp.Stream) -> None:
    async def read() -> None:
        async for event in playing:
            if event.id == 6:
                reading.cancel()

    reading = asyncio.create_task(read())
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_in_a_coroutine_events_come_as_they_happen(small: Path) -> None:
    playing = dp.stream(small, model="scripted", seed=7)
    seen = [event async for event in playing]
    assert playing.run
    assert tuple(seen) == playing.run.events
    whole = dp.play(small, model="scripted", seed=7, out="transcripts/again")  # as in a notebook, where a loop runs
    assert whole.events == playing.run.events
    with pytest.raises(RuntimeError, match="played once"):
        await anext(aiter(playing))


@pytest.mark.parametrize("end", [_left, _stopped, _cancelled])
def test_whoever_leaves_a_play_can_go_on_with_what_was_played(end: Callable[[dp.Stream], Any], small: Path) -> None:
    playing = dp.stream(small, seed=7, **DAY)
    asyncio.run(end(playing))
    stopped = playing.run
    assert stopped
    assert not stopped.finished
    assert 6 < len(stopped.events) < 12
    whole = dp.play(stopped)
    assert (whole.finished, whole.folder) == (True, stopped.folder)
    assert whole.events == dp.play(small, seed=7, **DAY).events


def test_a_play_that_is_left_without_a_word_is_over_before_its_loop_is(small: Path) -> None:
    playing = dp.stream(small, seed=7, **DAY)

    async def main() -> None:
        async for _ in playing:
            break

    asyncio.run(main())
    assert playing.run
    assert not playing.run.finished


@pytest.mark.parametrize("in_a_coroutine", [False, True])
def test_ctrl_c_keeps_what_was_played(in_a_coroutine: bool) -> None:
    def play() -> dp.Run:
        """A play that is longer than it takes to notice an interrupt."""
        return dp.play("mindsync", model="scripted", seed=7, on_event=_interrupt)

    async def main() -> None:
        play()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main()) if in_a_coroutine else play()
    stopped = dp.load_run()
    assert not stopped.finished
    assert len(stopped.events) > 6
    assert dp.play(stopped).finished


def test_plays_at_once_are_the_plays_one_after_the_other(small: Path) -> None:
    cases: list[dict[str, Any]] = [{"seed": 1}, {"seed": 1}, {"seed": 1, "swaps": {"ada": "cyrus"}}, {"seed": 2}]
    alone = [dp.play(small, **DAY, **case).events for case in cases]

    async def together() -> list[dp.Run]:
        return await asyncio.gather(*(dp.stream(small, **DAY, **case) for case in cases))

    with ThreadPoolExecutor() as pool:
        threads = list(pool.map(lambda case: dp.play(small, **DAY, **case), cases))
    for runs in (asyncio.run(together()), threads):
        assert [run.events for run in runs] == alone
        assert len({run.folder for run in runs}) == len(cases)


def test_what_fails_in_a_play_is_told_to_whoever_follows_it(small: Path) -> None:
    def fail(event: dp.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dp.play(small, seed=7, on_event=fail, **DAY)
    assert dp.play(dp.load_run()).finished
    with pytest.raises(UsageError, match="cannot be called by a function that is shown events"):
        dp.play(small, seed=7, on_event=lambda event: dp.load_run() and dp.play(small, **DAY) and None, **DAY)


def test_a_model_is_closed_by_whoever_opened_it(small: Path) -> None:
    class Closing(ScriptedModel):
        closed = 0

        async def close(self) -> None:
            self.closed += 1

    own = Closing()
    with dp.OpenModel(own) as model:
        runs = [dp.play(small, **DAY | {"model": each}, seed=3) for each in (model, own)]
        assert own.closed == 0
    assert own.closed == 1
    assert runs[0].events == runs[1].events
    with dp.get_model("scripted", window=4096) as model, contextlib.suppress(asyncio.CancelledError):
        assert repr(model) == "OpenModel('scripted')"
        assert dp.play(small, **DAY | {"model": model}).header.settings["profile"]["context_window"] == 4096
