"""What all tests have: the options of the run, a closed network, an empty folder, and small stories."""

from __future__ import annotations

import ipaddress
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.models.scripted import ScriptedModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.story import Story


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dreamplay")
    group.addoption("--run-slow", action="store_true", help="run the long forms of the tests too (alone: -m slow)")
    group.addoption(
        "--seed", type=int, dest="explored", metavar="N",
        help="the seed from which the long forms explore; without it a new one, which is printed",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if config.option.explored is None:
        config.option.explored = random.randrange(1_000_000)  # here, so that all workers are given the same


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for the whole suite, each with a core of a small machine; for some tests alone their start would
    cost more than they gain."""
    return 2 if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword else 0


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [_seed(config)] if config.option.run_slow else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.run_slow and terminalreporter.stats.get("failed"):
        terminalreporter.write_line(_seed(config))


def _seed(config: pytest.Config) -> str:
    return f"the long forms explore from a seed: again with --run-slow --seed {config.option.explored}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.option.run_slow:
        slow = pytest.mark.skip(reason="a long form: --run-slow")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(slow)
    items.sort(key=lambda item: "embedded" not in item.keywords)  # what takes longest is not left to the end


@pytest.fixture
def explored(request: pytest.FixtureRequest) -> int:
    """The seed of a long form that explores: a new one in each run, or the one that was given."""
    return int(request.config.option.explored)


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reaches anything but this machine. An attempt fails there, and again at the end of the test, since
    a client may turn the first failure into an error of its own."""
    attempts: list[str] = []

    def refuse(host: object) -> None:
        try:
            local = host in (None, "", "localhost") or ipaddress.ip_address(str(host)).is_loopback
        except ValueError:
            local = False
        if not local:
            attempts.append(str(host))
            raise RuntimeError(f"the network is closed in tests: {host}")

    def guarded(call: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple):
                refuse(address[0])
            return call(self, address)

        return connect

    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(host)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    assert not attempts


@pytest.fixture(autouse=True)
def clean_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to stand in, and an environment that says nothing. Where the model is kept stays as it is."""
    for name in list(os.environ):
        ours = name.startswith(("DREAMPLAY_", "OPENAI_")) and name != "DREAMPLAY_CACHE"
        if ours or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def story() -> Story:
    return casting.load_story("mindsync")


@pytest.fixture(scope="session")
def cast(story: Story) -> Cast:
    return casting.cast(story)


@pytest.fixture
def scripted() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A story for three, in files of its own."""
    return worlds.write(tmp_path / "small", roles=3)


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """The same, in which somebody goes, somebody comes, and something is whispered."""
    return worlds.write(tmp_path / "staged", roles=3, change=worlds.stage)
