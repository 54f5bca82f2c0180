"""What is told a part at a time, a dream or an ending: which part comes next, what of a reply goes into it, and what is
told so far. The narrator asks for the parts.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import ClassVar, Generic, Self, TypeVar

from dreamplay.models.base import Reply
from dreamplay.models.prompt import Prompt
from dreamplay.prompting.dream_parts import DreamPart
from dreamplay.prompting.ending_parts import EndingPart
from dreamplay.schema.cast import Cast
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.sentences import sentences
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.ngrams import brought_up, grams, words
from dreamplay.validation.pipeline import Pipeline

TRIES = 2
"""Calls for one part."""
SPEECH = re.compile(r"""["“”«»]|(?<!\w)['\u2018](?=\w)""")
"""Where somebody speaks in what is told."""
_ENOUGH = 0.6
"""Merit below which a fear waits for what another call brings."""
_LAST = 100
"""Words that no sentence has: what counts so many more comes last."""
_GLANCE = 3
"""Words at most that are added to a last picture: "sitting in it". With more a small model tells what is not so."""
_SENTENCES = 2
"""Sentences at most in which a fear is told."""

_UNASKED = Provenance(by="narrator")
"""How a part was made that nobody was asked for."""

P = TypeVar("P", DreamPart, EndingPart)


@dataclass(frozen=True)
class InParts(ABC, Generic[P]):
    """Something as far as it is told."""

    parts: tuple[P, ...]
    """All of its parts, in order."""
    pipeline: Pipeline
    """Checks what is told whole; see `strict`."""
    told: str = ""
    made: tuple[Provenance, ...] = ()
    """How each part was made, those included of which nothing came, and those that nobody was asked for."""

    least: ClassVar[int]
    """Words below which a sentence has not been told."""

    @property
    def part(self) -> P | None:
        """The next part; None if it is done."""
        return self.parts[len(self.made)] if len(self.made) < len(self.parts) else None

    @property
    def provenance(self) -> Provenance:
        """How all of it was made, under the prompt and the seed of the first part that was asked for."""
        refused = tuple(refusal for each in self.made for refusal in each.refused)
        usage = sum((each.usage for each in self.made), Usage())
        first = next((each for each in self.made if each.prompt), self.made[0])
        return first.model_copy(update={"refused": refused, "usage": usage})

    @property
    def strict(self) -> Pipeline:
        """The checks for a part. One that does not tell its fear waits for a better one."""
        changed = {"shortest_telling": self.least, "dreamers_shown": 1.0}
        return replace(self.pipeline, config=self.pipeline.config.model_copy(update=changed))

    @property
    def enough(self) -> float | None:
        """Merit below which a part waits for what another call brings; None: it does not."""
        return None

    @property
    def ready(self) -> str:
        """What the next part tells if nothing better comes; empty: nothing."""
        return ""

    @property
    def given(self) -> str:
        """What the next part tells, if nobody need be asked for it; else empty."""
        return ""

    def after(self, added: str, made: Provenance = _UNASKED) -> Self:
        """The same with what its next part has `added`: nothing, if nothing can be told of it."""
        return replace(self, told=f"{self.told} {added}".strip(), made=(*self.made, made))

    def context(self, cast: Sequence[str]) -> CheckContext:
        """What a text for the next part is checked against."""
        return CheckContext(cast=cast, heard=Heard.of([self.told]), opener=self.part.begun if self.part else "")

    @abstractmethod
    def check(self, reply: Reply, prompt: Prompt, context: CheckContext) -> str:
        """What a reply to the prompt for the next part adds.

        Raises:
            CandidateRejectedError: it cannot be used, or waits for a better one.
        """

    @abstractmethod
    def merit(self, text: str) -> float:
        """How well a text tells the next part."""

    def _silent(self, reply: Reply, most: int) -> list[str]:
        """The sentences that a reply adds, as far as nobody speaks in them behind what was begun.

        Raises:
            CandidateRejectedError: somebody speaks in the first one.
        """
        begun = self.part.begun if self.part else ""
        added = sentences(reply.text.removeprefix(self.told), capital=True)[:most]
        silent = list(takewhile(lambda sentence: not SPEECH.search(sentence.strip().removeprefix(begun)), added))
        if added and not silent:
            refusal = RejectedCandidate(text=added[0].strip(), reason="somebody speaks in it")
            raise CandidateRejectedError(refusal, "Nobody speaks.", self.ready or None)
        return silent

    def _cut(self, text: str) -> list[str]:
        """A text for the next part as far as each of its clauses, behind what was begun."""
        begun = len(self.part.begun) if self.part else 0
        return [f"{text[: end.start()]}." for end in self.pipeline.language.joints.finditer(text, begun)]


@dataclass(frozen=True)
class DreamInParts(InParts[DreamPart]):
    """A dream: a sentence for the place, and two for a fear."""

    earlier: Sequence[str] = ()
    """The dreams before it."""

    least = 4

    @property
    def enough(self) -> float | None:
        """A fear waits, and a place does not."""
        return _ENOUGH if self._fear else None

    def context(self, cast: Sequence[str]) -> CheckContext:
        """The same, with the dreams before it and the fear that it tells."""
        heard, fears = Heard.of([self.told, *self.earlier]), (self._fear,) if self._fear else ()
        return replace(super().context(cast), heard=heard, dreamers=fears)

    def check(self, reply: Reply, prompt: Prompt, context: CheckContext) -> str:
        """What a reply adds. A place is not in the words in which it was asked for."""
        fear = self._fear
        silent = self._silent(reply, _SENTENCES if fear else 1)
        # A second sentence that tells more of other things than of the fear is left out, and so is a clause.
        told = max((" ".join(silent[:count]) for count in range(len(silent), 0, -1)), key=self.merit, default="")
        if fear:
            told = max((told, *self._cut(told)), key=self.merit)
        text = self.strict.telling(replace(reply, text=told), context)
        if not fear and grams(text) & grams(prompt.tail.splitlines()[-1]):
            refusal = RejectedCandidate(text=text, reason="in the words of what was asked")
            raise CandidateRejectedError(refusal, "Say it in your own words.", text)
        return text

    def merit(self, text: str) -> float:
        """How well a text for the next part tells its fear, from 0 to 1: the harmonic mean of how much of the fear it
        brings up, and how much of it is of the fear. Of a place, how few words it takes: with more, it tells what is to
        come.
        """
        if not self._fear:
            return -float(len(words(text)))
        brought, own = brought_up(text, self._fear), brought_up(self._fear, text)
        return 2 * brought * own / (brought + own) if brought else 0.0

    @property
    def _fear(self) -> str:
        return self.part.fear if self.part else ""


@dataclass(frozen=True, kw_only=True)
class EndingInParts(InParts[EndingPart]):
    """An ending: a sentence for everybody with their thing, and one for the last picture. What is done with a thing is
    told as the author has written it: a small model adds to it what goes without saying ("with a knife"), or what
    nobody would do ("with his teeth").
    """

    cast: Cast
    here: Sequence[str]
    """The roles of those who are in it."""

    least = 2

    @property
    def ready(self) -> str:
        """What was begun, if it is a sentence."""
        return self.part.alone if self.part else ""

    @property
    def given(self) -> str:
        """What somebody does with their thing, if it says that: nothing leads on from it."""
        return self.ready if self.part and self.ready == f"{self.part.begun}." else ""

    def check(self, reply: Reply, prompt: Prompt, context: CheckContext) -> str:
        """What a reply adds, as far as its first clause: with the next one a small model adds what is not so. If that
        tells of somebody who is not there, or of somebody else's thing, or more of the last picture than a glance
        takes, the part is told as far as it was begun, or not at all if that is no sentence.
        """
        told = "".join(self._silent(reply, 1)).strip()
        told = next(iter(self._cut(told)), told) or self.ready
        if self._strays(told):
            if not self.ready:
                refusal = RejectedCandidate(text=told, reason="tells of somebody who is not there, or of another thing")
                raise CandidateRejectedError(refusal, "Tell of nobody and nothing else.")
            told = self.ready
        picture = self.part if self.part and not self.part.name else None
        if picture and self.ready and len(words(told.removeprefix(picture.begun))) > _GLANCE:
            told = self.ready
        return self.strict.telling(replace(reply, text=told), context)

    def merit(self, text: str) -> float:
        """How few words a text takes. What tells no more than was begun comes last."""
        return -float(len(words(text)) + _LAST * (text == self.ready))

    def _strays(self, text: str) -> bool:
        """Whether a text names somebody who is not there, or a thing of somebody else's."""
        own = words(self.part.thing) if self.part else ()
        others = {word for part in self.parts for word in words(part.thing) if len(word) > 3}.difference(own)
        return bool(others & set(words(text))) or not set(self.cast.mentioned(text)) <= set(self.here)
