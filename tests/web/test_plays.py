"""The live plays of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import dreamplay as dp
import pytest
import served
from dreamplay.storage.folders import FolderStore
from dreamplay.web.plays import Plays
from fake_endpoint import FakeEndpoint


@pytest.fixture
async def plays(home: Path) -> AsyncIterator[Plays]:
    made = Plays(FolderStore(home))
    yield made
    await made.close()


async def _until(play: dp.LivePlay | None, state: str, events: int = 0) -> None:
    assert play
    await asyncio.to_thread(served.until, lambda: play.moment.state == state and len(play.events) >= events)


async def test_a_play_that_is_over_is_none_any_more(plays: Plays, small: Path) -> None:
    name = await plays.begin(lambda: dp.live(small, model="scripted", seed=7), paused=True)
    play = plays.get(name)
    await _until(play, "paused")
    await plays.go_on(name)
    await _until(play, "finished")
    assert plays.get(name) is None
    with pytest.raises(dp.DreamplayError, match="was played to its end"):
        await plays.go_on(name)
    again = await plays.begin(lambda: dp.live(small, model="scripted", seed=8), paused=True)
    assert list(plays._live) == [again]


async def test_one_that_was_stopped_goes_on_from_disk(plays: Plays, small: Path) -> None:
    name = await plays.begin(lambda: dp.live(small, model="scripted", seed=7), paused=True)
    first = plays.get(name)
    assert first
    first.step()
    await _until(first, "paused", events=1)
    await asyncio.wrap_future(first.close())
    assert await plays.go_on(name) == name
    play = plays.get(name)
    assert play is not first
    await _until(play, "finished")


async def test_another_model_takes_over_a_play_that_is_paused(plays: Plays, small: Path) -> None:
    name = await plays.begin(lambda: dp.live(small, model="scripted", seed=7), paused=True)
    first = plays.get(name)
    assert first
    first.step()
    await _until(first, "paused", events=1)
    await plays.go_on(name, model="scripted", direction="guided")
    assert first.over
    await _until(plays.get(name), "finished")
    assert dp.load_run(name).record.newest.settings["profile"]["direction"] == "guided"


async def test_the_same_branch_asked_for_twice_is_played_once(plays: Plays, first: Path) -> None:
    branched = dp.load_run(first).branch(at=6, seed=3)
    names = await asyncio.gather(
        *(plays.begin(lambda: dp.live(branched, model="scripted"), paused=True) for _ in range(2))
    )
    assert names[0] == names[1]
    assert len(plays._live) == 1


async def test_a_hosted_model_plays_fails_and_goes_on_and_its_key_and_address_are_kept_nowhere(
    plays: Plays, small: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-secret")
    with FakeEndpoint(models=["one"], api_key="sk-secret", faults=[None] * 8 + ["400"]) as fake:
        name = await plays.begin(lambda: dp.live(small, model="one", base_url=fake.base_url, seed=7))
        play = plays.get(name)
        await _until(play, "failed")
        assert play
        assert play.moment.why.startswith(f"{fake.base_url} answers 400")
        await plays.go_on(name)
        await _until(play, "finished")
        assert all(asked["stream"] for asked in fake.seen)
    assert dp.load_run(name).record.models == ("one",)
    for path in (home / name).rglob("*"):
        if path.is_file():
            assert b"sk-secret" not in path.read_bytes()
            assert fake.base_url.encode() not in path.read_bytes()
