"""The checks that need no words of a language. Each is as narrow as the fault it is for.

Two errors matter alike: a bad text that passes, and a good one that is lost. tests/validation/good_lines.yaml and
bad_lines.yaml hold both sides; tests/benchmarks/false_refusals.py counts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from dreamplay.schema.cast import listed
from dreamplay.validation import names
from dreamplay.validation.check import Candidate, Check, CheckContext, Fault, TextKind
from dreamplay.validation.endings import ends, without_stops
from dreamplay.validation.ngrams import WORD, brought_up, grams, length, runs, words
from dreamplay.validation.relevance import relevance

_SENTENCES = re.compile(r"(?<=[.!?\u2026])\s+")
_SCRIPTS = {
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "Chinese or Japanese": re.compile("[\u3040-\u30ff\u3400-\u9fff]"),
    "Korean": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
}
"""The scripts into which models fall that were trained on many languages."""
_WRITTEN = {
    "Cyrillic": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"),
    "Arabic": ("ar", "fa", "ur", "ps", "ckb", "ug", "sd"),
    "Chinese or Japanese": ("zh", "ja", "yue"),
    "Korean": ("ko",),
}
"""The languages that are written in them."""
_QUOTED = re.compile(
    r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*(?:'\w[^']*)*'(?!\w)|(?<!\w)\u2018[^\u2019]*\u2019(?!\w)"
)
_TEXT: AbstractSet[TextKind] = frozenset({"line", "reflection"})
_TOLD: AbstractSet[TextKind] = frozenset({"narration"})
_REASON: AbstractSet[TextKind] = frozenset({"stance"})


def empty(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Nothing is said."""
    if WORD.search(candidate.text) or any(unicodedata.category(sign) == "So" for sign in candidate.text):
        return None
    return Fault("empty", f"{context.speaker} says something now.")


def another_script(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Letters of a script that is neither that of the language nor used in names, the topic, or what was heard."""
    if candidate.text.isascii():
        return None
    for script, pattern in _SCRIPTS.items():
        if not pattern.search(candidate.text) or context.language.code in _WRITTEN[script]:
            continue
        known = (*context.cast, context.material, *context.setting, *context.heard.texts)
        if not any(map(pattern.search, known)):
            advice = f"{context.speaker} speaks as everybody here does." if context.speaker else _SAME_SCRIPT
            return Fault("falls into another script", advice)
    return None


_SAME_SCRIPT = "Tell it in the script's language."


def unfinished(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A line that does not end like a sentence. Text in small letters, like a message on a phone, which the model ended
    itself, may do so."""
    text = candidate.text
    if ends(text) or (candidate.finished and (_message(text, context) or without_stops(text))):
        return None
    return Fault("unfinished", f"{context.speaker} says it in one short, whole sentence.")


def _message(text: str, context: CheckContext) -> bool:
    """Whether it is written like a message from a telephone: it begins with a small letter, and is no half sentence."""
    last = words(text)[-1:] or ("",)
    return text[:1].islower() and last[0] not in context.language.open_ends and text[-1:] not in ",:;'\u2019"


def copies(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A copy of the speaker's own earlier line, or of what was narrated."""
    return _copied(candidate, context, context.heard.own, context.config.copy_share)


def said_before(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason that the character has given already, as a line."""
    return copies(candidate, context)


def parrots(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A copy of anything that was heard before, whoever said it. Characters of a large model may quote each other."""
    return _copied(candidate, context, context.heard.grams, context.config.copy_share)


def near_copy(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Mostly words that were heard before, but for those of its note, or a short line that the speaker has said
    before."""
    mine = grams(unquoted(candidate.text))
    if len(words(candidate.text)) >= context.config.shortest_copy:
        own = mine - grams(context.material)
        near = len(own & context.heard.grams) > context.config.near_copy * len(mine)
        return _copied(candidate, context, context.heard.grams, context.config.near_copy) if near else None
    return _copy(mine, context) if mine and mine <= context.heard.own else None


def _copied(candidate: Candidate, context: CheckContext, known: set[str], most: float) -> Fault | None:
    """Whether more than a share of a line's 3-grams are known. What it quotes does not count."""
    text = unquoted(candidate.text)
    mine = grams(text)
    if len(mine & known) <= most * len(mine) or len(words(text)) < context.config.shortest_copy:
        return None
    return _copy(mine, context)


def _copy(mine: frozenset[str], context: CheckContext) -> Fault:
    return Fault(f"copies “{context.heard.closest(mine)[:80]}”", f"{context.speaker} has something new to say.")


@lru_cache(maxsize=64)
def unquoted(text: str) -> str:
    """A text without what it quotes."""
    return _QUOTED.sub(" ", text)


def calls_absent(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A line that addresses somebody who does not hear it: in a whisper one of the others, or a character who has left.
    Names in a row are a list."""
    away = set(context.cast).difference(context.hears or context.cast, [context.speaker])
    deaf = names.whole(name for name in away if not names.says_nothing(name, context.language))
    cast = names.whole(context.cast)
    called = re.search(rf"(?:^|[.!?…] ){deaf}, |, {deaf}(?:[.!?…]|,(?! who\b))", candidate.text)
    if not called or re.search(rf"{cast},? (?:and )?{cast}", candidate.text):
        return None
    hearers = listed(tuple(context.hears or context.cast))
    return Fault("calls somebody who does not hear it", f"Only {hearers} can hear {context.speaker}.")


def goes_round(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Four words in a row twice, three words in a row three times, or two sets of three words twice each."""
    said = runs(candidate.text)
    if len(said) - len(set(said)) <= 1:
        return None
    return Fault("goes round", f"{context.speaker} says it once." if context.speaker else "Tell each thing once.")


def leaves_cue(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Hardly a word of the cue's topic, nothing that comes close to it, and none of the recalled memories."""
    config, text = context.config, candidate.text
    if brought_up(text, context.material) >= config.strays or remembers(text, context):
        return None
    if relevance(text, context.material, context.cast) >= config.strays_in_meaning:
        return None
    return Fault("leaves the cue", f"{context.speaker} speaks of this.")


def remembers(text: str, context: CheckContext) -> bool:
    """Whether a line tells one of the memories that have come up."""
    said = grams(text)
    return any(len(said & grams(memory)) > len(said) / 2 for memory in context.remembered)


def too_short(candidate: Candidate, context: CheckContext) -> Fault | None:
    """Too few words for a dream or an ending."""
    if length(candidate.text) >= context.config.shortest_telling:
        return None
    return Fault("too short to be told", "Tell it in whole sentences.")


def retold(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A narration that mostly repeats what was told before, in other words than those of the fears that come back in
    it. It is used if nothing better comes, since a story needs a dream."""
    mine = grams(candidate.text)
    told = (mine & context.heard.grams).difference(*map(grams, context.dreamers))
    if len(told) <= context.config.retold * len(mine):
        return None
    return Fault("copies what was told", "Tell what nobody has told yet.")


def leaves_dreamers_out(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A dream that shows too few of the dreamers."""
    text, config = candidate.text.removeprefix(context.opener), context.config
    if not context.dreamers:
        return None
    if sum(shown(text, context.dreamers, config.shown_in_meaning)) >= config.dreamers_shown * len(context.dreamers):
        return None
    return Fault("leaves most of them out", "Each of them is in it.")


def lists_fears(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A dream that explains the fears and wishes of the dreamers."""
    explained = len(context.language.explains_dream.findall(candidate.text.removeprefix(context.opener)))
    if not context.dreamers or explained < context.config.explained:
        return None
    return Fault("lists the fears", "Tell what is seen there; nobody says what it means.")


def contradicts(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason in the words of a choice that was not made, without those of the one that was made, and without a
    negation."""
    said = grams(candidate.text, context.config.quoted)
    quoted = any(said & grams(choice, context.config.quoted) for choice in context.unchosen)
    if not quoted or said & grams(context.chosen, context.config.quoted):
        return None
    if context.language.negation.search(candidate.text):
        return None
    reason = f"the reason is for another choice than {context.chosen!r}"
    return Fault(reason, "The last reason spoke for another choice than the one that was made.")


def left_open(candidate: Candidate, context: CheckContext) -> Fault | None:
    """A reason that does not end like a sentence."""
    if ends(candidate.text) and "..." not in candidate.text:
        return None
    return Fault("the reason is left open", "The last reason was not a whole sentence.")


def shown(text: str, dreamers: Sequence[str], close: float) -> list[bool]:
    """Of each dreamer, whether two content words of their sheet come up that stand in nobody else's, or a sentence is
    as close to their sheet as this."""
    told = set(words(text))
    sheets = [{word for word in words(hidden) if len(word) > 4} for hidden in dreamers]
    own = [sheet.difference(*(other for other in sheets if other is not sheet)) for sheet in sheets]
    named = [len(sheet & told) >= min(2, len(sheet)) for sheet in own]
    meant = [any(relevance(each, hidden) >= close for each in _SENTENCES.split(text)) for hidden in dreamers]
    return list(map(bool.__or__, named, meant))


CHECKS = (
    Check("empty", empty, texts=_TEXT),
    Check("another_script", another_script, texts=_TEXT | _TOLD),
    Check("unfinished", unfinished, texts=_TEXT),
    Check("copies", copies, texts=_TEXT),
    Check("parrots", parrots, texts=_TEXT),
    Check("near_copy", near_copy, "fallback", texts=_TEXT),
    Check("calls_absent", calls_absent, "fallback", texts=_TEXT),
    Check("goes_round", goes_round, "fallback", texts=_TEXT | _TOLD),
    Check("leaves_cue", leaves_cue, "fallback", texts=_TEXT),
    Check("contradicts", contradicts, "fallback", texts=_REASON),
    Check("left_open", left_open, "fallback", texts=_REASON),
    Check("said_before", said_before, "fallback", texts=_REASON),
    Check("too_short", too_short, texts=_TOLD),
    Check("retold", retold, "fallback", texts=_TOLD),
    Check("leaves_dreamers_out", leaves_dreamers_out, "fallback", texts=_TOLD),
    Check("lists_fears", lists_fears, "fallback", texts=_TOLD),
)
