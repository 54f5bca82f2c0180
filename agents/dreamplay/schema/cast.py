"""Who plays: personas, and the cast that gives each role one. Frozen, and personas closed to unknown keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from pydantic import Field

from dreamplay.schema.authored import Authored
from dreamplay.schema.base import PLACEHOLDER, FrozenModel, Id, MoveAddress, Name, Text, folded
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.renaming import renamed
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.topic import Act

_KEPT = 8192
"""Texts of which it is kept whom they name: the director, the memory and the ledgers of all who heard a line ask."""


class PrivateSheet(FrozenModel):
    """What only the character knows. A shared dream pools fear and wish."""

    want: Text
    """What they want, in a sentence. Only they see it: when they decide, and on a larger model when they speak."""
    belief: Text
    """What they believe, in a sentence. Only they see it, like `want`. At a crossroads they choose by it, unless a move
    that they were led to say `favours` a choice."""
    fear: Text
    """The hidden fear, as an image that can be dreamt and not a label. A shared dream shows it to all who dream it. On
    a small model the first of two dreams leaves out its last clause, and the next one tells that clause alone: it names
    its things, and does not call them "it".
    """
    wish: Text
    """The hidden wish, in a sentence. A shared dream shows it as what is out of reach."""
    arc: dict[Id, Text] = Field(default_factory=dict, exclude_if=lambda arc: not arc)
    """Where they stand in each beat, by the beat's id, in a sentence. Only they see it, in that beat."""
    memories: tuple[Text, ...] = Field(min_length=1)
    """Memories that formed them, in the first person. One is recalled when the talk comes close to it."""


class OwnMove(FrozenModel):
    """What a persona says in place of a move of the story. Who answers, and what it decides, stays as in the story."""

    does: Text
    """What the line does, written as in a story: "tells {elara} that the tables must stay". Whoever answers the move of
    the story answers this, so it is said to the same person, of the same thing."""
    act: Act | None = Field(default=None, exclude_if=lambda value: value is None)
    """What it does, in one word, as in a story. If left out: what its words show."""
    favours: Id | None = Field(default=None, exclude_if=lambda value: value is None)
    """The choice of the story that it speaks for. If left out: none."""

    def __str__(self) -> str:
        return f"{self.does} (favours {self.favours})" if self.favours else self.does


class Persona(Authored):
    """Who a character is. The public sheet is known to the whole cast."""

    name: Name
    """The name, which stands before their lines. It is unique in a cast."""
    called: Name | None = Field(default=None, exclude_if=lambda called: called is None)
    """What the others call them, if not by the whole name: "Jürgen" for Jürgen Müller-Voß."""
    who: Text
    """What everybody knows of them, as a noun phrase: "a carpenter who sleeps the old way". In every prompt."""
    voice: Text
    """How they talk, in a short sentence. In every prompt."""
    talkativeness: float = Field(default=0.5, ge=0.05, le=1.0)
    """How readily they speak: their weight when the next speaker is drawn."""
    examples: tuple[Text, ...] = ()
    """Lines that they might say, for authors. No model is shown them, and a line that copies one is rejected."""
    tactics: tuple[Text, ...] = Field(min_length=1)
    """How they say things, in words that can follow "tells Leo": "drily", "with a shrug". Each cue has one."""
    material: tuple[Text, ...] = Field(min_length=1)
    """What they have to talk about: clauses in the third person that can follow "that", such as "his clock loses four
    minutes a day". Each of their cues has one, and none comes twice while others are left. Sixteen are enough.
    """
    private: PrivateSheet | None = None
    """The private sheet. A character without one brings no fear into a dream."""
    moves: dict[MoveAddress, OwnMove] = Field(default_factory=dict, exclude_if=lambda moves: not moves)
    """What they say in place of moves of a story, for a model that is led or guided. Each is called by the ids of the
    scene, the topic and the move: `morning.sheet.campaign`. Only they know it before it is said."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they go by: the whole name, and what the others call them."""
        return (self.name, self.called) if self.called else (self.name,)

    def renamed(
        self, name: str, called: str | None = None, *, was: Collection[str] = (), others: Collection[str] = ()
    ) -> Persona:
        """The same person by another name, in all of the sheet. The new name is not checked.

        Args:
            name: the new name.
            called: what the others call them now, if not by the whole name.
            was: names that they had besides.
            others: the names of other people, which stay as they are.
        """
        made = renamed(self, {*self.names, *was}, called or name, others)
        return made.model_copy(update={"name": name, "called": called})


@dataclass(frozen=True)
class Cast:
    """Who plays which role in this run: roles in the story's order, each with a persona, all names distinct."""

    personas: Mapping[str, Persona]

    def known_to(self, role: str) -> Cast:
        """The cast as one role knows it: without the private sheets of the others, what they will say, and where all
        that is written down. Every play of a cast asks for the same."""
        if role not in self._known_to:
            self._known_to[role] = self._without_secrets(role)
        return self._known_to[role]

    @cached_property
    def _known_to(self) -> dict[str, Cast]:
        """The cast as roles know it, by role, as far as it was asked for."""
        return {}

    def _without_secrets(self, role: str) -> Cast:
        hidden: dict[str, object] = {"private": None, "moves": {}, "material": (), "examples": ()}
        shown = {r: p.model_copy(update=hidden).read_from(None) for r, p in self.personas.items() if r != role}
        return Cast({r: shown.get(r, p) for r, p in self.personas.items()})

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, in the story's order."""
        return tuple(self.personas)

    @property
    def visitor(self) -> str | None:
        """The role of the visitor, if there is one."""
        return VISITOR if VISITOR in self.personas else None

    @property
    def characters(self) -> tuple[str, ...]:
        """The roles of the story: all but the visitor's."""
        return tuple(role for role in self.personas if role != VISITOR)

    def with_visitor(self, persona: Persona) -> Cast:
        """The cast with a visitor, who has the last place in it."""
        return Cast({**self.personas, VISITOR: persona})

    def name(self, role: str) -> str:
        """The name of whoever holds the role."""
        return self.personas[role].name

    def called(self, role: str) -> str:
        """What the others call whoever holds the role."""
        return self.personas[role].called or self.name(role)

    def listed(self, roles: Sequence[str]) -> str:
        """The names of some roles in a sentence: see `listed`."""
        return listed([self.name(role) for role in roles])

    def role_of(self, words: str) -> str | None:
        """The role that somebody means, whatever the case: by a name, else by the role itself, else by a part of a name
        that nobody else's name has.
        """
        return self._known.get(folded(words))

    def role_given(self, words: str) -> str | None:
        """The role that a command or a function is given, whatever the case: by the role itself, else by a whole name.
        A role comes first, since it means the same whoever plays it.
        """
        word = folded(words)
        whole = (role for role in self.roles if word in map(folded, self.names(role)))
        return word if word in self.personas else next(whole, None)

    @property
    def givable(self) -> tuple[str, ...]:
        """The roles for a message, each with the name of whoever plays it if that is another word."""
        names = {role: self.name(role) for role in self.roles}
        return tuple(role if role == folded(name) else f"{role} ({name})" for role, name in names.items())

    def lacks(self, given: str, where: str) -> str:
        """That a story or run has no such role, and which there are, for a message."""
        near = did_you_mean(folded(given), [*self.roles, *map(folded, self.all_names)])
        return f"no role {given[:40]!r} in this {where}{near}; it has {', '.join(self.givable)}"

    def addressed(self, text: str) -> tuple[str, str] | None:
        """The role that a text begins with, and what follows: "ann marie, the door". The longest name counts, so that
        what is meant for Ann Marie does not reach Ann.
        """
        ends = [hit.end() for hit in re.finditer(r"[^\s:,]+", text)]
        for end in reversed(ends):
            if role := self.role_of(text[:end]):
                return role, text[end:].lstrip(" ,:")
        return None

    def alike(self) -> tuple[str, str] | None:
        """Two roles that answer to one name; None if there are none."""
        taken: dict[str, str] = {}
        for role in self.roles:
            for name in self.names(role):
                if taken.setdefault(folded(name), role) != role:
                    return taken[folded(name)], role
        return None

    def names(self, role: str) -> tuple[str, ...]:
        """What whoever holds the role goes by: see `Persona.names`."""
        return self.personas[role].names

    @cached_property
    def all_names(self) -> tuple[str, ...]:
        """What everybody goes by, in the order of the cast."""
        return tuple(name for role in self.roles for name in self.names(role))

    @cached_property
    def _known(self) -> dict[str, str]:
        """The role for each form of address, folded. Roles take precedence over parts of names, and names over both."""
        owners: dict[str, set[str]] = {}
        for role in self.roles:
            for part in {folded(part) for name in self.names(role) for part in _parts(name)}:
                owners.setdefault(part, set()).add(role)
        parts = {part: next(iter(roles)) for part, roles in owners.items() if len(roles) == 1}
        return parts | {role: role for role in self.roles} | {folded(n): r for r in self.roles for n in self.names(r)}

    @cached_property
    def _mentions(self) -> tuple[re.Pattern[str], dict[str, str]]:
        """Every name with its role, the longest first."""
        owners = {name: role for role in self.roles for name in self.names(role)}
        longest = sorted(owners, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)"), owners

    def mentioned(self, text: str) -> tuple[str, ...]:
        """The roles whose names stand in the text as whole words, the last one named first: who is asked or called
        by name mostly comes at the end. "Ann Marie" names nobody called Ann.
        """
        names, owners = self._mentions
        found = _named(names, text)
        return tuple(dict.fromkeys([owners[name] for name in found])) if found else ()

    def nameless(self, text: str) -> str:
        """The text without the names of the cast, for comparisons: two lines are not similar because both name Leo."""
        return _without(self._mentions[0], text)

    def emptied(self, text: str) -> str:
        """The text with {role} for every name: what differs by names alone is the same."""
        names, owners = self._mentions
        return names.sub(lambda hit: f"{{{owners[hit[0]]}}}", text)

    def fill(self, text: str) -> str:
        """Put names where an author wrote {role}. Plain replacement: any other brace stays as it is."""
        return _filled(self._fillings, text) if "{" in text else text

    @cached_property
    def _fillings(self) -> tuple[tuple[str, str], ...]:
        """Every role with what stands for it in a text."""
        return tuple((role, self.called(role)) for role in self.roles)


@lru_cache(maxsize=_KEPT)
def _named(names: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The names in a text, the last one first."""
    return tuple(reversed(names.findall(text)))


@lru_cache(maxsize=_KEPT)
def _without(names: re.Pattern[str], text: str) -> str:
    """A text without these names."""
    return names.sub("", text)


@lru_cache(maxsize=_KEPT)
def _filled(names: tuple[tuple[str, str], ...], text: str) -> str:
    """A text with these names in place of roles."""
    known = dict(names)
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "Ada, Bo and Cyrus"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _parts(name: str) -> Iterator[str]:
    """Runs of the words of a name, and the halves of a hyphenated one."""
    words = name.split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield " ".join(words[start:end])
    yield from (half for word in words if "-" in word for half in word.split("-") if half)
