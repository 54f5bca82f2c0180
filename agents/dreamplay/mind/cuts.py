"""Cuts: what is taken off a raw reply before anybody judges it. Nothing is ever added."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dreamplay.mind.grams import NEAR_COPY, grams, words

_LONG = 30
"""Words up to which a line may have any number of sentences."""

_HABIT = 3
"""Words up to which a sentence at the beginning of several lines is no more than a habit."""

_TOLD = 0.6
"""Share of a sentence's word 3-grams beyond which it was told already."""

_REPORTED = r"I(?:'ll| will|'ve| have)? (?:told|tell)"
_FENCE = re.compile(r"```\w*")
_BRACKETS = re.compile(r"\[[^\]]*\]?")
_DIRECTION_AT_EDGE = re.compile(r"^\s*(\([^)]*\)|\*[^*]{3,}\*)\s*|\s*(\([^)]*\)|\*[^*]{3,}\*)\s*$")
_EMPHASIS = re.compile(r"\*+([^*\n]+)\*+")
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_YOU = re.compile(r"\byou\w*\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…\u3002\uff01\uff1f\u0964\u2013\u2014-][\"”»'\u2019)]*$")
_BETWEEN = re.compile(r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<=[.!?…\"”»])\s+(?=[\"“«'A-Z])")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x09\x0b-\x1f\x7f]")


def speech(
    text: str, speaker: str, cast: Collection[str], *, strict: bool = False, to: Collection[str] | None = None
) -> str:
    """A reply without what is not speech: names in front, quotes, fences, directions, and other people's lines.

    Args:
        text: as it came.
        speaker: the name of whose line it is to be.
        cast: the names of everybody in the story, the speaker's too.
        strict: whether it is a small model's, of which more is taken off; see `_plain`.
        to: the names of those it may be for; None is anybody.
    """
    text = _ANSI.sub("", text).strip()
    text = _FENCE.sub("", text).strip()
    label = "|".join(re.escape(name) for name in sorted(cast, key=len, reverse=True))
    own = re.compile(rf"^\W*{re.escape(speaker)}\W*(\([^)]*\)\s*)?:\**\s*", re.IGNORECASE)
    while own.match(text):
        text = own.sub("", text, count=1)
    if re.match(rf"\**(?:{label})\**\s*:", text):  # the whole of it is somebody else's
        return ""
    text = _before_speech(text, label)
    text = _BRACKETS.sub(" ", text)
    text = " ".join(text.split())
    while (shorter := _DIRECTION_AT_EDGE.sub("", text)) != text:
        text = shorter
    text = _EMPHASIS.sub(r"\1", text)
    text = _unquoted(text).strip()
    if strict:
        text = _plain(text, speaker, cast, to)
    return text[:1].upper() + text[1:]


def without_habit(text: str, said: Iterable[str], cast: Collection[str]) -> str:
    """A line without its first sentence where that is a few words, but for names, with which another line began too: of
    «That's right, Leo» a small model makes a habit.
    """
    first, *rest = _sentences(text)
    opening = _bare(first, cast)
    if not rest or not 0 < len(opening) <= _HABIT:
        return text
    return " ".join(rest) if any(_bare(_sentences(line)[0], cast) == opening for line in said) else text


def _bare(sentence: str, cast: Collection[str]) -> list[str]:
    """The words of a sentence but for the names of the cast."""
    names = {name.lower() for name in cast}
    return [word for word in words(sentence) if word not in names]


def _plain(text: str, speaker: str, cast: Collection[str], to: Collection[str] | None) -> str:
    """A small model's line without what it takes from the form of its notes («I told Leo that», which is the cue's own
    «tells Leo that», and the «from long ago» of a memory), without a name in front of somebody it is not for, without
    its speaker's own name where it only hangs, in front, at the end or between commas, and, if it is long, cut after
    two sentences.
    """
    name, label = re.escape(speaker), "|".join(map(re.escape, cast))
    if not _YOU.search(text):  # else it is somebody else's line, to her
        text = re.sub(rf"^{name}, (?=\w)|, {name}(?=[.!…]$)", "", text)
        if not re.search(rf"\b(?:{label}),? (?:and )?(?:{label})\b", text):  # names in a row are a list
            text = re.sub(rf"(?<!\bI)(?<!\bme), {name}(?=, (?!(?:who|is|was|has|had|will)\b))", "", text)
    if others := "|".join(re.escape(other) for other in cast if to and other not in (*to, speaker)):
        text = re.sub(rf"^(?:{others}), (?=\w)", "", text)
    text = re.sub(r"^I remember, from long ago: (?=\w)", "", text)
    text = re.sub(r"^I remember, from long ago, (?=\w)", "I remember ", text)
    text = re.sub(rf"^((?:{label}), )?{_REPORTED} (?:you|{label}) that (?=\w)", r"\1", text)
    return " ".join(_sentences(text)[:2]) if len(text.split()) > _LONG else text


def telling(text: str, cast: Collection[str] = (), *, again: bool = True) -> str:
    """What a narrator tells in a reply: one paragraph, cut after its last whole sentence, before one of the cast speaks
    in it, and, if it is not to say anything `again`, before it goes round.
    """
    text = " ".join(_BRACKETS.sub(" ", _FENCE.sub("", _ANSI.sub("", text))).split()).strip('"')
    if cast:
        text = _before_speech(text, "|".join(map(re.escape, cast)))
    return whole(text) if again else _unlooped(whole(text))


def without_coda(text: str, told: Iterable[str], least: int) -> str:
    """A text without the sentences at its end that were told already, so long as it keeps `least` words: when a small
    model has no more to tell, it goes on with what it has read.
    """
    known = set[tuple[str, ...]]().union(*map(grams, told))
    kept = _sentences(text)
    while len(words(" ".join(kept[:-1]))) >= least and len(grams(kept[-1]) & known) > _TOLD * len(grams(kept[-1])):
        kept.pop()
    return " ".join(kept)


def ends(text: str) -> bool:
    """Whether a text ends with the end of a sentence."""
    return bool(_ENDED.search(text))


def whole(text: str) -> str:
    """A text up to the end of its last whole sentence: what a limit cut off behind it was never said."""
    return text if ends(text) else text[: max(text.rfind(mark) for mark in ".!?…") + 1]


def _before_speech(text: str, label: str) -> str:
    """A text up to where somebody begins to speak, who is of the names in `label`. A name with a colon begins a line
    only at the start of a sentence; «listen, Mira: no» does not.
    """
    return re.split(rf"(?:\n\s*|(?<=[.!?…\"”])\s+)\**(?:{label})\**:", text, maxsplit=1)[0]


def _unlooped(text: str) -> str:
    """A text up to the sentence that says again what stands before it."""
    kept: list[str] = []
    for sentence in _sentences(text):
        mine = grams(sentence)
        if kept and mine and len(mine & grams(" ".join(kept))) / len(mine) >= NEAR_COPY:
            break
        kept.append(sentence)
    return " ".join(kept)


def _sentences(text: str) -> list[str]:
    return _BETWEEN.split(text)


def _unquoted(text: str) -> str:
    """Take off quotation marks that enclose the whole, or of which only one half came; those around a part stay."""
    if len(text) < 2:
        return text
    close = _QUOTES.get(text[0])
    if close and text.endswith(close) and close not in text[1:-1]:
        return text[1:-1]
    if close and close not in text[1:]:
        return text[1:]
    if text[-1] in _QUOTES.values() and not set(text[:-1]) & {text[-1], *_QUOTES}:
        return text[:-1]
    return text
