"""Where a key goes when a study is played: a study may be somebody else's, and so may the addresses in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import ModelError
from dreamplay.studies.loaded import load_study
from fake_endpoint import FakeEndpoint

Write = Callable[..., Path]


class Listener(FakeEndpoint):
    """An endpoint that keeps the headers it was sent.

    Args:
        moved: where it redirects completions to.
        rest: as for any fake endpoint.
    """

    def __init__(self, moved: str = "", **rest: Any) -> None:
        super().__init__(**rest)
        self.moved = moved
        self.headers: list[dict[str, str]] = []

    async def _app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if self.moved:
            headers = [(b"location", f"{self.moved}/chat/completions".encode())]
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await super()._app(scope, receive, send)

    @property
    def keys(self) -> set[str]:
        """What was sent as a key."""
        return {each.get("authorization", "") for each in self.headers}

    @property
    def overheard(self) -> str:
        """All that was sent beside the prompts."""
        return repr(self.headers)


OTHERS: dict[str, dict[str, str]] = {
    "a key alone": {"OPENAI_API_KEY": "sk-mine"},
    "a key of ours": {"DREAMPLAY_API_KEY": "sk-mine"},
    "a key for another address": {"OPENAI_BASE_URL": "OWN", "OPENAI_API_KEY": "sk-mine"},
    "a key of ours for another address": {"DREAMPLAY_BASE_URL": "OWN", "DREAMPLAY_API_KEY": "sk-mine"},
    "headers": {
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer sk-mine\nX-Own: sk-mine", "OPENAI_ORG_ID": "sk-mine",
        "OPENAI_PROJECT_ID": "sk-mine", "OPENAI_API_KEY": "sk-mine",
    },
    "a proxy": {"HTTP_PROXY": "http://sk-mine:sk-mine@127.0.0.1:9", "ALL_PROXY": "http://sk-mine@127.0.0.1:9",
                "OPENAI_API_KEY": "sk-mine"},
    "a file of settings": {"TOML": 'base_url = "OWN"\napi_key = "sk-mine"'},
    "a file of settings that is trusted": {
        "TOML": 'base_url = "OWN"\napi_key = "sk-mine"', "DREAMPLAY_CONFIG": "dreamplay.toml",
    },
}  # fmt: skip


@pytest.fixture
def study(write: Write) -> Callable[..., Path]:
    """Writes a study of four plays whose file names the addresses."""

    def written(*addresses: str) -> Path:
        def change(data: dict[str, Any]) -> None:
            data |= {"base_url": list(addresses), "model": "fake"}
            del data["conditions"]["calm"]

        return write(change)

    return written


@pytest.mark.parametrize("what", OTHERS)
def test_an_address_in_a_study_gets_no_key_and_nothing_else_that_was_meant_for_others(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with Listener() as stranger, Listener() as own:
        values = {name: value.replace("OWN", own.base_url) for name, value in OTHERS[what].items()}
        Path("dreamplay.toml").write_text(values.pop("TOML", ""))
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        found = load_study(study(stranger.base_url))
        assert found.run(processes=1, jobs=2).finished
        assert own.headers == []
        assert stranger.keys == {"Bearer none"}
        assert "sk-mine" not in stranger.overheard


def test_other_processes_send_it_none_either_and_neither_do_two_addresses_share_one(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-mine")
    with Listener() as one, Listener() as other:
        assert load_study(study(one.base_url, other.base_url)).run(processes=2, jobs=4).finished
        assert one.seen
        assert other.seen
        assert one.keys == other.keys == {"Bearer none"}


@pytest.mark.parametrize("processes", [1, 2])
def test_the_key_goes_to_the_address_that_the_user_names_and_the_one_in_the_file_is_not_asked(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    with Listener() as stranger, Listener() as another, Listener(api_key="sk-mine") as own:
        monkeypatch.setenv("OPENAI_BASE_URL", another.base_url)
        assert load_study(study(stranger.base_url), base_url=own.base_url).run(processes=processes, jobs=2).finished
        assert stranger.headers == another.headers == []
        assert own.keys == {"Bearer sk-mine"}


def test_a_redirection_takes_neither_prompts_nor_a_key_elsewhere(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    with Listener() as stranger, Listener(moved=stranger.base_url) as own:
        found = load_study(study(stranger.base_url), base_url=own.base_url)
        with pytest.raises(ModelError, match="4 of 4 plays failed"):
            found.run(processes=1, jobs=2)
        assert stranger.headers == []
