"""Names in patterns: a name as a whole, and told from the word that it also is.

Somebody may be called Will, Hope or May, «Ann» beside «Ann Marie», «O'Neill», or even «I».
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dreamplay.validation.ngrams import words

_FUNCTION_WORDS = frozenset(
    words("""
a all am an and are as at be but by can do for he her him his i if in is it its me my no nobody not of on one or our
she so somebody that the their them then there they this to us was we what who with yes you your
""")
)
"""Words that say nothing of anybody: whoever is called so is never known by it."""
_WORDS = frozenset(
    words("""
amber angel april art ash august autumn basil bear bill blue bob buck bud cash chance charity chase chip chuck clay
cliff cook crystal daisy dale dash dawn dean destiny don drew duke earl eve echo faith fern flint ford forest fox frank
gale gay gene ginger glen grace grant guy harmony harry heath heather holly honor hope hunter iris ivy jack jade jasmine
jay jewel jolly josh joy june king lance liberty lily love luna major march mark max may melody mercy miles mission
moon moss neal nick night noble nova ocean olive otter page pat patience pearl peg penny pepper phoenix pierce pip
poppy precious prudence queen rain raven ray red reed rich river rob robin rock rocky rose ruby rush rusty sage sandy
shadow sky skip sonny star stone storm sue summer sunny temple terry tide true trinity victor violet wade ward will
winter wolf wood woody wren young
""")
)
"""Words that people are called by."""


def whole(names: Iterable[str]) -> str:
    """A pattern of any of these names, each as a whole, the longest first, whichever apostrophe it is written with.
    Without a name it matches nothing.
    """
    longest = sorted(set(names), key=len, reverse=True)
    either = "|".join(re.escape(name).replace("'", "['\u2019]") for name in longest)
    return rf"(?<![\w-])(?:{either})(?![\w-])" if either else "(?!)"


def alone(name: str, cast: Collection[str]) -> str:
    """A pattern of a name where it is not part of somebody else's: «Ann» and not «Ann Marie»."""
    longer = [other for other in cast if other != name]
    after = "".join(rf"(?!{re.escape(each[len(name) :])})" for each in longer if each.startswith(f"{name} "))
    before = "".join(rf"(?<!{re.escape(each[: -len(name)])})" for each in longer if each.endswith(f" {name}"))
    return f"{before}{whole([name])}{after}"


def says_nothing(name: str) -> bool:
    """Whether a name is a word of nearly every line («I», «You», «One»): no pattern can tell who is called so."""
    return name.casefold() in _FUNCTION_WORDS


def is_word(name: str, heard: Collection[str] = ()) -> bool:
    """Whether a name is also a word: one that we know, or one that somebody has said in small letters."""
    small = name.lower()
    if small in _WORDS or says_nothing(name):
        return True
    return small != name and any(re.search(whole([small]), text) for text in heard if small in text)
