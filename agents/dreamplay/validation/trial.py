"""A trial of a model: one small call, in which an endpoint is asked for all that it may be asked for in a play."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dreamplay.errors import ModelError
from dreamplay.models.base import Model
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.validation import json_reader

_QUESTION = Prompt(
    kind="outcome",
    system="You answer in JSON.",
    script="It has snowed all night.\n",
    tail='What colour is the yard? Answer with one of white, black: {"answer": "white"}',
    json_schema={
        "type": "object", "properties": {"answer": {"type": "string", "enum": ["white", "black"]}},
        "required": ["answer"], "additionalProperties": False,
    },
    max_tokens=40,
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """How a model answered one small call."""

    seconds: float
    """From the question to the end of the answer."""
    tokens: int
    """Output tokens, with those of what it thought."""
    answers_in_json: bool
    """Whether the answer had the form that was asked for, which stances and reflections need."""
    streamed: bool
    """Whether the answer came in pieces."""
    profile: ModelProfile
    """How the model is played, with what was learnt in this call."""


async def tried(model: Model) -> Trial:
    """Make one small call.

    Raises:
        ModelError: it gave no answer.
    """
    pieces: list[str] = []
    begun = time.monotonic()
    reply = await model.complete(_QUESTION, seed=0, on_token=pieces.append)
    if not reply.text.strip():
        why = "thought, and gave no answer" if reply.thought or not reply.finished else "gave an empty answer"
        raise ModelError(f"{model.name} {why}; raise `headroom`, or choose another `model`")
    return Trial(
        seconds=time.monotonic() - begun, tokens=reply.usage.output, answers_in_json=_is_json(reply.text),
        streamed=sum(map(bool, pieces)) > 1, profile=model.profile,
    )  # fmt: skip


def _is_json(text: str) -> bool:
    try:
        return json_reader.read(text, ["answer"]).get("answer") in ("white", "black")
    except ValueError:
        return False
