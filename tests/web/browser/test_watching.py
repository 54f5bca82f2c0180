"""A play is watched in a browser: as it is spoken, in two tabs, with the page loaded anew in the middle, and with the
server killed in the middle.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import served
from playwright.sync_api import Page, expect


def seen(page: Page) -> list[str]:
    """The events that stand on a page, by their numbers."""
    return page.locator("#script .event").evaluate_all("all => all.map(each => each.id)")


@pytest.mark.usefixtures("stopped")
def test_a_stopped_play_goes_on_and_is_the_same_in_two_tabs_and_after_a_reload(
    address: str, pace: served.Pace, tab: Callable[..., Page]
) -> None:
    one = tab(f"{address}/runs/first?view=author")
    one.get_by_role("button", name="Go on").click()
    expect(one.locator("#event-11")).to_be_attached()
    two = tab(f"{address}/runs/first?view=author")
    pace.let(4)
    expect(one.locator("#event-14")).to_be_attached()
    one.reload()
    expect(one.locator("#event-14")).to_be_attached()
    pace.let()
    for page in (one, two):
        expect(page.locator("#state")).to_contain_text("Finished")
    told = seen(one)
    assert told == seen(two)
    assert told == [f"event-{number}" for number in range(len(told))]
    one.reload()
    expect(one.locator(f"#{told[-1]}")).to_be_attached()
    assert seen(one) == told


@contextmanager
def server(home: Path, port: int, answers: int) -> Iterator[str]:
    """A server in a process of its own, which is killed at the end."""
    command = [sys.executable, served.__file__, str(home), str(port), str(answers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_a_server_that_is_killed_and_started_again_has_lost_nothing(stopped: Path, tab: Callable[..., Page]) -> None:
    with server(stopped.parent, 0, answers=5) as address:
        page = tab(f"{address}/runs/first?view=author")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#event-16")).to_be_attached()
        told = seen(page)
    expect(page.locator("#state")).to_contain_text("dreamplay open")
    with server(stopped.parent, int(address.rpartition(":")[2]), answers=1_000):
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#state")).to_contain_text("Finished")
        after = seen(page)
    assert after[: len(told)] == told
    assert after == [f"event-{number}" for number in range(len(after))]
