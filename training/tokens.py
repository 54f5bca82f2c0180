"""Examples as tokens: the very ones that the engine makes of a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from dreamplay.models.prompt import Prompt

from training.packing import Sample
from training.play import Example

_ROLE = "<|im_start|>{role}\n{text}<|im_end|>\n"
_BEGUN = "<|im_start|>assistant\n"
_END = "<|im_end|>"


class Tokenizer(Protocol):
    """Makes tokens of a text in which the marks of the chat template are read as such."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """The tokens."""


def rendered(prompt: Prompt) -> str:
    """A prompt as the engine's chat template writes it (ChatML), with the reply begun."""
    messages = prompt.messages(prefill=True)
    told = "".join(_ROLE.format(role=each["role"], text=each["content"]) for each in messages if not _reply(each))
    return told + _BEGUN + "".join(each["content"] for each in messages if _reply(each))


def sample(example: Example, tokenizer: Tokenizer) -> Sample | None:
    """An example as tokens; None if the reply does not begin as the prompt begins it."""
    prompt = example.prompt
    begun = prompt.prefill
    if not example.reply.startswith(begun):
        return None
    rest = example.reply[len(begun) :]
    # The engine reads the prompt on its own, so no token reaches from it into the reply.
    told = tokenizer.encode(rendered(prompt), add_special_tokens=False)
    return Sample(tuple(told), tuple(tokenizer.encode(rest + _END, add_special_tokens=False)))


def samples(examples: Iterable[Example], tokenizer: Tokenizer) -> Sequence[Sample]:
    """The examples that can be learnt from."""
    return [made for each in examples if (made := sample(each, tokenizer))]


def load_tokenizer(gguf: Any) -> Tokenizer:
    """The tokenizer that stands in a model file."""
    from transformers import AutoTokenizer

    made: Tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    return made


def _reply(message: dict[str, str]) -> bool:
    return message["role"] == "assistant"
