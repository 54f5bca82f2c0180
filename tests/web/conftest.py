"""What the tests of the page have: a folder of runs, an application that reads it, and somebody who asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dreamplay as dp
import pytest
import worlds
from dreamplay.web.app import make_app
from fastapi import FastAPI
from served import HOST
from starlette.testclient import TestClient


@pytest.fixture
def home() -> Path:
    """The folder of the runs, empty."""
    folder = Path("transcripts")
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def _first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("played")
    return dp.play(worlds.write(there / "small"), model="scripted", seed=7, out=there / "first").folder


@pytest.fixture
def first(home: Path, _first: Path) -> Path:
    """A run that was played to its end, named "first", of the small story."""
    return Path(shutil.copytree(_first, home / "first"))


@pytest.fixture
def app(home: Path) -> FastAPI:
    """The application."""
    return make_app(home, frozenset({HOST}))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Asks as the page itself does."""
    headers = {"HX-Request": "true", "Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    with TestClient(app, f"http://{HOST}", headers=headers, follow_redirects=False) as asking:
        yield asking
