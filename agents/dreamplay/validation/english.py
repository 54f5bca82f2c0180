"""The checks that know English. They do not run on a story in another language."""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from functools import lru_cache

from dreamplay.languages import english, english_refusals
from dreamplay.languages.english import ENGLISH
from dreamplay.validation import names
from dreamplay.validation.check import Candidate, Check, CheckContext, Fault, TextKind
from dreamplay.validation.checks import unquoted
from dreamplay.validation.ngrams import grams, words

_SENTENCES = re.compile(r"(?<=[.!?…])\s+")
_RECITED = 0.6
"""Share of the cue's matter, and of a sentence's words, from which on the sentence is the matter itself."""
_VERBATIM = 0.9
"""Share of the matter's 3-grams from which on a line recites it, whatever else it says."""


def refusal(candidate: Candidate, context: CheckContext) -> Fault | None:
    """The model refuses to write the text."""
    text, me = candidate.plain, context.speaker
    refuses = (
        bool(_announced(me).search(text))
        or english_refusals.explicit(text)
        or bool(english_refusals.canned(text, me, allowed=1) and english_refusals.REFUSED_TASK.search(text))
        or bool(english_refusals.canned(text, me) and english_refusals.REFUSED_HELP.search(text))
    )
    if not refuses:
        return None
    stays = f"{me} is a person in this story and answers the others." if me else "It is a story; tell what is seen."
    return Fault("refuses to play", stays)


@lru_cache(maxsize=256)
def _announced(speaker: str) -> re.Pattern[str]:
    """A pattern of a reply that announces itself, for a speaker."""
    return re.compile(english_refusals.OF_ITSELF.format(speaker=names.whole([speaker])), re.IGNORECASE)


def model_talk(candidate: Candidate, context: CheckContext) -> Fault | None:
    """The model talks of being a model, or of its instructions. In a story about machines, characters may talk so."""
    text = candidate.plain
    named = english_refusals.I_AM_A_MODEL.search(text)
    called = named and (named[1] or named[2]).casefold() in map(str.casefold, context.cast)
    talks = (
        bool(named and not called)
        or english_refusals.TALKS_ALWAYS.search(text)
        or (english_refusals.NO_FEELINGS.search(text) and english_refusals.canned(text, context.speaker))
        or (english_refusals.TALKS.search(text) and not _about_machines(context))
    )
    if not talks:
        return None
    me = context.speaker
    stays = f"{me} is a person and talks to the others." if me else "It is a story; tell what is seen."
    return Fault("talks of being a model or of the instructions", stays)


def _about_machines(context: CheckContext) -> bool:
    return any(map(english_refusals.MACHINES.search, context.setting))


def slip(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Phrases with which a small model leaves its role, and which a character could also say."""
    if not english_refusals.SLIPS.search(candidate.plain):
        return None
    return Fault("may have left the part", f"{context.speaker} is a person in this story and answers the others.")


def narrator_slip(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A narrator who begins with an apology. Somebody in the dream may say sorry; a narrator never does."""
    if not english_refusals.SLIPS.match(candidate.plain):
        return None
    return Fault("refuses to play", "It is a story; tell what is seen.")


def direction(candidate: Candidate, context: CheckContext) -> Fault | None:
    """The cue itself, spoken: "Leo tells Mira drily that", "I tell Mira drily that"."""
    me, anybody = names.whole([context.speaker]), names.whole(context.cast)
    mine = rf"I tell {anybody} (?:{english.CUE_MANNER}[^.!?]{{0,40}} )?that\b"
    if not re.match(rf"(?:{me} tells {anybody}[^.!?]{{0,40}} that\b|{mine})", candidate.plain):
        return None
    return Fault("speaks the direction", f"{context.speaker} says the thing itself.")


def narrates(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A stage direction about the speaker: "Leo picks up the chair", "Leo is tired, and he wants to go home"."""
    if names.says_nothing(context.speaker, ENGLISH):
        return None
    text, me = candidate.plain, names.alone(context.speaker, context.cast)
    staged = rf"{me}(?: (?:{english.STAGE_VERBS}|(?:{english.TELLS}) that)|'s (?:{english.BODY}))\b"
    told = rf"{me} (?:is|has|{english.TELLS}|[a-z]+s {english.BEHIND_VERBS})\b"
    word = names.is_word(context.speaker, ENGLISH, context.heard)
    by_name = re.match(told, text) and not word and not ENGLISH.first_person.search(text)
    if re.match(staged, text) or (by_name and not ENGLISH.second_person.search(text)):
        return _by_name(context)
    return None


def calls_self(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Somebody else's line, which calls the speaker by name: "Are you tired, Leo?", said by Leo. What is quoted, signed
    or said of the speaker by way of introduction is the speaker's own.
    """
    if names.says_nothing(context.speaker, ENGLISH):
        return None
    me = names.alone(context.speaker, context.cast)
    word = names.is_word(context.speaker, ENGLISH, context.heard)
    hers = _introduces(context.speaker, context.cast)
    calls = re.compile(rf"(?:, {me}[.,!?…]|^{me}, (?!{english.INTRODUCED}))")
    for number, sentence in enumerate(_SENTENCES.split(candidate.plain)):
        if not calls.search(sentence) or english.SPEECH.search(sentence):
            continue
        if number and re.search(english.SIGNED.format(name=me), sentence, re.IGNORECASE):
            continue
        if re.search(hers, sentence, re.IGNORECASE):
            continue
        spoken_to = ENGLISH.second_person.search(sentence)
        if spoken_to or not (word or ENGLISH.first_person.search(sentence)):
            return _by_name(context)
    return None


def _introduces(name: str, cast: Collection[str]) -> str:
    """A pattern of somebody who says their own name: "I, Leo", "they call me Leo"."""
    return rf"\b(?:i'm|i am|i|me|name is|name's|called),? {names.alone(name, cast)}"


def tells_self(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A line that may be about the speaker: "Leo falls on both of us", said by Leo."""
    if names.says_nothing(context.speaker, ENGLISH):
        return None
    text, me = candidate.plain, names.alone(context.speaker, context.cast)
    word = names.is_word(context.speaker, ENGLISH, context.heard)
    if re.search(rf"{me} (?:{english.TELLS})\b", text) or (
        not word and re.match(rf"{me}(?:'s)? (?!and I\b)[a-z]", text)
    ):
        return _by_name(context)
    return None


def _by_name(context: CheckContext) -> Fault:
    return Fault("speaks of the speaker by name", f"{context.speaker} speaks for {context.speaker} and to the others.")


def recites(candidate: Candidate, context: CheckContext) -> Fault | None:
    """The content of the cue with "he" for "I", and nothing else. Content that begins with somebody else may be said
    as it is, even with "her shoes" in it.
    """
    text = candidate.plain
    if ENGLISH.first_person.search(text):
        return None
    if not ENGLISH.third_person.match(context.material) or not ENGLISH.third_person.search(text):
        return None
    matter = grams(context.material)
    recited = len(matter & grams(text)) >= _VERBATIM * len(matter) if matter else False
    if not recited and not ENGLISH.second_person.search(text):
        about, said = set(words(context.material)), set(words(text))
        parts = [set(words(sentence)) for sentence in _SENTENCES.split(text)]
        every = all(len(about & part) > _RECITED * len(part) for part in parts)
        recited = len(about & said) > _RECITED * len(about) and every
    advice = f"{context.speaker} says it of me and mine."
    return Fault("recites the cue in the third person", advice) if recited else None


def lists_sheet(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A narrator who lists the material and does not tell it."""
    if not english.LISTED_SHEET.search(candidate.text):
        return None
    return Fault("lists what it was given", "Tell what is seen, as one scene.")


def told_by_name(text: str, name: str) -> bool:
    """Whether a text is told about somebody by name from its beginning. Where the name is also a word ("Hope is what I
    choose") the word is meant, unless a stage direction would go on so.
    """
    if names.says_nothing(name, ENGLISH):
        return False
    verbs = f"{english.TELLS}|{english.STAGE_VERBS}|{english.OWES}"
    goes_on = rf" (?:{verbs})\b" if names.is_word(name, ENGLISH) else ""
    return bool(re.match(names.whole([name]) + goes_on, text))


def in_first_person(text: str, name: str) -> bool:
    """Whether a text is said by somebody about themselves, not told about them by name."""
    return bool(ENGLISH.first_person.search(text)) and not told_by_name(text, name)


def half_told(text: str, name: str, cast: Collection[str]) -> bool:
    """Whether it speaks of somebody by name anywhere ("I want to help Leo carry the chairs", by Leo). What is quoted,
    and a name that follows "I", is the speaker's own. Of a name that is also a word, only what is told of it counts.
    """
    if names.says_nothing(name, ENGLISH):
        return False
    me = names.alone(name, cast)
    if names.is_word(name, ENGLISH):
        me += rf" (?:{english.OWES})\b"
    told = re.sub(_introduces(name, cast), " ", unquoted(text).replace("\u2019", "'"), flags=re.IGNORECASE)
    return bool(re.search(me, told))


def reason_by_name(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason that speaks of the one who decides by name."""
    if not told_by_name(candidate.text, context.speaker):
        return None
    me = context.speaker
    return Fault("the reason is told by name", f"The last reason was told about {me}; {me} says «I».")


def reason_impersonal(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason without "I"."""
    if in_first_person(candidate.text, context.speaker):
        return None
    return Fault("the reason is not in the first person", f"In the reason {context.speaker} says «I».")


def reason_half_by_name(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason that speaks of the one who decides by name further on."""
    if not half_told(candidate.text, context.speaker, context.cast):
        return None
    me = context.speaker
    return Fault("part of the reason is told by name", f"The last reason spoke of {me}, who says «I».")


def thought_impersonal(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reflection without "I"."""
    if in_first_person(candidate.text, context.speaker):
        return None
    me = context.speaker
    return Fault("the thought is not in the first person", f"The last thought was not {me}'s own; {me} says «I».")


_TEXT: AbstractSet[TextKind] = frozenset({"line", "reflection"})
_TOLD: AbstractSet[TextKind] = frozenset({"narration"})
_REASON: AbstractSet[TextKind] = frozenset({"stance"})
_THOUGHT: AbstractSet[TextKind] = frozenset({"reflection"})
CHECKS = (
    Check("thought_impersonal", thought_impersonal, language="en", texts=_THOUGHT),
    # Models refuse in English, whatever the language of the story.
    Check("refusal", refusal, texts=_TEXT | _TOLD | _REASON),
    Check("model_talk", model_talk, texts=_TEXT | _TOLD | _REASON),
    Check("narrator_slip", narrator_slip, language="en", texts=_TOLD),
    Check("direction", direction, language="en", texts=_TEXT),
    Check("narrates", narrates, language="en", texts=_TEXT),
    Check("calls_self", calls_self, language="en", texts=_TEXT),
    Check("recites", recites, language="en", texts=_TEXT),
    Check("lists_sheet", lists_sheet, language="en", texts=_TOLD),
    Check("reason_by_name", reason_by_name, language="en", texts=_REASON),
    Check("slip", slip, "fallback", "en", _TEXT),
    Check("tells_self", tells_self, "fallback", "en", _TEXT),
    Check("reason_impersonal", reason_impersonal, "fallback", "en", _REASON),
    Check("reason_half_by_name", reason_half_by_name, "fallback", "en", _REASON),
)
