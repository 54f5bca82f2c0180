"""What is open between the characters of a run, to all or as far as some of them witnessed it."""

from __future__ import annotations

from dreamplay.analysis.references import check_role, last_event
from dreamplay.runs.transcript import RunLog
from dreamplay.threads.thread import Thread


def threads(record: RunLog, *roles: str, at: int | None = None) -> tuple[Thread, ...]:
    """Questions, requests, accusations, offers, promises and told secrets, and what became of them, in the order in
    which they began.

    Args:
        record: the run.
        roles: whose; what none of them witnessed is then left out, and with it what became of a thread there. None:
            everybody's.
        at: the last event that counts; None: that of the run.

    Raises:
        UsageError: no such role or event; the message says which there are.
    """
    last = last_event(record, at)
    for role in roles:
        check_role(record, role)
    known = record.script.joint_view(roles, ()).events if roles else record.script
    return record.ledger(event for event in known if event.id <= last).threads
