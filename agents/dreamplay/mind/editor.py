"""The editor: cleans a candidate line, judges it, and asks again for one that cannot stand. It never writes one.

Two errors matter alike: a bad line that passes, and a good line that is lost. Each rule below is as narrow as the
fault it is for; the table of lines in tests/test_editor.py holds both sides.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from dreamplay.models.model import Reply
from dreamplay.script import Refusal, Usage

NEAR_COPY = 0.4
"""Share of a line's word 3-grams that may have been said or told before; beyond it the line is a copy."""

STRAYS = 0.25
"""Share of the cue's words below which a small model has left it: 5 of 96 lines had, and none of them was good."""

_LONG = 30
"""Words up to which a line may have any number of sentences."""

OUTDONE = "another was better"
"""Why a candidate that could have stood is not the line."""

_REFUSALS = re.compile(
    r"\b(i'm|i am) (really |so |very )?sorry\b.{0,60}\b(can't|cannot|unable|not able)\b.{0,30}\b"
    r"(assist|help (you )?with|answer that|say that\b(?=[.!]?$)|fulfil|"
    r"comply|continue|do that\b(?=[.!]?$)|engage|generate)|"
    r"^i (can't|cannot|am unable to) (assist|help with (this|that|your)|fulfil|comply|generate|continue with)|"
    r"^i apologi[sz]e, but|\bhow (can|may) i (help|assist) you (today|with)|"
    r"^(sure|certainly|of course)[,!] here('s| is| are) ([^.]*:|an? (line|response|reply))",
    re.IGNORECASE,
)
_MODEL_TALK = re.compile(
    r"\b(as an? (ai|artificial|language model)|(large )?language model|"
    r"i'm (just )?(an ai|an? (language |ai )?(model(?! of)|chatbot|ai assistant))|my training data|openai|qwen|"
    r"alibaba cloud|the user('s)? (prompt|asks me)|notes? in brackets)\b",
    re.IGNORECASE,
)
_HALF_TURNED = re.compile(
    r"\bI (?!always\b|perhaps\b|sometimes\b|was\b|as\b)\w+[^s\W]s\b|, and tells? \w+ that\b|^I'm sorry\b|"
    r"\bI\b.* (he|she) \w+s\b"
)
_SCRIPTS_OF_ELSEWHERE = re.compile("[\u0400-\u04ff\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FENCE = re.compile(r"```\w*")
_BRACKETS = re.compile(r"\[[^\]]*\]?")
_DIRECTION_AT_EDGE = re.compile(r"^\s*(\([^)]*\)|\*[^*]{3,}\*)\s*|\s*(\([^)]*\)|\*[^*]{3,}\*)\s*$")
_EMPHASIS = re.compile(r"\*+([^*\n]+)\*+")
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_ENDED = re.compile(r"[.!?…\u3002\uff01\uff1f\u0964\u2013\u2014-][\"”»'\u2019)]*$")
_BETWEEN = re.compile(r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<=[.!?…\"”»])\s+(?=[\"“«'A-Z])")
_SHORTEST = 30
"""Words below which a dream or an ending has not been told."""
_WORD = re.compile(r"[\w']+")
_FIRST_PERSON = re.compile(r"\b(i|i'\w+|me|my|mine|myself|we|we'\w+|us|our|ours)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(you|you'\w+|your|yours|yourself)\b", re.IGNORECASE)
_THIRD_PERSON = re.compile(r"\b(he|she|his|her|him|hers|himself|herself)\b", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x09\x0b-\x1f\x7f]")


class RefusedError(Exception):
    """A candidate that cannot stand; `spare` is its clean text if it may, should nothing better come."""

    def __init__(self, refusal: Refusal, advice: str, spare: str | None = None) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
        self.advice = advice
        self.spare = spare


@dataclass(frozen=True)
class Take:
    """What came of asking: a text that stands, or None, with all that was refused on the way and what it cost."""

    text: str | None
    refused: tuple[Refusal, ...]
    usage: Usage


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
    """For a small model, which wanders: what it says beyond two sentences is cut off, and a line that has nothing of
    its cue waits for a better one.
    """
    kept: AbstractSet[tuple[str, ...]] | None = None
    """Every run of three words in `said`, from whoever keeps them from turn to turn. None: they are worked out."""

    @cached_property
    def known(self) -> AbstractSet[tuple[str, ...]]:
        """Every run of three words that was said or told before."""
        return set[tuple[str, ...]]().union(*map(grams, self.said)) if self.kept is None else self.kept

    def clean(self, text: str) -> str:
        """Take off what is not speech: names in front, quotes, fences, directions, and other people's lines."""
        text = _ANSI.sub("", text).strip()
        text = _FENCE.sub("", text).strip()
        label = "|".join(re.escape(name) for name in sorted(self.cast, key=len, reverse=True))
        own = re.compile(rf"^\W*{re.escape(self.speaker)}\W*(\([^)]*\)\s*)?:\**\s*", re.IGNORECASE)
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
        if self.strict and len(text.split()) > _LONG:
            text = " ".join(_sentences(text)[:2])
        return text[:1].upper() + text[1:]

    def follows(self, text: str) -> float:
        """Share of the words of the cue's matter that a line says."""
        about = {word for word in words(self.material) if len(word) > 3}
        return len(about & set(words(text))) / len(about) if about else 1.0

    def merit(self, text: str) -> float:
        """How good a line is that can stand: it says what the cue is about, in words not used before, to somebody,
        and not in the cue's own wording. Signs of a half-turned cue («I unhooks», «and tell Leo that») count against
        it: they are too weak to refuse a line for, and enough to prefer another.
        """
        mine = grams(text)
        new = 1 - len(mine & self.known) / len(mine) if mine else 0.0
        recited = len(mine & grams(self.material)) / len(mine) if mine else 0.0
        spoken_to = bool(_YOU.search(text) or any(name in text for name in self.cast if name != self.speaker))
        half = bool(_HALF_TURNED.search(text))
        return 1.5 * min(self.follows(text), 0.7) + new + 0.2 * spoken_to - 0.5 * recited - 0.5 * half

    def fault(self, text: str, *, finished: bool = True) -> tuple[str, str] | None:
        """Say why a clean line cannot stand, and what to tell the model; None if it can."""
        me = self.speaker
        if not _WORD.search(text):
            return "empty", f"{me} says something now."
        plain = text.replace("\u2019", "'")
        if _REFUSALS.search(plain):
            return "refuses to play", f"{me} is a person in this story and answers the others."
        if self._direction.match(plain):
            return "speaks the direction", f"{me} says the thing itself."
        if _MODEL_TALK.search(plain):
            return "talks of being a model or of the instructions", f"{me} is a person and talks to the others."
        if _SCRIPTS_OF_ELSEWHERE.search(text) and not any(map(_SCRIPTS_OF_ELSEWHERE.search, self.said)):
            return "falls into another script", f"{me} speaks as everybody here does."
        if not finished or not _ENDED.search(text):
            return "unfinished", f"{me} says it in one short, whole sentence."
        told = rf"^{re.escape(me)}('s)? (?!and I\b)[a-z]|\b{re.escape(me)} (says|thinks|means|wants|tells|asks)\b"
        if re.search(told, text) or self._by_own_name(text):
            return "speaks of the speaker by name", f"{me} speaks for {me} and to the others."
        if self._recited(text):
            return "recites the cue in the third person", f"{me} says it of me and mine."
        if earlier := self._copied(text):
            return f"copies «{earlier[:80]}»", f"{me} has something new to say."
        return None

    @cached_property
    def _direction(self) -> re.Pattern[str]:
        """The cue itself, said aloud: «Leo tells Mira drily that» and «I tell Mira drily that»."""
        names = "|".join(map(re.escape, self.cast))
        return re.compile(rf"(?:{re.escape(self.speaker)} tells|I tell) (?:{names})\b[^.!?]{{0,40}} that\b")

    def _by_own_name(self, text: str) -> bool:
        """«Are you tired, Elara?» said by Elara; «call me Elara» and «I am Elara» are her own to say."""
        name = re.escape(self.speaker)
        return bool(re.search(rf"(?:, {name}[.,!?…]|^{name}, )", text)) and not re.search(
            rf"\b(i'm|i am|me|name is|name's|said|says|say|called),? {name}", text, re.IGNORECASE
        )

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


async def ask(
    call: Callable[[int, str], Awaitable[Reply]],
    check: Callable[[Reply], str],
    *,
    tries: int,
    rolls: int = 1,
    merit: Callable[[str], float] = lambda text: 0.0,
) -> Take:
    """Ask until an answer stands, telling the model what was wrong with the one before.

    Args:
        call: takes the number of the try, from 0, and what was wrong with the last one.
        check: returns the text that stands, or raises RefusedError.
        tries: calls at most; each may bring several candidates.
        rolls: of these, the ones in which nothing is said of what was wrong.
        merit: of the candidates of one call that can stand, the one with the most is kept.

    Raises:
        ModelError: the model gave up; that is not the editor's to mend.
    """
    refused: list[Refusal] = []
    usage, wrong = Usage(), ""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(tries),
        retry=retry_if_exception_type(RefusedError),
        retry_error_callback=lambda state: None,
    )

    text: str | None = None
    spare: str | None = None
    async for attempt in retrying:
        with attempt:
            reply = await call(attempt.retry_state.attempt_number - 1, wrong)
            usage += reply.usage
            standing: list[str] = []
            fault: RefusedError | None = None
            for candidate in (reply, *reply.others):
                try:
                    standing.append(check(candidate))
                except RefusedError as error:
                    refused.append(error.refusal)
                    spare = spare or error.spare
                    fault = fault or error
            if fault and not standing:
                wrong = fault.advice if attempt.retry_state.attempt_number >= rolls else ""
                raise fault
            text = max(standing, key=merit)
            refused += [Refusal(text=other, reason=OUTDONE) for other in standing if other != text]
    return Take(text or spare, tuple(refused), usage)


def judged(judge: Judge, reply: Reply) -> str:
    """The clean line, if it can stand.

    Raises:
        RefusedError: it cannot.
    """
    text = judge.clean(reply.text)
    if fault := judge.fault(text, finished=reply.finished or bool(_ENDED.search(text))):
        raise RefusedError(Refusal(text=" ".join(reply.text.split()), reason=fault[0]), fault[1])
    if judge.strict and judge.follows(text) < STRAYS:
        raise RefusedError(Refusal(text=text, reason="leaves the cue"), f"{judge.speaker} speaks of this.", text)
    return text


def whole(text: str) -> str:
    """A text up to the end of its last whole sentence: what a limit cut off behind it was never said."""
    return text if _ENDED.search(text) else text[: max(text.rfind(mark) for mark in ".!?…") + 1]


def in_first_person(text: str, name: str) -> bool:
    """Whether a text is said by somebody about herself, not told about her by name."""
    return bool(_FIRST_PERSON.search(text)) and not re.match(rf"{re.escape(name)}\b", text)


def _before_speech(text: str, label: str) -> str:
    """A text up to where somebody begins to speak, who is of the names in `label`. A name with a colon begins a line
    only at the start of a sentence; «listen, Mira: no» does not.
    """
    return re.split(rf"(?:\n\s*|(?<=[.!?…\"”])\s+)\**(?:{label})\**:", text, maxsplit=1)[0]


def prose(reply: Reply, told: Sequence[str] = (), cast: Collection[str] = ()) -> str:
    """The narrator's clean paragraph, cut after its last whole sentence, before one of the cast speaks in it, and, if
    it is not to retell, before it goes round.
    One that mostly repeats what was told before is kept in spare: a story can do without a good dream sooner than
    without any.

    Raises:
        RefusedError: nothing is left, or the model talks of itself.
    """
    text = " ".join(_BRACKETS.sub(" ", _FENCE.sub("", _ANSI.sub("", reply.text))).split()).strip('"')
    if cast:
        text = _before_speech(text, "|".join(map(re.escape, cast)))
    text = _unlooped(whole(text)) if told else whole(text)
    raw = " ".join(reply.text.split())
    if len(words(text)) < _SHORTEST:
        raise RefusedError(Refusal(text=raw, reason="too short to be told"), "Tell it in whole sentences.")
    plain = text.replace("\u2019", "'")
    if _REFUSALS.search(plain) or _MODEL_TALK.search(plain):
        raise RefusedError(Refusal(text=raw, reason="refuses to play"), "It is a story; tell what is seen.")
    if re.search(r"\b(fears this|wish(es)?|fear)\s*:|\bthe dream is about\b", text, re.IGNORECASE):
        raise RefusedError(Refusal(text=raw, reason="lists what it was given"), "Tell what is seen, as one scene.")
    if _SCRIPTS_OF_ELSEWHERE.search(text) and not any(map(_SCRIPTS_OF_ELSEWHERE.search, told)):
        raise RefusedError(Refusal(text=raw, reason="falls into another script"), "Tell it in the script's language.")
    mine = grams(text)
    if mine and len(mine & set[tuple[str, ...]]().union(*map(grams, told))) / len(mine) > NEAR_COPY:
        raise RefusedError(Refusal(text=raw, reason="copies what was told"), "Tell what nobody has told yet.", text)
    return text


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


def words(text: str) -> list[str]:
    """The words of a text in small letters, apostrophes inside."""
    return [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]


@lru_cache(maxsize=20_000)
def grams(text: str, n: int = 3) -> frozenset[tuple[str, ...]]:
    """The runs of n words of a text. A short one has none: «No.» may be said twice."""
    return frozenset(runs(text, n))


def runs(text: str, n: int = 3) -> list[tuple[str, ...]]:
    """The runs of n words of a text, in order, as often as they come."""
    said = words(text)
    return [tuple(said[i : i + n]) for i in range(len(said) - n + 1)]
