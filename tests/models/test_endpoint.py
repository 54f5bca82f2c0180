"""An endpoint against a real server on loopback. Nothing is waited for: `wait` is injected."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import openai
import pytest
from dreamplay.errors import ModelError
from dreamplay.models import response_body as body
from dreamplay.models import response_parser as replies
from dreamplay.models.client import open_client
from dreamplay.models.completions_client import CompletionsClient
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.endpoint_errors import TRIES
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.retry import LONGEST_WAIT, WAITS, Patience, polite_wait
from dreamplay.models.waiting import Waits
from fake_endpoint import CannedAnswer, FakeEndpoint

LINE = Prompt(kind="line", system="Rule.", script="It is late.\n", tail="[cue]", ask="Say it.", prefill="Leo:",
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

    def connected(timeout: float = 5.0, base_url: str = "", many: bool = False, **rest: Any) -> Endpoint:
        clients.append(open_client(base_url or fake.base_url, "key", timeout=timeout, many=many))
        return Endpoint("small", clients[-1], fake.base_url, **({"wait": lambda error, tries: 0.0} | rest))

    yield connected
    for client in clients:
        await client.close()


FAULTS = {
    # fault: (seconds till it times out, whether it is worth trying again, words of the message)
    "401": (5, False, ["refuses the key", "OPENAI_API_KEY"]),
    "400": (5, False, ["400", "`model`"]),
    "404": (5, False, ["no model 'small'", "small, large", "`model`"]),
    "429": (5, True, ["429", "try again"]),
    "429-retry-after": (5, True, ["429", "try again"]),
    "quota": (5, False, ["quota", "credit", "`model`"]),
    "500": (5, True, ["500", "try again"]),
    "hang": (0.05, True, ["did not answer in time", "`timeout`"]),
    "cut": (5, True, ["cut", "try again"]),
    "truncated": (5, True, ["cut", "try again"]),
    "garbled": (5, True, ["try again"]),
    "html": (5, False, ["OpenAI-compatible", "/v1"]),
    "empty": (5, False, ["OpenAI-compatible", "/v1"]),
}


@pytest.mark.parametrize("many", [False, True], ids=["one play", "many plays"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_tried_again_if_that_can_help_and_explained_in_one_line(
    fault: Any, many: bool, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    timeout, again, words = FAULTS[fault]
    tries = WAITS if fault.startswith("429") else TRIES
    fake.faults.extend([fault] * tries)
    with pytest.raises(ModelError) as caught:
        await connect(timeout, many=many).complete(LINE, seed=1)
    message = str(caught.value)
    assert len(fake.seen) == (tries if again else 1)
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
    "Cloudflare": (400, '{"success": false, "errors": [{"message": "no route", "code": 7}]}', ["400: no route"]),
    "no money": (429, '{"error": {"code": "1113", "message": "Please recharge."}}', ["(429: Please recharge.)"]),
    "an error that is none": (200, '{"status": "449", "msg": "Too many calls"}', ["completion (Too many calls)"]),
    "no path": (404, "404 page not found", ["404: 404 page not found", "/v1", "`base_url`"]),
    "no method": (405, '{"detail": "Method Not Allowed"}', ["405: Method Not Allowed", "/v1"]),
    "elsewhere": (308, "", ["308: it sends one on to https://else.org/v1; check `base_url`"]),
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
    client = CompletionsClient(base_url="http://h", api_key="sk-secret", max_retries=0, http_client=http_client)
    endpoint = Endpoint("small", client, "http://h", wait=lambda error, tries: 0.0, secrets=("sk-secret",))
    with pytest.raises(ModelError) as caught:
        await endpoint.complete(LINE, seed=1)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert message.startswith("http://h ")
    assert "sk-se" not in message
    assert "\n" not in message


async def test_a_reply_at_the_limit_is_kept_and_marked(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    fake.faults.append("length")
    fake.replies.append("I sleep at")
    reply = await connect().complete(LINE, seed=1)
    assert (reply.text, reply.finished) == ("I sleep at", False)


@pytest.mark.parametrize("many", [False, True], ids=["one play", "many plays"])
async def test_an_address_where_nobody_listens(many: bool, connect: Callable[..., Endpoint]) -> None:
    endpoint = connect(base_url="http://127.0.0.1:9/v1", many=many)
    with pytest.raises(ModelError, match=r"cannot reach .*`base_url`"):
        await endpoint.complete(LINE, seed=1)
    with pytest.raises(ModelError, match=r"cannot reach .*`base_url`"):
        await endpoint.reach()


@pytest.mark.parametrize("many", [False, True], ids=["one play", "many plays"])
async def test_an_endpoint_that_hangs_up_is_not_called_slow(many: bool, connect: Callable[..., Endpoint]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with pytest.raises(ModelError, match=r"cannot reach .*`base_url`"):
        await connect(base_url=address, many=many).complete(LINE, seed=1)
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("many", [False, True], ids=["one play", "many plays"])
async def test_a_model_that_is_closed_says_so_also_to_a_call_in_the_air(
    many: bool, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    endpoint = connect(many=many)
    fake.faults.append("hang")
    call = asyncio.create_task(endpoint.complete(LINE, seed=1))
    while not fake.seen:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await endpoint.close()
    for answer in (call, endpoint.complete(LINE, seed=2)):
        with pytest.raises(ModelError, match=r"was closed; open it again"):
            await answer
    assert len(fake.seen) == 1


@pytest.mark.parametrize(
    ("fault", "least", "most"), [("429-retry-after", 7.0, 7.0), ("429", 0.0, 1.0), ("500", 0.0, 0.5)]
)
async def test_the_wait_is_what_the_endpoint_asks_for_or_short(
    fault: Any, least: float, most: float, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    waits: list[float] = []

    def wait(error: Exception, tries: int) -> float:
        waits.append(polite_wait(error, tries))
        return 0.0

    fake.faults.append(fault)
    await connect(wait=wait).complete(LINE, seed=1)
    assert len(waits) == 1
    assert least <= waits[0] <= most


def _failed(status: int, headers: dict[str, str] | None = None, body: object = None) -> openai.APIStatusError:
    import httpx2

    response = httpx2.Response(status, headers=headers, request=httpx2.Request("POST", "http://127.0.0.1"))
    return openai.APIStatusError("slow down", response=response, body=body)


def _waited(headers: dict[str, str], body: object) -> float:
    return polite_wait(_failed(429, headers, body), 1)


def test_patience_is_seconds_while_an_endpoint_is_busy_and_tries_else() -> None:
    patience = Patience(10.0)
    busy, broken = _failed(503), _failed(500)
    assert [patience.ends(busy, 1) for _ in range(2 * TRIES)] == [False] * 2 * TRIES
    assert [patience.ends(broken, 1) for _ in range(TRIES)] == [False] * (TRIES - 1) + [True]
    patience.waited = 10.0
    assert patience.ends(busy, 1)


@pytest.mark.parametrize(
    ("asked", "waited"), [("3", 3.0), ("0.5", 0.5), ("0", 0.5), ("86400", LONGEST_WAIT), ("soon", None)]
)
def test_retry_after_is_honoured_within_reason(asked: str, waited: float | None) -> None:
    got = _waited({"retry-after": asked}, None)
    assert got == waited if waited else 0 <= got <= 1


def test_retry_after_may_be_a_date_or_in_milliseconds() -> None:
    from email.utils import formatdate

    assert 6 < _waited({"retry-after": formatdate(time.time() + 8, usegmt=True)}, None) <= 8
    assert _waited({"retry-after": formatdate(0, usegmt=True)}, None) == 0.5
    assert _waited({"retry-after-ms": "1500", "retry-after": "60"}, None) == 1.5


@pytest.mark.parametrize(
    ("body", "waited"),
    [
        ({"message": "Rate limit reached. Please try again in 20s."}, 20),
        ({"message": "Limit 30000, Used 29000. Please try again in 120ms. Visit 2025."}, 0.5),
        ({"message": "Please try again in 1m2.5s"}, LONGEST_WAIT),
        ({"message": "Please wait 30 seconds before you send 5 more"}, 30),
        ({"message": "Retry after 2 minutes"}, LONGEST_WAIT),
        ([{"error": {"details": [{"@type": "RetryInfo", "retryDelay": "12s"}]}}], 12),
        ({"message": "slow down", "retry_after": 9}, 9),
        ({"message": "slow down", "metadata": {"retry_after_ms": 2500}}, 2.5),
        ("try again in 7 s", 7),
        ({"message": "Try again later; 5000 tokens a minute."}, None),
        (None, None),
    ],
)
def test_a_wait_named_in_the_body_is_honoured(body: object, waited: float | None) -> None:
    got = _waited({}, body)
    assert got == waited if waited else 0 <= got <= 1


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
    reply = await connect(profile=ModelProfile(prefill=True)).complete(LINE, seed=1, on_token=heard.append)
    assert reply.text == "".join(heard) == whole
    assert fake.seen[0]["messages"][-1] == {"role": "assistant", "content": "Leo:"}


async def test_a_plain_endpoint_gets_the_fields_of_the_api_and_no_others(
    fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    shaped = LINE.model_copy(update={"json_schema": SHAPE, "kind": "stance"})
    fake.replies.append('{"choice": "go"}')
    await connect(profile=ModelProfile(temperature=0.3, thinking_tokens=0)).complete(shaped, seed=77)
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
    endpoint = connect(
        profile=ModelProfile(
            dialect="llamacpp", min_p=0.05, stop=True, output_limit="max_completion_tokens", thinking_tokens=500
        )
    )
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
        client = open_client(guarded.base_url, "secret", timeout=30)
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


class _Told(Waits):
    """Is told of waits, and waits for none."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[float] = []

    async def wait(self, seconds: float) -> None:
        self.told.append(seconds)


async def test_when_one_call_is_told_to_wait_all_wait(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    endpoint = connect(wait=lambda error, tries: 60.0)
    fake.faults.append("429")
    first = asyncio.create_task(endpoint.complete(LINE, seed=1))
    while not endpoint._closed_until:  # noqa: ASYNC110
        await asyncio.sleep(0)
    waits = _Told()
    with waits.of_play():
        await endpoint.complete(LINE, seed=2)
    first.cancel()
    assert len(waits.told) == 1
    assert 0 < waits.told[0] <= 60


@pytest.mark.parametrize("many", [False, True])
async def test_a_reply_may_come_whole(many: bool, fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    connect = partial(connect, many=many)
    pieces, whole = [await connect(streams=streams).complete(LINE, seed=1) for streams in (True, False)]
    assert "stream" not in fake.seen[-1]
    assert whole.text == pieces.text
    assert whole.finished
    assert whole.usage.model_copy(update={"seconds": 0}) == pieces.usage.model_copy(update={"seconds": 0})
    for fault, said in (("500", ""), ("cut", ""), ("garbled", ""), ("empty", "is no chat completion"),
                        ("html", "is no chat completion"), ("401", "refuses the key")):  # fmt: skip
        endpoint = connect(streams=False)
        assert (await endpoint.complete(LINE, seed=1)).text == pieces.text  # the first goes the library's way
        fake.faults.append(fault)
        if said:
            with pytest.raises(ModelError, match=said):
                await endpoint.complete(LINE, seed=1)
        else:
            assert (await endpoint.complete(LINE, seed=1)).text == pieces.text, fault
    for nested in (CannedAnswer("[" * 100_000), CannedAnswer(f"data: {'[' * 100_000}\n\n", kind="text/event-stream")):
        fake.faults.append(nested)
        with pytest.raises(ModelError, match="is no chat completion"):
            await connect().complete(LINE, seed=1)
    fake.faults.append("length")
    assert not (await connect(streams=False).complete(LINE, seed=1)).finished


def events(*data: object, done: bool = True) -> CannedAnswer:
    """A stream of these events."""
    rows = [row if isinstance(row, str) else json.dumps(row) for row in [*data, *(["[DONE]"] if done else [])]]
    return CannedAnswer("".join(f"data: {row}\n\n" for row in rows), kind="text/event-stream")


def piece(text: object, reason: object = None, **more: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text} | more, "finish_reason": reason}]}


def message(content: object, reason: object = "stop", **more: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"content": content} | more, "finish_reason": reason}]}


HELLO, THERE = piece("Hello, "), piece("Leo.")
END = piece(None, "stop")
USAGE: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}}
ODD = {
    # what is sent: the reply; all of it says «Hello, Leo.»
    "events that are no object": events("null", HELLO, "null", "[]", THERE, END),
    "events without data": CannedAnswer(
        f"retry: 3000\n\nid: 0\n\nevent: ping\n\n{events(HELLO, ' ', '', THERE, END).body}", kind="text/event-stream"
    ),
    "all of it again": events(HELLO, THERE, {"choices": [{"delta": {}} | message("Hello, Leo.")["choices"][0]]}),
    "one part": events(piece({"type": "text", "text": "Hello, "}), THERE, END),
    "no delta": events(HELLO, THERE, {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}),
    "no choices": events({"choices": None}, HELLO, {"usage": None}, THERE, END),
    "a choice of nothing": events({"choices": [None]}, HELLO, THERE, END),
    "no index": events({"choices": [{"delta": {"content": "Hello, "}}]}, {"choices": [{"delta": {"content": "Leo."}}]}),
    "no reason": events(HELLO, THERE),
    "no reason and no end, but a count": events(HELLO, THERE, USAGE, done=False),
    "a reason and no end": events(HELLO, piece("Leo.", "stop"), done=False),
    "reasons": events(HELLO, THERE, piece(None, "STOP")),
    "another reason": events(HELLO, piece("Leo.", "end_turn")),
    "usage of nothing": events(HELLO, THERE, END, {"choices": [], "usage": {"prompt_tokens": None}}),
    "usage with points": events(HELLO, THERE, END, {"choices": [], "usage": {"prompt_tokens": 4.5}}),
    "usage in words": events(HELLO, THERE, END, {"choices": [], "usage": {"prompt_tokens": "many"}}),
    "timings of others": events(HELLO, THERE, END, {"choices": [], "timings": {"prompt_n": 4}}),
    "thoughts beside": events(piece(None, reasoning_content="Elara"), HELLO, THERE, piece("", "stop", reasoning="x")),
    "thoughts in parts": events(
        piece([{"type": "thinking", "thinking": [{"type": "text", "text": "Elara"}]}]),
        piece([{"type": "text", "text": "Hello, "}, {"type": "text", "text": "Leo."}], "stop"),
    ),
    "a mark in halves": events(piece("<th"), piece("ink>Elara: no</thi"), piece("nk>Hello, "), piece("Leo.", "stop")),
    "thoughts by a closing mark": events(piece("Elara: no"), piece(".\n</think>"), HELLO, piece("Leo.", "stop")),
    "what comes after the end": events(HELLO, piece("Leo.<|im_end|>\n<|im_start|>user\nGo on.", "stop")),
    "no stream": CannedAnswer(message("Hello, Leo.")),
    "no stream, in parts": CannedAnswer(message(["Hello, ", {"type": "text", "text": "Leo."}])),
    "no stream, thoughts beside": CannedAnswer(message("Hello, Leo.", reasoning_content="Elara")),
    "no stream, no kind": CannedAnswer(message("Hello, Leo."), kind="text/plain"),
    "no stream, a delta of nothing": CannedAnswer(
        {"choices": [{"delta": None} | message("Hello, Leo.")["choices"][0]]}
    ),
    "no stream, in a list": CannedAnswer([message("Hello, Leo.")]),
    "a stream of no kind": CannedAnswer(str(events(HELLO, THERE, END).body), kind="text/plain"),
}


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_missing_counts_as_nothing(
    odd: str, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.faults.append(ODD[odd])
    heard: list[str] = []
    reply = await connect().complete(LINE, seed=1, on_token=heard.append)
    said = heard[len(heard) - heard[::-1].index("") :] if "" in heard else heard
    assert (reply.text, reply.finished, len(fake.seen)) == ("Hello, Leo.", True, 1)
    assert "".join(said) == reply.text
    assert ("Elara" in reply.thought) == ("thoughts" in odd or "mark" in odd)


@pytest.mark.parametrize("broken", [
    events(HELLO, {"error": {"message": "gone", "code": 502}, "choices": []}), events(HELLO, piece("", "error")),
    events(HELLO, {"error": "gone"}), events(HELLO, done=False),
    CannedAnswer({"error": {"message": "gone", "code": 502}}),
    CannedAnswer({"object": "error", "message": "gone"}), CannedAnswer('{"choices": [{"mess'), CannedAnswer(""),
    CannedAnswer("", kind="text/event-stream"),
])  # fmt: skip
async def test_an_error_within_an_answer_is_asked_again(
    broken: CannedAnswer, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.faults.append(broken)
    fake.replies.append("Hello, Leo.")
    heard: list[str] = []
    reply = await connect().complete(LINE, seed=1, on_token=heard.append)
    assert (reply.text, len(fake.seen)) == ("Hello, Leo.", 2)
    assert "".join(heard[heard.index("") :]) == reply.text


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("units", "text"),
    [(["Oh \ud83d", "\ude00."], "Oh \U0001f600."), (["Oh \ud83d", "."], "Oh \ufffd."), (["Oh.\ude00"], "Oh.\ufffd"),
     (["Oh", ".\ud83d"], "Oh.\ufffd")],
)  # fmt: skip
async def test_halves_of_a_character_are_joined_or_replaced(
    units: list[str], text: str, whole: bool, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.faults.append(CannedAnswer(message("".join(units))) if whole else events(*map(piece, units), END))
    heard: list[str] = []
    reply = await connect().complete(LINE, seed=1, on_token=heard.append)
    assert reply.text == "".join(heard) == text
    assert text.encode()


async def test_a_reply_that_is_only_thought_is_empty(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    fake.faults.append(events(piece("<think>Elara: no"), piece(None, "length")))
    reply = await connect().complete(LINE, seed=1)
    assert (reply.text, reply.thought, reply.finished) == ("", "Elara: no", False)


async def test_a_reply_without_an_end_is_cut(
    fake: FakeEndpoint, connect: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults += ["endless", CannedAnswer(message("a" * 9_000)), "endless"]
    for _ in range(2):
        reply = await connect().complete(LINE, seed=1)
        assert (len(reply.text), reply.finished) == (replies._SPOKEN, False)
    monkeypatch.setattr(body, "LARGEST", 3_000)
    with pytest.raises(ModelError, match=r"without an end \(3,000 bytes"):
        await connect().complete(LINE, seed=1)
    assert len(fake.seen) == 3


async def test_a_reply_that_trickles_is_given_up(
    fake: FakeEndpoint, connect: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "_SPOKEN", 10**9)
    fake.faults.append("endless")
    with pytest.raises(ModelError, match="still coming after"):
        await connect(patience=0.02).complete(LINE, seed=1)
    assert len(fake.seen) == 1


@pytest.mark.parametrize(("status", "why"), [(503, "is not ready"), (429, "limits the rate")])
async def test_a_busy_endpoint_is_waited_for_and_that_is_said_once(
    status: int, why: str, fake: FakeEndpoint, connect: Callable[..., Endpoint], caplog: pytest.LogCaptureFixture
) -> None:
    fake.faults.extend([CannedAnswer({"error": {"message": "Loading model"}}, status)] * 3 * TRIES)
    with caplog.at_level(logging.WARNING, logger="dreamplay"):
        await connect().complete(LINE, seed=1)
    assert [record.getMessage() for record in caplog.records] == [
        f"{fake.base_url} {why}; waiting for it, 180 s at most (`timeout`)"
    ]
    fake.faults.extend([CannedAnswer({"error": {"message": "Loading model"}}, status)] * WAITS)
    with pytest.raises(ModelError, match="try again later"):
        await connect().complete(LINE, seed=1)
    assert len(fake.seen) == 3 * TRIES + 1 + WAITS
