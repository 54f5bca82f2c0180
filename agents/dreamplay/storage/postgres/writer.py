"""The one thread of this process that writes to a database: what all plays append in the meantime is one batch."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.batch import DO, Append, Batches, Stream
from dreamplay.storage.postgres.link import Connection, Link, Reach
from dreamplay.storage.postgres.locks import Locks
from dreamplay.storage.postgres.tables import Written

LINGER = 0.2
"""Seconds for which records wait for company that nobody waits for."""

T = TypeVar("T")


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
        self._batches = Batches(self._link, self.locks)
        self._jobs: list[Append | _Call] = []
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
            self._jobs.append(Append(stream, Written(stream.run, stream.file, stream.seq, records)))
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

    def call(self, work: Callable[[Connection], T], what: object, do: str = DO) -> T:
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
            batch: list[Append] = []
            for job in jobs:
                if isinstance(job, Append):
                    batch.append(job)
                else:
                    self._write(batch)
                    batch = []
                    job.work()
            self._write(batch)

    def _write(self, batch: list[Append]) -> None:
        """Write a batch, and wake those who wait for it."""
        try:
            self._batches.write(batch)
        finally:
            self._finish(batch)

    def _finish(self, batch: list[Append]) -> None:
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


def _release(those: Sequence[asyncio.Future[None]]) -> None:
    for each in those:
        if not each.done():
            each.set_result(None)
