"""Languages: the words and patterns that belong to one natural language, each language in modules of its own."""

from functools import cache

from dreamplay.languages.english import ENGLISH
from dreamplay.languages.language import Language


@cache
def get(code: str) -> Language:
    """The language with a code; one without any words if none are known here."""
    return ENGLISH if code == ENGLISH.code else Language(code)


__all__ = ["ENGLISH", "Language", "get"]
