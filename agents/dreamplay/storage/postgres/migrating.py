"""The form of a store in a database: which one it has, and the steps to the newest."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from dreamplay.errors import RecordError
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.link import Connection

_STEPS = files("dreamplay.storage.postgres.migrations")
_LOOK = (
    "SELECT current_setting('server_encoding'),"
    " EXISTS (SELECT FROM pg_tables WHERE (schemaname, tablename) = ('dreamplay', 'versions'))"
)  # not to_regclass, which may remember within a transaction that there was none
_SCHEMA = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'dreamplay')"
_LOCK = 0x64726561  # one process at a time makes the steps


def newest() -> int:
    """The form that this version writes."""
    return max(_steps())


def stands(connection: Connection, address: Address) -> int:
    """The form that a store has; 0 if there is none.

    Raises:
        RecordError: it is newer than ours, or its database does not keep Unicode.
    """
    encoding, there = _first(connection, _LOOK)
    if encoding != "UTF8":
        raise RecordError(
            f"{address} keeps text as {encoding}, which cannot hold every transcript; make another database with: "
            "CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0"
        )
    if not there:
        return 0
    (version,) = _first(connection, "SELECT coalesce(max(version), 0) FROM dreamplay.versions")
    if version > newest():
        raise RecordError(
            f"{address} was made by a newer dreamplay (form {version}, this one knows {newest()}); upgrade dreamplay"
        )
    return int(version)


def migrate(connection: Connection, address: Address) -> None:
    """Bring a store to the newest form, in one transaction.

    Raises:
        RecordError: see `stands`.
    """
    if stands(connection, address) == newest():
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        version = stands(connection, address)  # another process may have been first
        if version == 0 and not _first(connection, _SCHEMA)[0]:
            connection.execute("CREATE SCHEMA dreamplay")
        if version == 0:
            connection.execute(
                "CREATE TABLE dreamplay.versions (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
            )
        for number, script in sorted(_steps().items()):
            if number > version:
                connection.execute(script.encode())
                connection.execute("INSERT INTO dreamplay.versions VALUES (%s)", (number,))


def _steps() -> dict[int, str]:
    """Number to script."""
    found = [file for file in _STEPS.iterdir() if file.name.endswith(".sql")]
    return {int(file.name.partition("_")[0]): file.read_text(encoding="utf-8") for file in found}


def _first(connection: Connection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row
