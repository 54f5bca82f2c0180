"""The body of a request: what an endpoint is asked for, in a form that it takes."""

from __future__ import annotations

from typing import Any

from dreamplay.models import json_schema
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.tokens import tokens

_UNREPEATED = {"dry_multiplier": 1.0, "dry_allowed_length": 3, "dry_penalty_last_n": 8192}
"""llama.cpp's DRY sampler: what would continue a run of tokens that stands in the prompt becomes unlikely."""

_LORA: dict[int | None, dict[str, Any]] = {
    0: {}, 1: {"lora": [{"id": 1, "scale": 1.0}]}, None: {"lora": [{"id": 0, "scale": 0.0}]},
}  # fmt: skip
"""The adapter that llama.cpp answers with: the first, as it was started, the second, or none. One that is not named is
switched off."""


def request_body(
    prompt: Prompt, seed: int, can: ModelProfile, *, model: str, slot: int | None, streams: bool
) -> dict[str, Any]:
    """The request for a completion.

    Args:
        prompt: what is asked.
        seed: of the answer, if the endpoint takes one.
        can: what the endpoint accepts.
        model: its name there.
        slot: of a llama.cpp server, the one to use; None: the server chooses.
        streams: whether the reply is to come as it is made.
    """
    messages = _messages(prompt, can)
    request: dict[str, Any] = {"model": model, "messages": messages}
    if can.dialect == "llamacpp":
        known = {"cache_prompt": True, "id_slot": slot, "min_p": can.min_p}
        request |= {name: value for name, value in known.items() if value is not None}
        request |= _UNREPEATED if prompt.penalize_repetition else {}
        request |= _LORA[can.adapter_for(prompt.kind)]
    if can.seed:
        request["seed"] = seed
    if can.output_limit != "none":
        request[can.output_limit] = _room(prompt, messages, can)
    if can.temperature_control and (temperature := _temperature(prompt, can)) is not None:
        request["temperature"] = temperature
    if can.stop and prompt.stop:
        request["stop"] = prompt.stop
    if can.stream and streams:
        request |= {"stream": True} | ({"stream_options": {"include_usage": True}} if can.stream_usage else {})
    if can.multiple_candidates and can.candidates > 1 and prompt.kind in ("line", "dream", "epilogue"):
        request["n"] = can.candidates
    if prompt.json_schema and can.structured_output == "json_schema":
        # llama.cpp makes a grammar of it, which holds an answer to all that a schema says.
        schema = prompt.json_schema if can.dialect == "llamacpp" else json_schema.plain(prompt.json_schema)
        shape = {"name": prompt.kind, "strict": True, "schema": schema}
        request["response_format"] = {"type": "json_schema", "json_schema": shape}
    elif prompt.json_schema and can.structured_output == "json_object":
        request["response_format"] = {"type": "json_object"}
    return request


def _temperature(prompt: Prompt, can: ModelProfile) -> float | None:
    asked, most = can.temperature, can.json_temperature
    if prompt.kind == "dream" and can.dream_temperature is not None:
        return can.dream_temperature
    if prompt.json_schema is None or most is None:
        return asked
    return most if asked is None else min(asked, most)


def _messages(prompt: Prompt, can: ModelProfile) -> list[dict[str, str]]:
    """The messages in a form that the endpoint accepts; what it does not support is expressed in words."""
    system, user, *begun = prompt.messages(prefill=can.prefill)
    if prompt.json_schema and can.structured_output != "json_schema":
        user = user | {"content": f"{user['content']}\n{json_schema.in_words(prompt.json_schema)}"}
    if can.system_role:
        return [system, user, *begun]
    return [user | {"content": f"{system['content']}\n\n{user['content']}"}, *begun]


def _room(prompt: Prompt, messages: list[dict[str, str]], can: ModelProfile) -> int:
    """The limit of output tokens: those of the reply and of reasoning, as far as the context window allows."""
    left = int(can.context_window - sum(tokens(each["content"]) for each in messages))
    room = max(prompt.max_tokens, min(prompt.max_tokens + can.thinking_tokens, left))
    return min(room, can.max_output_tokens or room)
