"""The checks of a line that gives a move of a topic: whether it does what the move does. They know English.

A line with such a fault waits for a better one, since it may still be the best that comes. The checks were held against
223 lines that were written for notes of this form: none was found to lack its question, and four of 187 that tell
something are nothing but a question.
"""

from __future__ import annotations

import re
from collections import Counter

from dreamplay.languages import english
from dreamplay.languages.english import ENGLISH
from dreamplay.threads import signs
from dreamplay.validation import names
from dreamplay.validation.check import Candidate, Check, CheckContext, Fault

_SENTENCES = re.compile(r"(?<=[.!?\u2026])\s+")
_QUOTES = "\"'\u201d\u2019"
_BESIDE = (
    r"(?:will|would|can|could|shall|should|may|might|must|have|had|has|do|did|does|not|never|always|just|still|"
    r"only|\w+n't)"
)
_EITHER = (
    r"you|we|they|he|she|was|were|been|being|know|see|saw|think|mean|say|said|need|want|remember|understand|like|look"
)
"""What is no verb of a doer, or is said of both in passing: "you know"."""
_DOES = re.compile(
    rf"(?:\b(?P<subject>I|[Yy]ou|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[A-Z]\w+)(?:'(?:ll|d|ve|re|m))?|\b(?:and|or|but))"
    rf"(?: {_BESIDE})* (?!(?:{_BESIDE}|{_EITHER})\b)(?P<verb>[a-z]{{3,}})\b(?!-)"
)
"""Whoever does something, and what they do; or what they do besides, behind "and"."""
_PERSONS = {"i": "first", "you": "second"}


def does_not_ask(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A statement where the move asks something: "You chose noon, Emil" for "asks Emil who chose noon"."""
    if context.note is None or context.note.form != "question" or "?" in candidate.text:
        return None
    return Fault("asks nothing", f"{context.speaker} asks this, and does not know it.")


def asks_back(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Nothing but a question where the move says something."""
    if context.note is None or context.note.form not in ("report", "act"):
        return None
    if not all(sentence.rstrip(_QUOTES).endswith("?") for sentence in _SENTENCES.split(candidate.text.strip())):
        return None
    return Fault("asks in place of saying it", f"{context.speaker} knows this, and says it.")


def turns_answer_round(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A yes where the move says no, or a no where it says yes."""
    if context.note is None or context.note.form != "act":
        return None
    told, text = context.note.told, candidate.plain
    refuses, accepts = ENGLISH.move_refuses.match(told), ENGLISH.move_accepts.match(told)
    if refuses and not _says_no(text, re.sub(r"^no\b", "", context.note.matter), context.before):
        return Fault("says yes for no", f"{context.speaker} says no.")
    if accepts and ENGLISH.denial.match(text):
        return Fault("says no for yes", f"{context.speaker} says yes.")
    return None


def _says_no(text: str, matter: str, before: str) -> bool:
    """Whether a line says no: in words that are not those of its reason ("because nobody can order it"), in a sentence
    beside its reason ("Keep it. The key is not yours."), or by a reason that takes up what was asked."""
    said = _SENTENCES.split(text.strip())
    if english.I_WILL_NOT.search(text) or any(map(ENGLISH.denial.match, said)):
        return True
    negatives = _negatives(text)
    return bool(negatives - _negatives(matter) or (negatives and said[1:])) or signs.shares(before, text, ENGLISH)


def _negatives(text: str) -> Counter[str]:
    """How often each negative stands in a text. "Can't", "cannot" and "not" are one."""
    found = (word.lower() for word in english.NEGATIVES.findall(signs.plain(text)))
    return Counter("not" if word == "cannot" or word.endswith("n't") else word for word in found)


def does_not_apologise(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A line without an apology where the move apologises."""
    note = context.note
    if note is None or not ENGLISH.move_apologises.match(note.told):
        return None
    if ENGLISH.apology.search(candidate.plain):
        return None
    return Fault("does not apologise", f"{context.speaker} says sorry.")


def keeps_the_third_person(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A move that names its own speaker, said without "I"; or one that names whom it is said to, without "you"; or "I
    promise Rosa", said to Rosa."""
    note = context.note
    if note is None:
        return None
    text = candidate.plain
    me, you = names.alone(context.speaker, context.cast), names.whole([note.to] if note.to else [])
    # "asks Elara: why did nobody wake me?" is said as it is written.
    own = re.search(me, note.matter) or (note.form == "question" and ENGLISH.first_person.search(note.matter))
    if own and not ENGLISH.first_person.search(text):
        return Fault("speaks of the speaker as somebody else", f"{context.speaker} says it of me and mine.")
    called = rf"(?:^|[,.!?\u2026] ?){you}(?:[,.!?\u2026]|$)"
    if re.search(you, note.matter) and not (ENGLISH.second_person.search(text) or re.search(called, text)):
        return Fault("speaks past the one it is said to", f"{context.speaker} says it to {note.to}.")
    if note.to and re.search(rf"\bI (?:\w+ )?\w+ {you}", text):
        return Fault("speaks of the one it is said to as somebody else", f"{context.speaker} says you to {note.to}.")
    return None


def swaps_persons(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A line in which the listener does what the move has the speaker do, or the other way round: "You'll wake us" for
    "I'll wake you"."""
    note = context.note
    if note is None:
        return None
    told = _doers(note.matter, context, note.to)
    for verb, said in _doers(candidate.plain, context, note.to).items():
        if verb in told and not said & told[verb]:
            who = "I" if "first" in told[verb] else "you"
            return Fault("swaps who does what", f"{context.speaker} says {who}, not the other.")
    return None


def _doers(text: str, context: CheckContext, to: str) -> dict[str, set[str]]:
    """Of each verb behind "I" or "you", or behind one of these and another verb, whether the speaker ("first") or the
    listener ("second") does it. They may be named."""
    for name, person in ((context.speaker, "I"), (to, "you")):
        text = re.sub(names.alone(name, context.cast), person, text) if name else text
    found: dict[str, set[str]] = {}
    for sentence in _SENTENCES.split(text):
        who = ""
        for match in _DOES.finditer(sentence):
            if subject := match["subject"]:
                who = _PERSONS.get(subject.lower(), "")
            if who:
                found.setdefault(match["verb"].lower(), set()).add(who)
    return found


CHECKS = (
    Check("does_not_ask", does_not_ask, "fallback", "en"),
    Check("asks_back", asks_back, "fallback", "en"),
    Check("turns_answer_round", turns_answer_round, "fallback", "en"),
    Check("does_not_apologise", does_not_apologise, "fallback", "en"),
    Check("keeps_the_third_person", keeps_the_third_person, "fallback", "en"),
    Check("swaps_persons", swaps_persons, "fallback", "en"),
)
