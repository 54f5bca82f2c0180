"""A model for a thread that has no event loop.

LangGraph's server refuses what blocks on any event loop of its process, such as to list a folder or to rename a file,
and the engine reads templates and stories when it first needs them. So a step runs on a thread without a loop. The
engine waits for nothing but its models, which belong to the loop of dreamplay, and are waited for here.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from dreamplay import event_loop
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt

T = TypeVar("T")


class LentModel:
    """A model whose methods block the thread that calls them until they are done."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self._model = model

    @property
    def profile(self) -> ModelProfile:
        """See `Model.profile`."""
        return self._model.profile

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """See `Model.complete`. Tokens are passed on from the thread of dreamplay."""
        return event_loop.wait(self._model.complete(prompt, seed=seed, on_token=on_token))

    async def warm_cache(self, prompt: Prompt) -> None:
        """See `Model.warm_cache`."""
        event_loop.wait(self._model.warm_cache(prompt))

    async def close(self) -> None:
        """Nothing: the model is another's."""


def finished(step: Awaitable[T]) -> T:
    """The result of a step that waits for nothing but lent models.

    Raises:
        RuntimeError: it waits for something else.
    """
    running = step.__await__()
    try:
        next(running)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a step of the engine waits for something that is no model")
