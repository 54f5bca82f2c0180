"""Runs in a PostgreSQL database, in a schema of their own. It needs the extra `postgres`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dreamplay.storage.postgres.address import Address

if TYPE_CHECKING:
    from dreamplay.storage.postgres.store import PostgresStore


def open_store(address: str) -> PostgresStore:
    """The runs in the database at an address. It is reached when something is read or written.

    Raises:
        UsageError: the address cannot be understood, or the extra is not installed.
    """
    Address.read(address)  # says what is missing
    from dreamplay.storage.postgres import store

    return store.open_store(address)
