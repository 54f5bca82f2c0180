"""The locks of the runs that this process plays. A lock lives as long as the connection that took it; when the
connection was lost, they are taken again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg

from dreamplay.storage.postgres.link import Connection
from dreamplay.storage.store import SOMEBODY, taken

if TYPE_CHECKING:
    from dreamplay.errors import RecordError

_CLASS = "'dreamplay.runs'::regclass::oid::integer"
_TAKE = f"SELECT pg_try_advisory_lock({_CLASS}, %s)"
_LET_GO = f"SELECT pg_advisory_unlock({_CLASS}, %s)"
HELD = (
    "SELECT run, player FROM dreamplay.runs JOIN pg_locks ON objid = run::bigint::oid"
    " WHERE locktype = 'advisory' AND classid = 'dreamplay.runs'::regclass AND objsubid = 2 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""The runs that are held, and who said last that they hold them."""
_NUMBER = "SELECT run FROM dreamplay.runs WHERE (name, binned) = (%s, %s)"
_MAKE = "INSERT INTO dreamplay.runs (name, binned) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_EMPTY = (
    "DELETE FROM dreamplay.runs WHERE run = %(run)s"
    " AND NOT EXISTS (SELECT FROM dreamplay.events WHERE run = %(run)s)"
    " AND NOT EXISTS (SELECT FROM dreamplay.prompt_uses WHERE run = %(run)s)"
    " AND NOT EXISTS (SELECT FROM dreamplay.documents WHERE run = %(run)s)"
)
_ATTEMPTS = 3
OURS = 5.0
"""Seconds for the server to end the session that was lost, with its locks."""
_BETWEEN = 0.05


class Locks:
    """The locks of a connection. All methods are called by the one thread that uses the connection."""

    def __init__(self) -> None:
        self._held: dict[int, str] = {}
        """Run to how messages call it."""
        self.lost: dict[int, RecordError] = {}
        """The runs that another process has taken while the connection was lost."""
        self._session: tuple[int, datetime] | None = None

    def take(self, connection: Connection, name: str, *, binned: bool, called: str) -> int:
        """Take the lock of a run, which is made if there is none, and return its number.

        Raises:
            RecordError: somebody plays it.
        """
        player = _player()
        for _ in range(_ATTEMPTS):
            run = made(connection, name, binned=binned)
            if run in self._held or not _true(connection, _TAKE, run):
                raise taken(called, holder(connection, run))
            mine = connection.execute(
                "UPDATE dreamplay.runs SET player = %s WHERE run = %s AND (name, binned) = (%s, %s)",
                (player, run, name, binned),
            ).rowcount
            if mine:
                self._held[run] = called
                self.lost.pop(run, None)
                return run
            connection.execute(_LET_GO, (run,))  # whoever had it has removed it, or it was put in the bin
        raise taken(called, None)

    def let_go(self, connection: Connection, run: int, *, tidy: bool) -> None:
        """Let go of a run, and remove it if it is to be `tidy` and nothing was kept in it."""
        if tidy and run in self._held:
            with contextlib.suppress(psycopg.Error):  # it is in nobody's way
                connection.execute(_EMPTY, {"run": run})
        connection.execute(_LET_GO, (run,))

    def forget(self, run: int) -> None:
        """A run is not held any more: it was let go of, or its session is lost."""
        self._held.pop(run, None)
        self.lost.pop(run, None)

    def again(self, connection: Connection) -> None:
        """Take on a new connection what the last one held."""
        if self._session and self._held:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (%s, %s)",
                self._session,
            )
        until = time.monotonic() + OURS
        for run, called in list(self._held.items()):
            while not _true(connection, _TAKE, run):
                if time.monotonic() > until:
                    self.lost[run] = taken(called, holder(connection, run))
                    del self._held[run]
                    break
                time.sleep(_BETWEEN)
        row = connection.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        self._session = row and (row[0], row[1])


def holder(connection: Connection, run: int) -> str | None:
    """Who plays a run, in words; None if nobody does."""
    row = connection.execute(f"{HELD} AND run = %s".encode(), (run,)).fetchone()
    return None if row is None else words(row[1])


def words(player: str) -> str:
    """Who holds a run, as messages say it."""
    return player or SOMEBODY


def number(connection: Connection, name: str, *, binned: bool) -> int | None:
    """The number of a run; None if there is none."""
    row = connection.execute(_NUMBER, (name, binned)).fetchone()
    return None if row is None else int(row[0])


def made(connection: Connection, name: str, *, binned: bool) -> int:
    """The number of a run, which is made if there is none."""
    run = number(connection, name, binned=binned)
    while run is None:
        connection.execute(_MAKE, (name, binned))
        run = number(connection, name, binned=binned)
    return run


def _true(connection: Connection, query: str, run: int) -> bool:
    row = connection.execute(query.encode(), (run,)).fetchone()
    return bool(row and row[0])


def _player() -> str:
    since = datetime.now().astimezone()
    return f"process {os.getpid()} on {socket.gethostname()} since {since:%H:%M on %Y-%m-%d}"
