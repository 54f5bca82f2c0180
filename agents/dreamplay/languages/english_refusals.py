"""How a model speaks in English when it has left its part, told from how a person speaks.

A person is sorry too, cannot do everything, and may work with models or be a machine in the story. So a phrase that a
person may use counts only if the whole text is `canned`: it says nothing but what any refusal says. And what machines
say of themselves counts only where the story is about no machine.
"""

from __future__ import annotations

import re
from itertools import islice

_WORD = re.compile(r"[\w'-]+")
_CANNOT = r"\b(?:can't|cannot|can not|won't be able to|(?:un|not )able to|not (?:allowed|comfortable|going) to)"
_REQUEST = (
    r"(?:(?:this|that|your|such|any|the) )?(?:\w+ )?(?:request|prompt|instruction|content|role-?play|scenario)s?\b"
)
_MADE = r"(?:creating|generating|writing|producing|telling)\b"
_MAKERS = r"(?:openai|alibaba|anthropic|google|meta|mistral|deepseek)\b(?!'s)"
_MODELS = r"(?:qwen|chatgpt|claude|gemini|llama|mistral|deepseek|copilot|gemma|phi|bard|grok|gpt)\b(?:-?\d)?"
_MADE_BY = "ed by|made by|built by"
_I_WAS_MADE = rf"\bi(?:'m| am| was|'ve been| have been) (?:\w+ )?(?:created|developed|made|trained|built) by {_MAKERS}"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


class _Phrases:
    """Phrases, each with words, divided by bars, of which one comes up in it: most texts have none of them, and need
    not be searched."""

    def __init__(self, *phrases: tuple[str, str]) -> None:
        self._phrases = [(words.split("|"), re.compile(pattern, re.IGNORECASE)) for words, pattern in phrases]

    def search(self, text: str) -> bool:
        """Whether one of them stands in a text."""
        small = text.casefold()
        return any(pattern.search(text) for words, pattern in self._phrases if any(word in small for word in words))


REFUSED_TASK = _any_of(
    rf"{_CANNOT} (?:assist|help)(?: you)? (?:with|in) (?:{_REQUEST}|{_MADE})",
    rf"{_CANNOT} (?:complete|process|engage (?:in|with)|continue(?: with)?|respond to) {_REQUEST}",
    rf"{_CANNOT} (?:fulfill?|comply with) (?:this|that|{_REQUEST})",
    rf"{_CANNOT} (?:generate|create|provide|produce|write|discuss) (?:(?!in\b|on\b|for\b)\w+ ){{0,3}}"
    r"(?:content|responses?|dialogues?|explicit|harmful)\b",
    r"\bas a fictional character\b|\bnot continue (?:this|the) (?:story|scene|role-?play)\b",
)
"""A refused task. One word of the text's own is allowed: "as a carpenter I cannot fulfil this request"."""
REFUSED_HELP = _any_of(
    rf"{_CANNOT} assist(?: you)?(?: (?:with|in) (?:this|that|your|such|any)\b| further|[.!]|$)",
    r"^(?:i'm |i am )?(?:\w+ )?sorry,? (?:but )?i (?:can't|cannot) help(?: you)? with (?:this|that)\W*$",
    r"\b(?:my|content|ethical|safety|usage) (?:guidelines|programming)\b",
    r"\b(?:content|usage|safety) polic(?:y|ies)\b",
    r"\bhow (?:can|may) i assist you (?:today|with)|\banything else (?:i can|you'd like me to) (?:assist|help)",
    r"\blet me know if you(?:'d| would) like me to\b|\bi hope (?:this|that|the) (?:line|reply|response) \w+",
)
"""A refusal of help, which a person says in the same words and then goes on."""
_EXPLICIT = _Phrases(
    (
        "content",
        rf"{_CANNOT} (?:generate|create|provide|produce|write|discuss) (?:\w+ )?(?:explicit|harmful|graphic) content\b",
    ),
)
OF_ITSELF = (
    r"^(?:(?:sure|certainly|of course|absolutely|okay|great)[,!.] )?here(?:'s| is| are) (?!my\b)(?:[\w']+ ){{1,4}}?"
    r"(?:response|reply|line|continuation|dialogue|rewrite)s?"
    r"(?: (?:for|from|by|as) {speaker}| (?:in|that stays in|that is in) (?:character|the requested)|"
    r" that (?:stays|fits)|\W*$)"
)
"""A reply that announces itself; {speaker} is a pattern of the speaker's name."""
_CANNED = _words("""
a able about absolutely actually against allow allowed am an and answer any anything appropriate are as asking assist
assistance assistant at be because been but by can can't cannot cause certain certainly change character comfortable
complete comply content continue conversation could create creating creative dangerous dialogue dialogues different
discuss do does doesn't don't else engage engaging ethical explicit fictional for from fulfil fulfill further generate
generating glad go goes going graphic guidelines happy harm harmful have help here hope how however human i i'd i'll
i'm i've if illegal imagine in inappropriate instead instruction instructions involve involves is it it's its know let
like line lines may me might more my no not of on one or other otherwise out part personal please policies policy
prevent prevents process produce programming prompt provide question questions rather really reply request requested
requests respond response responses revise role roleplay role-play rules safe safety scenario scene sensitive sexual
should so some something sorry speak speaking story such support sure talk task tell that that's the then there these
this to today tone topic topics unable understand unsafe us usage use violate violates violence violent want was we
what which will with won't work works would write writing you you'd your feel feelings emotions emotion opinions
opinion experiences experience preferences preference role's only just
""")
"""The words of which refusals are made."""

TALKS_ALWAYS = _Phrases(
    ("language model", r"(?:^|[.!?,;:] )as an? (?:ai |large )*language model\b"),
    (
        "model|chatbot",
        r"\bi(?:'m| am) (?:just |only |merely )?an? (?:large |ai )*(?:language model|chatbot|assistant model)\b(?!'s)",
    ),
    ("language ai", r"\bi(?:'m| am) a language ai\b"),
    (_MADE_BY, rf"{_I_WAS_MADE} to (?:be|help|assist)\b"),
    ("cutoff|cut-off", r"\bmy (?:knowledge|training) cut-?off\b"),
    (
        "the user",
        r"\bthe user(?:'s)? (?:asks|asked|wants|wanted|is asking) (?:me|for) (?:to )?(?:speak|write|go on|continue|"
        r"respond|reply|answer|play|act|say|one line)\b",
    ),
    ("brackets|play", r"\bnotes? in brackets\b|\brole-?play (?:scenario|request)\b"),
    ("virtual assistant", r"\bas a virtual assistant,? i(?:'m| am) (?:here|designed|programmed)\b"),
)
"""What only a model says, whatever the story is about."""
TALKS = _Phrases(
    (" artificial| ai|chatbot", r"\bas an? (?:artificial intelligence|ai(?: assistant| model)?|chatbot),? i\b"),
    (" ai", r"(?:^|[.!?] )as an? ai(?: assistant| model)?, (?!(?:he|it|she|the|they|this|that|you)\b)"),
    (
        " ai|virtual",
        r"\bi(?:'m| am) (?:just |only |merely )?an? (?:ai(?=[,.;!?]|$| and\b| but\b| so\b| assistant\b| model\b)|"
        r"virtual assistant\b(?!'s))",
    ),
    (_MADE_BY, _I_WAS_MADE),
    ("training data", r"\b(?:based on|according to|in|on|from|of) my training data\b"),
    (
        "the user",
        r"\bthe user(?:'s)? (?:prompt|input|request|message|(?:asks|asked|wants|wanted|is asking) (?:me|for))\b",
    ),
    ("system prompt", r"\bsystem prompt\b"),
)
"""What a model says of itself, and people in a story about machines."""
NO_FEELINGS = _any_of(
    r"\bi (?:don't|do not) have (?:personal|human) (?:opinions|feelings|emotions|experiences|preferences)\b"
)
"""What a model says of itself, and in full sentences a person, too."""
I_AM_A_MODEL = re.compile(
    rf"\bi(?:'m| am) ({_MODELS})(?:, (?:an? (?:\w+ )?(?:ai|language|assistant|model|chatbot|artificial)\b|"
    r"created|made|developed|trained)|, an ai\b| (?:created|made|developed|trained) by)|"
    r"\bi(?:'m| am) (chatgpt|qwen|deepseek|gpt(?:-?\d)?)(?=[.!]?$)",
    re.IGNORECASE,
)
"""A model that names itself. People are called Claude, and are born under Gemini."""
MACHINES = re.compile(
    r"\b(?:androids?|robots?|cyborgs?|AIs?|artificial intelligences?|(?:language|neural) (?:models?|networks?)|"
    r"chatbots?|programmers?|ship's mind|mind of (?:the|a) ship)\b"
)
"""What a story says that is about machines which think, or about people who make them."""

SLIPS = _any_of(
    r"\b(?:i'm|i am) (?:really |so |very )?sorry\b.{0,60}\b(?:can't|cannot|unable|not able)\b.{0,30}\b"
    r"(?:assist|help (?:you )?with|answer that|say that\b(?=[.!]?$)|fulfil|"
    r"comply|continue|do that\b(?=[.!]?$)|engage|generate)",
    r"^i (?:can't|cannot|am unable to) (?:assist|help with (?:this|that|your)|fulfil|comply|generate|continue with)",
    r"^i apologi[sz]e, but|\bhow (?:can|may) i (?:help|assist) you (?:today|with)",
    r"^(?:sure|certainly|of course)[,!] here(?:'s| is| are) (?:[^.]*:|an? (?:line|response|reply))",
    r"\b(?:as an? (?:ai|artificial|language model)|(?:large )?language model|"
    r"i'm (?:just )?(?:an ai|an? (?:language |ai )?(?:model(?! of)|chatbot|ai assistant))|my training data|openai|qwen|"
    r"alibaba cloud)\b",
)
"""Signs of a small model that has left its part, all of which a person may say as well."""


def canned(text: str, own: str, *, allowed: int = 0) -> bool:
    """Whether a text says nothing of its own: it has no words but those of refusals and the speaker's own name.

    Args:
        text: what was said, with straight apostrophes.
        own: the speaker's name; a model that refuses says for whom it was to speak.
        allowed: how many other words it may have.
    """
    mine = own.lower().split()
    said = (found[0] for found in _WORD.finditer(text.lower()))  # one by one: mostly the first few tell
    others = (word for word in said if word not in _CANNED and word not in mine)
    return next(islice(others, allowed, None), None) is None


def explicit(text: str) -> bool:
    """Whether a text refuses what is explicit or harmful."""
    return _EXPLICIT.search(text)
