"""What an endpoint refuses is learnt once, and the play goes on without."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from dreamplay.errors import ModelError
from dreamplay.models.client import open_client
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from fake_endpoint import CannedAnswer, FakeEndpoint

PROMPT = Prompt(kind="dream", system="Rule.", script="It is late.\n", tail="They think.", max_tokens=72, json_schema={
    "type": "object",
    "properties": {
        "thought": {"type": "string", "minLength": 15, "maxLength": 120},
        "Elara": {"type": "integer", "enum": [-1, 0, 1]},
    },
    "required": ["thought", "Elara"],
    "additionalProperties": False,
})  # fmt: skip
MOST = 1000
"""Output tokens that are asked for: 72, and the rest to think."""
PROFILE = ModelProfile(candidates=2, temperature=0.3, thinking_tokens=MOST - PROMPT.max_tokens)


def error(message: object, status: int = 400, **more: object) -> CannedAnswer:
    return CannedAnswer({"error": {"message": message, "type": "invalid_request_error", "code": None} | more}, status)


def has(field: str) -> Callable[[dict[str, Any]], bool]:
    return lambda request: field in request


def shaped(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda request: request.get("response_format", {}).get("type") == kind


def beyond(most: int) -> Callable[[dict[str, Any]], bool]:
    return lambda request: request.get("max_tokens", 0) > most


def by_system(request: dict[str, Any]) -> bool:
    return request["messages"][0]["role"] == "system"


LEARNT = [
    # what is refused, in which words, and what is learnt
    (
        has("seed"),
        CannedAnswer(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "input": {"temperature": 0.3}}]}, 422
        ),
        {"seed": False},
    ),
    (
        has("seed"),
        error({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, 422),
        {"seed": False},
    ),
    (has("seed"), CannedAnswer("unknown field: seed", 400, "text/plain"), {"seed": False}),
    (
        has("temperature"),
        error("Only the default (1) value is supported.", param="temperature"),
        {"temperature_control": False},
    ),
    (has("temperature"), error("`temperature` is deprecated for this model."), {"temperature_control": False}),
    (has("n"), error("'n' : number must be at most 1", param="n"), {"multiple_candidates": False}),
    (
        has("seed"),
        CannedAnswer([{"error": {"message": "Invalid value at 'generation_config.seed' (TYPE_INT32), 5"}}], 400),
        {"seed": False},
    ),
    (has("n"), error("n must be 1 when using greedy sampling, got 2."), {"multiple_candidates": False}),
    (has("n"), error("Multiple candidates is not enabled for this model"), {"multiple_candidates": False}),
    (has("n"), error("Only one completion choice is allowed"), {"multiple_candidates": False}),
    (
        has("stream_options"),
        error("Unrecognized request argument supplied: stream_options"),
        {"stream_usage": False},
    ),
    (has("stream"), error("Streaming is not supported for this model"), {"stream": False}),
    (
        has("max_tokens"),
        error(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            param="max_tokens",
        ),
        {"output_limit": "max_completion_tokens"},
    ),
    (
        beyond(512),
        error(
            "max_tokens is too large: 1000. This model supports at most 512 completion tokens, whereas you "
            "provided 1000.",
            param="max_tokens",
        ),
        {"max_output_tokens": 512},
    ),
    (
        beyond(512),
        error("Invalid max_tokens value, the valid range of max_tokens is [1, 512]"),
        {"max_output_tokens": 512},
    ),
    (
        beyond(512),
        error(
            "`max_tokens` must be less than or equal to `512`, the maximum value for `max_tokens` is less "
            "than the `context_window` for this model",
            param="max_tokens",
        ),
        {"max_output_tokens": 512},
    ),
    (beyond(600), error("max_tokens must be less than what this model gives"), {"max_output_tokens": 500}),
    (
        beyond(512),
        error(
            "This model's maximum context length is 512 tokens. However, you requested 1,050 tokens (50 in "
            "the messages, 1000 in the completion)."
        ),
        {"context_window": 512},
    ),
    (
        beyond(512),
        error(
            "the request exceeds the available context size, try increasing it",
            code=400,
            type="exceed_context_size_error",
            n_prompt_tokens=1050,
            n_ctx=512,
        ),
        {"context_window": 512},
    ),
    (
        beyond(512),
        error("Prompt contains 1050 tokens, too large for model with 512 maximum context length"),
        {"context_window": 512},
    ),
    (
        beyond(512),
        CannedAnswer(
            {
                "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 512. Given: "
                "50 `inputs` tokens and 1000 `max_new_tokens`"
            },
            422,
        ),
        {"context_window": 512},
    ),
    (
        beyond(512),
        error("input length and `max_tokens` exceed context limit: 50 + 1000 > 512"),
        {"context_window": 512},
    ),
    (
        beyond(512),
        CannedAnswer({"detail": "Prompt length 1050 is greater than max_seq_len 512"}, 400),
        {"context_window": 512},
    ),
    (by_system, error("Only user and assistant roles are supported!"), {"system_role": False}),
    (by_system, error('messages: first message must use the "user" role'), {"system_role": False}),
    (
        by_system,
        CannedAnswer({"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user'"}]}, 422),
        {"system_role": False},
    ),
    (by_system, CannedAnswer({"object": "error", "message": "System role not supported"}, 400), {"system_role": False}),
    (by_system, error("Conversation roles must alternate user/assistant/user/assistant/..."), {"system_role": False}),
    (
        shaped("json_schema"),
        error("This response_format type is unavailable now"),
        {"structured_output": "json_object"},
    ),
    (
        shaped("json_schema"),
        error("Failed to generate JSON. Please adjust your prompt.", code="json_validate_failed"),
        {"structured_output": "json_object"},
    ),
    (has("response_format"), error("response_format is not supported by this model"), {"structured_output": "prompt"}),
    (
        has("response_format"),
        CannedAnswer(
            [{"error": {"code": 400, "message": "Invalid value at 'generation_config.response_schema.properties[1]'"}}],
            400,
        ),
        {"structured_output": "prompt"},
    ),
    (
        has("response_format"),
        CannedAnswer({"error": {"code": 400, "message": "grammar: parse error"}}, 200),
        {"structured_output": "prompt"},
    ),
]


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    with FakeEndpoint() as fake:
        yield fake


@pytest.fixture
async def connect(fake: FakeEndpoint) -> AsyncIterator[Callable[..., Endpoint]]:
    clients = []

    def connected(**rest: Any) -> Endpoint:
        clients.append(open_client(fake.base_url, "key", timeout=30))
        return Endpoint(
            "fake", clients[-1], "the endpoint", wait=lambda error, tries: 0.0, profile=PROFILE.refined(rest)
        )

    yield connected
    for client in clients:
        await client.close()


@pytest.mark.parametrize(("refused", "answer", "learnt"), LEARNT)
async def test_what_is_refused_and_can_be_done_without_is_learnt_once(
    refused: Callable[[dict[str, Any]], bool],
    answer: CannedAnswer,
    learnt: dict[str, Any],
    fake: FakeEndpoint,
    connect: Callable[..., Endpoint],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.refuses = lambda request: answer if refused(request) else None
    endpoint = connect()
    with caplog.at_level(logging.WARNING, logger="dreamplay"):
        first = await endpoint.complete(PROMPT, seed=1)
        calls, said = len(fake.seen), len(caplog.records)
        await endpoint.complete(PROMPT, seed=2)
    assert set(json.loads(first.text)) == {"thought", "Elara"}
    assert endpoint.profile == PROFILE.refined(learnt)
    assert (len(fake.seen), len(caplog.records)) == (calls + 1, said)
    assert said == (2 if learnt.get("structured_output") == "prompt" else 1)
    assert all(record.getMessage().startswith("the endpoint ") for record in caplog.records)


@pytest.mark.parametrize("answer", [
    error("Invalid value for 'messages'"), error("No such model", 404), error("seed", 401), error("seed is busy", 403),
    error("max_tokens must be at least 5000"), error("context length exceeded"), error("seeds grow", 402),
])  # fmt: skip
async def test_what_cannot_be_done_without_is_said(
    answer: CannedAnswer, fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    fake.refuses = lambda request: answer
    endpoint = connect()
    with pytest.raises(ModelError):
        await endpoint.complete(PROMPT, seed=1)
    assert (len(fake.seen), endpoint.profile) == (1, PROFILE)


async def test_all_calls_at_once_learn_together(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    import asyncio

    fake.refuses = lambda request: error("no seed here", param="seed") if "seed" in request else None
    endpoint = connect()
    replies = await asyncio.gather(*(endpoint.complete(PROMPT, seed=seed) for seed in range(6)))
    assert all(reply.text for reply in replies)
    assert endpoint.profile == PROFILE.refined({"seed": False})


async def test_a_schema_is_sent_in_the_dialect_that_all_take_and_whole_to_the_local_engine(
    fake: FakeEndpoint, connect: Callable[..., Endpoint]
) -> None:
    for dialect in ("openai", "llamacpp"):
        endpoint = connect(dialect=dialect)
        await endpoint.complete(PROMPT, seed=1)
    plain, whole = (request["response_format"]["json_schema"]["schema"] for request in fake.seen)
    assert whole == PROMPT.json_schema
    assert plain["properties"] == {
        "thought": {"type": "string"}, "Elara": {"type": "integer", "description": "a whole number from -1 to 1"},
    }  # fmt: skip
    assert {key: plain[key] for key in plain if key != "properties"} == {
        "type": "object", "required": ["thought", "Elara"], "additionalProperties": False,
    }  # fmt: skip


async def test_what_a_model_may_think_fits_in_its_window(fake: FakeEndpoint, connect: Callable[..., Endpoint]) -> None:
    endpoint = connect(context_window=2048, thinking_tokens=2000)
    for script in ("", "word " * 1000, "word " * 1600):
        await endpoint.complete(PROMPT.model_copy(update={"script": script}), seed=1)
    asked = [request["max_tokens"] for request in fake.seen]
    assert 2048 > asked[0] > asked[1] > asked[2] == PROMPT.max_tokens
