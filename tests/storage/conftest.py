"""The stores that have to behave alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dreamplay.storage.folders import FolderStore
from dreamplay.storage.store import Store

OpenStore = Callable[[], Store]
"""Opens the same store, as a process of its own would."""


def _folder(tmp_path: Path) -> Iterator[OpenStore]:
    yield lambda: FolderStore(tmp_path / "runs")


STORES = {"folder": _folder}
"""Each makes an empty store, says how it is opened, and removes it afterwards."""


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """How an empty store is opened."""
    yield from STORES[request.param](tmp_path)


@pytest.fixture
def store(opened: OpenStore) -> Store:
    """An empty store of each kind."""
    return opened()
