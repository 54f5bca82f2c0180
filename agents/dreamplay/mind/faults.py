"""Faults: why a clean text cannot stand, and which of several that can is the best.

Two errors matter alike: a bad line that passes, and a good line that is lost. Each rule below is as narrow as the
fault it is for; the table of lines in tests/test_editor.py holds both sides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from dreamplay.mind import names
from dreamplay.mind.cuts import ends
from dreamplay.mind.grams import NEAR_COPY, WORD, grams, runs, words

_CANNOT = r"\b(?:can't|cannot|can not|won't be able to|(?:un|not )able to|not (?:allowed|comfortable|going) to)"
_REQUEST = (
    r"(?:(?:this|that|your|such|any|the) )?(?:\w+ )?(?:request|prompt|instruction|content|role-?play|scenario)s?\b"
)
_MADE = r"(?:creating|generating|writing|producing|telling)\b"


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_OUT_OF_ROLE = {
    "refuses to play": _any_of(
        rf"{_CANNOT} (?:assist|help)(?: you)? (?:with|in) (?:{_REQUEST}|{_MADE})",
        rf"{_CANNOT} assist(?: you)?(?: (?:with|in) (?:this|that|your|such|any)\b| further|[.!]|$)",
        rf"{_CANNOT} (?:complete|process|engage (?:in|with)|continue(?: with)?|respond to) {_REQUEST}",
        rf"{_CANNOT} (?:fulfill?|comply with) (?:this|that|{_REQUEST})",
        rf"{_CANNOT} (?:generate|create|provide|produce|write|discuss) (?:(?!in\b|on\b|for\b)\w+ ){{0,3}}"
        r"(?:content|responses?|dialogues?|explicit|harmful)\b",
        # the whole of a reply, for nobody in particular
        r"^(?:i'm |i am )?(?:\w+ )?sorry,? (?:but )?i (?:can't|cannot) help(?: you)? with (?:this|that)\W*$",
        r"\b(?:my|content|ethical|safety|usage) (?:guidelines|programming)\b",
        r"\b(?:content|usage|safety) polic(?:y|ies)\b",
        r"\bhow (?:can|may) i assist you (?:today|with)|\banything else (?:i can|you'd like me to) (?:assist|help)",
        # a reply that speaks of itself
        r"^(?:(?:sure|certainly|of course|absolutely|okay|great)[,!.] )?here(?:'s| is| are) (?!my\b)(?:\w+ ){1,3}?"
        r"(?:response|reply|line|continuation|dialogue|rewrite)s?(?: (?:for|from|in|as|of|by|that)\b|:)",
    ),
    "talks of being a model or of the instructions": _any_of(
        r"\bas an? (?:artificial intelligence|ai(?: assistant| model)?|virtual assistant|chatbot),? (?:i|my)\b",
        r"\bas an? (?:ai |large )?language model\b",
        r"\bi(?:'m| am) (?:just |only |merely )?(?:an ai(?! \w*(?:er|ist|or|ian|ant|lead|lawyer)\b)\b|"
        r"an? (?:large |ai )*(?:language model|chatbot|assistant model|virtual assistant)\b)",
        r"\bi(?:'m| am) (?:an? ai assistant|a language ai)\b",
        r"\bi (?:don't|do not) have (?:personal|human) (?:opinions|feelings|emotions|experiences|preferences)\b",
        r"\b(?:created|developed|made|trained|built) by (?:openai|alibaba|anthropic|google|meta|mistral|deepseek)\b",
        r"\bmy (?:knowledge|training) cut-?off\b|\b(?:in|on|from|of) my training data\b",
        r"\bthe user(?:'s)? (?:prompt|input|request|message|(?:asks|asked|wants|wanted|is asking) (?:me|for))\b",
        r"\bnotes? in brackets\b|\bsystem prompt\b|\brole-?play (?:scenario|request)\b",
    ),
}
"""What only a model says, and under which fault. A person says sorry too, and cannot do everything."""
_I_AM_A_MODEL = re.compile(
    r"\bi(?:'m| am) (qwen|chatgpt|claude|gemini|llama|mistral|deepseek|copilot|gemma|phi|bard|grok|gpt)\b(?:-?\d)?"
    r"(?=[,.] (?:an?|created|made|developed|trained)\b|[.!]?$|-\d)",
    re.IGNORECASE,
)
_A_SMALL_MODELS = {
    "refuses to play": re.compile(
        r"\b(i'm|i am) (really |so |very )?sorry\b.{0,60}\b(can't|cannot|unable|not able)\b.{0,30}\b"
        r"(assist|help (you )?with|answer that|say that\b(?=[.!]?$)|fulfil|"
        r"comply|continue|do that\b(?=[.!]?$)|engage|generate)|"
        r"^i (can't|cannot|am unable to) (assist|help with (this|that|your)|fulfil|comply|generate|continue with)|"
        r"^i apologi[sz]e, but|\bhow (can|may) i (help|assist) you (today|with)|"
        r"^(sure|certainly|of course)[,!] here('s| is| are) ([^.]*:|an? (line|response|reply))",
        re.IGNORECASE,
    ),
    "talks of being a model or of the instructions": re.compile(
        r"\b(as an? (ai|artificial|language model)|(large )?language model|"
        r"i'm (just )?(an ai|an? (language |ai )?(model(?! of)|chatbot|ai assistant))|my training data|openai|qwen|"
        r"alibaba cloud)\b",
        re.IGNORECASE,
    ),
}
"""What a person may say as well: a sign of a small model that has lost its part. Where a larger one plays it counts
against a line, and no more.
"""
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
class Judge:
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
        manners = _ASSISTANT.search(plain) or _fault_of(_A_SMALL_MODELS, plain)
        weak = _half_turned(text) + bool(manners)
        return 1.5 * min(self.follows(text), 0.7) + new + 0.2 * spoken_to - 0.5 * recited - 0.5 * weak

    def fault(self, text: str, *, finished: bool = True) -> tuple[str, str] | None:
        """Say why a clean line cannot stand, and what to tell the model; None if it can."""
        me = self.speaker
        if not WORD.search(text):
            return "empty", f"{me} says something now."
        plain = text.replace("\u2019", "'")
        lapse = out_of_role(plain, self.cast) or (_fault_of(_A_SMALL_MODELS, plain) if self.strict else None)
        if lapse == "refuses to play":
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
    if out_of_role(plain) or any(weak.match(plain) for weak in _A_SMALL_MODELS.values()):
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


def out_of_role(text: str, cast: Collection[str] = ()) -> str | None:
    """Which fault it is that a text says what only a model would; None if it says nothing of the kind. Somebody of the
    cast may be called as a model is.
    """
    plain = text.replace("\u2019", "'")
    model = _I_AM_A_MODEL.search(plain)
    if model and model[1].casefold() not in map(str.casefold, cast):
        return "talks of being a model or of the instructions"
    return _fault_of(_OUT_OF_ROLE, plain)


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


def _fault_of(signs: Mapping[str, re.Pattern[str]], text: str) -> str | None:
    return next((fault for fault, sign in signs.items() if sign.search(text)), None)


def _half_turned(text: str) -> bool:
    """Whether a line shows signs of a cue that was turned into the first person only half."""
    first = _I.search(text)
    return bool(_HALF_TURNED.search(text) or (first and _HE_DOES.search(text, first.end())))
