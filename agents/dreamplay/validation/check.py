"""A check: one reason for which a text cannot be used, or waits for a better one. The seam for checks of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from dreamplay.languages.english import ENGLISH
from dreamplay.languages.language import Language
from dreamplay.languages.move_note import MoveNote
from dreamplay.validation import names
from dreamplay.validation.config import CheckConfig
from dreamplay.validation.ngrams import grams

Verdict = Literal["reject", "fallback"]
TextKind = Literal["line", "narration", "stance", "reflection"]
_USUAL = CheckConfig()
ANY = "any"
"""The language of a check that needs no words of a language."""


@dataclass(frozen=True)
class Candidate:
    """A text that a model wrote, cleaned."""

    text: str
    finished: bool = True
    """False: the model was cut off at its limit of tokens."""

    @property
    def plain(self) -> str:
        """The text with straight apostrophes."""
        return self.text.replace("\u2019", "'")


@dataclass
class Heard:
    """What somebody has heard: every text, and its runs of three words. It grows from turn to turn."""

    texts: list[str] = field(default_factory=list)
    grams: set[str] = field(default_factory=set)
    """Runs of three words in any of the texts."""
    own: set[str] = field(default_factory=set)
    """Runs of three words in what the speaker said, what was narrated and what the author wrote: all but the lines of
    the others, which a person may take up."""
    _runs: list[frozenset[str]] = field(default_factory=list, repr=False, compare=False)
    """Runs of three words, by text."""
    _looked: dict[str, tuple[int, bool]] = field(default_factory=dict, repr=False, compare=False)
    """By a word: how many of the texts were looked through for it, and whether one has it."""

    @classmethod
    def of(cls, texts: Iterable[str | tuple[str, str]], speaker: str = "") -> Heard:
        """What a speaker has heard, as texts, or as names with what they said."""
        heard = cls()
        for each in texts:
            by, text = ("", each) if isinstance(each, str) else each
            heard.add(text, of_others=by not in ("", speaker))
        return heard

    def add(self, text: str, *, of_others: bool = False) -> None:
        """Take in one more text; `of_others`: it is a line of somebody else."""
        said = grams(text)
        self.texts.append(text)
        self._runs.append(said)
        self.grams |= said
        if not of_others:
            self.own |= said

    def closest(self, runs: frozenset[str]) -> str:
        """The text that has most of these runs of words, the newest of several."""
        shared = [len(runs & each) for each in reversed(self._runs)]
        return self.texts[-1 - shared.index(max(shared))]

    def says(self, word: str) -> bool:
        """Whether any of the texts has a word as a whole. Each text is looked through once."""
        looked, found = self._looked.get(word, (0, False))
        new = self.texts[looked:]
        found = found or any(re.search(names.whole([word]), text) for text in new if word in text)
        self._looked[word] = len(self.texts), found
        return found


@dataclass(frozen=True)
class CheckContext:
    """What a text is checked against."""

    speaker: str = ""
    """The name of whoever says it; empty for a narrator."""
    cast: Collection[str] = ()
    """The names of everybody in the story, the speaker's too."""
    language: Language = ENGLISH
    config: CheckConfig = _USUAL
    heard: Heard = field(default_factory=Heard)
    """What was said and told before, the prologue and the persona's examples included."""
    setting: Sequence[str] = ()
    """What the author wrote about the story and its people."""
    material: str = ""
    """The matter of the cue, in the third person."""
    note: MoveNote | None = None
    """The move of a topic that the line is to give, taken apart. `material` is then what it says."""
    before: str = ""
    """The words that the speaker heard last."""
    remembered: Sequence[str] = ()
    """The memories of the speaker that came up, in the speaker's words: to speak of them is not to leave the cue."""
    to: Collection[str] | None = None
    """The names of those whom it may be for; None: anybody."""
    hears: Collection[str] | None = None
    """The names of those who hear it; None: nobody is known to be out of hearing."""
    dreamers: Sequence[str] = ()
    """What each dreamer hides, for a dream; empty otherwise."""
    opener: str = ""
    """The words with which a dream was begun for the model."""
    chosen: str = ""
    """For the reason of a stance: the words of the choice that was made."""
    unchosen: Sequence[str] = ()
    """The words of the choices that were not made."""


@dataclass(frozen=True)
class Fault:
    """What a check found."""

    reason: str
    """For the transcript, in a few words: "unfinished"."""
    advice: str
    """A sentence for the model that is asked again."""


CheckFunction = Callable[[Candidate, CheckContext], Fault | None]


@dataclass(frozen=True)
class Check:
    """One reason for which a text cannot be used."""

    name: str
    """A word, for `checks_off` and `--no-check`."""
    function: CheckFunction
    """Returns what is wrong, or None."""
    verdict: Verdict = "reject"
    """Whether a text with the fault is never used, or only if nothing better comes."""
    language: str = ANY
    """The code of the language whose words it knows: it does not run on a story in another. "any": it runs on all."""
    texts: AbstractSet[TextKind] = frozenset({"line"})
    """The kinds of text it is for."""


@dataclass(frozen=True)
class Step:
    """Something that is taken off a line before it is checked."""

    name: str
    """A word, for `checks_off` and `--no-check`."""
    function: Callable[[str, CheckContext], str]
    """Returns the line without it."""
