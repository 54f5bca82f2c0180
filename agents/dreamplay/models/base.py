"""The Model protocol: whatever answers a prompt, and its reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.schema.provenance import Usage

OnToken = Callable[[str], None]
"""Takes the reply piece by piece. Whoever asks again passes an empty piece first: what came before is void."""


@dataclass(frozen=True)
class Reply:
    """What a model answered, from the prompt's prefill on if the engine was given one.

    `finished` is false when it was cut off at the token limit.
    """

    text: str
    finished: bool
    usage: Usage
    alternatives: tuple[Reply, ...] = ()
    """Further candidates of the same call; their usage is part of this one's."""
    thought: str = ""
    """What the model thought before it replied. It is in no line and is shown to nobody."""


class Model(Protocol):
    """Answers one prompt at a time; safe to call concurrently."""

    name: str

    @property
    def profile(self) -> ModelProfile:
        """What it can and how it is played, with what has come out while it was asked."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt, passing on the tokens as they come.

        Raises:
            ModelError: it gave up; one line that says what to do.
        """

    async def warm_cache(self, prompt: Prompt) -> None:
        """Read the beginning of a prompt ahead of its first call, if that costs nothing and makes the reply come
        sooner. It never fails.
        """

    async def close(self) -> None:
        """Let go of connections. Nothing is asked of it after that."""
