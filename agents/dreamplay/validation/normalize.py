"""Normalizing: what is taken off a raw reply before it is checked. Nothing is ever added but a capital letter.

`speech` takes off what is no speech, for every model. The steps in `STEPS` are for small models, as the
profile of a model says: each costs good lines of a larger model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

from dreamplay.languages import english
from dreamplay.languages.language import NOTHING
from dreamplay.sentences import sentences
from dreamplay.validation import names
from dreamplay.validation.check import CheckContext, Step
from dreamplay.validation.ngrams import NEAR_COPY, brought_up, grams, runs, words

_LONG = 30
"""Words up to which a line may have any number of sentences."""

_HABIT = 3
"""Words up to which a sentence at the beginning of several lines is no more than a habit."""

_TOLD = 0.6
"""Share of a sentence's word 3-grams beyond which it was told already."""

_FENCE = re.compile(r"```(?:\w+(?=\n))?")
_BRACKETS = re.compile(r"\[[^\]]*\]?")
_DIRECTION = re.compile(r"\([^()]*\)|\*[^*]{3,}\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*{1,3}(?![\w*])")
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_OPEN_QUOTE = re.compile(r"(?:^|(?<=[\s(]))['\"“\u2018«](?=\S)")
_CLOSED_QUOTE = re.compile(r"(?<=\S)['\"”\u2019»](?=[\s.,;:!?)]|$)")
_STOPS = ".!?…\u3002\uff01\uff1f\u0964\u061f\u06d4"
_ENDED = re.compile(rf"[{_STOPS}\u2013\u2014-][\"”“„»«'\u2019\u2018)\]\u300d\u300f\uff09*_\s]*$")
_GREEK_QUESTION = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][;\u037e]$")
_KISSES = re.compile(rf"[{_STOPS}] +x{{1,5}}$", re.IGNORECASE)
_NO_STOPS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]$")
"""Thai, Lao, Burmese and Khmer, which are written without full stops."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0e-\x1b\x7f\u200b\u2060\ufeff]")
_SMALL = r"(?!\s*(?-i:[a-z\u00df-\u00f6\u00f8-\u00ff\u0430-\u045f]))"
"""No small letter follows: "Tom: the boat" is a list, and "Tom: The boat" is said by Tom."""
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
        text = _capital(text, context)
    for step in steps:
        text = step.function(text, context)
    return text


def own_words(text: str, context: CheckContext) -> str:
    """A reply up to where somebody else begins to speak, without the name in front; empty if the whole of it is
    somebody else's.
    """
    speaker, cast = context.speaker, context.cast
    text = _reply(text, cast, own=speaker)
    if _another(tuple(cast), speaker).match(text):
        return ""
    return _before_others(text, cast)


def _capital(text: str, context: CheckContext) -> str:
    """A line with a capital letter where it begins."""
    return text[:1].upper() + text[1:]


def _own_name(text: str, context: CheckContext) -> str:
    """A line without its speaker's own name where it only hangs, in front, at the end or between commas."""
    name, label = names.alone(context.speaker, context.cast), names.whole(context.cast)
    if context.language.second_person is NOTHING:
        return text  # "Mira" is also a Spanish word
    if context.language.second_person.search(text) or names.is_word(context.speaker, context.language):
        return text  # it is somebody else's line, to the speaker
    text = re.sub(rf"^{name}, (?=\w)|, {name}(?=[.!…]$)", "", text)
    if re.search(rf"{label},? (?:and )?{label}", text):  # names in a row are a list
        return text
    return re.sub(rf"(?<!\bI)(?<!\bme), {name}(?=, (?!(?:who|is|was|has|had|will)\b))", "", text)


def _stray_address(text: str, context: CheckContext) -> str:
    """A line without a name in front of it of somebody it is not for, and without what only others call somebody:
    whoever is Gran to a child is Gran to nobody else.
    """
    text = _ADDRESS.sub(lambda found: "" if _borrowed(found[1], context) else found[0], text)
    if not context.to:
        return text
    spared = (*context.to, context.speaker)
    others = [name for name in context.cast if name not in spared and not names.is_word(name, context.language)]
    return re.sub(rf"^{names.whole(others)}, (?=\w)(?![^,.!?]{{1,30}}, )", "", text)  # "Tom, bless him, thinks"


_ADDRESS = re.compile(r", ([^\W\d_a-z]\w+)(?=[.,!?\u2026]|$)")


def _borrowed(called: str, context: CheckContext) -> bool:
    """Whether others call somebody so, and the speaker never has; nor does the note, nor is it a name of the cast."""
    word = called.lower()
    if word in words(context.material) or any(word in words(name) for name in context.cast):
        return False
    address, own = re.compile(rf", {called}[.!?]"), f" {word} "
    by_others = any(address.search(text) for text in context.heard.texts)
    return by_others and not any(own in f" {gram} " for gram in context.heard.own)


def _cue_form(text: str, context: CheckContext) -> str:
    """A line without what it takes from the form of its notes: "I told Leo that", which is the cue's "tells Leo that",
    where the matter of the cue follows; the second "that" of "it sounded twice, and that it sounded like birds"; the
    name in "I promise Rosa", which is said to Rosa; and the "from long ago" of a memory.
    """
    label = names.whole(context.cast)
    if context.note and context.note.form == "report":
        for joint in english.JOINTS.findall(context.material):
            text = text.replace(f"{joint} that ", f"{joint} ")
    if context.note and context.note.to:
        for said_to in english.SAID_TO:
            text = re.sub(said_to.format(name=names.whole([context.note.to])), r"\1 you", text)
    text = english.MEMORY_FORM.sub(lambda found: "" if found[1] == ":" else "I remember ", text)
    reported = re.match(rf"({label}, )?{english.REPORTS} (?:you|{label}) that (?=\w)", text)
    if not reported or not context.material or brought_up(text, context.material) < _REPORTED:
        return text
    return f"{reported[1] or ''}{text[reported.end() :]}"


_REPORTED = 0.25
"""Share of the cue's longer words that follow on "I told Leo that", if it is the cue's own form."""


def _two_sentences(text: str, context: CheckContext) -> str:
    """A line that is long, cut after two sentences."""
    return " ".join(sentences(text, capital=True)[:2]) if len(text.split()) > _LONG else text


def _habit(text: str, context: CheckContext) -> str:
    """A line without its first sentence where that is a few words, but for names, with which another line began too: of
    "That's right, Leo" a small model makes a habit. The "No." of a move that says no stays.
    """
    first, *rest = sentences(text, capital=True) or [text]
    opening = _bare(first, context.cast)
    if not rest or not 0 < len(opening) <= _HABIT:
        return text
    language = context.language
    if context.note and language.move_refuses.match(context.note.told) and language.denial.match(first):
        return text
    began = (sentences(line, capital=True)[:1] for line in context.heard.texts)
    return " ".join(rest) if any(_bare(each, context.cast) == opening for first in began for each in first) else text


def _bare(sentence: str, cast: Collection[str]) -> list[str]:
    """The words of a sentence but for the names of the cast."""
    called = {name.lower() for name in cast}
    return [word for word in words(sentence) if word not in called]


STEPS = (
    Step("trailing_own_name", _own_name),
    Step("stray_address", _stray_address),
    Step("cue_form", _cue_form),
    Step("two_sentences", _two_sentences),
    Step("capital", _capital),
    Step("habit", _habit),
)
"""What is taken off a small model's lines besides, in the order in which it is done."""


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
    known = set[str]().union(*map(grams, told))
    kept = sentences(text, capital=True) or [text]
    left = sum(len(words(sentence)) for sentence in kept)
    while left - len(words(kept[-1])) >= least and len(grams(kept[-1]) & known) > _TOLD * len(grams(kept[-1])):
        left -= len(words(kept.pop()))
    return " ".join(kept)


def ends(text: str) -> bool:
    """Whether a text ends as a whole text may: with the end of a sentence, a quotation, an emoji, or kisses."""
    text = text.rstrip("*_ ")
    if not text:
        return False
    if any(pattern.search(text) for pattern in (_ENDED, _KISSES, _GREEK_QUESTION)):
        return True
    if unicodedata.category(text[-1]) in ("So", "Sk") or text[-1] in "\ufe0f\u200d":
        return True
    opening = next((opens for opens, closes in _QUOTES.items() if closes == text[-1]), None)
    quoted = text.count(opening) if opening else 0
    return quoted % 2 == 0 and quoted > 0 if opening == text[-1] else quoted > 0


def without_stops(text: str) -> bool:
    """Whether a text ends in a script that has no full stops."""
    return bool(_NO_STOPS.search(text))


def whole(text: str) -> str:
    """A text up to the end of its last whole sentence: what a limit cut off behind it was never said."""
    return text if ends(text) or without_stops(text) else text[: max(text.rfind(mark) for mark in _STOPS) + 1]


def _reply(text: str, cast: Collection[str], own: str | None = None) -> str:
    """A reply line by line, without the fences and the labels in front of it: the speaker's `own` name, or what a chat
    has over an answer.
    """
    text = _FENCE.sub("", "\n".join(_ANSI.sub("", text).splitlines()))
    text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
    head, start = _head(tuple(cast), own), 0
    while (found := head.match(text, start)) and found.end() > start:
        start = found.end()
    return text[start:]


@lru_cache(maxsize=256)
def _head(cast: tuple[str, ...], own: str | None) -> re.Pattern[str]:
    """A pattern of what stands in front of a reply."""
    heads = [rf"\W*{names.whole([own])}\W{{0,9}}(?:\([^()]{{0,99}}\) ?)?[:\uff1a]\**" if own else "(?!)"]
    answers = [*_ANSWERS, *([] if own else ["Narrator"])]
    heads += [r"assistant\n", r">+ (?=\w)", _MARK, r"#{2,6} ?(?:Response|Output|Answer)\b:?"]
    heads.append(rf"[#*\s]*{_label(_chat(answers, cast))}(?=\n|{_SMALL})")
    return re.compile(rf"\s*(?:{'|'.join(heads)})\s*", re.IGNORECASE)


@lru_cache(maxsize=256)
def _another(cast: tuple[str, ...], own: str) -> re.Pattern[str]:
    """A pattern of the label of somebody else in front of a reply."""
    return re.compile(rf"\**{_label(name for name in cast if name != own)}")


def _before_others(text: str, cast: Collection[str]) -> str:
    """A reply up to where somebody else begins to speak: one of the cast, or a speaker of a chat. A name with a
    colon begins a line only at the start of a line or a sentence; "listen, Mira: no" does not.
    """
    return _others(tuple(cast)).split(text, maxsplit=1)[0]


@lru_cache(maxsize=256)
def _others(cast: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern of where somebody else begins to speak."""
    starts = {
        r"(?<=[.!?…\"”]) ": ([*cast, *_chat(_CHATS, cast)], _SMALL),
        r"\n": ([*cast, *_chat([*_CHATS, *_PARTS], cast)], ""),
        "^": (_chat(_OTHERS, cast), ""),
    }
    others = [rf"{start}[*#]{{0,8}} ?{_label(speakers)}{then}" for start, (speakers, then) in starts.items()]
    return re.compile("|".join([*others, _RULE, _MARK]), re.IGNORECASE)


def _label(speakers: Iterable[str]) -> str:
    """A pattern of a name in front of a line: "Mira:", "**Mira** (laughs):"."""
    return rf"(?i:{names.whole(speakers)})\**(?: ?\([^()\n]{{0,99}}\))?\** ?[:\uff1a]"


def _chat(parts: Iterable[str], cast: Collection[str]) -> list[str]:
    """What stands in a chat, but for what somebody of the cast is called."""
    called = {name.casefold() for name in cast}
    return [part for part in parts if part.casefold() not in called]


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
    if not (after[:1].islower() or after[:1] in (",", ";") or (before and before[-1] not in f'{_STOPS}"”»)*:-\u2014')):
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
    close = _QUOTES.get(text[0])
    if close and text.endswith(close) and close not in text[1:-1]:
        return text[1:-1]
    if close and close not in text[1:]:
        return text[1:]
    if text[-1] in _QUOTES.values() and not set(text[:-1]) & {text[-1], *_QUOTES}:
        return text[:-1]
    return text
