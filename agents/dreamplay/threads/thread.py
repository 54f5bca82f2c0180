"""A thread: something that one character has put to another, and what has become of it."""

from __future__ import annotations

from typing import Literal

from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.provenance import Place

ThreadKind = Literal["question", "request", "accusation", "offer", "promise", "secret"]
"""What it is. A request asks for something without a question mark. An invitation is an offer; a secret is one that has
been told."""
ThreadState = Literal["open", "answered", "dodged", "kept", "broken", "told", "let_go"]
"""What has become of it. A question, a request, an accusation or an offer is answered, dodged or let go; a promise is
kept, broken or let go; a secret is told."""


class Thread(FrozenModel):
    """Something that one character has put to another. Only its witnesses know of it."""

    kind: ThreadKind
    """What it is."""
    by: str
    """The role that asks, accuses, offers, promises or tells."""
    to: str | None
    """The role that it is put to, promised or told to; None if it is nobody in particular."""
    words: Words
    """The words, as they were spoken; of a reflection, as they were thought."""
    since: Place
    """The id of the event with which it began."""
    beat: str
    """The id of the beat in which it began."""
    scene: str
    """The id of the scene in which it began."""
    state: ThreadState = "open"
    """What has become of it."""
    taken_up: tuple[Place, ...] = ()
    """The ids of the events that took it up, in order."""
    witnesses: tuple[str, ...] = ()
    """The roles that witnessed the event with which it began."""

    @property
    def open(self) -> bool:
        """Whether something is still owed."""
        return self.state == "open"

    @property
    def demands(self) -> bool:
        """Whether it asks for an answer: a question, a request, an accusation or an offer."""
        return self.kind in ("question", "request", "accusation", "offer")

    @property
    def debtor(self) -> str | None:
        """Who owes something by it: whoever promised, or whoever is to answer; None if nobody does."""
        return self.by if self.kind == "promise" else self.to if self.demands else None

    @property
    def creditor(self) -> str | None:
        """To whom it is owed."""
        return self.to if self.kind == "promise" else self.by if self.demands else None
