"""A connection to a server, which is opened when it is needed, and again after it was lost.

No wait is without bound: the server is told after how long to give up, and one that does not even say that is left.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from dreamplay.errors import RecordError
from dreamplay.storage.postgres import faults
from dreamplay.storage.postgres.address import Address

PATIENCE = 60.0
"""Seconds for which a server that was there before is looked for again; as all that follow."""
FIRST = 5.0
"""For one that was never there and says nothing: it may be restarting."""
REST = 10.0
"""After it was looked for in vain. Many plays that end since it is gone do not each wait for it."""
_STATEMENT = 20.0
"""For one statement."""
SILENCE = 30.0
"""For any answer at all."""
_SHORTEST, _LONGEST = 0.1, 2.0
"""Between two attempts."""
_SESSION = {
    "statement_timeout": f"{_STATEMENT * 1000:.0f}",
    "lock_timeout": f"{_STATEMENT * 500:.0f}",
    # A machine that is gone without a word frees what it held within about half a minute, and not after two hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "tcp_user_timeout": "30000",  # the same for one that vanished while an answer was on its way to it
    "search_path": "pg_catalog",
}
_DEFAULTS = {
    "fallback_application_name": "dreamplay",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",  # milliseconds
}
"""Of the connection, in seconds, unless its address says something else."""

T = TypeVar("T")


class Connection(psycopg.Connection[TupleRow]):
    """A connection that waits for an answer only so long."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """See psycopg.

        Raises:
            SlowError: no answer in time.
        """
        return super().wait(_bounded(gen), *args, **kwargs)


@dataclass
class Reach:
    """What is known of a server, to all connections to it."""

    met: bool = False
    """Whether it was there before."""
    rest: float = 0.0
    """Until when, by the clock of `time.monotonic`, it is not looked for, since it was in vain."""
    fault: RecordError | None = None
    """What was said then."""


class Link:
    """A connection that comes back. It is used by several threads in turn.

    Args:
        address: of the server.
        opened: what is done with each new connection, before anything else.
        reach: of the server.
    """

    def __init__(self, address: Address, opened: Callable[[Connection], None], reach: Reach) -> None:
        self.address = address
        self._opened, self.reach = opened, reach
        self._connection: Connection | None = None
        self._lock = threading.RLock()

    def do(self, work: Callable[[Connection], T], *, do: str, what: object) -> T:
        """Do something, and again if the connection was lost: so it must be something that may be done twice.

        Args:
            work: what to do.
            do: what it is, in words that can follow "cannot": "read".
            what: with what, as messages call it.

        Raises:
            RecordError: the server refuses it, or is gone, or stays busy.
        """
        with self._lock:
            reach, begun, pause = self.reach, time.monotonic(), _SHORTEST
            if reach.fault and begun < reach.rest:
                raise RecordError(str(reach.fault))
            patience = 0.0 if reach.fault else PATIENCE if reach.met else FIRST
            while True:
                try:
                    done = work(self._open())
                except psycopg.Error as error:
                    if not self._answers(error):
                        self.close()
                    passing = faults.passing(error, met=reach.met)
                    patience = PATIENCE if faults.starts(error) else patience
                    if passing and time.monotonic() + pause < begun + patience:
                        time.sleep(pause)
                        pause = min(pause * 2, _LONGEST)
                        continue
                    fault = faults.cannot(do if error.sqlstate else "reach", what, self.address, error)
                    if passing:
                        reach.fault, reach.rest = fault, time.monotonic() + REST
                    raise fault from None
                reach.fault = None
                return done

    def once(self, work: Callable[[Connection], None]) -> None:
        """Do something if the connection is open, and only try it."""
        with self._lock:
            if self._connection and not self._connection.closed:
                try:
                    work(self._connection)
                except psycopg.Error as error:
                    if not self._answers(error):
                        self.close()

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._connection:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self.close()
            given = {**_DEFAULTS, **self.address.given, "client_encoding": "UTF8"}
            connection = Connection.connect(make_conninfo(**given), autocommit=True)
            try:
                each = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
                connection.execute(f"SELECT {each}".encode())
                self._opened(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            self.reach.met = True
        return self._connection

    def _answers(self, error: psycopg.Error) -> bool:
        """Whether the connection is as good as before."""
        return not (isinstance(error, faults.SlowError) or self._connection is None or self._connection.closed)


def _bounded(gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    until = time.monotonic() + SILENCE
    try:
        state = next(gen)
        while True:
            ready = yield state
            if not ready and time.monotonic() > until:
                raise faults.SlowError(f"no answer within {SILENCE:.0f} s")
            state = gen.send(ready)
    except StopIteration as end:
        value: T = end.value
        return value
