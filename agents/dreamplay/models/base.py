"""The `Model` protocol and the reply of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.schema.provenance import Usage

OnToken = Callable[[str], None]
"""Receives the reply in pieces. An empty piece marks a new attempt: the earlier pieces are void."""


@dataclass(frozen=True)
class Reply:
    """The reply of a model, including the prompt's prefill if the engine was given one.

    `finished` is false if the reply was cut off at the token limit.
    """

    text: str
    finished: bool
    usage: Usage
    alternatives: tuple[Reply, ...] = ()
    """Further candidates of the same call; their usage is part of this one's."""
    thought: str = ""
    """The model's reasoning before the reply. It is never part of a line, and is not shown."""


class Model(Protocol):
    """Answers one prompt at a time; safe to call concurrently."""

    name: str

    @property
    def profile(self) -> ModelProfile:
        """The model's capabilities and how it is used, including what was learnt from its endpoint."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt, passing on the tokens as they arrive.

        Raises:
            ModelError: the model failed; the message is one line with the next step.
        """

    async def warm_cache(self, prompt: Prompt) -> None:
        """Process the beginning of a prompt before its first call, if that is free and makes the reply faster. It
        never fails.
        """

    async def close(self) -> None:
        """Close connections. The model is not used afterwards."""
