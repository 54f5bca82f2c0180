"""The ledger of open threads: who owes whom what, since when, and what has become of it.

It follows from events alone, so that a resumed run and a branch agree with it. The ledger of what a role witnessed
holds nothing that the role did not witness.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dreamplay.languages.english import ENGLISH
from dreamplay.languages.language import Language
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event
from dreamplay.schema.made_move import topics
from dreamplay.schema.story import Story
from dreamplay.threads.book import Book
from dreamplay.threads.thread import Thread


@dataclass(frozen=True)
class Ledger:
    """All threads of some events, in the order in which they began."""

    threads: tuple[Thread, ...] = ()

    @classmethod
    def of(
        cls, events: Iterable[Event], cast: Cast, language: Language = ENGLISH, story: Story | None = None
    ) -> Ledger:
        """The ledger of some events: of a whole script, or of what a role witnessed.

        Args:
            events: what happened, in order.
            cast: who plays.
            language: the language of the play, for the patterns of promises, accusations and offers.
            story: the story, for what may come out in its scenes. Without it there are no told secrets.
        """
        return Ledgers(cast, language, story).of(tuple(events))

    def open_for(self, role: str) -> list[Thread]:
        """The open questions, accusations and offers that are put to a role, the newest first."""
        return [each for each in self._newest() if each.open and each.demands and each.to == role]

    def newest_for(self, role: str) -> Thread | None:
        """The newest open question, accusation or offer that is put to a role."""
        return next(iter(self.open_for(role)), None)

    def owed_by(self, role: str) -> list[Thread]:
        """What a role still owes, the newest first: answers, and what they promised."""
        return [each for each in self._newest() if each.open and each.debtor == role]

    def owed_to(self, role: str) -> list[Thread]:
        """What is still owed to a role, the newest first: answers, and what they were promised."""
        return [each for each in self._newest() if each.open and each.creditor == role]

    def between(self, one: str, other: str) -> list[Thread]:
        """Whatever there is between two roles, the newest first."""
        return [each for each in self._newest() if {each.by, each.to} == {one, other}]

    def taken_up_by(self, event: int) -> list[Thread]:
        """The threads that an event took up."""
        return [each for each in self.threads if event in each.taken_up]

    def _newest(self) -> Iterator[Thread]:
        return reversed(self.threads)


@dataclass(frozen=True)
class Ledgers:
    """Makes the ledgers of one run. What it knows of a reader's earlier events it does not read again, so that a turn
    of a long play costs no more than one of a short play."""

    cast: Cast
    language: Language = ENGLISH
    story: Story | None = None
    _books: dict[Hashable, Book] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, events: Sequence[Event], reader: Hashable = ()) -> Ledger:
        """The ledger of some events.

        Args:
            events: what happened, in order, as far as the reader witnessed it.
            reader: whose events they are. It decides nothing but what is remembered between two calls.
        """
        told = tuple(events)
        book = self._books.get(reader)
        if book is None or book.read != told[: len(book.read)]:
            book = self._books[reader] = Book(self.cast, self.language, topics(self.story) if self.story else {})
        for event in told[len(book.read) :]:
            book.add(event)
        book.read = told
        return Ledger(tuple(book.threads))
