"""Names in addresses: a run is looked up among those that are there, and no path is ever made of what is asked for."""

from __future__ import annotations

from starlette.exceptions import HTTPException

import dreamplay as dp
from dreamplay.runs import labels
from dreamplay.storage.store import Place, Store


class Names:
    """The names of the runs in a store. A link in it leads elsewhere, and is none."""

    def __init__(self, home: Store) -> None:
        self._home = home

    def place(self, name: str) -> Place:
        """The place of a run.

        Raises:
            HTTPException: there is none (404).
        """
        place = self._home.named(name)
        if place and place.has("transcript.jsonl"):
            return place
        raise HTTPException(404, f"There is no run {name[:80]!r}.")

    def called(self, name: str) -> str:
        """The title that somebody gave a run, or its name, if there is none or the run is not here."""
        place = self._home.named(name)
        return (labels.read(place)[0].title if place else "") or name

    def run(self, name: str) -> dp.Run:
        """Read a run.

        Raises:
            HTTPException: there is none (404).
            RecordError: it is damaged.
        """
        return dp.Run.read(self.place(name))
