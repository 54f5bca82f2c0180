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


def rendered(prompt: Prompt, *, begun: bool = True) -> str:
    """A prompt as the engine's chat template writes it (ChatML); `begun`: with the first words of its reply."""
    messages = prompt.messages(prefill=True)
    told = "".join(_ROLE.format(role=each["role"], text=each["content"]) for each in messages if not _reply(each))
    return told + _BEGUN + "".join(each["content"] for each in messages if begun and _reply(each))


def sample(example: Example, tokenizer: Tokenizer) -> Sample:
    """An example as tokens. A reply that does not begin as the prompt begins it is learnt from its first word on."""
    prompt = example.prompt
    begun = example.reply.startswith(prompt.prefill)
    rest = example.reply.removeprefix(prompt.prefill)
    # The engine reads the prompt on its own, so no token reaches from it into the reply.
    told = tokenizer.encode(rendered(prompt, begun=begun), add_special_tokens=False)
    return Sample(tuple(told), tuple(tokenizer.encode(rest + _END, add_special_tokens=False)))


def samples(examples: Iterable[Example], tokenizer: Tokenizer) -> Sequence[Sample]:
    """Examples as tokens."""
    return [sample(each, tokenizer) for each in examples]


def load_tokenizer(gguf: Any) -> Tokenizer:
    """The tokenizer that stands in a model file."""
    from transformers import AutoTokenizer

    made: Tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    return made


def _reply(message: dict[str, str]) -> bool:
    return message["role"] == "assistant"
