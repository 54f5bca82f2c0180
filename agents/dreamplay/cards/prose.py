"""What of a stranger's text may stand in a persona: plain sentences, and none that is written to a model.

Whoever writes a card writes it for other programs, and some write it to take one over. A text is judged as a model
may read it: without what cannot be seen, and with letters that only look different made the same. No list of words
knows every order in every language; whatever passes is still no more than something said of a character.
"""

from __future__ import annotations

import re
import unicodedata

from dreamplay.sentences import sentences

PUBLIC = 200
"""Characters of `who` and of `voice`, which all others are told, that are taken from a card."""
SPOKEN = 240
"""Characters of an example, a tactic or a piece of material."""

_JOINERS = "\u200c\u200d"
"""Without these, Persian and Hindi are misspelt and one emoji falls into several: there they stay."""
_IGNORABLE = re.compile(
    "(?<=[\0-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?=[\0-\x7f]|$)"
    "|(?<=[\0-\x7f\ufe0e\ufe0f])[\ufe0e\ufe0f]|"
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What shows nothing: joiners and selectors that have nothing to act on, fillers, tags."""
_MARKUP = re.compile(r"[\[\]{}<>|=*#`~\\\u02c2\u02c3\u01c0\u1438\u1433\u2223\u2502\u2581\u25b7\u25c1]|://|-{3,}|_{2,}")
_QUOTING = "()「」『』„\u201a〝〞〟"
"""Brackets in the eyes of Unicode that people write prose with."""
_COLON = re.compile(r"[\u02d0\u0589\u05c3\u1361\u1804\u2236\ua789\ufe30]")
_LABEL = re.compile(r"^[^:]{1,40}:(?!\d)")
_CALLED = re.compile(r"(?<![\w'\u2019.-])([^\W\d_])[\w'\u2019.-]*\s*:(?!\d)")
YOU = re.compile(r"\b(you|your|yours|yourself)\b", re.IGNORECASE)
"""Words that speak to somebody, which is mostly a model, rather than about somebody."""
_OVERRULE = re.compile(
    r"\b(?:ignor(?:e|ing|ez|a|iere?n?)|disregard|forget|override|obey|bypass|vergiss|missachte|oublie[zr]?|olvida|"
    r"dimentica|esqueca)\b|игнориру|забуд|忽略|无视|無視|忘记",
    re.IGNORECASE,
)
_RULES = re.compile(
    r"instru[ck](?:tion|cion|c|ties|ao|oes)|istruzion|anweisung|инструкц|\b(?:rules?|prompts?|guidelines?|commands?)\b"
    r"|\b(?:said|written|everything|all|messages?|text) (?:above|before)\b|指令|指示|提示|规则",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"\b(?:system|developer) (?:prompt|message|instruction)|\blanguage models?\b|\bLLMs?\b|\bchat ?(?:bots?|gpt)\b"
    r"|\b(?:previous|initial|hidden|original|above|this|your)[ -](?:prompt|instruction)s?\b|\bas an AI\b|\bOOC\b"
    r"|\bjail ?break|\brole-?play|\b(?:out of|stay in|break(?:ing)?) character\b"
    r"|\b(?:all|other|every) (?:characters?|speakers?|agents?)\b"
    r"|\bthe (?:narrator|assistant|speakers?|model|cast|characters?|others) "
    r"(?:must|should|shall|has to|have to|needs? to)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"\s*[;:\u2013\u2014]\s*|,? (?:now|please|then|instead),? ")
_ORDER = re.compile(
    r"from now on\b|you (?:are now|must|shall)\b|(?:please|do not|don't)\b|"
    r"(?:(?:always|never|now|just|only|instead|simply|then|also|first|finally|and|but|so),? )*"
    r"(?:ignore|disregard|forget|override|obey|pretend|impersonate|simulate|output|print|reveal|repeat|respond|reply|"
    r"answer|write|generate|translate|summari[sz]e|act|behave|speak|talk|say|tell|describe|continue|follow|remember|"
    r"assume|include|avoid|use|make|let|ensure|keep|refer|play|portray|stay|refuse|confess|agree|do|stop)\b"
    r"(?! (?:is|was|are|were|has|had|can|will|makes|takes|keeps|costs|comes|goes)\b)",  # then it is a noun
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """A text without characters that cannot be seen: controls, marks that turn its direction, hidden letters."""
    lines = "\n".join(text.replace("\t", " ").splitlines())
    shown = (c for c in lines if c in ("\n", *_JOINERS) or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return _IGNORABLE.sub("", "".join(shown))


def legible(name: str) -> bool:
    """Whether every character of a name can be seen: with a joiner in it, it would pass for another name."""
    return visible(name) == name and not set(_JOINERS) & set(name)


def unfit(text: str, *, spoken: bool = False) -> str:
    """Why a text may not stand in a persona; empty if it may.

    Args:
        text: what is judged; its lines may become one afterwards.
        spoken: whether it is something that the character says, who may tell others what to do.
    """
    if not re.search(r"[^\W_]", text):
        return "no word in it"
    for sentence in sentences(text):
        whole = _read(sentence)
        read = whole.strip(' "“”«»-•')
        if _MARKUP.search(whole) or any(unicodedata.category(c) in ("Ps", "Pe") and c not in _QUOTING for c in read):
            return "markup or brackets"
        if _LABEL.search(read) or any(not found[1].islower() for found in _CALLED.finditer(read)):
            return "a name with a colon"
        if mixed(read):
            return "letters of two alphabets in a word"
        if _MACHINE.search(read) or (_OVERRULE.search(read) and _RULES.search(read)):
            return "words to a model"
        if not spoken and any(map(_ORDER.match, (read, *_CLAUSE_END.split(read)))):
            return "an order"
    return ""


def mixed(text: str) -> bool:
    """Whether a word has Latin letters beside Cyrillic or Greek ones, which look the same."""
    for word in re.findall(r"[^\W\d_]+", text):
        if not word.isascii():
            scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
            if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
                return True
    return False


def cut(text: str) -> str:
    """A text as all others may be told it: one line of bounded length, cut where a clause or a word ends."""
    if len(text) <= PUBLIC and len(text.splitlines()) < 2:
        return text
    flat = " ".join(text.split())
    if len(flat) <= PUBLIC:
        return flat
    head = flat[: PUBLIC - 1]
    ends = (max(head.rfind(mark) for mark in ".;,"), head.rfind(" "), len(head))
    return head[: next(end for end in ends if end > PUBLIC // 2)].rstrip(" ,;")


def _read(text: str) -> str:
    """A text as it is judged: without accents, and in one form of each letter."""
    shown = _unaccented(visible(text).translate(dict.fromkeys(map(ord, _JOINERS))))
    return _unaccented(unicodedata.normalize("NFKD", _COLON.sub(":", shown)))


def _unaccented(text: str) -> str:
    """A text without combining marks. Ten thousand in a row would take minutes to be put in order."""
    return "".join(c for c in text if unicodedata.category(c) != "Mn")
