"""Who plays: personas, and the cast that gives each role one. Frozen, and personas closed to unknown keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import Field

from dreamplay.value import PLACEHOLDER, Name, Text, Value


class Private(Value):
    """The private sheet: nobody but the character herself, and the dream that pools it, is told of this."""

    want: Text
    belief: Text
    fear: Text
    """The hidden fear: an image that can be dreamt, rather than a label."""
    wish: Text
    memories: tuple[Text, ...] = Field(min_length=1)
    """Formative memories, in the first person."""


class Persona(Value):
    """Who a character is. The public sheet is known to the whole cast."""

    name: Name
    who: Text
    """A noun phrase, what everybody knows: «a carpenter who sleeps the old way»."""
    voice: Text
    talkativeness: float = Field(default=0.5, ge=0.05, le=1.0)
    """Weight in the director's choice of the next speaker."""
    examples: tuple[Text, ...] = Field(min_length=1)
    """Lines this persona might say."""
    tactics: tuple[Text, ...] = Field(min_length=1)
    """How this persona meets a pressure, in words that can follow «tells her»: «drily», «with a shrug»."""
    material: tuple[Text, ...] = Field(min_length=1)
    """That-clauses in the third person: what this persona has to talk about."""
    private: Private | None = None
    """None for somebody of whom nothing hidden is known, as of one who comes from a character card."""


@dataclass(frozen=True)
class Cast:
    """Who plays which role in this run: roles in the story's order, each with a persona, all names distinct."""

    personas: Mapping[str, Persona]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, in the story's order."""
        return tuple(self.personas)

    def name(self, role: str) -> str:
        """The name of whoever holds the role."""
        return self.personas[role].name

    def listed(self, roles: Sequence[str]) -> str:
        """The names of some roles in a sentence: «Ada, Bo and Cyrus»."""
        *others, last = [self.name(role) for role in roles]
        return f"{', '.join(others)} and {last}" if others else last

    def role_of(self, word: str) -> str | None:
        """The role that a word means: its own name, or the name of whoever holds it, in small letters or large."""
        wanted = " ".join(word.split()).casefold()
        return next((r for r, p in self.personas.items() if wanted in (r, p.name.casefold())), None)

    @cached_property
    def _mentions(self) -> dict[str, re.Pattern[str]]:
        return {role: re.compile(rf"(?<!\w){re.escape(p.name)}(?!\w)") for role, p in self.personas.items()}

    def mentioned(self, text: str) -> tuple[str, ...]:
        """The roles whose names stand in the text as whole words, the last one named first: who is asked or called
        by name mostly comes at the end.
        """
        found = {role: hits[-1].start() for role, p in self._mentions.items() if (hits := list(p.finditer(text)))}
        return tuple(sorted(found, key=found.__getitem__, reverse=True))

    def nameless(self, text: str) -> str:
        """The text without the names of the cast, for what goes by likeness: two lines to Leo are not alike by that."""
        for name in self._mentions.values():
            text = name.sub("", text)
        return text

    def fill(self, text: str) -> str:
        """Put names where an author wrote {role}. Plain replacement: any other brace stays as it is."""
        return PLACEHOLDER.sub(lambda m: self.name(m[1]) if m[1] in self.personas else m[0], text)
