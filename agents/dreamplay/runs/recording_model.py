"""A model that stores every prompt in the log of prompts before it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.runs.prompt_log import PromptLog


class RecordingModel:
    """Wraps a model, and stores every prompt before it is answered.

    Args:
        model: who answers.
        archive: where prompts are stored.
        settled: waits until all that was played before is durable. It is, before anything is asked.
    """

    def __init__(self, model: Model, archive: PromptLog, settled: Callable[[], Awaitable[None]]) -> None:
        self.name = model.name
        self._model, self._archive, self._settled = model, archive, settled

    @property
    def profile(self) -> ModelProfile:
        """See `Model.profile`."""
        return self._model.profile

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Store the prompt and answer it; see `Model.complete`.

        Raises:
            RecordError: the prompt, or what was played before, cannot be kept.
        """
        self._archive.keep(prompt)
        await self._settled()
        return await self._model.complete(prompt, seed=seed, on_token=on_token)

    async def warm_cache(self, prompt: Prompt) -> None:
        """Store nothing, since this is only the beginning of later prompts; see `Model.warm_cache`."""
        await self._model.warm_cache(prompt)

    async def close(self) -> None:
        """Close the model; see `Model.close`."""
        await self._model.close()
