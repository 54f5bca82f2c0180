"""Summaries that were made before, in one file of a store: a list of a thousand runs reads no transcript twice.

The file is only a shortcut: it can be deleted at any time, and where it cannot be read or written nothing is missed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata

from dreamplay.runs.run_summary import RunSummary
from dreamplay.schema.base import FrozenModel
from dreamplay.storage.store import Stands, Store

FILE = ".index.json"
_FORM = 1
"""Raised when summaries of the same transcript change."""


class _Kept(FrozenModel):
    stands: tuple[int, int, int]
    """The mark of the transcript; see `Stands`."""
    summary: RunSummary


class _Content(FrozenModel):
    form: str
    home: str
    """The store as it was called: it stands in what is said of damaged ones."""
    runs: dict[str, _Kept]


class SummaryStore:
    """The summaries of the runs in a store.

    Args:
        home: the store.
    """

    def __init__(self, home: Store) -> None:
        self._home = home
        # Another version may tell something else of the same transcript, or understand more of them.
        self._form = f"{_FORM}, dreamplay {importlib.metadata.version('dreamplay')}"
        self._runs: dict[str, _Kept] = {}
        self._new = 0
        with contextlib.suppress(OSError, ValueError):
            content = _Content.model_validate_json(home.kept(FILE))
            if content.form == self._form:
                here = content.home == str(home)  # what is said of a damaged run names the store as it was called
                self._runs = {name: kept for name, kept in content.runs.items() if here or not kept.summary.why}

    def get(self, name: str, stands: Stands) -> RunSummary | None:
        """The summary of a run; None if there is none, or its transcript has changed since.

        Args:
            name: of the run.
            stands: how its transcript stands.
        """
        kept = self._runs.get(name)
        return kept.summary if kept and kept.stands == stands.mark else None

    def put(self, summary: RunSummary, stands: Stands) -> None:
        """Keep a summary, of a transcript that stood so before it was read."""
        self._runs[summary.name] = _Kept(stands=stands.mark, summary=summary)
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
            self._home.keep(FILE, content.model_dump_json().encode())
