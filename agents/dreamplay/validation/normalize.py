"""Normalizing: what is taken off a raw reply before it is checked. Nothing is ever added but a capital letter.

`speech` takes off what is no speech, for every model. What is taken off besides, by the profile of a small model, is in
`small_model_steps`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dreamplay.sentences import sentences
from dreamplay.validation.check import CheckContext, Step
from dreamplay.validation.endings import QUOTES, STOPS, whole
from dreamplay.validation.ngrams import NEAR_COPY, grams, length, runs, words
from dreamplay.validation.speaker_labels import before_others, own_words, unlabelled

_TOLD = 0.6
"""Share of a sentence's word 3-grams beyond which it was told already."""

_BRACKETS = re.compile(r"\[[^\]]*\]?")
_DIRECTION = re.compile(r"\([^()]*\)|\*[^*]{3,}\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*{1,3}(?![\w*])")
_OPEN_QUOTE = re.compile(r"(?:^|(?<=[\s(]))['\"“\u2018«](?=\S)")
_CLOSED_QUOTE = re.compile(r"(?<=\S)['\"”\u2019»](?=[\s.,;:!?)]|$)")


def speech(text: str, context: CheckContext, steps: Iterable[Step] = ()) -> str:
    """A reply without what is not speech: names in front, quotes, fences, directions, and other people's lines.

    Args:
        text: as it came.
        context: who speaks, and who else is there.
        steps: take off more, in this order.
    """
    text = whole_reply = " ".join(own_words(text, context).split())
    text = " ".join(_without_brackets(_unquoted(text)).split())
    text = _without_directions(text, context)
    text = _EMPHASIS.sub(r"\1", text)
    text = _unquoted(text).strip()
    if not whole_reply.replace("*", "").startswith(text):  # what stood in front is gone
        text = text[:1].upper() + text[1:]
    for step in steps:
        text = step.function(text, context)
    return text


def telling(text: str, cast: Collection[str] = (), *, again: bool = True) -> str:
    """What a narrator tells in a reply: one paragraph, cut after its last whole sentence, before one of the cast speaks
    in it, and, if it is not to say anything `again`, before it goes round.
    """
    text = before_others(unlabelled(text, cast), cast)
    text = " ".join(_BRACKETS.sub(" ", text).split()).strip('"')
    return whole(text) if again else _unlooped(whole(text))


def without_coda(text: str, told: Iterable[str], least: int) -> str:
    """A text without the sentences at its end that were told already, so long as it keeps `least` words: when a small
    model has no more to tell, it goes on with what it has read.
    """
    known = set[str]().union(*map(grams, told))
    kept = sentences(text, capital=True) or [text]
    left = sum(length(sentence) for sentence in kept)
    while left - length(kept[-1]) >= least and len(grams(kept[-1]) & known) > _TOLD * len(grams(kept[-1])):
        left -= length(kept.pop())
    return " ".join(kept)


def _without_brackets(text: str) -> str:
    """A text without what stands in brackets, but for what is quoted: a reader may say "press [Enter]"."""

    def kept(found: re.Match[str]) -> str:
        before = text[: found.start()]
        opened = [quote.end() for quote in _OPEN_QUOTE.finditer(before)]
        if not opened or len(opened) <= len(_CLOSED_QUOTE.findall(before)):
            return " "
        return found[0] if before[opened[-1] :].strip() and found[0].endswith("]") else " "

    return _BRACKETS.sub(kept, text)


def _without_directions(text: str, context: CheckContext) -> str:
    """A text without the stage directions at its beginning and its end."""
    found = [each.span() for each in _DIRECTION.finditer(text)]
    start, end = 0, len(text)
    for left, right in found:
        if text[start:left].strip() or not _directs(text, left, right, context):
            break
        start = right
    for left, right in reversed(found):
        if left < start or text[right:end].strip() or not _directs(text, left, right, context):
            break
        end = left
    return text[start:end].strip()


def _directs(text: str, left: int, right: int, context: CheckContext) -> bool:
    """Whether what stands between marks is a stage direction, and not speech: a sentence of the speaker's in
    parentheses, or a word that is stressed.
    """
    inner, before, after = text[left + 1 : right - 1], text[:left].rstrip(), text[right:].lstrip()
    if text[left] == "(":
        spoken = context.language.first_person.search(inner) or context.language.second_person.search(inner)
        return not spoken or len(words(inner)) < _SENTENCE
    if not (after[:1].islower() or after[:1] in (",", ";") or (before and before[-1] not in f'{STOPS}"”»)*:-\u2014')):
        return True
    first, *rest = inner.split()
    acts = first[:1].islower() and first.lower() not in context.language.function_words
    return acts and (first.endswith("s") or bool(rest and first.endswith("ing")))


_SENTENCE = 4
"""Words from which on parentheses may hold a sentence of the speaker's."""


def _unlooped(text: str) -> str:
    """A text up to the sentence that says again what stands before it."""
    kept: list[str] = []
    told: set[str] = set()
    edge = ""
    for sentence in sentences(text, capital=True):
        mine = grams(sentence)
        if kept and mine and len(mine & told) / len(mine) >= NEAR_COPY:
            break
        kept.append(sentence)
        told.update(runs(f"{edge} {sentence}"))
        edge = " ".join(words(f"{edge} {sentence}")[-2:])
    return " ".join(kept)


def _unquoted(text: str) -> str:
    """Take off quotation marks that enclose the whole, or of which only one half came; those around a part stay."""
    if len(text) < 2:
        return text
    close = QUOTES.get(text[0])
    if close and text.endswith(close) and close not in text[1:-1]:
        return text[1:-1]
    if close and close not in text[1:]:
        return text[1:]
    if text[-1] in QUOTES.values() and not set(text[:-1]) & {text[-1], *QUOTES}:
        return text[:-1]
    return text
