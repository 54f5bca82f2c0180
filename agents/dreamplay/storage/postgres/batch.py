"""A batch: what was appended to the files of runs in the meantime, written in one transaction.

A connection that is lost in the middle of a commit leaves open whether it was committed. So before anything is sent
again, the runs are locked again, and it is looked up what is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import errors

from dreamplay.errors import RecordError
from dreamplay.storage.postgres import faults, tables
from dreamplay.storage.postgres.link import Connection, Link
from dreamplay.storage.postgres.locks import Locks
from dreamplay.storage.postgres.tables import Written

DO = "write to"
"""What is being done, in messages."""
_WAY_OUT = "what is there is kept; use the same command again"
_ATTEMPTS = 3
_SPOILING = (errors.IntegrityError, errors.DataError)
"""Errors of one record that undo the whole transaction."""


@dataclass
class Stream:
    """What is appended to one file of a run."""

    run: int
    file: str
    called: str
    """How messages call it."""
    seq: int
    """The place of the next record."""
    forced: bool
    waiting: int = 0
    """Appends that are not written yet."""
    fault: RecordError | None = None
    """Why nothing more can be written."""
    asleep: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = field(default_factory=list)


@dataclass(frozen=True)
class Append:
    """Records that follow those of a stream."""

    stream: Stream
    written: Written


class Batches:
    """Writes batches through a link, each run only while its lock is held."""

    def __init__(self, link: Link, locks: Locks) -> None:
        self._link, self._locks = link, locks

    def write(self, batch: list[Append]) -> None:
        """Write all of a batch in one transaction. What cannot be written keeps nothing else from being written."""
        left = [each for each in batch if not each.stream.fault]
        sent = False

        def work(connection: Connection) -> None:
            nonlocal left, sent
            left = self._still_ours(left)
            left = self._missing(connection, left) if sent else left
            sent = True
            try:
                self._insert(connection, left)
            except _SPOILING:
                for run in {each.written.run for each in left}:
                    self._write_alone(connection, [each for each in left if each.written.run == run])

        try:
            if left:
                self._link.do(work, do=DO, what=left[0].stream.called)
        except RecordError as error:
            _fail(left, error)
        except Exception as error:
            _fail(left, RecordError(f"cannot write to {left[0].stream.called}: {error!r}; that is a bug in dreamplay"))

    def _write_alone(self, connection: Connection, left: list[Append]) -> None:
        """Write what belongs to one run, of a batch of which something was refused."""
        for attempt in range(_ATTEMPTS):
            left = self._missing(connection, left)
            try:
                self._insert(connection, left)
                break
            except _SPOILING as error:
                # It may be that a session that was lost commits only now: then all of it is there at the next look.
                if attempt == _ATTEMPTS - 1 or not isinstance(error, errors.UniqueViolation):
                    _fail(left, faults.cannot(DO, left[0].stream.called, self._link.address, error))
                    break

    def _still_ours(self, left: list[Append]) -> list[Append]:
        """Without the runs that another process has taken while the connection was lost."""
        for each in left:
            if lost := self._locks.lost.get(each.written.run):
                _fail([each], lost)
        return [each for each in left if not each.stream.fault]

    def _insert(self, connection: Connection, left: list[Append]) -> None:
        if left:
            tables.insert(connection, [each.written for each in left])

    def _missing(self, connection: Connection, left: list[Append]) -> list[Append]:
        """What is not written yet, though it may have been sent. A stream in which something else stands was written to
        by another process, and is left."""
        missing = []
        streams = {id(each.stream): each.stream for each in left}
        for stream in streams.values():
            own = [each for each in left if each.stream is stream]
            sent = [record for each in own for record in each.written.records]
            there = tables.tail(connection, own[0].written)
            if not there:
                missing += own
            elif there != sent:
                _fail(own, RecordError(f"{stream.called} was written to by another process; {_WAY_OUT}"))
        return missing


def _fail(appends: Sequence[Append], error: RecordError) -> None:
    for each in appends:
        each.stream.fault = each.stream.fault or error
