from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import embedded, engines
from dreamplay.models.endpoint import open_endpoint
from dreamplay.record.transcript import Resumed
from dreamplay.settings import load
from dreamplay.testing.endpoint import FakeEndpoint
from dreamplay.testing.scripted import ScriptedModel

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "installed", lambda: None)


@pytest.fixture(autouse=True)
async def closed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Close the clients that were opened, whoever forgot it."""
    clients = []

    def opened(*args: Any, **rest: Any) -> Any:
        clients.append(open_endpoint(*args, **rest))
        return clients[-1]

    monkeypatch.setattr(engines, "open_endpoint", opened)
    yield
    for client in clients:
        await client.close()


CHOICES: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, str | None, str | None]]] = {
    # flags, environment, and what plays: kind, model, address
    "nothing is set": ({}, {}, ("embedded", embedded.NAME, None)),
    "a model": ({"model": "gpt-x"}, {}, ("endpoint", "gpt-x", None)),
    "a model at an address": ({"model": "m", "base_url": URL}, {}, ("endpoint", "m", URL)),
    "an address alone": ({"base_url": URL}, {}, ("endpoint", None, URL)),
    "an address of OpenAI's variable": ({}, {"OPENAI_BASE_URL": URL}, ("endpoint", None, URL)),
    "both addresses": ({"base_url": URL}, {"OPENAI_BASE_URL": "http://x/v1"}, ("endpoint", None, URL)),
    "a key alone": ({}, {"OPENAI_API_KEY": "k"}, ("embedded", embedded.NAME, None)),
    "a model in the environment": ({}, {"DREAMPLAY_MODEL": "m"}, ("endpoint", "m", None)),
    "a flag against the environment": ({"model": "scripted"}, {"DREAMPLAY_MODEL": "m"}, ("scripted", "scripted", None)),
    "embedded by name": ({"model": "embedded", "base_url": URL}, {}, ("embedded", embedded.NAME, None)),
    "a file": ({"model": "my.gguf"}, {}, ("gguf", "my.gguf", None)),
    "the fake": ({"model": "scripted", "base_url": URL}, {}, ("scripted", "scripted", None)),
}


@pytest.mark.parametrize("what", CHOICES)
def test_which_model_plays(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flags, environment, chosen = CHOICES[what]
    Path("my.gguf").touch()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    engine = engines.choose(load(**flags))
    assert (engine.kind, engine.model, engine.base_url) == chosen
    assert "\n" not in str(engine)
    assert engine.why in str(engine)


BEFORE: dict[str, tuple[str, dict[str, Any]]] = {
    # how a transcript names a model, and what it keeps of it
    "embedded": (embedded.NAME, {"engine": {"min_p": 0.05}, "candidates": 2, "sampling": {"temperature": 0.8}}),
    "file": ("my", {"engine": {"min_p": 0.05}, "candidates": 4, "sampling": {"temperature": 0.5}}),
    "endpoint": ("m", {"candidates": 3, "sampling": {"temperature": 0.5}}),
    "scripted": ("scripted", {"tries": 3}),
    "damaged": ("m", {"sampling": "hot"}),
}
AGAIN: dict[str, tuple[str, dict[str, Any], dict[str, str], tuple[str | None, float | None, int | None]]] = {
    # what it was played on, flags, environment, and what it goes on with: model, temperature, candidates
    "embedded as before": ("embedded", {}, {}, ("embedded", 0.8, 2)),
    "embedded by name": ("embedded", {"model": "embedded", "candidates": 1}, {}, ("embedded", 0.8, 1)),
    "embedded, whatever OpenAI's variable says": ("embedded", {}, {"OPENAI_BASE_URL": URL}, ("embedded", 0.8, 2)),
    "from embedded to an address": ("embedded", {"base_url": URL}, {}, (None, None, None)),
    "from embedded to a model": ("embedded", {"model": "m"}, {}, ("m", None, None)),
    "the fake as before": ("scripted", {}, {}, ("scripted", None, None)),
    "from the fake to embedded": ("scripted", {"model": "embedded"}, {}, ("embedded", None, None)),
    "a file again": ("file", {"model": "here/my.gguf"}, {}, ("here/my.gguf", 0.5, 4)),
    "from a file to an address": ("file", {"base_url": URL}, {}, (None, None, None)),
    "the same model at an address": ("endpoint", {"base_url": URL, "temperature": 0.0}, {}, ("m", 0.0, 3)),
    "the same model at OpenAI's variable": ("endpoint", {}, {"OPENAI_BASE_URL": URL}, ("m", 0.5, 3)),
    "the same model by name": ("endpoint", {"model": "m"}, {}, ("m", 0.5, 3)),
    "another model there": ("endpoint", {"model": "n", "base_url": URL}, {}, ("n", None, None)),
    "settings that are none": ("damaged", {"model": "m"}, {}, ("m", None, None)),
}


def _before(what: str) -> Resumed:
    model, kept = BEFORE[what]
    return Resumed(model=model, settings={"length": "full"} | kept, event=1)


@pytest.mark.parametrize("what", AGAIN)
def test_what_a_run_goes_on_with(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, flags, environment, expected = AGAIN[what]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = engines.again(load(**flags, timeout=9.0), _before(before))
    assert (settings.model, settings.temperature, settings.candidates) == expected
    assert (settings.base_url, settings.timeout) == (flags.get("base_url"), 9.0)


@pytest.mark.parametrize(
    ("before", "says"), [("file", r"on my; .*--model FILE"), ("endpoint", r"--model m --base-url")]
)
def test_a_model_that_has_to_be_named_again(before: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        engines.again(load(), _before(before))


def test_a_key_that_decides_nothing_is_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OPENAI_API_KEY" not in str(engines.choose(load()))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "OPENAI_API_KEY is set" in str(engines.choose(load()))
    assert "sk-secret" not in str(engines.choose(load()))


@pytest.mark.parametrize(
    ("flags", "says"),
    [({"model": "no.gguf"}, r"no\.gguf: no such file"), ({}, "is gone.*--model NAME --base-url URL.*scripted")],
)
def test_what_cannot_play_says_what_can(flags: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "installed", lambda: "the engine is gone")
    with pytest.raises(SettingsError, match=says):
        engines.choose(load(**flags))


async def test_the_hosted_api_needs_a_key_and_an_address_of_ones_own_does_not() -> None:
    settings = load(model="gpt-x")
    with pytest.raises(SettingsError, match=r"no key for gpt-x .*OPENAI_API_KEY.*--base-url"):
        await engines.open_model(engines.choose(settings), settings)
    with FakeEndpoint() as fake:
        settings = load(model="m", base_url=fake.base_url)
        endpoint = engines.connect(engines.choose(settings), settings)
        assert await endpoint.models() == ["fake"]


@pytest.mark.parametrize(
    ("models", "named"), [(["one"], "one"), (["one", "two"], None), ([], None)], ids=["one", "two", "none"]
)
async def test_an_address_decides_the_model_if_it_has_just_one(models: list[str], named: str | None) -> None:
    with FakeEndpoint(models=models) as fake:
        settings = load(base_url=fake.base_url)
        if named:
            model = await engines.open_model(engines.choose(settings), settings)
            assert model.name == named
        else:
            says = "several models.*--model: one, two" if models else "no model"
            with pytest.raises(ModelError, match=says):
                await engines.open_model(engines.choose(settings), settings)


async def test_an_address_that_cannot_be_asked_is_one_line() -> None:
    settings = load(base_url=URL)
    with pytest.raises(ModelError, match=r"cannot reach http://127\.0\.0\.1:9/v1") as caught:
        await engines.open_model(engines.choose(settings), settings)
    assert "\n" not in str(caught.value)


def test_the_header_keeps_how_a_model_was_asked_and_no_key_or_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = load(model="m", base_url=URL, temperature=0.3)
    endpoint = engines.connect(engines.choose(settings), settings, {"temperature": 0.3})
    kept = engines.recorded(endpoint)
    assert kept["sampling"] == {"temperature": 0.3}
    assert "sk-secret" not in str(kept)
    assert URL not in str(kept)
    assert engines.recorded(ScriptedModel())["tries"] == ScriptedModel.tries


async def test_a_survey_shows_what_could_play_and_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeEndpoint(models=["one", "two"]) as fake:
        rows = await engines.survey(load(base_url=fake.base_url))
    assert [row["chosen"] for row in rows] == [True, False, False]
    assert "one, two" in rows[0]["state"]
    rows = await engines.survey(load(base_url=URL))
    assert "not reachable" in rows[0]["state"]
    monkeypatch.setattr(embedded, "installed", lambda: "the engine is gone")
    rows = await engines.survey(load())  # nothing can play, and that is what a survey is asked for
    assert [row["chosen"] for row in rows] == [False, False]
    assert "the engine is gone" in rows[0]["state"]
