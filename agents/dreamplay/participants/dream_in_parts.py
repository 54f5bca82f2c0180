"""A dream that is told a part at a time: which part comes next, what of a reply goes into it, and what is told so far.
The narrator asks for the parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from dreamplay.models.base import Reply
from dreamplay.models.prompt import Prompt
from dreamplay.prompting import dream_parts
from dreamplay.prompting.dream_parts import DreamFear, DreamPart
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.sentences import sentences
from dreamplay.validation.check import CheckContext
from dreamplay.validation.checks import shown
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.ngrams import brought_up, grams, words
from dreamplay.validation.pipeline import Pipeline

TRIES = 2
"""Calls for one part."""
SPEECH = re.compile(r"""["“”«»]|(?<!\w)['\u2018](?=\w)""")
"""Where somebody speaks in what is told."""
_SENTENCE = 4
"""Words below which a sentence of a dream has not been told."""
_SENTENCES = 2
"""Sentences at most in which a fear is told."""


def strict(pipeline: Pipeline) -> Pipeline:
    """The checks for a part. One that tells none of its fears waits for a better one."""
    changed = {"shortest_telling": _SENTENCE, "dreamers_shown": 1 / dream_parts.AT_ONCE}
    return replace(pipeline, config=pipeline.config.model_copy(update=changed))


@dataclass(frozen=True)
class DreamInParts:
    """A dream as far as it is told."""

    place: DreamPart
    """The part with which it begins."""
    fears: tuple[DreamFear, ...]
    """Those that are still to be told, in order."""
    pipeline: Pipeline
    """Checks each part; see `strict`."""
    told: str = ""
    made: tuple[Provenance, ...] = ()
    """How each part was made, those included of which nothing came."""

    @property
    def done(self) -> bool:
        """Whether no part is left."""
        return bool(self.made) and not self.fears

    @property
    def part(self) -> DreamPart:
        """The next part, unless it is done."""
        return dream_parts.part(self.fears[: dream_parts.AT_ONCE]) if self.made else self.place

    @property
    def provenance(self) -> Provenance:
        """How all of it was made, under the prompt and the seed of its first part."""
        refused = tuple(refusal for each in self.made for refusal in each.refused)
        usage = sum((each.usage for each in self.made), Usage())
        return self.made[0].model_copy(update={"refused": refused, "usage": usage})

    def after(self, added: str, made: Provenance) -> DreamInParts:
        """The dream with what its next part has `added`. A fear that the part left out begins the one after it, unless
        the part began with it: of such a fear nothing can be told.
        """
        part = self.part
        asked, later = self.fears[: len(part.fears)], self.fears[len(part.fears) :]
        seen = shown(added.removeprefix(part.begun), part.fears, self.pipeline.config.shown_in_meaning)
        left = [fear for fear, is_told in list(zip(asked, seen, strict=True))[1:] if not is_told]
        return replace(self, fears=(*left, *later), told=f"{self.told} {added}".strip(), made=(*self.made, made))

    def check(self, reply: Reply, prompt: Prompt, context: CheckContext) -> str:
        """What a reply to the prompt for the next part adds, as far as nobody speaks in it: a sentence for the place,
        which is not in the words in which it was asked for, and two for each fear.

        Raises:
            CandidateRejectedError: it cannot be used, or waits for a better one.
        """
        fears = len(self.part.fears)
        added = sentences(reply.text.removeprefix(self.told), capital=True)[: _SENTENCES * fears or 1]
        silent = list(takewhile(lambda sentence: not SPEECH.search(sentence), added))
        if added and not silent:
            refusal = RejectedCandidate(text=added[0].strip(), reason="somebody speaks in it")
            raise CandidateRejectedError(refusal, "Nobody speaks.")
        text = self.pipeline.telling(replace(reply, text=" ".join(silent)), context)
        if not fears and grams(text) & grams(prompt.tail.splitlines()[-1]):
            refusal = RejectedCandidate(text=text, reason="in the words of what was asked")
            raise CandidateRejectedError(refusal, "Say it in your own words.", text)
        return text

    def merit(self, text: str) -> float:
        """How much a text for the next part tells of its fears, and for the place how few words it takes: with more, it
        tells what is to come.
        """
        fears = " ".join(self.part.fears)
        return brought_up(text, fears) if fears else -float(len(words(text)))
