"""Where an event came from: the prompt that was answered, the memories in it, what was rejected, and what it cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dreamplay.schema.base import FrozenModel, Words

Place = Annotated[int, Field(ge=0, lt=2**31)]
"""The number of an event, or of a turn."""
_MOST = 10**15
"""Of tokens or seconds, far beyond any play."""
Amount = Annotated[int, AfterValidator(lambda number: min(max(number, 0), _MOST))]
"""What an endpoint says that it used, of which it may say anything: within bounds, so that it can be added up."""
Seconds = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda number: min(max(number, 0.0), _MOST))]
Score = Annotated[float, Field(allow_inf_nan=False)]


class Usage(FrozenModel):
    """What one or more model calls cost, in tokens and seconds."""

    calls: Amount = 0
    """Model calls."""
    prompt: Amount = 0
    """Prompt tokens, the cached ones included."""
    cached: Amount = 0
    """Prompt tokens that the engine had in its cache."""
    output: Amount = 0
    """Output tokens."""
    seconds: Seconds = 0.0
    """Seconds that the calls took."""

    def __add__(self, other: Usage) -> Usage:
        return Usage.total((self, other))

    @classmethod
    def total(cls, several: Iterable[Usage]) -> Usage:
        """All of them together."""
        calls = prompt = cached = output = 0
        seconds = 0.0
        for each in several:
            calls += each.calls
            prompt += each.prompt
            cached += each.cached
            output += each.output
            seconds = round(seconds + each.seconds, 3)
        return cls(calls=calls, prompt=prompt, cached=cached, output=output, seconds=seconds)

    @property
    def evaluated(self) -> int:
        """Prompt tokens that were not read from the cache."""
        return self.prompt - self.cached


class RejectedCandidate(FrozenModel):
    """An answer of the model that a check rejected, and why."""

    text: Words
    """The answer."""
    reason: Words
    """Why it was rejected."""
    check: Words = ""
    """The name of the check that rejected it. Empty if another was better, or it could not be read."""

    @property
    def kind(self) -> str:
        """The reason without the text that it quotes. Older runs quote in guillemets."""
        return re.split(" [“«]", self.reason, maxsplit=1)[0]


class RetrievedMemory(FrozenModel):
    """A memory that stood in the prompt, and why: three scores, each in [0, 1], and their product. A
    memory plug-in that has no such score leaves it at 1."""

    event: Place | None
    """The event that is remembered; None for a formative memory of the private sheet."""
    when: Words
    """When it happened, as the prompt says it."""
    text: Words
    """As it stood in the prompt: shortened, and in the first person where it is the character's own."""
    recency: Score = 1.0
    """How recent it is."""
    importance: Score = 1.0
    """How much it matters to the character."""
    relevance: Score = 1.0
    """How close it is to what they are about to speak of."""
    score: Score
    """The product of the three."""


class Provenance(FrozenModel):
    """Where an event came from. An event by a person who plays a role has that role as its speaker."""

    by: Literal["author", "agent", "narrator", "person"]
    """Who made it: `author`, `agent`, `narrator` or `person`."""
    prompt: str | None = None
    """SHA-256 of the prompt that the event answers."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """The seed of the model call."""
    recalled: tuple[RetrievedMemory, ...] = ()
    """The memories that stood in the private tail of the prompt, the best first."""
    refused: tuple[RejectedCandidate, ...] = ()
    """The candidates that were rejected before this one, in order."""
    usage: Usage = Usage()
    """What its model calls cost, those of rejected candidates included."""
