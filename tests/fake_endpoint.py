"""A fake endpoint: the scripted model behind real HTTP, which keeps what it was asked, and can be told what to answer
and how to fail.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from dreamplay.models.scripted import answer, in_pieces

Fault = Literal[
    "401", "400", "404", "429", "429-retry-after", "quota", "500",
    "hang", "stuck", "cut", "truncated", "garbled", "html", "empty", "length", "endless",
]  # fmt: skip
"""How a call can go wrong: a status; `quota` (429, used up); `hang` (no answer until closed); a stream that is
`stuck` (it comes to a halt until closed), `cut` (the connection breaks), `truncated` (it ends without saying so) or
`garbled` (no JSON); a page of `html`; an `empty` object; `length` (the reply ran into the token limit); `endless` (it
goes on and on)."""

_STATUS = {
    "401": (401, "invalid_api_key"), "400": (400, "bad_request"), "404": (404, "model_not_found"),
    "429": (429, "rate_limit_exceeded"), "429-retry-after": (429, "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota"), "500": (500, "server_error"),
}  # fmt: skip

_BROKEN = ("stuck", "cut", "truncated", "garbled")

_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class CannedAnswer:
    """A whole answer as it goes over the wire, in place of one of the fake's own."""

    body: object
    """Text, or what is sent as JSON."""
    status: int = 200
    kind: str = "application/json"
    retry_after: str = ""


class FakeEndpoint:
    """The scripted model behind real HTTP on a free port: streamed chat completions, list of models.

    A context manager; needs uvicorn. Each chat completion takes the next of the `faults`, None for a call
    that goes well; when they have run out, all calls go well.

    Args:
        replies: what to answer, in order, to calls that go well. When none is left: answer from the prompt.
        faults: how the calls fail, or what they are answered, in order.
        models: what the endpoint says it has.
        latency: seconds before each answer begins.
        api_key: the key without which it answers 401; None: it takes any.
        host: the address at which it listens.
    """

    def __init__(
        self,
        replies: Iterable[str] = (),
        *,
        faults: Iterable[Fault | CannedAnswer | None] = (),
        models: Sequence[str] = ("fake",),
        latency: float = 0.0,
        api_key: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.replies = deque(replies)
        self.faults = deque(faults)
        self.models = models
        self.latency = latency
        self.api_key = api_key
        self.host = host
        self.seen: list[dict[str, Any]] = []
        """The bodies of the chat completions asked for, failed ones too."""
        self.headers: list[dict[str, str]] = []
        """The headers of all calls."""
        self.base_url = ""
        self.refuses: Callable[[dict[str, Any]], CannedAnswer | None] = lambda request: None
        """Looks at each chat completion that is asked for; what it answers comes before the faults."""

    def __enter__(self) -> FakeEndpoint:
        import uvicorn

        listening = socket.create_server((self.host, 0))
        self.base_url = f"http://{self.host}:{listening.getsockname()[1]}/v1"
        self._closing = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        config = uvicorn.Config(
            self._app, interface="asgi3", lifespan="off", ws="none", log_config=None, log_level="critical"
        )
        self._server = uvicorn.Server(config)
        serving = self._serve(listening)
        self._thread = threading.Thread(target=asyncio.run, args=[serving], name="fake-endpoint")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        with listening:
            await self._server.serve(sockets=[listening])

    async def _app(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        body = await _body(receive)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        keys = [value.decode() for name, value in scope["headers"] if name == b"authorization"]
        if self.api_key and keys != [f"Bearer {self.api_key}"]:
            await _failed(send, "401")
        elif scope["path"] == "/v1/models":
            rows = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in self.models]
            await _whole(send, 200, json.dumps({"object": "list", "data": rows}))
        elif scope["path"] == "/v1/chat/completions" and scope["method"] == "POST":
            request = json.loads(body)
            self.seen.append(request)
            if refused := self.refuses(request):
                await _raw(send, refused)
            else:
                await self._chat(send, request, self.faults.popleft() if self.faults else None, receive)
        else:
            await _failed(send, "404")

    async def _chat(
        self, send: _Send, request: dict[str, Any], fault: Fault | CannedAnswer | None, receive: _Receive
    ) -> None:
        if self.latency:
            await asyncio.sleep(self.latency)
        if isinstance(fault, CannedAnswer):
            await _raw(send, fault)
        elif fault == "hang":
            await self._closing.wait()
        elif fault == "stuck":
            await _stream(send, request, self._answer(request, fault), fault, self._closing)
        elif fault == "endless":
            await _endless(send, receive)
        elif fault == "html":
            await _whole(send, 200, "<!doctype html><title>Welcome</title>", kind="text/html")
        elif fault == "empty":
            await _whole(send, 200, "{}")
        elif fault and fault in _STATUS:
            await _failed(send, fault)
        else:
            tell = _stream if request.get("stream") else _told
            await tell(send, request, self._answer(request, fault), fault)

    def _answer(self, request: dict[str, Any], fault: Fault | None) -> str:
        if self.replies:
            return self.replies[0] if fault in _BROKEN else self.replies.popleft()
        asked = [message["content"] for message in request["messages"] if message["role"] == "user"]
        shape = request.get("response_format", {}).get("json_schema", {}).get("schema")
        return answer(asked[-1], request.get("seed", 0), shape)


async def _body(receive: _Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _whole(send: _Send, status: int, body: str, *, kind: str = "application/json", retry_after: str = "") -> None:
    headers = {"content-type": kind} | ({"retry-after": retry_after} if retry_after else {})
    await send(_start(status, headers))
    await send({"type": "http.response.body", "body": body.encode()})


async def _raw(send: _Send, answer: CannedAnswer) -> None:
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    await _whole(send, answer.status, body, kind=answer.kind, retry_after=answer.retry_after)


async def _endless(send: _Send, receive: _Receive) -> None:
    """The same piece until the caller has gone."""
    gone = asyncio.ensure_future(receive())
    await send(_start(200, {"content-type": "text/event-stream"}))
    piece = {"choices": [{"index": 0, "delta": {"content": "I say a. "}}]}
    while not gone.done():
        await send({"type": "http.response.body", "body": f"data: {json.dumps(piece)}\n\n".encode(), "more_body": True})
        await asyncio.sleep(0)


async def _failed(send: _Send, fault: str) -> None:
    status, code = _STATUS[fault]
    error = {"message": f"the fake fails with {fault}", "code": code, "type": "fake", "param": None}
    retry_after = "7" if fault == "429-retry-after" else ""
    await _whole(send, status, json.dumps({"error": error}), retry_after=retry_after)


async def _stream(
    send: _Send, request: dict[str, Any], text: str, fault: Fault | None, closing: asyncio.Event | None = None
) -> None:
    """Server-sent events, word by word. Returning in the middle makes uvicorn break the connection off."""

    async def event(data: str) -> None:
        await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})

    async def chunk(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> None:
        await event(json.dumps({
            "id": "fake", "object": "chat.completion.chunk", "created": 0, "model": request["model"],
            "choices": choices, "usage": usage,
        }))  # fmt: skip

    await send(_start(200, {"content-type": "text/event-stream"}))
    pieces = in_pieces(text)
    if fault in _BROKEN:
        pieces = pieces[: len(pieces) // 2]
    for piece in pieces:
        await chunk([{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}])
    if closing:
        await closing.wait()
    if fault in ("stuck", "cut"):
        return
    if fault == "garbled":
        await event("{not json")
    if fault not in ("truncated", "garbled"):
        await chunk([{"index": 0, "delta": {}, "finish_reason": "length" if fault == "length" else "stop"}])
        if request.get("stream_options", {}).get("include_usage"):
            await chunk([], _usage(request, text))
        await event("[DONE]")
    await send({"type": "http.response.body", "body": b""})


async def _told(send: _Send, request: dict[str, Any], text: str, fault: Fault | None) -> None:
    """The whole reply at once. Returning in the middle makes uvicorn break the connection off."""
    message = {"role": "assistant", "content": text}
    body = json.dumps({
        "id": "fake", "object": "chat.completion", "created": 0, "model": request["model"],
        "usage": _usage(request, text),
        "choices": [{"index": 0, "message": message, "finish_reason": "length" if fault == "length" else "stop"}],
    }).encode()  # fmt: skip
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    await send(_start(200, headers))
    if fault in _BROKEN:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": body})


def _usage(request: dict[str, Any], text: str) -> dict[str, int]:
    usage = {"prompt_tokens": sum(len(m["content"]) for m in request["messages"]) // 4}
    usage["completion_tokens"] = len(text) // 4
    return usage | {"total_tokens": sum(usage.values())}


def _start(status: int, headers: dict[str, str]) -> dict[str, Any]:
    rows = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": rows}
