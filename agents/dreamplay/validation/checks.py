"""Faults: why a clean text cannot stand, and which of several that can is the best.

Two errors matter alike: a bad line that passes, and a good line that is lost. Each rule below is as narrow as the
fault it is for; the table of lines in tests/validation/test_checks.py holds both sides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from dreamplay.validation import names, refusals
from dreamplay.validation.ngrams import NEAR_COPY, WORD, grams, runs, words
from dreamplay.validation.normalize import ends

STAGE_VERBS = (
    r"sighs|smiles|nods|shrugs|frowns|grins|chuckles|whispers|pauses|glances|stares|leans|steps|"
    r"looks (at|up|down|away|around|out|over)|turns (to|away|around|back)|shakes (his|her) head|"
    r"walks (in|out|over|away|to)|picks up|puts down|stands up|sits down"
)
"""What a stage direction says that somebody does."""
_TELLS = "says|thinks|means|wants|tells|asks"
_BY_NAME = "should|must|wants|needs"
_HIS_OR_HERS = "hands?|eyes|voice|face|fingers|shoulders|mouth|head|gaze"
_HALF_TURNED = re.compile(
    r"\bI (?!always\b|perhaps\b|sometimes\b|was\b|as\b)\w+[^s\W]s\b|, and tells? \w+ that\b|^I'm sorry\b|"
    r"\b[Yy]ou told me that\b"
)
_I = re.compile(r"\bI\b")
_HE_DOES = re.compile(r" (he|she) \w+s\b")
_ASSISTANT = re.compile(
    r"\b(it's important (to|that)|I (need|want) to make sure|for the opportunity|I apologi[sz]e|"
    r"you're (absolutely )?right|that's a (good|great) (idea|question)|(could|can) you tell me (more )?about)\b",
    re.IGNORECASE,
)
_SCRIPTS_OF_ELSEWHERE = re.compile("[\u0400-\u04ff\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SHORTEST = 30
"""Words below which a dream or an ending has not been told."""
_FIRST_PERSON = re.compile(r"\b(i|i'\w+|me|my|mine|myself|we|we'\w+|us|our|ours)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(you|you'\w+|your|yours|yourself)\b", re.IGNORECASE)
_THIRD_PERSON = re.compile(r"\b(he|she|his|her|him|hers|himself|herself)\b", re.IGNORECASE)


@dataclass(frozen=True)
class LineChecker:
    """What a line is held against: who speaks, who else is there, and what was said before."""

    speaker: str
    cast: Collection[str]
    """The names of everybody in the story, the speaker's too."""
    said: Sequence[str]
    """What was said and told before, the prologue and the persona's examples included."""
    material: str = ""
    """The matter of the cue, in the third person."""
    strict: bool = False
    """For a small model, which wanders: what it says beyond two sentences is cut off, and a line that goes round, or
    has nothing of its cue, waits for a better one.
    """
    remembered: Sequence[str] = ()
    """What of her own past has come up, in her words: to speak of it is not to leave the cue."""
    to: Collection[str] | None = None
    """The names of those it may be for; None: anybody."""
    hears: Collection[str] | None = None
    """The names of those who hear it; None: nobody has to."""
    kept: AbstractSet[tuple[str, ...]] | None = None
    """Every run of three words in `said`, from whoever keeps them from turn to turn. None: they are worked out."""

    @cached_property
    def known(self) -> AbstractSet[tuple[str, ...]]:
        """Every run of three words that was said or told before."""
        return set[tuple[str, ...]]().union(*map(grams, self.said)) if self.kept is None else self.kept

    def follows(self, text: str) -> float:
        """Share of the words of the cue's matter that a line says."""
        return brought_up(text, self.material)

    def remembers(self, text: str) -> bool:
        """Whether a line tells one of the memories that have come up."""
        said = grams(text)
        return any(len(said & grams(memory)) > len(said) / 2 for memory in self.remembered)

    def calls_out(self, text: str) -> bool:
        """Whether a line calls somebody by name who does not hear it: in a whisper one of the others, or who has gone.
        Names in a row are a list.
        """
        away = set(self.cast).difference(self.hears or self.cast, [self.speaker])
        deaf, cast = names.whole(name for name in away if not names.says_nothing(name)), names.whole(self.cast)
        called = re.search(rf"(?:^|[.!?…] ){deaf}, |, {deaf}(?:[.!?…]|,(?! who\b))", text)
        return bool(called) and not re.search(rf"{cast},? (?:and )?{cast}", text)

    def merit(self, text: str) -> float:
        """How good a line is that can stand: it says what the cue is about, in words not used before, to somebody,
        and not in the cue's own wording. Signs of a half-turned cue («I unhooks», «and tell Leo that») and an
        assistant's manners count against it: they are too weak to refuse a line for, and enough to prefer another.
        """
        mine = grams(text)
        new = 1 - len(mine & self.known) / len(mine) if mine else 0.0
        recited = len(mine & grams(self.material)) / len(mine) if mine else 0.0
        others = names.whole(name for name in self.cast if name != self.speaker)
        spoken_to = bool(_YOU.search(text) or re.search(others, text))
        plain = text.replace("\u2019", "'")
        manners = _ASSISTANT.search(plain) or refusals.slip(plain)
        weak = _half_turned(text) + bool(manners)
        return 1.5 * min(self.follows(text), 0.7) + new + 0.2 * spoken_to - 0.5 * recited - 0.5 * weak

    def fault(self, text: str, *, finished: bool = True) -> tuple[str, str] | None:
        """Say why a clean line cannot stand, and what to tell the model; None if it can."""
        me = self.speaker
        if not WORD.search(text):
            return "empty", f"{me} says something now."
        plain = text.replace("\u2019", "'")
        lapse = refusals.out_of_role(plain, self.cast) or (refusals.slip(plain) if self.strict else None)
        if lapse == refusals.REFUSES:
            return lapse, f"{me} is a person in this story and answers the others."
        if self._direction.match(plain):
            return "speaks the direction", f"{me} says the thing itself."
        if lapse:
            return lapse, f"{me} is a person and talks to the others."
        if _SCRIPTS_OF_ELSEWHERE.search(text) and not any(map(_SCRIPTS_OF_ELSEWHERE.search, self.said)):
            return "falls into another script", f"{me} speaks as everybody here does."
        if not finished or not ends(text):
            return "unfinished", f"{me} says it in one short, whole sentence."
        if self._told_of(text) or self._by_own_name(text):
            return "speaks of the speaker by name", f"{me} speaks for {me} and to the others."
        if self._recited(text):
            return "recites the cue in the third person", f"{me} says it of me and mine."
        if earlier := self._copied(text):
            return f"copies «{earlier[:80]}»", f"{me} has something new to say."
        return None

    @cached_property
    def _direction(self) -> re.Pattern[str]:
        """The cue itself, said aloud: «Leo tells Mira drily that» and «I tell Mira drily that»."""
        me, anybody = names.whole([self.speaker]), names.whole(self.cast)
        return re.compile(rf"(?:{me} tells|I tell) {anybody}[^.!?]{{0,40}} that\b")

    @cached_property
    def _me(self) -> str:
        """The speaker's own name as a pattern; one that matches nothing where it is a word of every line."""
        return "(?!)" if names.says_nothing(self.speaker) else names.alone(self.speaker, self.cast)

    def _told_of(self, text: str) -> bool:
        """«Leo picks up the chair» said by Leo. Where the name is also a word («Hope is a bird», said by Hope), only
        what a stage direction would go on with tells that it is the name.
        """
        if re.search(rf"{self._me} ({_TELLS})\b", text):
            return True
        if not re.match(rf"{self._me}(['\u2019]s)? (?!and I\b)[a-z]", text):
            return False
        staged = rf"{self._me}(?: (?:{STAGE_VERBS})|['\u2019]s (?:{_HIS_OR_HERS}))\b"
        return bool(re.match(staged, text)) or not names.is_word(self.speaker, self.said)

    def _by_own_name(self, text: str) -> bool:
        """«Are you tired, Elara?» said by Elara; «call me Elara» and «I am Elara» are hers to say, and «Hope, I think»
        is Hope's.
        """
        hers = rf"\b(i['\u2019]m|i am|me|name is|name['\u2019]s|said|says|say|called),? {self._me}"
        if not re.search(rf"(?:, {self._me}[.,!?…]|^{self._me}, )", text) or re.search(hers, text, re.IGNORECASE):
            return False
        return bool(_YOU.search(text)) or not names.is_word(self.speaker, self.said)

    def _recited(self, text: str) -> bool:
        """The matter of the cue with «he» for «I». Matter that begins with somebody else may be said as it is, whoever
        «her shoes» are in it.
        """
        if _FIRST_PERSON.search(text):
            return False
        about_self = _THIRD_PERSON.match(self.material)
        about, said = set(words(self.material)), set(words(text))
        return bool(about_self) and bool(_THIRD_PERSON.search(text)) and len(about & said) > 0.6 * len(about)

    def _copied(self, text: str) -> str | None:
        """The earlier text that a line mostly stands in already, if too much of it was said or told before."""
        mine = grams(text)
        if not mine or len(mine & self.known) / len(mine) <= NEAR_COPY:
            return None
        return max(reversed(self.said), key=lambda earlier: len(mine & grams(earlier)))


def brought_up(text: str, matter: str) -> float:
    """Share of the longer words of some matter that a text says; all of them if there are none."""
    about = {word for word in words(matter) if len(word) > 3}
    return len(about & set(words(text))) / len(about) if about else 1.0


def of_telling(text: str, told: Sequence[str]) -> tuple[str, str] | None:
    """Say why a narrator's clean paragraph cannot stand, and what to tell the model; None if it can. `told` is what was
    told before.
    """
    if len(words(text)) < SHORTEST:
        return "too short to be told", "Tell it in whole sentences."
    plain = text.replace("\u2019", "'")
    # A narrator never says sorry; somebody in the dream may.
    if refusals.out_of_role(plain) or refusals.slip(plain, at_the_start=True):
        return "refuses to play", "It is a story; tell what is seen."
    given = r"\b(wish(es)?|fear)\s*:|\bthe dream is about\b|\bwhat (they|each of them) (fears?|wish(es)?)\b|[:.] - \w+:"
    if re.search(given, text, re.IGNORECASE):
        return "lists what it was given", "Tell what is seen, as one scene."
    if _SCRIPTS_OF_ELSEWHERE.search(text) and not any(map(_SCRIPTS_OF_ELSEWHERE.search, told)):
        return "falls into another script", "Tell it in the script's language."
    return None


def goes_round(text: str) -> bool:
    """Whether a text says four words in a row twice, or three of them thrice or in two places."""
    said = runs(text)
    return len(said) - len(set(said)) > 1


def told_by_name(text: str, name: str) -> bool:
    """Whether a text is told about somebody by name from its beginning. Where the name is also a word («Hope is what I
    choose») the word is meant, unless a stage direction would go on so.
    """
    if names.says_nothing(name):
        return False
    goes_on = rf" (?:{_TELLS}|{STAGE_VERBS}|{_BY_NAME})\b" if names.is_word(name) else ""
    return bool(re.match(names.whole([name]) + goes_on, text))


def in_first_person(text: str, name: str) -> bool:
    """Whether a text is said by somebody about themselves, not told about them by name."""
    return bool(_FIRST_PERSON.search(text)) and not told_by_name(text, name)


def half_told(text: str, name: str) -> bool:
    """Whether half of it is told about somebody by name («I believe Leo should go», by Leo)."""
    if names.says_nothing(name):
        return False
    told = _BY_NAME if names.is_word(name) else f"{_BY_NAME}|would|will|can|has|is"
    return bool(re.search(rf"{names.whole([name])} (?:{told})\b", text))


def _half_turned(text: str) -> bool:
    """Whether a line shows signs of a cue that was turned into the first person only half."""
    first = _I.search(text)
    return bool(_HALF_TURNED.search(text) or (first and _HE_DOES.search(text, first.end())))
