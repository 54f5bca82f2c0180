"""Opening a store by its address: a folder, or a URL whose scheme says what it is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from dreamplay.errors import UsageError
from dreamplay.storage import disk
from dreamplay.storage.folders import FolderStore
from dreamplay.storage.store import Store

_SCHEMES = {"postgresql": "dreamplay.storage.postgres", "postgres": "dreamplay.storage.postgres"}
"""Scheme of a URL to the module whose `open_store` opens it."""
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_url(address: str) -> bool:
    """Whether an address is a URL, and no folder."""
    return _URL.match(address) is not None


def open_store(address: str | Path) -> Store:
    """The store at an address. A folder need not be there yet.

    Raises:
        UsageError: there is no such kind of store, a file is in its place, or something has to be installed first.
        RecordError: it cannot be reached or used.
    """
    found = _URL.match(address) if isinstance(address, str) else None
    if found is None:
        disk.check_folder(Path(address))
        return FolderStore(Path(address))
    scheme = found[1].lower()
    if scheme not in _SCHEMES:
        raise UsageError(f"no store is reached by {scheme[:20]}://; name a folder, or a postgresql:// address")
    store: Store = importlib.import_module(_SCHEMES[scheme]).open_store(address)
    return store
