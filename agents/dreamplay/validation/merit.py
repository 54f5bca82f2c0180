"""Which of several lines that can be used is the best."""

from __future__ import annotations

import re
from collections import Counter

from dreamplay.languages.language import Language
from dreamplay.threads import signs
from dreamplay.validation import names
from dreamplay.validation.check import CheckContext
from dreamplay.validation.ngrams import grams, in_order, words

_ADDED = 0.5
"""What a line loses that says nothing but what its note does not say, where one that says all of its note gains 1."""
_ORDER = 0.5
"""What a line loses that has none of the words of its note in their order: with other words between them, or in another
order, the same words mean something else."""
_WEAK = 0.25
"""What a line loses by each sign that it is no person's."""
_STEM = 5
"""Letters by which two words count as the same."""
_TIE = 0.05
"""Weight of how a line says it, which decides only between lines that say the same."""


def merit(text: str, context: CheckContext) -> float:
    """How good a line is: it says all of its note and nothing else, in the order of the note. Of lines that say the
    same, the better one is in words not used before, to somebody, takes up what was said last, and is not in the note's
    own wording. Signs of a half-turned note ("I unhooks", "and tell Leo that"), words that are said over again, and an
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
    weak = _half_turned(text, language) + (bool(manners) and not _apologises(context)) + _wanders(text, context)
    weak += _repeats(text, context)
    manner = new + 0.2 * (spoken_to + takes_up(text, context)) - 0.5 * recited
    return true_to_note(text, context) - _WEAK * weak + _TIE * manner


def true_to_note(text: str, context: CheckContext) -> float:
    """How far a line says its note and nothing else, from 1 to -1: the share of what the note is about that it says, or
    that was just heard and need not be named again, less half the share of its own that the note does not say, and less
    half of what its words differ from those of the note in their order. 0 without a note.

    Source: of 60 pairs of lines for one note, of which a reader had preferred one, such a figure chose that one in 41,
    the other in 3, and neither in 16.
    """
    if not context.material:
        return 0.0
    note, said, heard = (_content(each, context) for each in (context.material, text, context.before))
    kept = len(note & (said | heard)) / len(note) if note else 1.0
    added = len(said - note) / len(said) if said else float(bool(note))
    told, spoken = (_stems(each, context) for each in (context.material, text))
    ordered = 2 * in_order(told, spoken) / (len(told) + len(spoken) or 1)
    return kept - _ADDED * added + _ORDER * (ordered - 1)


def _content(text: str, context: CheckContext) -> frozenset[str]:
    """What a text is about, without the names of the cast, and whether it denies something."""
    about = signs.matter(re.sub(names.whole(context.cast), "", text), context.language)
    return about | {"not"} if context.language.negation.search(text) else about


def _stems(text: str, context: CheckContext) -> list[str]:
    """The beginnings of the words of a text, without the names of the cast."""
    return [word.partition("'")[0][:_STEM] for word in words(re.sub(names.whole(context.cast), "", text))]


def takes_up(text: str, context: CheckContext) -> bool:
    """Whether a line has a word of what was said last that its cue would not have given it."""
    known = {*words(context.material), *(part for name in context.cast for part in words(name))}
    heard = set(words(context.before)) - known - context.language.stop_words
    return not heard.isdisjoint(words(text))


def _wanders(text: str, context: CheckContext) -> bool:
    """Whether a question goes on after it was asked, where it was all that was to be said."""
    asks = context.note is not None and context.note.form == "question"
    return asks and not text.rstrip("\"' ").endswith("?")


def _repeats(text: str, context: CheckContext) -> bool:
    """Whether a line says a word again that is in its note once, or not at all: "It brings what the user brings"."""
    if not context.material:
        return False
    known, said = (Counter(_stems(each, context)) for each in (context.material, text))
    return any(said[word] > max(1, known[word]) for word in _content(text, context))


def _apologises(context: CheckContext) -> bool:
    """Whether the move of the line says sorry, which an assistant says too."""
    note = context.note
    return note is not None and bool(context.language.move_apologises.match(note.told))


def _half_turned(text: str, language: Language) -> bool:
    """Whether a line shows signs of a cue that was turned into the first person only half."""
    begun, goes_on = language.half_turned_after
    first = begun.search(text)
    return bool(language.half_turned.search(text) or (first and goes_on.search(text, first.end())))
