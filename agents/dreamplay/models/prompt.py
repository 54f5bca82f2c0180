"""A prompt in its four parts: a shared prefix and then a private tail."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import ConfigDict, model_validator
from pydantic_core import to_json

from dreamplay.schema.base import FrozenModel

_NAMED_BEFORE = {"prefill": "opener", "json_schema": "shape", "penalize_repetition": "fresh"}
"""What these fields were called in version 1. The digest still calls them so, and prompts of that version are read."""


Asked = Literal["line", "dream", "stance", "reflection", "recap", "epilogue", "outcome", "judge", "persona"]
"""What a model is asked for."""


class Prompt(FrozenModel):
    """The four parts of a prompt, and the form of its reply."""

    model_config = ConfigDict(str_strip_whitespace=False)  # a newline is a stop word, and ends each part

    kind: Asked
    system: str
    """The system message: rule, premise and public sheets. It is the same for the whole run."""
    script: str
    """The events that everybody present has witnessed: the shared prefix."""
    tail: str
    """The part that only the role that is asked may read."""
    ask: str = ""
    """Added to the tail for an engine that does not continue `prefill`."""
    prefill: str = ""
    """What the reply begins with ("Leo:"), given to an engine that continues a reply."""
    json_schema: dict[str, Any] | None = None
    """JSON schema of the reply, if it is to be JSON."""
    penalize_repetition: bool = False
    """Whether the reply should not repeat the prompt's wording. It is enforced by engines with a suitable sampler."""
    max_tokens: int
    stop: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        names = {before: name for name, before in _NAMED_BEFORE.items()}
        return {names.get(name, name): value for name, value in fields.items()}

    def messages(self, *, prefill: bool) -> list[dict[str, str]]:
        """The chat messages, with the prefill as the beginning of the reply where the engine continues it."""
        tail = self.tail if prefill or not self.ask else f"{self.tail}\n{self.ask}"
        chat = [{"role": "system", "content": self.system}, {"role": "user", "content": f"{self.script}{tail}"}]
        if prefill and self.prefill:
            chat.append({"role": "assistant", "content": self.prefill})
        return chat

    def __copy__(self) -> Self:
        """A copy, which has to make its own digest: what is copied is then mostly changed."""
        copied = super().__copy__()
        copied.__dict__.pop("digest", None)
        return copied

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole prompt, kept with the event that answers it."""
        fields = sorted((_NAMED_BEFORE.get(name, name), value) for name, value in vars(self).items())
        text = ", ".join(f'"{name}": {_json(value)}' for name, value in fields)
        return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()


def _json(value: Any) -> str:
    """A value as the `json` module writes it, in a quarter of its time where it is a usual text."""
    if isinstance(value, str) and value.isascii() and "\x7f" not in value:
        return to_json(value).decode()
    return json.dumps(value, sort_keys=True)
