from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import connection, model_choice, model_store, registry, survey
from dreamplay.models.client import open_client
from dreamplay.models.profile import ModelProfile
from dreamplay.settings import load
from fake_endpoint import FakeEndpoint

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "installed", lambda: None)


@pytest.fixture(autouse=True)
async def closed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Close the clients that were opened, whoever forgot it."""
    clients = []

    def opened(*args: Any, **rest: Any) -> Any:
        clients.append(open_client(*args, **rest))
        return clients[-1]

    monkeypatch.setattr(connection, "open_client", opened)
    yield
    for client in clients:
        await client.close()


async def test_the_hosted_api_needs_a_key_and_an_address_of_ones_own_does_not() -> None:
    settings = load(model="gpt-x")
    with pytest.raises(SettingsError, match=r"no key for gpt-x .*OPENAI_API_KEY.*`base_url`"):
        await registry.open_model(model_choice.choose(settings), settings)
    with FakeEndpoint() as fake:
        settings = load(model="m", base_url=fake.base_url)
        endpoint = connection.connect(model_choice.choose(settings), settings)
        assert await endpoint.models() == ["fake"]


SECRETS = ("sk-flagged", "sk-of-ours", "sk-of-openai", "sk-in-file")
SENT: dict[str, tuple[dict[str, str], dict[str, str], str, str, str | None]] = {
    # flags, environment, dreamplay.toml (URL: the address), and the key that goes there, or what the choice says
    "no key": ({"base_url": "URL"}, {}, "", "none", None),
    "to a flag's address": ({"base_url": "URL"}, {"OPENAI_API_KEY": "sk-of-openai"}, "", "sk-of-openai", None),
    "to a variable's": (
        {}, {"DREAMPLAY_BASE_URL": "URL", "OPENAI_API_KEY": "sk-of-openai"}, "", "sk-of-openai", None,
    ),
    "to OpenAI's variable's": (
        {}, {"OPENAI_BASE_URL": "URL", "DREAMPLAY_API_KEY": "sk-of-ours"}, "", "sk-of-ours", None,
    ),
    "ours wins": (
        {"base_url": "URL"}, {"OPENAI_API_KEY": "sk-of-openai", "DREAMPLAY_API_KEY": "sk-of-ours"},
        'api_key = "sk-in-file"', "sk-of-ours", None,
    ),
    "not to a file's": (
        {}, {"OPENAI_API_KEY": "sk-of-openai"}, 'base_url = "URL"', "none",
        "OPENAI_API_KEY is not sent to an address from dreamplay.toml: .*`base_url`.*DREAMPLAY_CONFIG=dreamplay.toml",
    ),
    "not to a file's either": (
        {}, {"DREAMPLAY_API_KEY": "sk-of-ours"}, 'base_url = "URL"', "none", "DREAMPLAY_API_KEY is not sent",
    ),
    "a file's to the same file's": (
        {}, {"OPENAI_API_KEY": "sk-of-openai", "DREAMPLAY_API_KEY": "sk-of-ours"},
        'base_url = "URL"\napi_key = "sk-in-file"', "sk-in-file", None,
    ),
    "to a trusted file's": (
        {}, {"OPENAI_API_KEY": "sk-of-openai", "DREAMPLAY_CONFIG": "dreamplay.toml"}, 'base_url = "URL"',
        "sk-of-openai", None,
    ),
    "OpenAI's variables over a file": (
        {}, {"OPENAI_BASE_URL": "URL", "OPENAI_API_KEY": "sk-of-openai"},
        'base_url = "http://127.0.0.1:9/v1"\napi_key = "sk-in-file"', "sk-of-openai", None,
    ),
    "OpenAI's key over a file's": (
        {"base_url": "URL"}, {"OPENAI_API_KEY": "sk-of-openai"}, 'api_key = "sk-in-file"', "sk-of-openai", None,
    ),
    "a flag's address over a file's": (
        {"base_url": "URL"}, {"OPENAI_API_KEY": "sk-of-openai"}, 'base_url = "http://127.0.0.1:9/v1"',
        "sk-of-openai", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SENT)
async def test_a_key_of_the_environment_goes_only_where_the_user_says(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags, environment, toml, key, says = SENT[what]
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Own: sk-of-a-gateway\nAuthorization: Bearer sk-other")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-own")
    with FakeEndpoint(api_key=key) as fake:
        for name, value in environment.items():
            monkeypatch.setenv(name, value.replace("URL", fake.base_url))
        _toml(toml.replace("URL", fake.base_url))
        settings = load(**{name: value.replace("URL", fake.base_url) for name, value in flags.items()})
        engine = model_choice.choose(settings)
        sent: dict[str, str] = {}
        endpoint = connection.connect(engine, settings)
        endpoint.client._client.event_hooks = {"request": [_keeping(sent)]}
        assert await endpoint.models() == ["fake"]
    assert re.search(says or r"^the model at [^;]*$", str(engine))
    assert sent["authorization"] == f"Bearer {key}"
    trusted = says is None and "file's to" not in what
    assert ("x-own" in sent, "openai-organization" in sent) == (trusted, trusted)
    assert not [secret for secret in SECRETS if secret in f"{engine} {settings!r} {settings.model_dump()}"]
    if says:
        assert re.search(says, endpoint.key_advice)


def _toml(text: str) -> None:
    Path("dreamplay.toml").write_text(text)


def _keeping(sent: dict[str, str]) -> Any:
    async def keep(request: Any) -> None:
        sent.update(request.headers)

    return keep


async def test_the_hosted_api_is_known_by_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(model="m", base_url="http://127.0.0.1:9/api.openai.com/v1")
    assert connection.connect(model_choice.choose(settings), settings).profile.output_limit == "max_tokens"
    _toml('base_url = "https://api.openai.com/v1"')
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    settings = load(model="m")
    with pytest.raises(SettingsError, match=r"no key for m .*OPENAI_API_KEY is not sent to an address"):
        connection.connect(model_choice.choose(settings), settings)


async def test_an_address_with_a_secret_is_called_with_it_and_shown_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with FakeEndpoint() as fake:
        settings = load(base_url=fake.base_url.replace("//", "//me:pass%20word@") + "?key=sk-query")
        sent: list[Any] = []

        async def keep(request: Any) -> None:
            sent.append(request)

        endpoint = connection.connect(model_choice.choose(settings), settings)
        endpoint.client._client.event_hooks = {"request": [keep]}
        assert await endpoint.models() == ["fake"]
        assert (sent[0].url.params["key"], sent[0].url.userinfo) == ("sk-query", b"")
        assert sent[0].headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk"
        rows = await survey.survey(settings)
    shown = f"{model_choice.choose(settings)} {rows} {endpoint.where} {settings!r} {settings.model_dump_json()}"
    assert not [secret for secret in ("pass%20word", "pass word", "sk-query", "sk-of-openai") if secret in shown]
    assert fake.base_url in shown


async def test_a_proxy_is_named_where_it_is_gone_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:sk-proxy@127.0.0.1:9")
    settings = load(model="m", base_url="http://192.0.2.1/v1")
    endpoint = connection.connect(model_choice.choose(settings), settings)
    with pytest.raises(openai.APIConnectionError) as caught:
        await endpoint.models()
    said = await endpoint.explain(caught.value)
    assert "http://192.0.2.1/v1 by the proxy of HTTP_PROXY" in said
    assert "sk-proxy" not in said


@pytest.mark.parametrize(
    ("models", "named"),
    [(["one"], "one"), (["one", "two"], None), ([], None), ([5, None], None)],
    ids=["one", "two", "none", "no names"],
)
async def test_an_address_decides_the_model_if_it_has_just_one(models: list[Any], named: str | None) -> None:
    with FakeEndpoint(models=models) as fake:
        settings = load(base_url=fake.base_url)
        if named:
            model = await registry.open_model(model_choice.choose(settings), settings)
            assert model.name == named
        else:
            says = "several models.*`model`: one, two" if "two" in models else "no model"
            with pytest.raises(ModelError, match=says):
                await registry.open_model(model_choice.choose(settings), settings)


@pytest.mark.parametrize("name", [5, None, ["one"], "", " ", "m" * 201, "m\nnext", "m\x1b]0;x\x07", "my sk-secret"])
async def test_what_cannot_be_a_name_is_no_model(name: Any) -> None:
    with FakeEndpoint(models=[name]) as fake:
        settings = load(base_url=fake.base_url, api_key="sk-secret")
        with pytest.raises(ModelError, match="offers no model"):
            await registry.open_model(model_choice.choose(settings), settings)


async def test_an_address_that_cannot_be_asked_is_one_line() -> None:
    settings = load(base_url=URL)
    with pytest.raises(ModelError, match=r"cannot reach http://127\.0\.0\.1:9/v1") as caught:
        await registry.open_model(model_choice.choose(settings), settings)
    assert "\n" not in str(caught.value)


async def test_a_survey_shows_what_could_play_and_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeEndpoint(models=["one", "two"]) as fake:
        rows = await survey.survey(load(base_url=fake.base_url))
    assert [row["chosen"] for row in rows] == [True, False, False]
    assert "one, two" in rows[0]["state"]
    assert rows[0]["profile"] == ModelProfile().recorded()
    rows = await survey.survey(load(base_url=URL))
    assert "not reachable" in rows[0]["state"]
    monkeypatch.setattr(model_store, "installed", lambda: "the engine is gone")
    rows = await survey.survey(load())  # nothing can play, and that is what a survey is asked for
    assert [row["chosen"] for row in rows] == [False, False]
    assert "the engine is gone" in rows[0]["state"]
