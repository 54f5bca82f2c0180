"""Cuts: what is taken off a raw reply before anybody judges it. Nothing is ever added."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dreamplay.sentences import sentences
from dreamplay.validation import names
from dreamplay.validation.ngrams import NEAR_COPY, grams, runs, words

_LONG = 30
"""Words up to which a line may have any number of sentences."""

_HABIT = 3
"""Words up to which a sentence at the beginning of several lines is no more than a habit."""

_TOLD = 0.6
"""Share of a sentence's word 3-grams beyond which it was told already."""

_REPORTED = r"I(?:'ll| will|'ve| have)? (?:told|tell)"
_FENCE = re.compile(r"```(?:\w+(?=\n))?")
_BRACKETS = re.compile(r"\[[^\]]*\]?")
_DIRECTION = re.compile(r"\([^()]*\)|\*[^*]{3,}\*")
_EMPHASIS = re.compile(r"(?<!\*)\*++([^*\n]+)\*+")
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_YOU = re.compile(r"\byou\w*\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…\u3002\uff01\uff1f\u0964\u2013\u2014-][\"”»'\u2019)]*$")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0e-\x1b\x7f\u200b\u2060\ufeff]")
_CHATS = ("User", "Assistant", "Response")
"""Whoever speaks in a chat, and what stands over its parts, where it begins a sentence of a reply."""
_PARTS = ("Human", "AI", "System", "Bot", "Narrator", "Player", "You", "Instruction", "Input", "Output", "Note", "OOC")
"""The same where it begins a line."""
_OTHERS = ("User", "Human", "Narrator", "Instruction")
"""The same where it begins the reply: the whole of it is somebody else's."""
_ANSWERS = ("Assistant", "AI", "Bot", "Response", "Output")
"""What stands over the reply itself."""
_MARK = r"</?(?:START|END|USER|BOT|CHAR|SYSTEM)>|\[/?INST\]|<</?SYS>>"
_RULE = r"\n(?:#{2,6}(?=[ \n]|$)|(?:-{3,}|\*{3,}|={3,}|_{3,}|~{3,}|\* \* \*)(?=\n|$)|\{\{\w{1,20}\}\} ?:)"


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
    text = _reply(text, cast, own=speaker)
    if re.match(rf"\**{_label(name for name in cast if name != speaker)}", text):  # the whole of it is somebody else's
        return ""
    text = " ".join(_BRACKETS.sub(" ", _before_others(text, cast)).split())
    text = _without_directions(text)
    text = _EMPHASIS.sub(r"\1", text)
    text = _unquoted(text).strip()
    if strict:
        text = _plain(text, speaker, cast, to)
    return text[:1].upper() + text[1:]


def without_habit(text: str, said: Iterable[str], cast: Collection[str]) -> str:
    """A line without its first sentence where that is a few words, but for names, with which another line began too: of
    «That's right, Leo» a small model makes a habit.
    """
    first, *rest = sentences(text, capital=True) or [text]
    opening = _bare(first, cast)
    if not rest or not 0 < len(opening) <= _HABIT:
        return text
    began = (sentences(line, capital=True)[:1] for line in said)
    return " ".join(rest) if any(_bare(each, cast) == opening for first in began for each in first) else text


def _bare(sentence: str, cast: Collection[str]) -> list[str]:
    """The words of a sentence but for the names of the cast."""
    called = {name.lower() for name in cast}
    return [word for word in words(sentence) if word not in called]


def _plain(text: str, speaker: str, cast: Collection[str], to: Collection[str] | None) -> str:
    """A small model's line without what it takes from the form of its notes («I told Leo that», which is the cue's own
    «tells Leo that», and the «from long ago» of a memory), without a name in front of somebody it is not for, without
    its speaker's own name where it only hangs, in front, at the end or between commas, and, if it is long, cut after
    two sentences.
    """
    name, label = names.alone(speaker, cast), names.whole(cast)
    if not _YOU.search(text) and not names.is_word(speaker):  # else it is somebody else's line, to her
        text = re.sub(rf"^{name}, (?=\w)|, {name}(?=[.!…]$)", "", text)
        if not re.search(rf"{label},? (?:and )?{label}", text):  # names in a row are a list
            text = re.sub(rf"(?<!\bI)(?<!\bme), {name}(?=, (?!(?:who|is|was|has|had|will)\b))", "", text)
    if to:
        others = [other for other in cast if other not in (*to, speaker) and not names.is_word(other)]
        text = re.sub(rf"^{names.whole(others)}, (?=\w)", "", text)
    text = re.sub(r"^I remember, from long ago: (?=\w)", "", text)
    text = re.sub(r"^I remember, from long ago, (?=\w)", "I remember ", text)
    text = re.sub(rf"^({label}, )?{_REPORTED} (?:you|{label}) that (?=\w)", r"\1", text)
    return " ".join(sentences(text, capital=True)[:2]) if len(text.split()) > _LONG else text


def telling(text: str, cast: Collection[str] = (), *, again: bool = True) -> str:
    """What a narrator tells in a reply: one paragraph, cut after its last whole sentence, before one of the cast speaks
    in it, and, if it is not to say anything `again`, before it goes round.
    """
    text = _before_others(_reply(text, cast), cast)
    text = " ".join(_BRACKETS.sub(" ", text).split()).strip('"')
    return whole(text) if again else _unlooped(whole(text))


def without_coda(text: str, told: Iterable[str], least: int) -> str:
    """A text without the sentences at its end that were told already, so long as it keeps `least` words: when a small
    model has no more to tell, it goes on with what it has read.
    """
    known = set[tuple[str, ...]]().union(*map(grams, told))
    kept = sentences(text, capital=True) or [text]
    left = sum(len(words(sentence)) for sentence in kept)
    while left - len(words(kept[-1])) >= least and len(grams(kept[-1]) & known) > _TOLD * len(grams(kept[-1])):
        left -= len(words(kept.pop()))
    return " ".join(kept)


def ends(text: str) -> bool:
    """Whether a text ends with the end of a sentence."""
    return bool(_ENDED.search(text))


def whole(text: str) -> str:
    """A text up to the end of its last whole sentence: what a limit cut off behind it was never said."""
    return text if ends(text) else text[: max(text.rfind(mark) for mark in ".!?…") + 1]


def _reply(text: str, cast: Collection[str], own: str | None = None) -> str:
    """A reply line by line, without the fences and the labels in front of it: the speaker's `own` name, or what a chat
    has over an answer.
    """
    text = _FENCE.sub("", "\n".join(_ANSI.sub("", text).splitlines()))
    text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
    heads = [rf"\W*{names.whole([own])}\W{{0,9}}(?:\([^()]{{0,99}}\) ?)?[:\uff1a]\**" if own else "(?!)"]
    answers = [*_ANSWERS, *([] if own else ["Narrator"])]
    heads += [r"assistant\n", r">+ (?=\w)", _MARK, r"#{2,6} ?(?:Response|Output|Answer)\b:?"]
    heads.append(rf"[#*\s]*{_label(_chat(answers, cast))}")
    head = re.compile(rf"\s*(?:{'|'.join(heads)})\s*", re.IGNORECASE)
    start = 0
    while (found := head.match(text, start)) and found.end() > start:
        start = found.end()
    return text[start:]


def _before_others(text: str, cast: Collection[str]) -> str:
    """A reply up to where somebody else begins to speak: one of the cast, or whoever speaks in a chat. A name with a
    colon begins a line only at the start of a line or a sentence; «listen, Mira: no» does not.
    """
    starts = {
        r"(?<=[.!?…\"”]) ": [*cast, *_chat(_CHATS, cast)],
        r"\n": [*cast, *_chat([*_CHATS, *_PARTS], cast)],
        "^": _chat(_OTHERS, cast),
    }
    others = [rf"{start}[*#]{{0,8}} ?{_label(speakers)}" for start, speakers in starts.items()]
    return re.split("|".join([*others, _RULE, _MARK]), text, maxsplit=1, flags=re.IGNORECASE)[0]


def _label(speakers: Iterable[str]) -> str:
    """A pattern of a name in front of a line: «Mira:», «**Mira** (laughs):»."""
    return rf"(?i:{names.whole(speakers)})\**(?: ?\([^()\n]{{0,99}}\))?\** ?[:\uff1a]"


def _chat(parts: Iterable[str], cast: Collection[str]) -> list[str]:
    """What stands in a chat, but for what somebody of the cast is called."""
    called = {name.casefold() for name in cast}
    return [part for part in parts if part.casefold() not in called]


def _without_directions(text: str) -> str:
    """A text without the stage directions at its beginning and its end."""
    found = [direction.span() for direction in _DIRECTION.finditer(text)]
    start, end = 0, len(text)
    for left, right in found:
        if text[start:left].strip():
            break
        start = right
    for left, right in reversed(found):
        if left < start or text[right:end].strip():
            break
        end = left
    return text[start:end].strip()


def _unlooped(text: str) -> str:
    """A text up to the sentence that says again what stands before it."""
    kept: list[str] = []
    told: set[tuple[str, ...]] = set()
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
    close = _QUOTES.get(text[0])
    if close and text.endswith(close) and close not in text[1:-1]:
        return text[1:-1]
    if close and close not in text[1:]:
        return text[1:]
    if text[-1] in _QUOTES.values() and not set(text[:-1]) & {text[-1], *_QUOTES}:
        return text[:-1]
    return text
