"""The stores that have to behave alike, and the server of those that are in a database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from dreamplay.storage.folders import FolderStore
from dreamplay.storage.opening import open_store
from dreamplay.storage.store import Store
from postgres_server import Server

OpenStore = Callable[[], Store]
"""Opens the same store, as a process of its own would."""
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server for all tests that need one."""
    if postgres_server.programs() is None:
        pytest.skip("no PostgreSQL server is installed; on Debian: apt install postgresql")
    with postgres_server.running() as started:
        yield started


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The address of an empty database."""
    address = server.database(f"test{next(_numbers)}")
    yield address
    open_store(address).close()


def _folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    yield lambda: FolderStore(tmp_path / "runs")


def _postgres(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    address = request.getfixturevalue("database")
    yield lambda: open_store(address)


STORES = {"folder": _folder, "postgresql": _postgres}
"""Each makes an empty store, says how it is opened, and removes it afterwards."""


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """How an empty store is opened."""
    yield from STORES[request.param](tmp_path, request)


@pytest.fixture
def store(opened: OpenStore) -> Store:
    """An empty store of each kind."""
    return opened()
