"""What a list asks of each of its runs, read for all of them at once when the first of them is asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dreamplay.storage.postgres import locks

if TYPE_CHECKING:
    from dreamplay.storage.postgres.database import Database

LASTS = 2.0
"""Seconds for which it is used. Afterwards each run is asked by itself."""
_SIZES = (
    "SELECT run, sum(bytes)::bigint FROM ("
    "SELECT run, sum(octet_length(line) + 1) AS bytes FROM dreamplay.events GROUP BY run"
    " UNION ALL SELECT run, sum(octet_length(line) + 1) FROM dreamplay.prompt_uses JOIN dreamplay.prompts USING (hash)"
    " GROUP BY run"
    " UNION ALL SELECT run, sum(octet_length(content)) FROM dreamplay.documents GROUP BY run"
    ") AS files GROUP BY run"
)
_CONTENTS = (
    "SELECT run, string_agg(content, ''::bytea ORDER BY seq) AS content FROM dreamplay.documents"
    " WHERE file = %(file)s GROUP BY run"
)


class Listing:
    """The runs of one list."""

    def __init__(self, database: Database, what: object) -> None:
        self._database, self._what = database, what
        self._until = time.monotonic() + LASTS
        self._known: dict[tuple[str, str], dict[int, Any]] = {}

    @property
    def fresh(self) -> bool:
        """Whether it can be asked."""
        return time.monotonic() < self._until

    def end(self) -> None:
        """Something was written: each run is asked by itself from now on."""
        self._until = 0.0

    def size(self, run: int) -> int:
        """See `Place.size`."""
        return int(self._all(_SIZES).get(run, 0))

    def holder(self, run: int) -> str | None:
        """See `Place.holder`."""
        found = self._all(locks.HELD).get(run)
        return None if found is None else locks.words(found)

    def content(self, run: int, file: str) -> bytes | None:
        """The content of a file that is no table of its own; None if there is none."""
        found: bytes | None = self._all(_CONTENTS, file).get(run)
        return found

    def _all(self, query: str, file: str = "") -> dict[int, Any]:
        key = query, file
        if key not in self._known:
            nothing: dict[int, Any] = {}
            self._known[key] = self._database.read(
                lambda from_: dict(from_.execute(query.encode(), {"file": file})), self._what, otherwise=nothing
            )
        return self._known[key]
