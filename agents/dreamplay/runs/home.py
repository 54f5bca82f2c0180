"""The store that is meant where none is named."""

from __future__ import annotations

from pathlib import Path

from dreamplay import settings as reading
from dreamplay.settings import Settings
from dreamplay.storage.opening import open_store
from dreamplay.storage.store import Store

_DEFAULT = "transcripts"


def opened(store: Store | str | Path | None = None) -> Store:
    """A store by its address; None: the one that is set, else `transcripts/`.

    Raises:
        SettingsError: the settings cannot be used.
        UsageError: there is no such kind of store, or something has to be installed first.
        RecordError: it cannot be reached or used.
    """
    if store is None or store == "":
        return chosen(reading.load())
    return open_store(store) if isinstance(store, str | Path) else store


def chosen(settings: Settings) -> Store:
    """The store that the settings name. It raises what `opened` does."""
    return open_store(address(settings))


def address(settings: Settings) -> str:
    """The address of the store that the settings name; it may have a password in it."""
    return settings.store.get_secret_value() if settings.store else _DEFAULT
