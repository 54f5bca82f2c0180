"""What a move does, taken apart: "asks Elara why nobody woke Leo" is a question to Elara, which begins with "why"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from dreamplay.languages.language import Language

Form = Literal["question", "request", "report", "act"]
"""A question; something that is asked for; something that is said to be so; anything else that a line does."""


@dataclass(frozen=True)
class MoveNote:
    """One move, in words that follow the speaker's name."""

    form: Form
    verb: str
    """The verb: "asks"."""
    to: str
    """The name of whoever it is said to; empty if nobody is named behind the verb."""
    matter: str
    """What is asked, asked for or said; of an act, all that follows the verb and the name."""
    word: str = ""
    """Of a question, the word with which it begins; of a request, the verb of what is to be done."""

    @property
    def told(self) -> str:
        """The verb and all that follows it but the name."""
        return f"{self.verb} {self.matter}"

    def begun(self, speaker: str, language: Language, *, aside: bool = False) -> str:
        """The words with which the speaker begins to say it; empty where that cannot be told.

        Args:
            speaker: the speaker's name.
            language: of the story.
            aside: whether the one it is said to has not just spoken, so that a question begins with the name.
        """
        if self.form == "question":
            found = None if self.word else language.auxiliary.search(self.matter)
            word = self.word or (found[0] if found else "")
            return f"{self.to}, {word.lower()}" if self.to and aside and word else _capital(word)
        if self.form == "report":
            first = self.matter.partition(" ")[0]
            return {speaker: "I", self.to: "You"}.get(first, _capital(first))
        forms = language.move_requests if self.form == "request" else language.move_acts
        told = self.matter if self.form == "request" else self.told
        words = next((begun for pattern, begun in forms if re.match(pattern, told)), "")
        return words or _capital(self.word)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def read(does: str, names: Collection[str], language: Language) -> MoveNote | None:
    """Take a move apart; None in a language whose moves are not known.

    Args:
        does: what it does, in words that follow the speaker's name, with names in place of roles.
        names: of the cast.
        language: of the story.
    """
    if not language.move_forms:
        return None
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
    for form, pattern in language.move_forms:
        if found := re.match(pattern.format(name=rf"(?P<to>{either})"), does.strip().rstrip(".")):
            parts = {key: value or "" for key, value in found.groupdict().items()}
            return MoveNote(form, parts["verb"], parts.get("to", ""), parts["matter"], parts.get("word", ""))
    return None
