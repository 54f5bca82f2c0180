"""What a server said, as an error of one line with the next step."""

from __future__ import annotations

import re

import psycopg
from psycopg import errors

from dreamplay.errors import RecordError
from dreamplay.storage.postgres.address import Address

_AGAIN = "then use the same command again"
_KEPT = "what was played before is kept"
_WAYS_OUT = {
    "53100": f"its disk is full: make room there, {_AGAIN}",
    "53200": f"it has no memory left: {_AGAIN} when it has",
    "53300": "it has too many connections: play with fewer processes, or raise its max_connections",
    "25006": "it is read-only: give the address of a server that can be written to",
    "42501": "ask its owner for the right to do that; docs/stores.md has the commands",
    "57014": f"it is too slow: find out what keeps it busy, {_AGAIN}",
    "55P03": f"something else holds what is needed there: find out what, {_AGAIN}",
    "23503": "somebody has deleted the run there while it was played",
    "42P01": "a part of the schema dreamplay is missing there: restore it from a copy",
}
"""By the codes of SQL."""
_REFUSED = {
    r"password|authentication|no pg_hba|Peer": (
        "give the right user in the address, and the password there, in PGPASSWORD or in ~/.pgpass"
    ),
    r"database .* does not exist": "make it with createdb, or give another address",
    r"role .* does not exist": "give the right user in the address",
    r"too many|slots are reserved|connection limit": _WAYS_OUT["53300"],
    r"permission denied for database": _WAYS_OUT["42501"],
    r"resolve|translate host": "write the name of its host as it is known here",
    r"SSL|certificate": "see sslmode in the documentation of PostgreSQL",
}
"""By the words of a connection that was refused, for which no code is passed on."""
_STARTING = re.compile(r"starting up|shutting down|recovery mode|not (yet )?accepting|refused|closed|reset")
"""Words of a connection that was refused by a server that may be restarting."""
_GONE = f"see whether it runs and can be reached from here, {_AGAIN}"
_PASSING = ("08", "57P", "40001", "40P01", "57014", "55P03")
"""The beginnings of the codes of what may be over at the next attempt."""
_PREFIX = re.compile(r"^connection (?:failed|is bad): |^connection to server .*? failed: |^(?:FATAL|ERROR): +")


class SlowError(psycopg.OperationalError):
    """The server did not answer in time, not even that it is slow."""


def passing(error: psycopg.Error, *, met: bool) -> bool:
    """Whether it may be over at the next attempt: a server that is restarted or busy, or a connection that was lost.

    Args:
        error: what was said.
        met: whether the server was there before. If it was, whatever it says of a new connection may be over.
    """
    if isinstance(error, psycopg.InterfaceError):  # the connection was closed before
        return True
    if error.sqlstate or not isinstance(error, psycopg.OperationalError):
        return (error.sqlstate or "").startswith(_PASSING)
    return met or _STARTING.search(str(error)) is not None


def starts(error: psycopg.Error) -> bool:
    """Whether a server refused a connection since it is about to start or to stop: it is there."""
    return "the database system is " in str(error)


def cannot(do: str, what: object, address: Address, error: psycopg.Error) -> RecordError:
    """The error for what a server said.

    Args:
        do: what was tried, in words that can follow "cannot": "write to".
        what: to what, as messages call it.
        address: of the server.
        error: what it said.
    """
    words = said(error)
    for secret in (address.given.get("password"), address.given.get("sslpassword")):
        words = words.replace(secret, "…") if secret else words
    kept = _KEPT if do == "write to" else ""
    return RecordError(f"cannot {do} {what}: {'; '.join(filter(None, (words, kept, _way_out(error))))}")


def said(error: psycopg.Error) -> str:
    """The first line of what the server said, without who says it."""
    if isinstance(error, errors.UniqueViolation):
        return "another process has written to it"
    words = " ".join((str(error).strip() or type(error).__name__).splitlines()[:1])
    before = ""
    while before != words:
        before, words = words, _PREFIX.sub("", words)
    return words


def _way_out(error: psycopg.Error) -> str:
    if isinstance(error, SlowError):
        return _WAYS_OUT["57014"]
    if error.sqlstate and not error.sqlstate.startswith(("08", "57P")):
        return _WAYS_OUT.get(error.sqlstate, f"its code is {error.sqlstate}; see the log of the server")
    return next((way for words, way in _REFUSED.items() if re.search(words, str(error))), _GONE)
