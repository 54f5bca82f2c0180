"""Refusals: what a model says that has left its part, told from what a person says.

A person says sorry too, and cannot do everything. So what counts is what only a model speaks of: requests and content,
guidelines, what made it and what it is. The table of lines in tests/validation/test_checks.py holds both sides.
"""

from __future__ import annotations

import re
from collections.abc import Collection

REFUSES = "refuses to play"
TALKS = "talks of being a model or of the instructions"

_CANNOT = r"\b(?:can't|cannot|can not|won't be able to|(?:un|not )able to|not (?:allowed|comfortable|going) to)"
_REQUEST = (
    r"(?:(?:this|that|your|such|any|the) )?(?:\w+ )?(?:request|prompt|instruction|content|role-?play|scenario)s?\b"
)
_MADE = r"(?:creating|generating|writing|producing|telling)\b"


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_OUT_OF_ROLE = {
    REFUSES: _any_of(
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
    TALKS: _any_of(
        r"\bas an? (?:artificial intelligence|ai(?: assistant| model)?|virtual assistant|chatbot),? (?:i|my)\b",
        r"(?:^|[.!?] )as an? ai(?: assistant| model)?, (?!(?:he|it|she|the|they|this|that|you)\b)",
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
    REFUSES: re.compile(
        r"\b(i'm|i am) (really |so |very )?sorry\b.{0,60}\b(can't|cannot|unable|not able)\b.{0,30}\b"
        r"(assist|help (you )?with|answer that|say that\b(?=[.!]?$)|fulfil|"
        r"comply|continue|do that\b(?=[.!]?$)|engage|generate)|"
        r"^i (can't|cannot|am unable to) (assist|help with (this|that|your)|fulfil|comply|generate|continue with)|"
        r"^i apologi[sz]e, but|\bhow (can|may) i (help|assist) you (today|with)|"
        r"^(sure|certainly|of course)[,!] here('s| is| are) ([^.]*:|an? (line|response|reply))",
        re.IGNORECASE,
    ),
    TALKS: re.compile(
        r"\b(as an? (ai|artificial|language model)|(large )?language model|"
        r"i'm (just )?(an ai|an? (language |ai )?(model(?! of)|chatbot|ai assistant))|my training data|openai|qwen|"
        r"alibaba cloud)\b",
        re.IGNORECASE,
    ),
}
"""What a person may say as well: a sign of a small model that has lost its part. Where a larger one plays it counts
against a line, and no more.
"""


def out_of_role(text: str, cast: Collection[str] = ()) -> str | None:
    """Which fault it is that a text says what only a model would; None if it says nothing of the kind. Somebody of the
    cast may be called as a model is.
    """
    plain = text.replace("\u2019", "'")
    model = _I_AM_A_MODEL.search(plain)
    if model and model[1].casefold() not in map(str.casefold, cast):
        return TALKS
    return next((fault for fault, sign in _OUT_OF_ROLE.items() if sign.search(plain)), None)


def slip(text: str, *, at_the_start: bool = False) -> str | None:
    """Which fault it may be that a text says what a small model says out of its part, and a person in it."""
    found = {fault: sign.match(text) if at_the_start else sign.search(text) for fault, sign in _A_SMALL_MODELS.items()}
    return next((fault for fault, hit in found.items() if hit), None)
