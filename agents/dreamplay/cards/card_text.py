"""Reads the text of a character card: the sentences about the character, and the character's speech.

Cards are untrusted, and much of their text addresses a model rather than describing a character. A persona gets only
sentences about the character that `prose` allows. So the prompts of the other characters contain no instruction from a
card, no template code is filled, and no bracket ends a cue. Most rules are for English; in a card in another language,
the sentences that name the character are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from dreamplay.cards import prose
from dreamplay.cards.card import TEXTS, CardWords
from dreamplay.cards.prose import SPOKEN, YOU
from dreamplay.sentences import sentences

EXAMPLES, MATERIAL = 8, 40
"""Maximum numbers that are used, so that the persona file stays easy to read."""
_READ = 100_000
"""Maximum number of characters of a field that are read."""

_MACRO = re.compile(
    r"\{\{\s*(?P<who>char|user)\s*\}\}|<(?P<tag>char|bot|user)>|"
    r"\{\{(?://|comment:|hidden_key:)[^{}]*\}\}|\{\{(?:random|pick):{1,2}(?P<choice>[^{}]*)\}\}",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?…\u3002\uff01\uff1f][\"”»』」')]*$")
_STOPS = ".!?…\u3002\uff01\uff1f "
_THIRD = re.compile(r"\b(he|she|they|his|her|hers|their|him|them)\b", re.IGNORECASE)
_OPENS = re.compile(
    r"(he|she|they|his|her|their|its?|the|an?|in|on|at|by|for|from|with|without|when|while|as|since|once|if|although|"
    r"though|because|after|before|despite|every|each|no|nobody|no one|one|most|some|many|all|until|under|behind)\b",
    re.IGNORECASE,
)
_TITLES = frozenset({"the", "a", "an", "mr.", "mrs.", "ms.", "dr.", "sir", "lady", "lord", "king", "queen"})
_QUOTED = re.compile(r"[\"“«「]([^\"“”«»「」]+)[\"”»」]")
_ACTED = re.compile(r"\*[^*]*\*|\([^()]*\)")
_TRAITS = re.compile(r"\bpersonality\b[\s\"':=(]+([^\]\n;)]+)", re.IGNORECASE)
_TRAIT = re.compile(r"[^\W\d_][\w' -]{2,30}")


class CardText:
    """Reads one card, with its macros replaced and invisible characters removed.

    Args:
        words: the fields of the card.
        name: the character's name in the play, which replaces {{char}}.
        user: the name that replaces {{user}}.
    """

    def __init__(self, words: CardWords, name: str, user: str) -> None:
        self._words, self._name, self._user = words, name, user
        self.notes: list[str] = []
        """The texts that were too long and were cut."""
        names = {name, words.name.strip()[:60] or name}
        names |= {first for each in names if (first := each.split()[0]).lower() not in _TITLES}
        self._names = "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))
        self._end = r"(?!\w)" if name.lower() != name.upper() else ""  # scripts without capitals have no spaces there
        self.told = {field: self._bound(getattr(words, field)) for field in TEXTS if field != "name"}
        """The texts of the card, with names in place of macros."""
        self._description, _, self._scenes = self.told["description"].partition("<START>")
        own = [word.lower() for word in re.findall(r"\b(he|she|his|her|him|hers)\b", self._description, re.IGNORECASE)]
        hers = sum(word in ("she", "her", "hers") for word in own)
        self._pronouns = (("she", "her") if hers * 2 > len(own) else ("he", "his")) if own else None

    def read(self) -> Iterator[tuple[str, Any]]:
        """The texts of the card by field of the persona; empty for a field that the card does not fill."""
        told = [each for each in _sentences(self._description) if not YOU.search(each)]
        who = next(filter(None, (self._who(each, first=i == 0) for i, each in enumerate(told))), "")
        yield "who", prose.cut(who.rstrip(_STOPS))
        yield "voice", self._voice()
        yield "examples", list(dict.fromkeys(self._examples()))[:EXAMPLES]
        about = [each for each in told if _ENDED.search(each) and 10 <= len(each) <= SPOKEN and self._about(each)]
        if len(about) > MATERIAL:
            self.notes.append(f"of {len(about)} sentences about {self._name}, the first {MATERIAL} became material")
        clauses = list(dict.fromkeys(map(self._clause, about[:MATERIAL])))
        yield "material", [each for each in clauses if not self._named(each)] or clauses
        yield "talkativeness", _share(self._words.extensions.get("talkativeness"))

    def _bound(self, text: str) -> str:
        """Replace macros with names in one pass: a name that looks like a macro is not replaced."""

        if len(text) > _READ:
            self.notes.append(f"of a text of {len(text):,} characters, the first {_READ:,} were read")

        def bind(found: re.Match[str]) -> str:
            if found["choice"] is not None:
                return re.split(r"(?<!\\),|::", found["choice"])[0].replace("\\,", ",").strip()
            word = (found["who"] or found["tag"] or "").lower()
            return self._user if word == "user" else self._name if word else ""

        return _seen(_MACRO.sub(bind, text[:_READ]))

    def _who(self, sentence: str, *, first: bool) -> str:
        """A description of the character, as a noun phrase if the sentence has one; empty if it is no description."""
        noun = re.match(rf"(?:{self._names}|he|she|they) (?:is|was|are) ((?:an?|the|one) .+)", sentence, re.IGNORECASE)
        if noun:
            return noun[1]
        named = re.match(rf"(?:{self._names}){self._end}(\s*[\u2013\u2014]\s*)?(?!\s*[,!?])", sentence)
        if named:
            return sentence[named.end() :] if named[1] else sentence
        return sentence if first and re.match(r"an? \w", sentence, re.IGNORECASE) else ""

    def _voice(self) -> str:
        """The first sentence of the personality, or the traits of a list."""
        personality = self.told["personality"]
        said = next((each for each in _sentences(personality) if not YOU.search(each)), "")
        if not said and (listed := _TRAITS.search(f"{personality}\n{self._description}")):
            pieces = (piece.strip(" '\"“”") for piece in re.split(r"[\"“”+,]", listed[1]))
            said = ", ".join([piece for piece in pieces if _TRAIT.fullmatch(piece)][:6])
            said = "" if prose.unfit(said) else said
        said = prose.cut(said[:1].upper() + said[1:])
        return said if not said or _ENDED.search(said) else f"{said}."

    def _examples(self) -> Iterator[str]:
        scenes = f"{self._scenes}\n{self.told['mes_example']}"
        label = rf"^(?:<START>|({self._names}|{re.escape(self._user)})\s*:)"
        parts = re.split(label, scenes, flags=re.MULTILINE | re.IGNORECASE)
        for speaker, text in zip(parts[1::2], parts[2::2], strict=True):
            if speaker and speaker.lower() != self._user.lower():
                yield from self._said(text)
        yield from self._said(self.told["first_mes"])

    def _said(self, text: str) -> Iterator[str]:
        """The speech in a piece of role-play: the quoted text, or the text that is neither action nor narration."""
        quoted = " ".join(_QUOTED.findall(text))
        said = " ".join((quoted or _ACTED.sub(" ", text)).split())
        if not quoted and re.match(rf"(?:{self._names}|he|she|they)\b", said, re.IGNORECASE):
            return
        kept = ""
        for sentence in sentences(said):
            if len(kept) + len(sentence) >= SPOKEN:
                break
            kept = f"{kept} {sentence}".strip()
        if not prose.unfit(kept, spoken=True) and re.search(r"\w", kept):
            yield kept

    def _about(self, sentence: str) -> bool:
        return bool(_THIRD.search(sentence)) or self._named(sentence)

    def _named(self, sentence: str) -> bool:
        return bool(re.search(rf"(?<!\w)(?:{self._names}){self._end}", sentence))

    def _clause(self, sentence: str) -> str:
        """A sentence as a clause after "that", with a pronoun for the name: people do not call themselves by name."""
        clause = sentence.rstrip(_STOPS)
        if self._pronouns:
            they, their = self._pronouns
            clause = re.sub(rf"(?<!\w)(?:{self._names})['\u2019]s\b", their, clause)
            clause = re.sub(rf"^(?:{self._names}){self._end}", they, clause)
        return clause[0].lower() + clause[1:] if _OPENS.match(clause) else clause


def _seen(text: str) -> str:
    """A text without invisible characters, and with single spaces."""
    return prose.visible("\n".join(" ".join(line.split()) for line in text.splitlines()))


def _sentences(text: str) -> list[str]:
    """The sentences of a text that a persona may contain."""
    pieces = (piece.strip(' "“”«»-•') for piece in sentences(text))
    return [piece for piece in pieces if piece and not prose.unfit(piece)]


def _share(value: object) -> float | None:
    """A talkativeness within the bounds of a persona's; some applications write it as text."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else min(max(number, 0.05), 1.0)
