"""A database of runs; see `storage.store` for what each method does."""

from __future__ import annotations

import atexit
import errno
import os
import re
from dataclasses import dataclass
from itertools import count

from psycopg import errors

from dreamplay.errors import RecordError
from dreamplay.storage.postgres import locks, place
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.database import Database
from dreamplay.storage.postgres.link import Connection
from dreamplay.storage.postgres.listing import Listing
from dreamplay.storage.postgres.place import PostgresPlace
from dreamplay.storage.postgres.tables import table
from dreamplay.storage.store import Place, Stands

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")
_databases: dict[tuple[str, int], Database] = {}
"""One for each address: all plays of a process share its thread."""


@dataclass(frozen=True)
class PostgresStore:
    """The runs in a database, or those in its bin."""

    database: Database
    binned: bool = False

    def __str__(self) -> str:
        return f"{self.database.address}{' (bin)' if self.binned else ''}"

    @property
    def address(self) -> str:
        """How another process opens it, which has the password from its own environment."""
        return self.database.address.open

    def places(self, file: str) -> list[tuple[Place, Stands]]:
        """See `Store.places`."""
        query = table(file).runs.encode()

        def look(from_: Connection) -> list[tuple[Place, Stands]]:
            listing, found = Listing(self.database, self), list[tuple[Place, Stands]]()
            for name, run, seq, at in from_.execute(query, {"binned": self.binned, "file": file}):
                found.append((PostgresPlace(name, self, run, listing), place.stands(run, seq, at)))
            return found

        return self.database.read(look, self, otherwise=[])

    def place(self, name: str) -> PostgresPlace:
        """See `Store.place`.

        Raises:
            RecordError: no run can have that name.
        """
        if not _possible(name):
            raise RecordError(f"no run can be called {name[:80]!r} in {self}; leave out slashes and control characters")
        return PostgresPlace(name, self)

    def holds(self, place: Place) -> bool:
        """See `Store.holds`."""
        return isinstance(place, PostgresPlace) and place.home == self

    def named(self, name: str) -> PostgresPlace | None:
        """See `Store.named`."""
        return found if _possible(name) and (found := PostgresPlace(name, self)).exists() else None

    def bin(self) -> PostgresStore:
        """See `Store.bin`."""
        return PostgresStore(self.database, binned=True)

    def receive(self, place: Place) -> PostgresPlace:
        """See `Store.receive`.

        Raises:
            RecordError: it cannot be moved.
        """
        assert isinstance(place, PostgresPlace)
        before = place.home.binned

        def move(to: Connection) -> str:
            run = locks.number(to, place.name, binned=before)
            if run is None:
                raise RecordError(f"cannot move {place}: there is none")
            for number in count(1):
                name = place.name if number == 1 else f"{place.name}-{number}"
                try:
                    to.execute(
                        "UPDATE dreamplay.runs SET (name, binned) = (%s, %s) WHERE run = %s", (name, self.binned, run)
                    )
                except errors.UniqueViolation:
                    continue
                return name
            raise AssertionError

        return PostgresPlace(self.database.writer.call(move, place, "move"), self)

    def kept(self, file: str) -> bytes:
        """See `Store.kept`."""
        query = "SELECT content FROM dreamplay.kept WHERE (binned, file) = (%s, %s)"
        row = self.database.read(
            lambda from_: from_.execute(query, (self.binned, file)).fetchone(), self, otherwise=None
        )
        if row is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"{self}/{file}")
        content: bytes = row[0]
        return content

    def keep(self, file: str, content: bytes) -> None:
        """See `Store.keep`."""
        query = (
            "INSERT INTO dreamplay.kept VALUES (%s, %s, %s)"
            " ON CONFLICT (binned, file) DO UPDATE SET content = excluded.content"
        )
        self.database.writer.call(lambda to: to.execute(query, (self.binned, file, content)), self)

    def close(self) -> None:
        """Write what is left, and close the connections. They are opened again when they are needed."""
        self.database.close()


def open_store(address: str) -> PostgresStore:
    """The runs in the database at an address. It is reached when something is read or written.

    Raises:
        UsageError: the address cannot be understood.
    """
    read = Address.read(address)
    key = address, os.getpid()  # not what a process has before it is forked
    if key not in _databases:
        _databases[key] = Database(read)
        atexit.register(_databases[key].close)
    return PostgresStore(_databases[key])


def _possible(name: str) -> bool:
    """Whether a run may have a name: one that can be the name of a folder, too."""
    return _NAME.fullmatch(name) is not None and name not in (".", "..")
