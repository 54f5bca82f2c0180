"""A prompt: what a model is asked, in the four parts of the one layout, a shared prefix and then a private tail."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import ConfigDict

from dreamplay.schema.base import FrozenModel


class Prompt(FrozenModel):
    """What a model is asked, in the four parts of the layout."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a newline is a stop word, and ends each part

    kind: Literal["line", "dream", "stance", "reflection", "recap", "epilogue", "judge", "persona"]
    system: str
    script: str
    tail: str
    ask: str = ""
    """Added to the tail for an engine that cannot be made to begin with `opener`."""
    opener: str = ""
    """The beginning of the reply ("Leo:"), which an engine with prefill continues."""
    shape: dict[str, Any] | None = None
    """JSON schema of the reply, if it is to be JSON."""
    fresh: bool = False
    """Whether the reply should not repeat the prompt's wording; engines that can are told to hold it to that."""
    max_tokens: int
    stop: tuple[str, ...] = ()

    def messages(self, *, prefill: bool) -> list[dict[str, str]]:
        """The chat messages, with the opener as the beginning of the reply where the engine continues it."""
        tail = self.tail if prefill or not self.ask else f"{self.tail}\n{self.ask}"
        chat = [{"role": "system", "content": self.system}, {"role": "user", "content": f"{self.script}{tail}"}]
        if prefill and self.opener:
            chat.append({"role": "assistant", "content": self.opener})
        return chat

    @property
    def digest(self) -> str:
        """SHA-256 of the whole prompt, kept with the event that answers it."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()
