"""The runs that a command lists: soon for a person at a terminal, and each read as a whole for a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dreamplay.rendering.console import piped, stdout
from dreamplay.rendering.output import say
from dreamplay.runs import run_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dreamplay.runs.run_summary import RunSummary
    from dreamplay.storage.store import Store

_SOON = 1.0
"""Seconds for reading runs that no list has read, the newest first, before a person sees a list."""
_MANY = 100
"""Runs that take longer than that."""


def known(store: Store, *, whole: bool = False) -> list[RunSummary]:
    """The runs in a store, the newest first.

    Args:
        store: where they are kept.
        whole: read all that no list has read, and say so if that takes a while; it is done once. In a pipe it always
            is. Else those for which there is no time are told at a first look: see `RunSummary.whole`.
    """
    whole = whole or piped(stdout())
    found = run_index.standings(store, 0 if whole else _SOON)
    unread = _unread(found)
    if not (whole and unread):
        return found
    if unread >= _MANY:
        say(f"reading {unread:,} runs for the first time")
    return run_index.standings(store)


def say_unread(listed: Sequence[RunSummary]) -> None:
    """Say how many of the runs that were listed were not read as a whole."""
    if unread := _unread(listed):
        say(f"{unread:,} of them were not read as a whole yet, which shows any damage; dreamplay runs --all reads them")


def _unread(runs: Sequence[RunSummary]) -> int:
    return sum(not run.whole for run in runs)
