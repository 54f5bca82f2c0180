"""The place of a run in a database; see `storage.store` for what each method does."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from dreamplay.errors import RecordError
from dreamplay.storage.postgres import locks, tables
from dreamplay.storage.postgres.batch import Stream
from dreamplay.storage.postgres.link import Connection
from dreamplay.storage.postgres.listing import Listing
from dreamplay.storage.postgres.tables import Written
from dreamplay.storage.postgres.writer import Writer
from dreamplay.storage.store import Stands

if TYPE_CHECKING:
    from datetime import datetime

    from dreamplay.storage.postgres.database import Database
    from dreamplay.storage.postgres.store import PostgresStore

T = TypeVar("T")


class PostgresJournal:
    """Appends records to a file of a run; a `Journal`."""

    def __init__(self, writer: Writer, stream: Stream) -> None:
        self._writer, self._stream = writer, stream

    def append(self, records: bytes) -> None:
        """See `Journal.append`. Readers in other processes see them when they are settled."""
        self._writer.append(self._stream, split(self._stream.file, records, self._stream.called))

    async def settled(self) -> None:
        """See `Journal.settled`."""
        if self._stream.forced:
            await self._writer.settled(self._stream)

    def drop(self, count: int) -> None:
        """See `Journal.drop`."""
        stream = self._stream
        self._writer.settle(stream)
        first = max(0, stream.seq - count)
        left = Written(stream.run, stream.file, first)
        self._writer.call(lambda to: tables.cut(to, left), stream.called)
        stream.seq = first

    def close(self) -> None:
        """See `Journal.close`."""
        self._writer.settle(self._stream)


@dataclass(frozen=True)
class PostgresPlace:
    """What is kept of one run."""

    name: str
    home: PostgresStore
    run: int | None = field(default=None, compare=False)
    """Its number, if a list has found it."""
    listing: Listing | None = field(default=None, compare=False, repr=False)
    """That list."""

    @property
    def _database(self) -> Database:
        return self.home.database

    def __str__(self) -> str:
        return f"{self.home}/{self.name}"

    def called(self, file: str) -> str:
        """See `Place.called`."""
        return f"{self}/{file}"

    def exists(self) -> bool:
        """See `Place.exists`."""
        return self._read(lambda _, run: True, otherwise=False)

    def is_link(self) -> bool:
        """See `Place.is_link`."""
        return False

    def has(self, file: str) -> bool:
        """See `Place.has`."""
        opened = self._database.opened
        return self._read(lambda to, run: (run, file) in opened or _last(to, run, file) is not None, otherwise=False)

    def read(self, file: str) -> bytes:
        """See `Place.read`."""
        if tables.table(file) is tables.DOCUMENTS and (seen := self._listed):
            content = seen[0].content(seen[1], file)
            if content is None:
                raise self._missing(file)
            return content
        return tables.join(file, self._records(file))

    def lines(self, file: str) -> list[bytes]:
        """See `Place.lines`."""
        if tables.table(file) is tables.DOCUMENTS:
            return self.read(file).split(b"\n")[:-1]
        return self._records(file)

    def journal(self, file: str, *, forced: bool, anew: bool = False) -> PostgresJournal:
        """See `Place.journal`. Nothing but a file can have its name."""

        def open_(to: Connection) -> Stream:
            run = self._number(to)
            last = _last(to, run, file)
            self._database.opened.add((run, file))
            return Stream(run, file, self.called(file), last[0] + 1 if last else 0, forced)

        return PostgresJournal(self._database.writer, self._write(open_))

    def replace(self, file: str, content: bytes) -> None:
        """See `Place.replace`."""
        records = split(file, content, self.called(file))

        def write(to: Connection) -> None:
            with to.transaction():
                written = Written(self._number(to), file, 0, records)
                tables.cut(to, written)
                if records:
                    tables.insert(to, [written])

        self._write(write)

    def remove(self, file: str) -> None:
        """See `Place.remove`."""

        def write(to: Connection) -> None:
            if (run := self._find(to)) is not None:
                tables.cut(to, Written(run, file))
                self._database.opened.discard((run, file))

        self._write(write)

    def hindrance(self, file: str) -> Literal[""]:
        """See `Place.hindrance`: what hinders is said when it is written."""
        return ""

    def stands(self, file: str) -> Stands:
        """See `Place.stands`."""

        def look(from_: Connection, run: int) -> Stands | None:
            last = _last(from_, run, file)
            return stands(run, *last) if last else None

        if found := self._read(look, otherwise=None):
            return found
        raise self._missing(file)

    def size(self) -> int:
        """See `Place.size`."""
        if seen := self._listed:
            return seen[0].size(seen[1])
        row = self._read(lambda from_, run: from_.execute(_SIZE, {"run": run}).fetchone(), otherwise=None)
        return int(row[0]) if row else 0

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """See `Place.hold`."""
        held, binned = self._database.writer.locks, self.home.binned
        run = self._write(lambda to: held.take(to, self.name, binned=binned, called=str(self)))
        try:
            yield
        finally:
            self._database.writer.let_go(run)

    def holder(self) -> str | None:
        """See `Place.holder`."""
        if seen := self._listed:
            return seen[0].holder(seen[1])
        return self._read(locks.holder, otherwise=None)

    @property
    def _listed(self) -> tuple[Listing, int] | None:
        """The list that it is from, as long as that can be asked, and its number there."""
        return (self.listing, self.run) if self.listing and self.run is not None and self.listing.fresh else None

    def _records(self, file: str) -> list[bytes]:
        def look(from_: Connection, run: int) -> list[bytes] | None:
            records = tables.tail(from_, Written(run, file))
            return records if records or (run, file) in self._database.opened else None

        found = self._read(look, otherwise=None)
        if found is None:
            raise self._missing(file)
        return found

    def _missing(self, file: str) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.called(file))

    def _find(self, from_: Connection) -> int | None:
        if self.run is not None:
            return self.run
        return locks.number(from_, self.name, binned=self.home.binned)

    def _number(self, to: Connection) -> int:
        return locks.made(to, self.name, binned=self.home.binned)

    def _read(self, ask: Callable[[Connection, int], T], *, otherwise: T) -> T:
        """What there is of the run; `otherwise` if there is no such run."""

        def work(from_: Connection) -> T:
            run = self._find(from_)
            return otherwise if run is None else ask(from_, run)

        return self._database.read(work, self, otherwise=otherwise)

    def _write(self, work: Callable[[Connection], T]) -> T:
        if self.listing:
            self.listing.end()
        return self._database.writer.call(work, self)


def stands(run: int, seq: int, at: datetime) -> Stands:
    """How a file stands of which this is the last record."""
    return Stands(at.timestamp(), (seq, int(at.timestamp() * 1e6), run))


def split(file: str, content: bytes, called: str) -> list[bytes]:
    """The records of a file.

    Raises:
        RecordError: they cannot be kept.
    """
    try:
        return tables.split(file, content)
    except ValueError as error:
        raise RecordError(f"cannot write to {called}: {error}; a database keeps nothing else") from None


def _last(from_: Connection, run: int, file: str) -> tuple[int, datetime] | None:
    row = from_.execute(tables.table(file).last.encode(), {"run": run, "file": file}).fetchone()
    return row and (row[0], row[1])


_SIZE = (
    "SELECT (SELECT coalesce(sum(octet_length(line) + 1), 0) FROM dreamplay.events WHERE run = %(run)s)"
    " + (SELECT coalesce(sum(octet_length(line) + 1), 0) FROM dreamplay.prompt_uses JOIN dreamplay.prompts USING (hash)"
    " WHERE run = %(run)s)"
    " + (SELECT coalesce(sum(octet_length(content)), 0) FROM dreamplay.documents WHERE run = %(run)s)"
)
