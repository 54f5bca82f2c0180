"""Plays shared among addresses, and requests kept within a limit. Time is a number that the tests move."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from dreamplay.models import rate_limit
from dreamplay.models.addresses import Addresses
from dreamplay.models.client import open_client
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.prompt import Prompt
from dreamplay.models.rate_limit import RateLimit
from dreamplay.models.scripted import ScriptedModel
from dreamplay.models.waiting import Waits
from fake_endpoint import FakeEndpoint

LINE = Prompt(kind="line", system="Rule.", script="It is late.\n", tail="[cue]", ask="Say it.", max_tokens=72)


class Clock:
    """Time that passes for whoever waits, and for nobody else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(Waits, "wait", lambda _, seconds: self._sleep(seconds))

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def at(limit: RateLimit, clock: Clock, requests: int) -> list[float]:
    times = []
    for _ in range(requests):
        await limit.turn(100)
        times.append(round(clock.now, 3))
    return times


async def test_plays_bring_their_share_of_the_limit_and_nothing_is_saved_up(clock: Clock) -> None:
    limit = RateLimit(requests=60)
    with limit.play():
        assert await at(limit, clock, 3) == [0, 1, 2]
        clock.now = 100
        assert await at(limit, clock, 2) == [100, 101]
        with limit.play(), limit.play(), limit.play():
            assert await at(limit, clock, 4) == [101.25, 101.5, 101.75, 102]
        assert await at(limit, clock, 2) == [103, 104]


async def test_tokens_are_counted_of_prompts_at_once_and_of_answers_when_they_are_there(clock: Clock) -> None:
    limit = RateLimit(requests=60, tokens=600)
    with limit.play():
        assert await at(limit, clock, 2) == [0, 10]
        limit.count(50)
        assert await at(limit, clock, 1) == [25]


async def test_every_attempt_counts_and_not_only_every_call(clock: Clock) -> None:
    with FakeEndpoint(faults=["500", "500", None]) as fake:
        client = open_client(fake.base_url, "key", timeout=30)
        endpoint = Endpoint("fake", client, fake.base_url, wait=lambda error, tries: 0.0, limit=RateLimit(requests=60))
        await endpoint.complete(LINE, seed=1)
        await endpoint.close()
        assert len(fake.seen) == 3
    assert clock.now == pytest.approx(2, abs=0.1)


def test_a_play_goes_to_the_address_with_the_fewest_plays_and_stays_there() -> None:
    models = [ScriptedModel() for _ in range(3)]
    limits = [RateLimit(requests=60) for _ in models]
    shared = Addresses(models, limits)
    with ExitStack() as plays:
        first = [models.index(plays.enter_context(shared.lend(1))) for _ in range(4)]
        assert first == [1, 2, 0, 1]
        with shared.lend(2) as model:
            assert model is models[2]
        with shared.lend(2, [models[2], models[0]]) as model:
            assert model is models[1]
        assert [limit._plays for limit in limits] == [1, 2, 1]
    assert [limit._plays for limit in limits] == [0, 0, 0]


async def test_requests_of_many_plays_at_once_go_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))

    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(Waits, "wait", lambda _, seconds: sleep(seconds))
    limit = RateLimit(requests=600)
    with limit.play():
        await asyncio.gather(*(limit.turn(100) for _ in range(4)))
    assert waits == [0.1, 0.2, 0.3]
