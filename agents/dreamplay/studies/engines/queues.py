"""Queueing systems: what they say of the jobs that were submitted to them."""

from __future__ import annotations

import asyncio
import getpass
import re
import subprocess
from typing import NamedTuple

_ANSWERED = 10.0
"""Seconds in which a queue has to answer."""


class Listing(NamedTuple):
    """The jobs of a user that a queue has, by number."""

    alive: set[str]
    """Those that wait or run."""
    refused: set[str]
    """Those that it could not start, and starts no more until somebody tells it to."""


class _Refusal(NamedTuple):
    """How a queue tells of a job that it could not start."""

    state: str
    """A pattern in the job's line of the listing."""
    details: tuple[str, ...]
    """The command that says why, followed by the number of the job."""
    reason: str
    """The pattern of a line in which it does."""


class Queue(NamedTuple):
    """What is known of a queueing system."""

    listing: tuple[str, ...]
    """The command that lists the jobs of a user, whose name follows: each in a line that begins with its number."""
    output: str
    """The file in which a job's errors are if nothing else is said."""
    refusal: _Refusal | None = None

    async def listed(self) -> Listing | None:
        """The jobs of this user; None if the queue does not say."""
        try:
            told = await _asked(*self.listing, getpass.getuser())
        except (KeyError, OSError):  # the user has no name
            return None
        if told is None:
            return None
        jobs: list[tuple[str, str]] = re.findall(r"^\s*(\d+)(.*)", told, re.MULTILINE)
        refused = {number for number, line in jobs if self.refusal and re.search(self.refusal.state, line)}
        return Listing({number for number, _ in jobs} - refused, refused)

    async def why(self, job: str) -> str:
        """Why a job could not be started, in the words of the queue; empty if it does not say."""
        assert self.refusal
        told = await _asked(*self.refusal.details, job)
        found = re.search(self.refusal.reason, told or "", re.MULTILINE)
        return found[1] if found else ""


QUEUES = {
    "slurm": Queue(("squeue", "-h", "-o", "%i", "-u"), "slurm-{job}.out"),
    "pbs": Queue(("qselect", "-u"), "{name}.e{job}"),
    "sge": Queue(
        ("qstat", "-u"), "{name}.o{job}",
        _Refusal(
            state=r"\sE\w*\s+\d+[/-]",  # Eqw, before a date
            details=("qstat", "-j"),
            reason=r"^error reason\s+\d+:\s+(?:\S+ \S+ \[[\d:]+\]: )?(?:error: )?(.+)",
        ),
    ),
}  # fmt: skip
"""By section of a cluster's file. No other is asked: its jobs are taken to wait until a worker of theirs comes."""


async def _asked(*command: str) -> str | None:
    """What a command of the queue prints; None if it fails or does not answer."""
    try:
        told = await asyncio.to_thread(
            subprocess.run, command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=True, timeout=_ANSWERED,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return str(told.stdout)
