"""The bin: a store inside that of the runs, whose runs no list shows. Nothing is ever deleted."""

from __future__ import annotations

from pathlib import Path

from dreamplay.errors import RecordError
from dreamplay.runs.transcript import FILE
from dreamplay.storage import disk
from dreamplay.storage.folders import at, store_at
from dreamplay.storage.store import Place, Store, check_free


def put(where: Place | Path) -> Place:
    """Put a run in the bin, and return where it is now.

    Raises:
        RecordError: somebody plays it, or it cannot be moved.
    """
    place = at(where)
    check_free(place)
    return place.home.bin().receive(place)


def take_back(name: str, home: Store | Path) -> Place:
    """Take a run out of the bin, and return where it is now: under a name with a number if there is a new run of its
    own name.

    Args:
        name: of the run in the bin.
        home: the store of the runs.

    Raises:
        RecordError: it is not in the bin, or cannot be moved.
    """
    store = store_at(home)
    found = store.bin().named(name)
    if found is None or not found.has(FILE):
        raise RecordError(f"no run {name[:80]!r} in the bin, {disk.short(store.bin())}")
    return store.receive(found)
