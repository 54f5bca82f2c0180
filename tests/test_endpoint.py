"""The client against a real endpoint on loopback. Nothing is waited for: `wait` is injected."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import endpoint as endpoints
from dreamplay.models.endpoint import AMBIENT, Endpoint, open_endpoint
from dreamplay.models.failures import LONGEST_WAIT, TRIES, polite_wait
from dreamplay.prompting.prompt import Prompt
from dreamplay.testing.endpoint import FakeEndpoint
from tenacity import RetryCallState

LINE = Prompt(kind="line", system="Rule.", script="It is late.\n", tail="[cue]", ask="Say it.", opener="Leo:",
              max_tokens=72, stop=("\n",))  # fmt: skip
SHAPE = {"type": "object", "properties": {"choice": {"type": "string", "enum": ["go", "stay"]}}}


@pytest.fixture(scope="module")
def served() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(models=["small", "large"]) as fake:
        yield fake


@pytest.fixture
def fake(served: FakeEndpoint) -> FakeEndpoint:
    for queue in (served.seen, served.faults, served.replies):
        queue.clear()
    return served


@pytest.fixture
async def connect(fake: FakeEndpoint) -> AsyncIterator[Callable[..., Endpoint]]:
    clients = []

    def connected(timeout: float = 5.0, base_url: str = "", **rest: Any) -> Endpoint:
        clients.append(open_endpoint(base_url or fake.base_url, "key", timeout=timeout))
        return Endpoint("small", clients[-1], fake.base_url, **({"wait": lambda state: 0.0} | rest))

    yield connected
    for client in clients:
        await client.close()


FAULTS = {
    # fault: (seconds till it times out, whether it is worth trying again, words of the message)
    "401": (5, False, ["refuses the key", "OPENAI_API_KEY"]),
    "400": (5, False, ["400", "--model"]),
    "404": (5, False, ["no model 'small'", "small, large", "--model"]),
    "429": (5, True, ["429", "try again"]),
    "429-retry-after": (5, True, ["429", "try again"]),
    "quota": (5, False, ["quota", "credit", "--model"]),
    "500": (5, True, ["500", "try again"]),
    "hang": (0.05, True, ["did not answer in time", "--timeout"]),
    "cut": (5, True, ["cut", "try again"]),
    "truncated": (5, True, ["cut", "try again"]),
    "garbled": (5, True, ["try again"]),
    "html": (5, False, ["OpenAI-compatible", "/v1"]),
    "empty": (5, False, ["OpenAI-compatible", "/v1"]),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_tried_again_if_that_can_help_and_explained_in_one_line(
    fault: Any, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    timeout, again, words = FAULTS[fault]
    fake.faults.extend([fault] * TRIES)
    with pytest.raises(ModelError) as caught:
        await connect(timeout).complete(LINE, seed=1)
    message = str(caught.value)
    assert len(fake.seen) == (TRIES if again else 1)
    assert fake.base_url in message
    assert [word for word in words if word.lower() not in message.lower()] == []
    assert "\n" not in message


@pytest.mark.parametrize("fault", [fault for fault, (_, again, _) in FAULTS.items() if again])
async def test_what_comes_after_a_passing_fault_is_whole(
    fault: Any, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.faults.append(fault)
    fake.replies.append("I sleep at home, alone.")
    reply = await connect(FAULTS[fault][0] * 4).complete(LINE, seed=1)
    assert (reply.text, reply.finished, len(fake.seen)) == ("I sleep at home, alone.", True, 2)


WORDED: dict[str, tuple[int, str, list[str]]] = {
    # status, body, words of the message
    "FastAPI": (422, '{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}', ["422: seed: Extra inputs"]),
    "Mistral": (
        422, '{"object": "error", "message": {"detail": [{"type": "x", "loc": ["body", "seed"], "msg": "Extra"}]}}',
        ["422: seed: Extra"],
    ),
    "Gemini": (400, '[{"error": {"code": 400, "message": "Invalid value", "status": "X"}}]', ["400: Invalid value"]),
    "Ollama": (400, '{"error": "model is required"}', ["400: model is required"]),
    "vLLM": (400, '{"object": "error", "message": "too long", "code": 400}', ["400: too long"]),
    "bare text": (422, "upstream says no", ["422: upstream says no"]),
    "nothing": (422, "", ["422: nothing more"]),
    "nested for ever": (400, "[" * 900 + "]" * 900, ["400: nothing more"]),
    "a page": (503, "<html><title>Down</title><p>sk-secret</html>", ["503: a web page, 'Down'", "try again later"]),
    "no path": (404, "404 page not found", ["404: 404 page not found", "/v1", "--base-url"]),
    "no method": (405, '{"detail": "Method Not Allowed"}', ["405: Method Not Allowed", "/v1"]),
    "elsewhere": (308, "", ["308: it sends one on to https://else.org/v1; check --base-url"]),
    "the key echoed": (400, '{"error": {"message": "bad key sk-secret in Bearer sk-secret"}}', ["bad key [hidden] in"]),
    "cut in the key": (400, f"{'x' * 155} sk-secret", ["xxx"]),
    "the key refused": (401, '{"error": {"message": "Incorrect API key: sk-se***ret"}}', ["refuses the key (401)"]),
    "not allowed": (403, '{"error": {"message": "no region"}}', ["403: no region", "set OPENAI_API_KEY"]),
}  # fmt: skip


@pytest.mark.parametrize("what", WORDED)
async def test_what_an_endpoint_says_is_told_whatever_its_form_and_without_the_key(what: str) -> None:
    import httpx2

    status, body, words = WORDED[what]

    def answer(request: httpx2.Request) -> httpx2.Response:
        told = (status, body) if request.method == "POST" else (404, "")
        return httpx2.Response(told[0], text=told[1], headers={"location": "https://else.org/v1?key=sk-secret"})

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    client = openai.AsyncOpenAI(base_url="http://h", api_key="sk-secret", max_retries=0, http_client=http_client)
    endpoint = Endpoint("small", client, "http://h", wait=lambda state: 0.0, secrets=("sk-secret",))
    with pytest.raises(ModelError) as caught:
        await endpoint.complete(LINE, seed=1)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert message.startswith("http://h ")
    assert "sk-se" not in message
    assert "\n" not in message


@pytest.mark.parametrize("variable", AMBIENT)
@pytest.mark.parametrize("value", ["sk-other\r", "sk-other\u201d"])
def test_a_header_of_the_environment_that_cannot_be_sent_is_named_and_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"X-Key: {value}")
    with pytest.raises(SettingsError, match=f"{variable} has a character") as caught:
        open_endpoint("http://127.0.0.1:9/v1", "key", timeout=1, ambient=True)
    assert "sk-other" not in str(caught.value)


async def test_a_reply_at_the_limit_is_kept_and_marked(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    fake.faults.append("length")
    fake.replies.append("I sleep at")
    reply = await connect().complete(LINE, seed=1)
    assert (reply.text, reply.finished) == ("I sleep at", False)


async def test_an_address_where_nobody_listens(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    with pytest.raises(ModelError, match=r"cannot reach .*--base-url"):
        await connect(base_url="http://127.0.0.1:9/v1").complete(LINE, seed=1)
    assert not fake.seen


@pytest.mark.parametrize(
    ("fault", "least", "most"), [("429-retry-after", 7.0, 7.0), ("429", 0.0, 0.5), ("500", 0.0, 0.5)]
)
async def test_the_wait_is_what_the_endpoint_asks_for_or_short(
    fault: Any, least: float, most: float, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    waits: list[float] = []

    def wait(state: RetryCallState) -> float:
        waits.append(polite_wait(state))
        return 0.0

    fake.faults.append(fault)
    await connect(wait=wait).complete(LINE, seed=1)
    assert len(waits) == 1
    assert least <= waits[0] <= most


@pytest.mark.parametrize(("asked", "waited"), [("3", 3.0), ("0.5", 0.5), ("86400", LONGEST_WAIT)])
def test_retry_after_is_honoured_within_reason(asked: str, waited: float) -> None:
    import httpx2

    response = httpx2.Response(429, headers={"retry-after": asked}, request=httpx2.Request("POST", "http://127.0.0.1"))
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    error = openai.RateLimitError("slow down", response=response, body=None)
    state.set_exception((type(error), error, None))
    assert polite_wait(state) == waited


async def test_tokens_are_passed_on_as_they_come_and_usage_is_counted(
    fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.replies.append("I sleep at home, alone.")
    heard: list[str] = []
    reply = await connect().complete(LINE, seed=1, on_token=heard.append)
    assert len(heard) > 1
    assert "".join(heard) == reply.text == "I sleep at home, alone."
    sent = sum(len(message["content"]) for message in fake.seen[0]["messages"])
    assert (reply.usage.calls, reply.usage.prompt, reply.usage.output) == (1, sent // 4, 5)
    assert reply.usage.seconds > 0


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("Leo: Not tonight.", "Leo: Not tonight."), ("Leo:Not tonight.", "Leo:Not tonight."),
        (" Not tonight.", "Leo: Not tonight."), ("Leonora asked me.", "Leo:Leonora asked me."), ("L.", "Leo:L."),
    ],
)  # fmt: skip
async def test_the_opener_stands_once_whether_or_not_the_engine_repeats_it(
    said: str, whole: str, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.replies.append(said)
    heard: list[str] = []
    reply = await connect(prefill=True).complete(LINE, seed=1, on_token=heard.append)
    assert reply.text == "".join(heard) == whole
    assert fake.seen[0]["messages"][-1] == {"role": "assistant", "content": "Leo:"}


async def test_a_plain_endpoint_gets_the_fields_of_the_api_and_no_others(
    fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    shaped = LINE.model_copy(update={"shape": SHAPE, "kind": "stance"})
    fake.replies.append('{"choice": "go"}')
    await connect(sampling={"temperature": 0.3}).complete(shaped, seed=77)
    request = fake.seen[0]
    assert set(request) == {
        "model", "messages", "seed", "max_tokens", "stream", "stream_options", "temperature", "response_format",
    }  # fmt: skip
    assert (request["model"], request["seed"], request["max_tokens"]) == ("small", 77, 72)
    assert request["stream_options"] == {"include_usage": True}
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["schema"] == SHAPE
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


async def test_what_only_the_engine_knows_goes_to_the_engine(
    fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    endpoint = connect(engine={"min_p": 0.05}, limit="max_completion_tokens", headroom=500)
    await endpoint.complete(LINE, seed=1)
    request = fake.seen[0]
    assert (request["min_p"], request["stop"], request["max_completion_tokens"]) == (0.05, ["\n"], 572)


async def test_calls_may_be_made_at_the_same_time(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    endpoint = connect()
    replies = await asyncio.gather(*(endpoint.complete(LINE, seed=seed) for seed in range(8)))
    assert len(fake.seen) == 8
    assert {request["seed"] for request in fake.seen} == set(range(8))
    assert all(reply.text for reply in replies)


async def test_a_key_is_sent(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    with FakeEndpoint(api_key="secret") as guarded:
        assert await connect(base_url=guarded.base_url).explain(ValueError("x"))
        with pytest.raises(ModelError, match="refuses the key"):
            await connect(base_url=guarded.base_url).complete(LINE, seed=1)
        client = open_endpoint(guarded.base_url, "secret", timeout=5)
        assert (await Endpoint("fake", client, "here").complete(LINE, seed=1)).text
        await client.close()


def test_a_fake_endpoint_leaves_no_thread_behind_even_with_a_call_in_flight() -> None:
    import socket

    before = set(threading.enumerate())
    with FakeEndpoint(faults=["hang"]) as fake:
        host, port = fake.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        with socket.create_connection((host, int(port))) as caller:
            caller.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            while not fake.seen:
                threading.Event().wait(0.001)
    assert set(threading.enumerate()) == before


async def test_when_one_call_is_told_to_wait_all_wait(
    fake: FakeEndpoint, connect: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    endpoint = connect(wait=lambda state: 60.0)
    fake.faults.append("429")
    first = asyncio.create_task(endpoint.complete(LINE, seed=1))
    while not endpoint._closed_until:  # noqa: ASYNC110
        await asyncio.sleep(0)
    monkeypatch.setattr(endpoints, "asyncio", SimpleNamespace(sleep=sleep))
    await endpoint.complete(LINE, seed=2)
    first.cancel()
    assert len(slept) == 1
    assert 0 < slept[0] <= 60


async def test_a_reply_may_come_whole(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    pieces, whole = [await connect(streams=streams).complete(LINE, seed=1) for streams in (True, False)]
    assert "stream" not in fake.seen[-1]
    assert whole.text == pieces.text
    assert whole.finished
    assert whole.usage.model_copy(update={"seconds": 0}) == pieces.usage.model_copy(update={"seconds": 0})
    for fault, said in (("500", ""), ("cut", ""), ("garbled", ""), ("empty", "is no chat completion"),
                        ("html", "is no chat completion"), ("401", "refuses the key")):  # fmt: skip
        fake.faults.append(fault)
        if said:
            with pytest.raises(ModelError, match=said):
                await connect(streams=False).complete(LINE, seed=1)
        else:
            assert (await connect(streams=False).complete(LINE, seed=1)).text == pieces.text, fault
    fake.faults.append("length")
    assert not (await connect(streams=False).complete(LINE, seed=1)).finished
