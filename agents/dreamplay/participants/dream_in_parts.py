"""A dream that is told a part at a time: which part comes next, what of a reply goes into it, and what is told so far.
The narrator asks for the parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from dreamplay.models.base import Reply
from dreamplay.models.prompt import Prompt
from dreamplay.prompting.dream_parts import DreamPart
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.sentences import sentences
from dreamplay.validation.check import CheckContext
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.ngrams import brought_up, grams, words
from dreamplay.validation.pipeline import Pipeline

TRIES = 2
"""Calls for one part."""
SPEECH = re.compile(r"""["“”«»]|(?<!\w)['\u2018](?=\w)""")
"""Where somebody speaks in what is told."""
ENOUGH = 0.6
"""Merit below which a part waits for what another call brings."""
_SENTENCE = 4
"""Words below which a sentence of a dream has not been told."""
_SENTENCES = 2
"""Sentences at most in which a fear is told."""


def strict(pipeline: Pipeline) -> Pipeline:
    """The checks for a part. One that does not tell its fear waits for a better one."""
    changed = {"shortest_telling": _SENTENCE, "dreamers_shown": 1.0}
    return replace(pipeline, config=pipeline.config.model_copy(update=changed))


@dataclass(frozen=True)
class DreamInParts:
    """A dream as far as it is told."""

    parts: tuple[DreamPart, ...]
    """All of its parts, in order."""
    pipeline: Pipeline
    """Checks each part; see `strict`."""
    told: str = ""
    made: tuple[Provenance, ...] = ()
    """How each part was made, those included of which nothing came."""

    @property
    def part(self) -> DreamPart | None:
        """The next part; None if it is done."""
        return self.parts[len(self.made)] if len(self.made) < len(self.parts) else None

    @property
    def provenance(self) -> Provenance:
        """How all of it was made, under the prompt and the seed of its first part."""
        refused = tuple(refusal for each in self.made for refusal in each.refused)
        usage = sum((each.usage for each in self.made), Usage())
        return self.made[0].model_copy(update={"refused": refused, "usage": usage})

    def after(self, added: str, made: Provenance) -> DreamInParts:
        """The dream with what its next part has `added`: nothing, if nothing can be told of it."""
        return replace(self, told=f"{self.told} {added}".strip(), made=(*self.made, made))

    def check(self, reply: Reply, prompt: Prompt, context: CheckContext) -> str:
        """What a reply to the prompt for the next part adds, as far as nobody speaks in it: a sentence for the place,
        which is not in the words in which it was asked for, and two for a fear.

        Raises:
            CandidateRejectedError: it cannot be used, or waits for a better one.
        """
        fear = self._fear
        added = sentences(reply.text.removeprefix(self.told), capital=True)[: _SENTENCES if fear else 1]
        silent = list(takewhile(lambda sentence: not SPEECH.search(sentence), added))
        if added and not silent:
            refusal = RejectedCandidate(text=added[0].strip(), reason="somebody speaks in it")
            raise CandidateRejectedError(refusal, "Nobody speaks.")
        # A second sentence that tells more of other things than of the fear is left out, and so is a clause.
        told = max((" ".join(silent[:count]) for count in range(len(silent), 0, -1)), key=self.merit, default="")
        if fear:
            told = max((told, *self._cut(told)), key=self.merit)
        text = self.pipeline.telling(replace(reply, text=told), context)
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

    def _cut(self, text: str) -> list[str]:
        """A text for the next part as far as each of its clauses, behind what was begun."""
        begun = len(self.part.begun) if self.part else 0
        return [f"{text[: end.start()]}." for end in self.pipeline.language.joints.finditer(text, begun)]

    @property
    def _fear(self) -> str:
        return self.part.fear if self.part else ""
