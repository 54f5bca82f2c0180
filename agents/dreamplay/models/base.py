"""The Model protocol: whatever answers a prompt, and its reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from dreamplay.models.prompt import Prompt
from dreamplay.schema.provenance import Usage

OnToken = Callable[[str], None]
"""Takes the reply piece by piece. Whoever asks again passes an empty piece first: what came before is void."""


@dataclass(frozen=True)
class Reply:
    """What a model answered, from the prompt's opener on if the engine was given one.

    `finished` is false when it was cut off at the token limit.
    """

    text: str
    finished: bool
    usage: Usage
    others: tuple[Reply, ...] = ()
    """Further candidates of the same call; their usage is part of this one's."""
    thought: str = ""
    """What the model thought before it spoke. It is nobody's line, and shown to nobody."""


class Model(Protocol):
    """Answers one prompt at a time; safe to call concurrently."""

    name: str
    tries: int
    """Calls that the editor may make for a line before the turn passes in silence."""
    rolls: int
    """Of these, the calls before the model is told what was wrong: an engine that still has the prompt reads next to
    nothing for them."""
    sheets: bool
    """Whether there is room for the private sheet in the tail of a line."""
    window: int
    """Tokens, prompt and reply together, that it has room for."""

    @property
    def learnt(self) -> dict[str, Any]:
        """What has come out, while it was asked, about how it can be asked: a setting of the run from there on."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt, passing on the tokens as they come.

        Raises:
            ModelError: it gave up; one line that says what to do.
        """

    async def read(self, prompt: Prompt) -> None:
        """Read what a prompt begins with before it is asked, where the answer then comes sooner. Nothing comes of it,
        and nothing is wrong if it fails.
        """

    async def close(self) -> None:
        """Let go of connections. Nothing is asked of it after that."""
