"""What runs are kept in: a store holds a place for each run, and a place holds named files.

A store is a folder of folders or a database. Whoever reads or writes a run does it through these protocols, and does
not know which. A file that is appended to (a journal) can also be read whole and replaced whole, and the other way
round: its lines are its records.

Errors, of every method: `OSError` with its number for what the system refuses (`FileNotFoundError` for what is not
there), and `RecordError`, in words, for anything else, such as a database that is gone. `disk.cannot` puts the former
in words.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from dreamplay.errors import RecordError

SOMEBODY = "another process"


@dataclass(frozen=True)
class Stands:
    """How a file stands, without its content."""

    written: float
    """When it was written to last, in seconds since 1970 (UTC)."""
    mark: tuple[int, int, int]
    """Differs after each change of the file: of a file on disk its size, and when it and its permissions changed."""


class Journal(Protocol):
    """The records of one file, which are only appended to. When it is opened, half a record that a crash has left at
    its end is removed.
    """

    def append(self, records: bytes) -> None:
        """Write one or more records, each with its newline, all or none. They are seen by every reader from now on,
        and outlive this process. If the journal is forced, they begin to be made durable.

        Raises:
            RecordError: they cannot be written; nothing has changed.
        """

    async def settled(self) -> None:
        """Wait until all that was appended is durable, so that it outlives a power cut. Nothing is waited for if the
        journal is not forced, or all is durable already.

        Raises:
            RecordError: it cannot be made durable. What was appended since it last was is gone from the journal.
        """

    def drop(self, count: int) -> None:
        """Remove so many records from the end."""

    def close(self) -> None:
        """Make durable what is not yet, and close it. A journal that is closed already stays so.

        Raises:
            RecordError: see `settled`.
        """


class Place(Protocol):
    """What is kept of one run. Its text is how messages call it: "transcripts/mindsync-7". It has no password in it."""

    @property
    def name(self) -> str:
        """The name of the run."""

    @property
    def home(self) -> Store:
        """The store that it lies in."""

    def called(self, file: str) -> str:
        """How messages call a file of it: "transcripts/mindsync-7/transcript.jsonl"."""

    def exists(self) -> bool:
        """Whether anything has its name, a run or something else."""

    def is_link(self) -> bool:
        """Whether it only leads to another place, which may lie outside of the store."""

    def has(self, file: str) -> bool:
        """Whether there is such a file."""

    def read(self, file: str) -> bytes:
        """The content of a file."""

    def lines(self, file: str) -> list[bytes]:
        """The records of a file, without their newlines. What follows the last newline was cut by a crash, and is left
        out."""

    def journal(self, file: str, *, forced: bool, anew: bool = False) -> Journal:
        """Open a file for appending. It is made if it is not there.

        Args:
            file: its name.
            forced: whether what is appended is to outlive a power cut; see `Journal.settled`.
            anew: whether something in its place that is no file is taken away first.
        """

    def replace(self, file: str, content: bytes) -> None:
        """Write a whole file, which is durable then, or change nothing."""

    def remove(self, file: str) -> None:
        """Remove a file, if it is there."""

    def hindrance(self, file: str) -> Literal["", "sealed", "foreign"]:
        """Whether something hinders the writing of a file: it cannot be written to, or it is something else than a
        file, which `journal(anew=True)` takes away."""

    def stands(self, file: str) -> Stands:
        """How a file stands."""

    def size(self) -> int:
        """Bytes of all that is kept of the run."""

    def hold(self) -> AbstractContextManager[None]:
        """Hold the run, so that nobody else plays it. It is let go of when the process ends, however that ends. The
        place is made, and removed afterwards if nothing was kept in it.

        Raises:
            RecordError: somebody else holds it, who is named; see `taken`.
        """

    def holder(self) -> str | None:
        """Who plays the run at this moment, in words; None if nobody does."""


class Store(Protocol):
    """Where runs are kept. Its text is how messages call it, without a password."""

    def places(self, file: str) -> list[tuple[Place, Stands]]:
        """All places with a file, and how it stands, the one that was written to last first; those in the bin are
        left out."""

    def place(self, name: str) -> Place:
        """The place of a name, whether it exists or not."""

    def holds(self, place: Place) -> bool:
        """Whether a place is one of this store."""

    def named(self, name: str) -> Place | None:
        """The place with exactly that name, which may come from a stranger; None if there is none, or only something
        that leads elsewhere, such as a link."""

    def bin(self) -> Store:
        """The store of the runs in the bin."""

    def receive(self, place: Place) -> Place:
        """Move a place from the bin of this store, or into this bin from its store; under a name with a number if its
        own is taken. It returns where it is now."""

    def kept(self, file: str) -> bytes:
        """What is kept of the store itself, beside the runs."""

    def keep(self, file: str, content: bytes) -> None:
        """Keep something of the store itself, such as what was read of all runs. Nothing is lost if it is lost."""


def taken(place: object, holder: str | None) -> RecordError:
    """The error for a run that somebody else plays."""
    return RecordError(f"{place} is being played by {holder or SOMEBODY}; wait until it ends, or stop it there")


def check_free(place: Place) -> None:
    """Check that nobody plays a run.

    Raises:
        RecordError: somebody does; the message says who.
    """
    if holder := place.holder():
        raise taken(place, holder)
