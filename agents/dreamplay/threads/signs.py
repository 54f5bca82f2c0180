"""What the words of a line show: to whom it is spoken, what it puts to them, and whether it takes something up.

These are guesses from words and punctuation, in the patterns of the language. A language without patterns has
question marks alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dreamplay.languages.language import Language
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue
from dreamplay.sentences import sentences
from dreamplay.threads.thread import ThreadKind

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+")
_ENDS = re.compile(r"[\s,]*(?:[.!\u2026]|$)")
_KEPT = 20_000
"""Texts of which it is kept what they show."""
_STEM = 5
"""Letters by which two words count as the same, without an s at the end: "promise" and "promised"."""
_OF_ACT: dict[str, ThreadKind] = {
    "ask": "request", "press": "question", "accuse": "accusation", "offer": "offer", "bargain": "offer",
    "promise": "promise",
}  # fmt: skip
DODGES = frozenset({"dodge", "change the subject", "say nothing", "interrupt"})
"""Acts that take something up without answering it."""


@dataclass(frozen=True)
class Put:
    """Something that a line puts to somebody."""

    kind: ThreadKind
    said: tuple[str, ...]
    """The sentences that put it, as they were spoken."""

    @property
    def words(self) -> str:
        """All of it."""
        return " ".join(self.said)


def led(cue: Cue | None) -> Cue | None:
    """The cue of a line whose content it was. None for a line that its speaker was free to make."""
    return cue if cue and cue.text else None


def addressee(cast: Cast, text: str, cue: Cue | None, before: str | None, able: Sequence[str]) -> str | None:
    """The role that a line is spoken to: whom its cue is for, if the line was led; else whoever it calls by name, whom
    its cue is for, or whoever spoke before.

    Args:
        cast: who plays.
        text: the line.
        cue: its cue.
        before: the role that spoke before.
        able: the roles that perceived it, without the speaker.
    """
    if (content := led(cue)) and content.to in able:  # another name is a slip of the model
        return content.to
    if called := calls(cast, text, able):
        return called[0]
    if cue and cue.to in able:
        return cue.to
    if before in able:
        return before
    named = [role for role in cast.mentioned(text) if role in able]
    return named[0] if named else able[0] if len(able) == 1 else None


def calls(cast: Cast, text: str, able: Sequence[str]) -> list[str]:
    """The roles that a text calls by name, of those who perceive it, the last one first."""
    named = [role for role in cast.mentioned(text) if role in able]
    return [role for role in named if any(_called(name, text) for name in cast.names(role))]


def put_to(
    cast: Cast, text: str, put: Put, cue: Cue | None, to: str | None, able: Sequence[str]
) -> dict[str | None, str]:
    """To whom a line puts something, and in which words: "Who is there, Bo? Ada, is it six?" asks two.

    Args:
        cast: who plays.
        text: the line.
        put: what it puts.
        cue: its cue.
        to: the role that the line as a whole is spoken to.
        able: the roles that perceived it, without the speaker.
    """
    if led(cue) or not any(calls(cast, sentence, able) for sentence in put.said):
        return {to: put.words}
    called = dict(_spoken(cast, text, able))
    first = cue.to if cue and cue.to in able else to
    found: dict[str | None, list[str]] = {}
    for sentence in put.said:
        role = next(iter(called.get(sentence, ())), first)
        found.setdefault(role, []).append(sentence)
    return {role: " ".join(said) for role, said in found.items()}


def said_to(cast: Cast, text: str, role: str, able: Sequence[str], *, first: bool) -> list[str]:
    """The sentences of a line that are spoken to a role: "In a minute. Cyrus, shut the door." says the first one to
    whoever has asked.

    Args:
        cast: who plays.
        text: the line.
        role: to whom.
        able: the roles that perceived it, without the speaker.
        first: whether what comes before any name is spoken to them.
    """
    return [said for said, called in _spoken(cast, text, able) if role in called or (first and not called)]


def _spoken(cast: Cast, text: str, able: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """The sentences of a text, each with those who were called by name last, in it or before it."""
    found: list[tuple[str, Sequence[str]]] = []
    called: Sequence[str] = ()
    for sentence in sentences(plain(text)):
        called = calls(cast, sentence, able) or called
        found.append((sentence, called))
    return found


@lru_cache(maxsize=_KEPT)
def _called(name: str, text: str) -> bool:
    """Whether a text calls somebody by name, and does not only speak of them: the name stands between marks."""
    alone = rf"(?:^|[,.!?;:\u2026\u2014-]\s*){re.escape(name)}\s*(?:[,.!?;:\u2026\u2014-]|$)"
    return re.search(alone, text) is not None


def puts(text: str, cue: Cue | None, language: Language) -> list[Put]:
    """What a line puts to whoever it is spoken to: at most one thing that asks for an answer, and a promise."""
    act = _OF_ACT.get(cue.act) if (cue := led(cue)) else None
    return [*_puts(text, act, language)]


@lru_cache(maxsize=_KEPT)
def _puts(text: str, act: ThreadKind | None, language: Language) -> tuple[Put, ...]:
    """What a line puts, given the kind that its act has; kept, since everybody who hears it has a ledger."""
    said = sentences(plain(text))
    demand = _demand(said, act, language)
    found = [demand] if demand else []
    promised = [each for each in said if not _asks(each) and language.promises.search(each)]
    if act == "promise" or promised:
        found.append(Put("promise", tuple(promised or [text])))
    return tuple(found)


def _demand(said: Sequence[str], act: ThreadKind | None, language: Language) -> Put | None:
    """The one thing in these sentences that asks for an answer. The kind that the act of a led line has counts most; an
    accusation counts more than an offer, and an offer more than a question. What has no question mark is no question,
    whatever the act: a line that was to ask is then a request, and one that was to press what its words show."""
    kinds: list[tuple[ThreadKind, list[str]]] = [
        ("accusation", [each for each in said if language.accusations.search(each)]),
        ("offer", [each for each in said if language.offers.search(each)]),
        ("question", [each for each in said if _asks(each)]),
    ]
    of_kind = dict(kinds)
    if act in ("question", "request") and of_kind["question"]:
        return Put("question", tuple(of_kind["question"]))
    if act in ("accusation", "offer"):
        return Put(act, tuple(of_kind[act] or said))
    shown = next((Put(kind, tuple(words)) for kind, words in kinds if words), None)
    return Put(act, tuple(said)) if act == "request" and not shown else shown


def _asks(sentence: str) -> bool:
    return sentence.rstrip("\"'\u201d\u2019 ").endswith(("?", "\uff1f"))


def takes_up(asked: str, answer: str, language: Language, *, to_them: Sequence[str] = ()) -> bool:
    """Whether a line shows that it answers what was asked: it says yes, no, later or why, or shares a word with it, or
    anything in it is spoken to whoever asked, but for a question of its own, and what brushes it aside.

    Args:
        asked: the words that ask, without names; see `bare`.
        answer: the line, without names.
        language: the language of both.
        to_them: what of the line is spoken to whoever asked, by a speaker who was free to say anything.
    """
    if language.assent.search(answer) or language.denial.search(answer) or shares(asked, answer, language):
        return True
    return replies(to_them, language)


def replies(to_them: Sequence[str], language: Language) -> bool:
    """Whether what is spoken to somebody, without names, is an answer to anything at all. A question is none, nor is
    what brushes it aside, nor are "Leo?" and "...", which are sentences, too.
    """
    return any(said and not _asks(said) and not language.lets_go.match(said) for said in to_them)


@lru_cache(maxsize=_KEPT)
def lets_go(text: str, language: Language) -> str | None:
    """What follows in a line that no longer wants something, as in "Never mind."; None if it wants it still. "Never
    mind the bell" is about the bell.

    Args:
        text: the line, without names.
        language: its language.
    """
    found = language.lets_go.search(text)
    return text[found.end() :] if found and _ENDS.match(text, found.end()) else None


def bare(cast: Cast, text: str) -> str:
    """A text without the names of the cast and the marks before its first word: two lines are not about the same
    because both name Leo."""
    return plain(cast.nameless(text)).lstrip(" ,.;:!?-\u2014\u2026")


def plain(text: str) -> str:
    """A text with straight apostrophes, as the patterns of a language have them."""
    return text.replace("\u2019", "'")


def shares(one: str, other: str, language: Language) -> bool:
    """Whether two texts have a word in common that says what they are about."""
    return not matter(one, language).isdisjoint(matter(other, language))


def about(one: str, other: str, language: Language) -> bool:
    """Whether two texts are about the same: the shorter shares half of its words with the other."""
    few, many = sorted((matter(one, language), matter(other, language)), key=len)
    return bool(few) and 2 * len(few & many) >= len(few)


def covers(one: str, other: str, language: Language) -> bool:
    """Whether a text has all words of another that say what it is about."""
    return matter(one, language) >= matter(other, language)


@lru_cache(maxsize=_KEPT)
def matter(text: str, language: Language) -> frozenset[str]:
    """The beginnings of the words that say what a text is about, and its numbers."""
    said = [word.casefold() for word in _WORD.findall(plain(text))]
    kept = (word for word in said if word not in language.stop_words)
    return frozenset(word.removesuffix("'s").removesuffix("s")[:_STEM] for word in kept)
