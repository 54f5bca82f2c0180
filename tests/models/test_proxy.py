"""By which proxy an address is reached, and that nothing for this machine goes by one."""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Iterator

import openai
import pytest
from dreamplay.errors import SettingsError
from dreamplay.models import proxy
from dreamplay.models.client import open_client
from dreamplay.schema.address import Address
from fake_endpoint import FakeEndpoint

HERE, THERE = "http://127.0.0.1:9/v1", "http://192.0.2.1/v1"
CHOSEN: dict[str, tuple[dict[str, str], str, str | None]] = {
    # environment, address, and the variable that names the proxy
    "none": ({}, THERE, None),
    "for the scheme": ({"HTTP_PROXY": "http://p:1"}, THERE, "HTTP_PROXY"),
    "in lower case": ({"http_proxy": "http://p:1"}, THERE, "http_proxy"),
    "without a scheme": ({"HTTP_PROXY": "p:1"}, THERE, "HTTP_PROXY"),
    "for another scheme": ({"HTTPS_PROXY": "http://p:1"}, THERE, None),
    "for all": ({"ALL_PROXY": "http://p:1"}, THERE, "ALL_PROXY"),
    "the scheme's before all's": ({"ALL_PROXY": "socks5://p:1", "HTTP_PROXY": "http://p:1"}, THERE, "HTTP_PROXY"),
    "an exception": ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "x.org, 192.0.2.1"}, THERE, None),
    "an exception for a network": ({"HTTP_PROXY": "http://p:1", "no_proxy": "10.0.0.0/8,192.0.2.0/24"}, THERE, None),
    "an exception for a domain": ({"ALL_PROXY": "http://p:1", "NO_PROXY": "a.org"}, "https://b.a.org", None),
    "another network": ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8,x/y"}, THERE, "HTTP_PROXY"),
    "this machine": ({"HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"}, HERE, None),
    "this machine by name": ({"HTTP_PROXY": "http://p:1"}, "http://localhost:9/v1", None),
    "this machine, and no proxy that works": ({"ALL_PROXY": "socks5h://p:1", "HTTP_PROXY": "x://"}, HERE, None),
}


@pytest.mark.parametrize("what", CHOSEN)
def test_an_address_goes_by_the_proxy_of_the_environment_and_this_machine_by_none(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, address, variable = CHOSEN[what]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    via = proxy.chosen(Address.parse(address))
    assert (via.variable if via else None) == variable


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("socks5h://me:sk-word@p:1", "HTTP_PROXY names a SOCKS proxy.*pip install socksio"),
        ("quic://me:sk-word@p:1", "HTTP_PROXY does not hold the address of a proxy"),
        ("http://me:sk-word@p:99999", "HTTP_PROXY does not hold the address of a proxy"),
        ("http://me:sk-word@[::1", "HTTP_PROXY does not hold the address of a proxy"),
        ("http://", "HTTP_PROXY does not hold the address of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    url: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("HTTP_PROXY", url)
    with pytest.raises(SettingsError, match=says) as caught:
        open_client(THERE, "key", timeout=1)
    assert "sk-word" not in str(caught.value)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What comes to a proxy that the environment names for everything, which hangs up on whoever calls."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                caller, _ = server.accept()
                with caller:
                    heard.append(caller.recv(1000))
                if heard[-1] == b"":
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        yield heard
        with socket.create_connection(server.getsockname()):
            pass
        thread.join()


@pytest.mark.parametrize("many", [False, True])
async def test_nothing_for_this_machine_goes_by_a_proxy(many: bool, listening: list[bytes]) -> None:
    with FakeEndpoint() as fake:
        client = open_client(fake.base_url, "key", timeout=30, many=many)
        assert [model.id async for model in client.models.list()] == ["fake"]
        await client.close()
    assert listening == []


@pytest.mark.parametrize("many", [False, True])
async def test_everything_else_does(many: bool, listening: list[bytes]) -> None:
    client = open_client(THERE, "key", timeout=30, many=many)
    with pytest.raises(openai.APIConnectionError):
        await client.models.list()
    await client.close()
    assert {heard.split(b" HTTP")[0] for heard in listening} == {b"GET http://192.0.2.1/v1/models"}


@pytest.mark.parametrize("many", [False, True])
async def test_whoever_is_asked_does_not_send_a_prompt_elsewhere(many: bool) -> None:
    with FakeEndpoint() as elsewhere, socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(10_000)
                to = f"{elsewhere.base_url}/chat/completions".encode()
                caller.sendall(b"HTTP/1.1 307 Go\r\nlocation: " + to + b"\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        client = open_client(f"http://127.0.0.1:{server.getsockname()[1]}/v1", "key", timeout=30, many=many)
        with pytest.raises(openai.APIStatusError) as caught:
            await client.post("/chat/completions", body={}, cast_to=object)
        await client.close()
        thread.join()
    assert (caught.value.status_code, elsewhere.seen) == (307, [])
