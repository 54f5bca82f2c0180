"""The roles and events of a run that somebody asks about, and what is said if there are none such."""

from __future__ import annotations

from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog


def last_event(record: RunLog, at: int | None) -> int:
    """The last event that counts: the one that was asked for, or that of the run, or -1 if nothing has happened.

    Raises:
        UsageError: there is no such event.
    """
    last = len(record.script) - 1
    if at is None:
        return last
    if not 0 <= at <= last:
        raise UsageError(f"`at={str(at)[:20]}`: no such event; this run has {numbers(last + 1)}")
    return at


def role_in(record: RunLog, given: str) -> str:
    """The role of a run that is given by itself or by a name; see `Cast.role_given`.

    Raises:
        UsageError: there is none.
    """
    role = record.cast.role_given(str(given))
    if role is None:
        raise UsageError(record.cast.lacks(str(given), "run"))
    return role


def numbers(count: int) -> str:
    """The numbers of so many events, in words."""
    return f"events 0 to {count - 1}" if count else "no events"
