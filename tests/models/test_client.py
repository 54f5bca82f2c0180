from __future__ import annotations

from pathlib import Path

import httpx2
import openai
import pytest
from dreamplay.errors import SettingsError
from dreamplay.models.client import AMBIENT, open_client
from dreamplay.models.completions_client import COMPLETIONS, CompletionsClient


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


async def test_completions_are_asked_for_as_the_library_asks_for_them() -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url, sorted(request.headers.items()), request.content, request.extensions["timeout"]))
        return httpx2.Response(200, json={}, headers={"set-cookie": f"place={len(asked) % 3}; path=/"})

    for kind in (openai.AsyncOpenAI, CompletionsClient):
        http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), auth=("me", "pass"), timeout=7)
        client = kind(
            base_url="http://h/v1", api_key="key", timeout=7, http_client=http_client, default_query={"version": "3"}
        )
        await client.get("/models", cast_to=object)
        for text in ("Wer schläft?", "\u201cI\u2028do.\u201d"):
            body = {"messages": [{"role": "user", "content": text}]}
            if isinstance(client, CompletionsClient):
                await client.ask(body)
            else:
                await client.post(COMPLETIONS, body=body, cast_to=object)
    assert asked[:3] == asked[3:]
    assert dict(asked[5][1])["cookie"] == "place=2"
