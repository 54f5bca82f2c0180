from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
from pathlib import Path

import httpx2
import openai
import pytest
from dreamplay.errors import SettingsError
from dreamplay.models.client import AMBIENT, open_client
from dreamplay.models.completions_client import COMPLETIONS, CompletionsClient
from dreamplay.models.response_body import objects
from fake_endpoint import FakeEndpoint


@pytest.mark.parametrize("variable", AMBIENT)
@pytest.mark.parametrize("value", ["sk-other\r", "sk-other\u201d"])
def test_a_header_of_the_environment_that_cannot_be_sent_is_named_and_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"X-Key: {value}")
    with pytest.raises(SettingsError, match=f"{variable} has a character") as caught:
        open_client("http://127.0.0.1:9/v1", "key", timeout=1, ambient=True)
    assert "sk-other" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "wrong"])
def test_certificates_that_cannot_be_loaded_are_one_line(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content:
        (tmp_path / "own.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    with pytest.raises(SettingsError, match=r"^the certificates cannot be loaded .*; .* unset SSL_CERT_FILE[^\n]*$"):
        open_client("https://127.0.0.1:9/v1", "key", timeout=1)


@pytest.mark.parametrize("own", [{}, {"cookie": "own=1"}], ids=["none", "a cookie"])
async def test_completions_are_asked_for_as_the_library_asks_for_them(own: dict[str, str]) -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url, sorted(request.headers.items()), request.content, request.extensions["timeout"]))
        return httpx2.Response(200, json={}, headers={"set-cookie": f"place={len(asked) % 3}; path=/"})

    for kind in (openai.AsyncOpenAI, CompletionsClient):
        http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), auth=("me", "pass"), timeout=7)
        client = kind(
            base_url="http://h/v1", api_key="key", timeout=7, http_client=http_client, default_query={"version": "3"},
            default_headers=own,
        )  # fmt: skip
        await client.get("/models", cast_to=object)
        for text in ("Wer schläft?", "\u201cI\u2028do.\u201d"):
            body = {"messages": [{"role": "user", "content": text}]}
            if isinstance(client, CompletionsClient):
                await client.ask(body)
            else:
                await client.post(COMPLETIONS, body=body, cast_to=object)
    assert asked[:3] == asked[3:]
    assert dict(asked[5][1])["cookie"] == own.get("cookie", "place=2")


@pytest.mark.parametrize("many", [False, True], ids=["one play", "many plays"])
async def test_a_cookie_of_the_environment_goes_with_every_call_and_a_length_with_none(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Cookie: own=1\ncontent-length: 3")
    asked = {"model": "fake", "messages": [{"role": "user", "content": "Who sleeps?"}]}
    with FakeEndpoint() as fake:
        client = open_client(fake.base_url, "key", timeout=30, many=many, ambient=True)
        assert (await client.models.list()).data
        for _ in range(2):
            async with contextlib.aclosing(await client.ask(asked)) as response:
                assert [data async for data in objects(response, client)]
        await client.close()
        assert [headers["cookie"] for headers in fake.headers] == ["own=1"] * 3


_BODY = b'{"choices": []}'
_PACKED = gzip.compress(_BODY)
_SOUND = b"content-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
_ANSWERS = [
    b"200 OK\r\n" + _SOUND,
    b"200 OK\r\n" + _SOUND,
    b"200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(_PACKED), _PACKED),
    b"429 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
    b"307 Go\r\nlocation: http://else.org/v1\r\ncontent-length: 0\r\n\r\n",
    b"200 OK\r\nset-cookie: place=2; path=/\r\n" + _SOUND,
    b"200 OK\r\n" + _SOUND,
    b"502 oops\r\n\r\n",
    b"oops\r\n\r\n",
    b"",
]


async def test_the_shortcut_sends_and_takes_what_the_library_does() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                lines = sorted(line.lower() for line in head.split(b"\r\n"))
                asked.append(b"\n".join(lines) + await reader.readexactly(int(size[1]) if size else 0))
                if not (answer := _ANSWERS[(len(asked) - 1) % len(_ANSWERS)]):
                    break
                writer.write(b"HTTP/1.1 " + answer)
                if b"content-length" not in answer:  # it ends with the connection
                    break
        writer.close()
        await writer.wait_closed()

    async def taken(client: CompletionsClient) -> object:
        try:
            response = await client.ask({"messages": "Wer schläft?"})
        except openai.APIStatusError as error:
            return error.status_code, str(error), error.response.headers.get("content-length")
        except openai.APIError as error:
            return type(error)
        async with contextlib.aclosing(response):
            return [data async for data in objects(response, client)]

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1?version=3"
    took = []
    for shortcut in (False, True):
        client = open_client(address, "key", timeout=30, many=True)
        client._shorter = shortcut
        took.append([await taken(client) for _ in _ANSWERS])
        await client.close()
    server.close()
    await server.wait_closed()
    assert took[0] == took[1]
    assert asked[: len(_ANSWERS)] == asked[len(_ANSWERS) :]
    assert b"cookie: place=2" in asked[-2]
