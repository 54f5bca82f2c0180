"""Names in front of lines: where a reply begins, and where somebody else begins to speak in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from dreamplay.validation import names
from dreamplay.validation.check import CheckContext

_FENCE = re.compile(r"```(?:\w+(?=\n))?")
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


def own_words(text: str, context: CheckContext) -> str:
    """A reply up to where somebody else begins to speak, without the name in front; empty if the whole of it is
    somebody else's.
    """
    speaker, cast = context.speaker, context.cast
    text = unlabelled(text, cast, own=speaker)
    if _another(tuple(cast), speaker).match(text):
        return ""
    return before_others(text, cast)


def unlabelled(text: str, cast: Collection[str], own: str | None = None) -> str:
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


def before_others(text: str, cast: Collection[str]) -> str:
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
