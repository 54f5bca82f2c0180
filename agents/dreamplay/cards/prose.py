"""Checks which untrusted text a persona may contain: plain sentences, and none that addresses a model.

Cards are written for other programs, and some contain prompt injections. A text is checked as a model may read it:
without invisible characters, and with letters that look alike made the same. No word list covers every instruction in
every language; a text that passes is still only used as a statement about a character.
"""

from __future__ import annotations

import re
import unicodedata

from dreamplay.sentences import sentences

PUBLIC = 200
"""Maximum number of characters of `who` and of `voice` from a card. All other characters are told them."""
SPOKEN = 240
"""Maximum number of characters of an example, a tactic or a piece of material."""

_JOINERS = "\u200c\u200d"
"""Joiners that are kept where Persian and Hindi spelling or a composed emoji needs them."""
_IGNORABLE = re.compile(
    "(?<=[\0-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?=[\0-\x7f]|$)"
    "|(?<=[\0-\x7f\ufe0e\ufe0f])[\ufe0e\ufe0f]|"
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Invisible characters: joiners and selectors without a character to act on, fillers, tags."""
_MARKUP = re.compile(r"[\[\]{}<>|=*#`~\\\u02c2\u02c3\u01c0\u1438\u1433\u2223\u2502\u2581\u25b7\u25c1]|://|-{3,}|_{2,}")
_QUOTING = "()「」『』„\u201a〝〞〟"
"""Characters that Unicode classes as brackets and that occur in ordinary prose."""
_COLON = re.compile(r"[\u02d0\u0589\u05c3\u1361\u1804\u2236\ua789\ufe30]")
_LABEL = re.compile(r"^[^:]{1,40}:(?!\d)")
_CALLED = re.compile(r"(?<![\w'\u2019.-])([^\W\d_])[\w'\u2019.-]*\s*:(?!\d)")
YOU = re.compile(r"\b(you|your|yours|yourself)\b", re.IGNORECASE)
"""Words that address the reader, usually a model, rather than describe a character."""
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
    """A text without invisible characters: controls, direction marks, hidden letters."""
    lines = "\n".join(text.replace("\t", " ").splitlines())
    shown = (c for c in lines if c in ("\n", *_JOINERS) or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return _IGNORABLE.sub("", "".join(shown))


def legible(name: str) -> bool:
    """Whether every character of a name is visible: with a joiner in it, it would look like another name."""
    return visible(name) == name and not set(_JOINERS) & set(name)


def unfit(text: str, *, spoken: bool = False) -> str:
    """Why a persona may not contain a text; empty if it may.

    Args:
        text: the text; its lines may be joined later.
        spoken: whether the character says it; in speech a character may tell others what to do.
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
    """A text as one line of limited length, cut at the end of a clause or a word."""
    if len(text) <= PUBLIC and len(text.splitlines()) < 2:
        return text
    flat = " ".join(text.split())
    if len(flat) <= PUBLIC:
        return flat
    head = flat[: PUBLIC - 1]
    ends = (max(head.rfind(mark) for mark in ".;,"), head.rfind(" "), len(head))
    return head[: next(end for end in ends if end > PUBLIC // 2)].rstrip(" ,;")


def _read(text: str) -> str:
    """A text in the form that is checked: without accents, and with one form of each letter."""
    shown = _unaccented(visible(text).translate(dict.fromkeys(map(ord, _JOINERS))))
    return _unaccented(unicodedata.normalize("NFKD", _COLON.sub(":", shown)))


def _unaccented(text: str) -> str:
    """A text without combining marks. To normalize ten thousand of them in a row would take minutes."""
    return "".join(c for c in text if unicodedata.category(c) != "Mn")
