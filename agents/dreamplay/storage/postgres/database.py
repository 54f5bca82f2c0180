"""The database of this process's runs: one connection to read, and one to write, by a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dreamplay.storage.postgres import migrating
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.link import Connection, Link, Reach
from dreamplay.storage.postgres.writer import Writer

T = TypeVar("T")


class Database:
    """A database, which is reached when it is needed. Nothing is made in it by reading."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.reach = Reach()
        self.writer = Writer(address, lambda connection: migrating.migrate(connection, address), self.reach)
        self._reader = Link(address, self._look, self.reach)
        self._form = 0
        self.opened = set[tuple[int, str]]()
        """The files, by run and name, that were opened to append to, and are there though they may be empty."""

    def read(self, work: Callable[[Connection], T], what: object, *, otherwise: T) -> T:
        """Read something, after all that was written before by this process.

        Args:
            work: reads it.
            what: from what, as messages call it.
            otherwise: what is read where no run was ever kept.

        Raises:
            RecordError: it cannot be read.
        """

        def ask(connection: Connection) -> T:
            if not self._form:
                self._look(connection)
            return work(connection) if self._form else otherwise

        self.writer.flush()
        return self._reader.do(ask, do="read", what=what)

    def close(self) -> None:
        """Write what is left, and close the connections. They are opened again when they are needed."""
        self.writer.close()
        self._reader.close()
        self.reach.fault = None

    def _look(self, connection: Connection) -> None:
        self._form = migrating.stands(connection, self.address)
        if 0 < self._form < migrating.newest():
            migrating.migrate(connection, self.address)
