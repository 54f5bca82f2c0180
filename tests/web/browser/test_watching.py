"""A play is watched in a browser: as it is spoken, in two tabs, and with the page loaded anew in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import served
from playwright.sync_api import Page, expect

HALF = 12
"""Events of a run that was stopped."""


@pytest.fixture
def stopped(first: Path) -> Path:
    """A run that was stopped after its first events."""
    lines = (first / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (first / "transcript.jsonl").write_bytes(b"".join(lines[: HALF + 1]))
    return first


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
