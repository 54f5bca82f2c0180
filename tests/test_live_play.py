"""A live play: paused, taken step by step, failing and going on, watched by several, and joined by a person."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import served
from dreamplay import event_loop
from dreamplay.errors import ModelError, UsageError
from dreamplay.live_state import Seen
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel

WAIT = 60.0
"""Seconds after which something that was to happen has not."""


class Watching:
    """Listens to a play, and keeps all that it sees."""

    def __init__(self, play: dp.LivePlay) -> None:
        self._news: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        before, self.spoken, self.moment = play.listen(self._news.put)
        self.events = list(before)
        self.rewound: list[int] = []

    def until(self, holds: Callable[[Seen], Any]) -> Seen:
        """Watch until something is seen."""
        while True:
            seen = self._news.get(timeout=WAIT)
            match seen:
                case dp.Rewound():
                    del self.events[seen.event :]
                    self.rewound.append(seen.event)
                case dp.Moment():
                    self.moment = seen
                case dp.Token():
                    pass
                case _:
                    self.events.append(seen)
            if holds(seen):
                return seen

    def state(self, *states: str) -> dp.Moment:
        """Watch until the play is in one of these states."""
        moment = self.until(lambda seen: isinstance(seen, dp.Moment) and seen.state in states)
        assert isinstance(moment, dp.Moment)
        return moment

    def asked(self) -> None:
        """Watch until the visitor is asked."""
        self.until(lambda seen: isinstance(seen, dp.Moment) and seen.asked)


@contextmanager
def watched(*args: Any, paused: bool = False, **settings: Any) -> Iterator[tuple[dp.LivePlay, Watching]]:
    """A play that somebody watches from its beginning, and that is closed at the end."""
    play = dp.live(*args, **{"seed": 7, "model": "scripted"} | settings)
    watching = Watching(play)
    play.start(paused=paused).result(WAIT)
    try:
        yield play, watching
    finally:
        play.close().result(WAIT)


def whole(small: Path) -> tuple[dp.Event, ...]:
    """The same play, in one go."""
    return dp.play(small, model="scripted", seed=7, out="transcripts/whole").events


class Failing(ScriptedModel):
    """Fails once, at one of its calls."""

    def __init__(self, call: int) -> None:
        super().__init__()
        self._fails = call

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        self._fails -= 1
        if not self._fails:
            raise ModelError("the line is dead")
        return await super().complete(prompt, seed=seed, on_token=on_token)


def test_a_play_that_is_paused_keeps_its_line_and_goes_on_as_if_nothing_had_been(small: Path) -> None:
    with served.paced() as pace, watched(small) as (play, watching):
        pace.let(3)
        watching.until(lambda seen: isinstance(seen, dp.Token) and len(watching.events) > 3)
        play.pause()
        assert watching.state("pausing", "finished").state == "pausing"
        pace.let()
        watching.state("paused")
        kept = dp.load_run(play.folder)
        assert kept.events == tuple(watching.events) == play.events
        play.go_on()
        watching.state("finished")
        assert play.over
        assert play.pace.share == 1
    assert tuple(watching.events) == whole(small)


def test_a_play_is_taken_step_by_step(small: Path) -> None:
    with watched(small, paused=True) as (play, watching):
        lengths = [0]
        while not play.over:
            play.step()
            watching.state("playing")
            watching.state("paused", "finished")
            lengths.append(len(watching.events))
        assert all(later > before for before, later in pairwise(lengths[:-1]))  # the last step finds the end
        assert len(lengths) > 20
    assert tuple(watching.events) == whole(small)


def test_to_go_on_while_it_is_pausing_takes_the_pause_back(small: Path) -> None:
    with served.paced() as pace, watched(small) as (play, watching):
        watching.until(lambda seen: not isinstance(seen, dp.Moment | dp.Token))
        play.pause()
        watching.state("pausing")
        play.step()  # the event that is being made is the one
        play.go_on()
        pace.let()
        watching.state("finished")


def test_to_pause_before_it_has_gone_on_takes_that_back(small: Path) -> None:
    with watched(small, paused=True) as (play, watching):
        watching.state("paused")

        def both() -> None:  # on the loop of the play, so that it does not run in between
            play.go_on()
            play.pause()

        event_loop.call(both)
        for _ in range(5):
            event_loop.wait(asyncio.sleep(0))
        assert (play.moment.state, play.events) == ("paused", ())


@pytest.mark.parametrize("call", [1, 5])
def test_after_a_failure_it_says_why_and_goes_on(small: Path, call: int) -> None:
    with watched(small, model=Failing(call)) as (play, watching):
        assert watching.state("failed", "finished") == dp.Moment("failed", "the line is dead")
        assert not play.over
        assert (play.run is None) == (call == 1)  # a run in which nobody has spoken leaves nothing
        play.go_on()
        watching.state("finished")
    assert [event.text for event in watching.events] == [event.text for event in whole(small)]
    assert play.run
    assert play.run.events == tuple(watching.events)


def test_who_comes_later_gets_everything_once(small: Path) -> None:
    with served.paced() as pace, watched(small) as (play, watching):
        others = [Watching(play)]
        for _ in range(6):
            pace.let(1)
            watching.until(lambda seen: getattr(seen, "turn", 0))
            others.append(Watching(play))
        leaving = queue.SimpleQueue[Seen]()
        play.listen(leaving.put)
        play.leave(leaving.put)
        pace.let()
        watching.state("finished")
        for other in others:
            if other.moment.state != "finished":
                other.state("finished")
            assert other.events == watching.events
        assert leaving.empty()


def test_who_comes_in_the_middle_of_a_line_gets_what_was_spoken_of_it(small: Path) -> None:
    heard: list[tuple[dp.Token, ...]] = []

    def join(seen: Seen) -> None:
        if isinstance(seen, dp.Token) and seen.text and not heard:
            heard.append(play.listen(lambda seen: None)[1])

    play = dp.live(small, model="scripted", seed=7)
    play.listen(join)
    watching = Watching(play)
    play.start().result(WAIT)
    watching.state("finished")
    assert "".join(token.text for token in heard[0])


def test_a_visitor_is_waited_for_and_what_they_say_is_taken_back(small: Path) -> None:
    with watched(small, visitor="Eva", every_line=True) as (play, watching):
        watching.asked()
        play.say("Is anybody there, Ada?")
        line = watching.until(lambda seen: getattr(seen, "speaker", "") == "visitor")
        assert not isinstance(line, dp.Moment | dp.Token | dp.Rewound)
        watching.asked()
        play.pause()
        watching.state("paused")
        play.go_on()
        watching.asked()
        play.say("/undo")
        assert watching.until(lambda seen: isinstance(seen, dp.Rewound)) == dp.Rewound(line.id)
        watching.asked()
        assert [event for event in play.events if event.speaker == "visitor"] == []
        assert tuple(watching.events) == play.events
        assert play.run
        assert play.run.events == play.events


def test_a_play_that_is_closed_while_somebody_is_asked_can_go_on_later(small: Path) -> None:
    with watched(small, visitor="Eva") as (play, watching):
        watching.asked()
        play.close()
        watching.state("closed")
        assert play.over
    run = play.run
    assert run
    assert not run.finished
    with watched(run, seed=None, model=None) as (again, watching):
        watching.asked()
        assert again.events[: len(run.events)] == run.events


def test_one_that_was_never_begun_is_closed_at_once_and_one_that_cannot_begin_says_why(small: Path) -> None:
    dp.live(small, model="scripted").close().result(WAIT)
    play = dp.live(small, model="scripted", beats=["noon"])
    with pytest.raises(UsageError, match="no beat 'noon'"):
        play.start().result(WAIT)
    assert (play.over, play.folder, play.events) == (True, None, ())
    play.close().result(WAIT)
