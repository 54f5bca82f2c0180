"""Which of several lines that can be used is the best."""

from __future__ import annotations

import re

from dreamplay.languages.language import Language
from dreamplay.validation import names
from dreamplay.validation.check import CheckContext
from dreamplay.validation.ngrams import brought_up, grams, words
from dreamplay.validation.relevance import relevance

_ABOUT = 0.4
"""Share of the matter, or closeness to it, from which on a line is no better for more: it would be the note itself."""


def merit(text: str, context: CheckContext) -> float:
    """How good a line is: it says what the cue is about, in words not used before, to somebody, takes up what was said
    last, and is not in the cue's own wording. Signs of a half-turned cue ("I unhooks", "and tell Leo that") and an
    assistant's manners count against it: they are too weak to reject a line, and enough to prefer another.
    """
    language = context.language
    mine = grams(text)
    new = 1 - len(mine & context.heard.grams) / len(mine) if mine else 0.0
    recited = len(mine & grams(context.material)) / len(mine) if mine else 0.0
    others = names.whole(name for name in context.cast if name != context.speaker)
    spoken_to = bool(language.second_person.search(text) or re.search(others, text))
    plain = text.replace("\u2019", "'")
    manners = language.assistant_manners.search(plain) or language.slips.search(plain)
    weak = _half_turned(text, language) + bool(manners) + _wanders(text, context)
    about = max(brought_up(text, context.material), relevance(text, context.material, context.cast))
    said = 1.5 * min(about, _ABOUT) + new
    return said + 0.2 * (spoken_to + takes_up(text, context)) - 0.5 * (recited + weak)


def takes_up(text: str, context: CheckContext) -> bool:
    """Whether a line has a word of what was said last that its cue would not have given it."""
    known = {*words(context.material), *(part for name in context.cast for part in words(name))}
    heard = set(words(context.before)) - known - context.language.stop_words
    return not heard.isdisjoint(words(text))


def _wanders(text: str, context: CheckContext) -> bool:
    """Whether a question goes on after it was asked, where it was all that was to be said."""
    asks = context.note is not None and context.note.form == "question"
    return asks and not text.rstrip("\"' ").endswith("?")


def _half_turned(text: str, language: Language) -> bool:
    """Whether a line shows signs of a cue that was turned into the first person only half."""
    begun, goes_on = language.half_turned_after
    first = begun.search(text)
    return bool(language.half_turned.search(text) or (first and goes_on.search(text, first.end())))
