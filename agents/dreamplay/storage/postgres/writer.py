"""The one thread of this process that writes to a database: what all plays append in the meantime is one transaction.

A connection that is lost in the middle of a commit leaves open whether it was committed. So before anything is sent
again, the runs are locked again, and it is looked up what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from psycopg import errors

from dreamplay.errors import RecordError
from dreamplay.storage.postgres import faults, tables
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.link import Connection, Link, Reach
from dreamplay.storage.postgres.locks import Locks
from dreamplay.storage.postgres.tables import Written

LINGER = 0.2
"""Seconds for which records wait for company that nobody waits for."""
_DO = "write to"
_WAY_OUT = "what is there is kept; use the same command again"
_ATTEMPTS = 3
_SPOILING = (errors.IntegrityError, errors.DataError)
"""Errors of one record that undo the whole transaction."""

T = TypeVar("T")


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
class _Append:
    stream: Stream
    written: Written


@dataclass(frozen=True)
class _Call:
    work: Callable[[], None]


class Writer:
    """Writes what is appended, in order, and does other things with its connection in between.

    Args:
        address: of the server.
        opened: what is done with each new connection, before the locks are taken again.
        reach: of the server.
    """

    def __init__(self, address: Address, opened: Callable[[Connection], None], reach: Reach) -> None:
        self.locks = Locks()

        def ready(connection: Connection) -> None:
            opened(connection)
            self.locks.again(connection)

        self._link = Link(address, ready, reach)
        self._jobs: list[_Append | _Call] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._urgent = self._busy = self._closed = False

    def append(self, stream: Stream, records: Sequence[bytes]) -> None:
        """Begin to write records.

        Raises:
            RecordError: an earlier one of the stream could not be written.
        """
        with self._changed:
            if stream.fault:
                raise stream.fault
            self._jobs.append(_Append(stream, Written(stream.run, stream.file, stream.seq, records)))
            stream.seq += len(records)
            stream.waiting += 1
            self._wake(urgent=stream.forced)

    async def settled(self, stream: Stream) -> None:
        """Wait until all that was appended to a stream is written.

        Raises:
            RecordError: it could not be.
        """
        with self._changed:
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            if stream.waiting:
                stream.asleep.append((loop, done))
                self._wake(urgent=True)
            else:
                done.set_result(None)
        await done
        if stream.fault:
            raise stream.fault

    def settle(self, stream: Stream) -> None:
        """As `settled`, for those who cannot await."""
        with self._changed:
            if stream.waiting:
                self._wake(urgent=True)
            self._changed.wait_for(lambda: not stream.waiting)
        if stream.fault:
            raise stream.fault

    def call(self, work: Callable[[Connection], T], what: object, do: str = _DO) -> T:
        """Do something with the connection, after all that was appended before, and wait for it. It may be done twice;
        see `Link.do`.

        Raises:
            RecordError: it cannot be done.
        """
        return self._wait(lambda: self._link.do(work, do=do, what=what))

    def let_go(self, run: int) -> None:
        """Let go of a run, if the connection is still there: if not, its lock is gone with it."""

        def work() -> None:
            tidy = self._link.reach.fault is None
            self._link.once(lambda connection: self.locks.let_go(connection, run, tidy=tidy))
            self.locks.forget(run)

        self._wait(work)

    def _wait(self, work: Callable[[], T]) -> T:
        """Have the thread do something, after all that was appended before, and wait for it."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        with self._changed:
            self._jobs.append(_Call(run))
            self._wake(urgent=True)
        return done.result()

    def flush(self) -> None:
        """Wait until all that was appended is written, or cannot be."""
        with self._changed:
            idle = not self._jobs and not self._busy
        if not idle:
            self.call(lambda _: None, "")

    def close(self) -> None:
        """Write what is left, and close the connection. The writer can be used again afterwards."""
        with self._changed:
            thread, self._closed = self._thread, True
            self._changed.notify_all()
        if thread:
            thread.join()

    def _wake(self, *, urgent: bool) -> None:
        """Have the thread run, and look at what there is. The caller holds the lock."""
        if self._thread is None:
            self._closed = False
            self._thread = threading.Thread(target=self._run, name="dreamplay-postgres", daemon=True)
            self._thread.start()
        if urgent and not self._urgent:
            self._urgent = True
            self._changed.notify_all()
        elif len(self._jobs) == 1:
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if not self._urgent and not self._closed:
                    self._changed.wait_for(lambda: self._urgent or self._closed, LINGER)
                jobs, self._jobs, self._urgent = self._jobs, [], False
                if not jobs:
                    self._thread = None
                    self._link.close()
                    return
                self._busy = True
            batch: list[_Append] = []
            for job in jobs:
                if isinstance(job, _Append):
                    batch.append(job)
                else:
                    self._write(batch)
                    batch = []
                    job.work()
            self._write(batch)

    def _write(self, batch: list[_Append]) -> None:
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
                self._link.do(work, do=_DO, what=left[0].stream.called)
        except RecordError as error:
            _fail(left, error)
        except Exception as error:
            _fail(left, RecordError(f"cannot write to {left[0].stream.called}: {error!r}; that is a bug in dreamplay"))
        finally:
            self._finish(batch)

    def _write_alone(self, connection: Connection, left: list[_Append]) -> None:
        """Write what belongs to one run, of a batch of which something was refused."""
        for attempt in range(_ATTEMPTS):
            left = self._missing(connection, left)
            try:
                self._insert(connection, left)
                break
            except _SPOILING as error:
                # It may be that a session that was lost commits only now: then all of it is there at the next look.
                if attempt == _ATTEMPTS - 1 or not isinstance(error, errors.UniqueViolation):
                    _fail(left, faults.cannot(_DO, left[0].stream.called, self._link.address, error))
                    break

    def _still_ours(self, left: list[_Append]) -> list[_Append]:
        """Without the runs that another process has taken while the connection was lost."""
        for each in left:
            if lost := self.locks.lost.get(each.written.run):
                _fail([each], lost)
        return [each for each in left if not each.stream.fault]

    def _insert(self, connection: Connection, left: list[_Append]) -> None:
        if left:
            tables.insert(connection, [each.written for each in left])

    def _missing(self, connection: Connection, left: list[_Append]) -> list[_Append]:
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

    def _finish(self, batch: list[_Append]) -> None:
        """Wake those who wait for what was written, or could not be."""
        asleep: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        with self._changed:
            for stream in (each.stream for each in batch):
                stream.waiting -= 1
                if not stream.waiting:
                    for loop, done in stream.asleep:
                        asleep.setdefault(loop, []).append(done)
                    stream.asleep.clear()
            self._changed.notify_all()
        for loop, those in asleep.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(_release, those)


def _fail(appends: Sequence[_Append], error: RecordError) -> None:
    for each in appends:
        each.stream.fault = each.stream.fault or error


def _release(those: Sequence[asyncio.Future[None]]) -> None:
    for each in those:
        if not each.done():
            each.set_result(None)
