"""The stores that have to behave alike, and the server of those that are in a database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
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


STORES = ("folder", "postgresql")


@pytest.fixture(params=STORES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    return str(tmp_path / "runs" if request.param == "folder" else request.getfixturevalue("database"))


@pytest.fixture
def opened(address: str) -> OpenStore:
    """How an empty store is opened."""
    return lambda: open_store(address)


@pytest.fixture
def store(opened: OpenStore) -> Store:
    """An empty store of each kind."""
    return opened()
