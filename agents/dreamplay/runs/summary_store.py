"""Summaries that were made before, in one file of a folder of runs: a list of a thousand reads no transcript twice.

The file is only a shortcut: it can be deleted at any time, and where it cannot be read or written nothing is missed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
from pathlib import Path

from dreamplay.runs.run_summary import RunSummary
from dreamplay.schema.base import FrozenModel
from dreamplay.storage import disk

FILE = ".index.json"
_FORM = 1
"""Raised when summaries of the same transcript change."""


class _Kept(FrozenModel):
    stands: tuple[int, int, int]
    """See `_stands`."""
    summary: RunSummary


class _Content(FrozenModel):
    form: str
    home: str
    """The folder of the runs as it was called: it stands in what is said of damaged ones."""
    runs: dict[str, _Kept]


class SummaryStore:
    """The summaries of the runs in a folder.

    Args:
        home: the folder.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        # Another version may tell something else of the same transcript, or understand more of them.
        self._form = f"{_FORM}, dreamplay {importlib.metadata.version('dreamplay')}"
        self._runs: dict[str, _Kept] = {}
        self._new = 0
        with contextlib.suppress(OSError, ValueError):
            content = _Content.model_validate_json(disk.read(home / FILE))
            if content.form == self._form:
                here = content.home == str(home)  # what is said of a damaged run names the folder as it was called
                self._runs = {name: kept for name, kept in content.runs.items() if here or not kept.summary.why}

    def get(self, name: str, stat: os.stat_result) -> RunSummary | None:
        """The summary of a run; None if there is none, or its transcript has changed since.

        Args:
            name: of the run's folder.
            stat: what the system says of its transcript.
        """
        kept = self._runs.get(name)
        return kept.summary if kept and kept.stands == _stands(stat) else None

    def put(self, summary: RunSummary, stat: os.stat_result) -> None:
        """Keep a summary, of a transcript of which the system said this before it was read."""
        self._runs[summary.name] = _Kept(stands=_stands(stat), summary=summary)
        self._new += 1
        if summary.whole and self._new % 100 == 0:  # if it is broken off, not everything is read again
            self._write()

    def close(self, names: set[str]) -> None:
        """Write what is new, without the runs that are gone.

        Args:
            names: of the runs that are there.
        """
        if self._new or not self._runs.keys() <= names:
            self._runs = {name: kept for name, kept in self._runs.items() if name in names}
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # a folder that only others may write to
            content = _Content(form=self._form, home=str(self._home), runs=self._runs)
            disk.replace(self._home / FILE, content.model_dump_json().encode())


def _stands(stat: os.stat_result) -> tuple[int, int, int]:
    """What changes with a file: its size, when it was written to, and when it or its permissions changed."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
