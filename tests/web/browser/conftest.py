"""What the tests in a browser have: a server on a folder of runs, a model that waits to be let go on, and tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import in_browser
import pytest
import served
from playwright.sync_api import Browser, ConsoleMessage, Page

Tabs = Callable[..., Page]
HALF = 12
"""Events of a run that was stopped."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not in_browser.installed():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"no browser is installed: {', '.join(in_browser.NAMES)}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module, and closed after the last of them: while it is open, no test can run a loop."""
    with in_browser.opened() as browser:
        yield browser


@pytest.fixture
def pace() -> Iterator[served.Pace]:
    """How fast the scripted model answers."""
    with served.paced() as pace:
        yield pace


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    """Where the page is served."""
    with served.page(home) as address:
        yield address


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tabs]:
    """Opens tabs, each of which is a window of its own, with what a context of Playwright takes. At the end, none of
    them may have asked for anything from elsewhere, or have said that something is wrong.
    """
    contexts, wrong = [], []

    def open_tab(address: str, **settings: Any) -> Page:
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if _matters(said) else None)
        page.on("request", lambda asked: None if asked.url.startswith(("data:", home)) else wrong.append(asked.url))
        home = "/".join(address.split("/")[:3]) + "/"
        page.goto(address)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert not wrong


def _matters(said: ConsoleMessage) -> bool:
    """Whether a message says that something is wrong, and not only that the server is not there."""
    return said.type in ("error", "warning") and "net::ERR_" not in said.text


@pytest.fixture
def stopped(first: Path) -> Path:
    """A run that was stopped after its first events."""
    lines = (first / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (first / "transcript.jsonl").write_bytes(b"".join(lines[: HALF + 1]))
    return first
