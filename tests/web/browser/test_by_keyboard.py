"""The stage by keyboard, and what it keeps in sight."""

from __future__ import annotations

from collections.abc import Callable

import in_browser
import pytest
import served
from playwright.sync_api import Page, expect


def below(page: Page) -> float:
    """Pixels of the page that lie below the window."""
    return float(page.evaluate("document.documentElement.scrollHeight - window.innerHeight - window.scrollY"))


@pytest.mark.usefixtures("stopped")
def test_a_play_is_followed_by_keyboard_alone(address: str, pace: served.Pace, tab: Callable[..., Page]) -> None:
    page = tab(f"{address}/runs/first?view=author", viewport=in_browser.PHONE)
    state = page.locator("#state")
    page.keyboard.press("p")
    expect(state).to_have_text("Playing.")
    pace.let(2)
    expect(page.locator("#event-12")).to_be_in_viewport()
    served.until(lambda: below(page) < 2)
    page.keyboard.press("p")
    expect(state).to_have_text("Pausing after this line.")
    pace.let()
    expect(state).to_have_text("Paused.")
    page.mouse.wheel(0, -3_000)
    expect(page.locator("#event-0")).to_be_in_viewport()
    last = page.locator("article").last.get_attribute("id")
    page.keyboard.press("n")
    expect(page.locator(f"#{last} ~ article").first).to_be_attached()
    expect(page.locator("#event-0")).to_be_in_viewport()  # who has scrolled up stays there
    expect(page.locator("#follow")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("article").last).to_be_focused()
    expect(page.locator("#follow")).to_be_hidden()
    page.keyboard.press("x")
    expect(state).to_contain_text("Stopped")


@pytest.mark.usefixtures("first")
def test_a_line_is_opened_and_closed_by_keyboard_and_single_keys_can_be_switched_off(
    address: str, tab: Callable[..., Page]
) -> None:
    page = tab(f"{address}/runs/first?view=author")
    page.keyboard.press("k")
    page.keyboard.press("k")
    line = page.locator("article:focus")
    number = line.get_attribute("data-event")
    page.keyboard.press("i")
    expect(page.locator("#panel")).to_contain_text(f"Line {number}")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    expect(page.get_by_role("button", name=f"Line {number}", exact=True)).to_be_focused()
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single keys do this").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator("#fold")).to_have_attribute("aria-pressed", "false")
    page.locator("#fold").click()
    expect(page.locator("#fold")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("#fold")).to_have_attribute("aria-pressed", "true")  # the browser keeps what one has chosen
