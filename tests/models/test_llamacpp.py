"""The local model with a fake in the place of llama.cpp."""

from __future__ import annotations

import asyncio
import gc
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import adapter_files
import pytest
from dreamplay.errors import EmbeddedModelError
from dreamplay.models import adapter, llamacpp, model_store, profile_table
from dreamplay.models.base import Reply
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.model_store import LocalServer
from dreamplay.models.prompt import Prompt
from fake_endpoint import FakeEndpoint

LINE = Prompt(kind="line", system="Rule.", script="It is late.\n", tail="[cue]", prefill="Leo:", max_tokens=72,
              stop=("\n",))  # fmt: skip


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeEndpoint]:
    monkeypatch.setenv("DREAMPLAY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "m.gguf").write_bytes(b"x")
    model_store.slots().mkdir(parents=True)
    with FakeEndpoint(api_key="key") as served:
        engine = LocalServer(served.base_url.removesuffix("/v1"), "key", tmp_path / "m.gguf", None)
        monkeypatch.setattr(model_store, "start", lambda gguf=None, **rest: engine)
        yield served


def _model(candidates: int = 1, **rest: Any) -> LocalModel:
    profile = profile_table.look_up("embedded", "").refined({"temperature": 0.1, "candidates": candidates})
    return LocalModel(timeout=30, profile=profile, **rest)


async def _closed(model: LocalModel, *calls: Any) -> Any:
    try:
        return await asyncio.gather(*calls)
    finally:
        if model._endpoint:
            await model._endpoint.client.close()


def _broken(gguf: Path | None = None, **rest: int) -> LocalServer:
    raise EmbeddedModelError("the model is damaged")


async def test_the_engine_is_asked_in_its_own_terms_and_begins_with_the_opener(fake: FakeEndpoint) -> None:
    model = _model()
    (reply,) = await _closed(model, model.complete(LINE, seed=5))
    assert reply.text.startswith("Leo:")
    request = fake.seen[0]
    assert {"min_p": 0.05, "cache_prompt": True, "id_slot": 0}.items() <= request.items()
    assert (request["temperature"], request["seed"], request["stop"]) == (0.1, 5, ["\n"])
    assert request["messages"][-1] == {"role": "assistant", "content": "Leo:"}


@pytest.mark.parametrize(("set_to", "line", "stance"), [(0.8, 0.8, 0.3), (0.1, 0.1, 0.1)])
async def test_what_has_to_be_decided_is_asked_with_a_cool_head(
    fake: FakeEndpoint, set_to: float, line: float, stance: float
) -> None:
    model = LocalModel(timeout=30, profile=_model().profile.refined({"temperature": set_to}))
    shape = {"properties": {"reason": {"type": "string"}, "choice": {"enum": ["go", "stay"]}}}
    stance_asked = LINE.model_copy(update={"kind": "stance", "json_schema": shape})
    await _closed(model, model.complete(LINE, seed=5), model.complete(stance_asked, seed=5))
    assert [request["temperature"] for request in fake.seen] == [line, stance]


async def test_what_an_adapter_is_not_used_for_is_answered_without_it(fake: FakeEndpoint) -> None:
    shipped = profile_table.look_up("embedded", "", "dreamplay voice")
    model = LocalModel(timeout=30, profile=shipped.refined({"candidates": 1, "dream_temperature": 0.3}))
    asked = [LINE.model_copy(update={"kind": kind}) for kind in ("line", "dream", "stance", "epilogue")]
    await _closed(model, *(model.complete(each, seed=5) for each in asked))
    off = [{"id": 0, "scale": 0.0}]
    assert [request.get("lora") for request in fake.seen] == [None, None, off, None]
    assert [request["temperature"] for request in fake.seen] == [0.1, 0.3, 0.1, 0.1]


async def test_what_the_second_adapter_answers_has_a_slot_of_its_own(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    both, kinds = adapter_files.ship(monkeypatch, tmp_path, second=True), ("line", "dream", "reflection", "line")
    shipped = profile_table.look_up("embedded", "", both.name)
    for known in (both, replace(both, second=None)):
        used = {"second_adapter": ("dream",), "adapted": ("line", "dream"), "candidates": 2}
        model = LocalModel(timeout=30, profile=shipped.refined(used), adapter=known, jobs=2)
        asked = [LINE.model_copy(update={"kind": kind}) for kind in kinds]
        await _closed(model, *(model.complete(each, seed=5) for each in asked))
    off, second = [{"id": 0, "scale": 0.0}], [{"id": 1, "scale": 1.0}]
    assert [(request["id_slot"], request.get("lora")) for request in fake.seen] == [
        (2, None), (4, second), (4, off), (2, None),
        (2, None), (2, None), (2, off), (2, None),
    ]  # fmt: skip


async def test_calls_at_the_same_time_wait_for_one_engine(fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, go, start = [], threading.Event(), model_store.start

    def slow(gguf: Path | None = None, **rest: int) -> LocalServer:
        starts.append(gguf)
        go.wait()
        return start(gguf)

    monkeypatch.setattr(model_store, "start", slow)
    model = _model()
    calls = [asyncio.create_task(model.complete(LINE, seed=seed)) for seed in range(3)]
    await asyncio.sleep(0)
    assert not fake.seen
    go.set()
    await _closed(model, *calls)
    assert (len(starts), len(fake.seen)) == (1, 3)


async def test_an_engine_that_does_not_start_says_so_at_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "start", _broken)
    model = _model()
    for _ in range(2):
        with pytest.raises(EmbeddedModelError, match="the model is damaged"):
            await model.complete(LINE, seed=1)


async def test_what_is_read_ahead_costs_one_token_and_may_fail(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, ahead = _model(), LINE.model_copy(update={"tail": "", "prefill": "", "max_tokens": 1})
    await _closed(model, model.warm_cache(ahead), model.complete(LINE, seed=5))
    assert [request["max_tokens"] for request in fake.seen] == [1, 72]
    monkeypatch.setattr(model_store, "start", _broken)
    await _model(candidates=2).warm_cache(ahead)


async def test_models_that_an_engine_cannot_tell_apart_share_one_and_wait_for_each_other(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[int] = []
    start = model_store.start
    monkeypatch.setattr(
        model_store, "start", lambda gguf=None, **rest: starts.append(rest["candidates"]) or start(gguf)
    )
    guided = _model().profile.refined({"direction": "guided", "temperature": 0.3})
    one, other, wider = _model(), LocalModel(timeout=30, profile=guided), _model(candidates=2)
    held = one._engine().alone
    async with held:
        asked = asyncio.create_task(other.complete(LINE, seed=2))
        await asyncio.wrap_future(other._engine().starting)
        await asyncio.sleep(0)
        assert not fake.seen
    await asked
    await _closed(one, one.complete(LINE, seed=1))
    await _closed(wider, wider.complete(LINE, seed=3))
    assert [request["temperature"] for request in fake.seen] == [0.3, 0.1, 0.1]
    assert starts == [1, 2]
    await other.close()
    del one, other, held, asked
    gc.collect()
    model = _model()
    await _closed(model, model.complete(LINE, seed=1))
    assert starts == [1, 2, 1]


@pytest.mark.parametrize(("restored", "asked"), [(True, ["restore"]), (False, ["restore", "save"])])
async def test_a_prompt_state_that_cannot_be_restored_is_saved_anew(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, restored: bool, asked: list[str]
) -> None:
    actions: list[str] = []

    async def state(endpoint: Endpoint, slot: str, action: str, file: str) -> bool:
        actions.append(action)
        (model_store.slots() / file).touch()
        return restored

    monkeypatch.setattr(llamacpp, "_state", state)
    first = _model()
    await _closed(first, first.complete(LINE, seed=1))
    assert actions == ["save"]
    assert {stat.S_IMODE(file.stat().st_mode) == 0o600 for file in model_store.slots().iterdir()} == {restored}
    actions.clear()
    second = _model()
    await _closed(second, second.complete(LINE, seed=1))
    assert actions == asked


async def test_a_prompt_state_is_one_adapter_s_and_the_engine_is_started_with_it(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    starts: list[Path | None] = []
    saved: list[str] = []
    start = model_store.start

    def started(gguf: Path | None = None, *, adapters: tuple[Path, ...], **rest: int) -> LocalServer:
        starts.append(adapters)
        return start(gguf)

    async def state(endpoint: Endpoint, slot: str, action: str, file: str) -> bool:
        saved.append(file)
        return False

    monkeypatch.setattr(model_store, "start", started)
    monkeypatch.setattr(llamacpp, "_state", state)
    adapters = [adapter.read(adapter_files.lora(tmp_path / f"{name}.gguf", name)) for name in ("one", "other")]
    models = [_model(adapter=each) for each in (None, *adapters, adapters[0])]
    for model in models:
        await _closed(model, model.complete(LINE, seed=1))
    assert starts == [(), (tmp_path / "one.gguf",), (tmp_path / "other.gguf",)]
    assert len(set(saved)) == 3
    assert saved[1] == saved[3]


async def test_old_prompt_states_are_forgotten(fake: FakeEndpoint) -> None:
    for number in range(12):
        (model_store.slots() / f"{number}.slot").touch()
    model = _model()
    await _closed(model, model.complete(LINE, seed=1))
    assert len(list(model_store.slots().glob("*.slot"))) == 8


def test_a_file_of_ones_own_gives_the_model_its_name(fake: FakeEndpoint, tmp_path: Path) -> None:
    assert LocalModel(tmp_path / "m.gguf", timeout=30).name == "m"
    assert _model().name == model_store.NAME


async def test_each_run_has_a_slot_of_one_engine_to_itself_and_leaves_the_lower_ones_to_candidates(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[dict[str, int]] = []
    start = model_store.start
    monkeypatch.setattr(model_store, "start", lambda gguf=None, **rest: starts.append(rest) or start(gguf))
    lanes = _model(jobs=2, candidates=3, load=False).lanes()
    for number, lane in enumerate(lanes):
        await _closed(lane, *(lane.complete(LINE, seed=seed) for seed in (number, number + 2)))
    assert [(request["seed"], request["id_slot"]) for request in fake.seen] == [(0, 4), (2, 4), (1, 5), (3, 5)]
    assert [(each["jobs"], each["candidates"]) for each in starts] == [(2, 3)]


async def test_who_asks_at_the_same_time_is_answered_one_after_the_other(
    fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, at_once, most = Endpoint.complete, 0, 0

    async def counted(*asked: Any, **rest: Any) -> Reply:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        reply = await complete(*asked, **rest)
        at_once -= 1
        return reply

    monkeypatch.setattr(Endpoint, "complete", counted)
    model = _model()
    await _closed(model, *(model.complete(LINE, seed=number) for number in range(4)))
    assert (len(fake.seen), most) == (4, 1)
