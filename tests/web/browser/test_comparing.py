"""Comparing: runs are chosen at home, and stand side by side, or below one another on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import in_browser
from playwright.sync_api import Locator, Page, expect


def test_runs_are_chosen_compared_and_put_into_other_groups(
    address: str, tab: Callable[..., Page], first: Path
) -> None:  # fmt: skip
    parent = dp.load_run(first)
    take = dp.play(parent.branch(at=parent.lines[-1].id, seed=8)).folder.name
    dp.list_runs()  # which the page then need not read, and show anew
    page = tab(address, viewport=in_browser.DESK)
    for box in page.get_by_role("checkbox", name="Choose").all():
        box.check()
    page.get_by_role("button", name="Compare chosen").click()
    expect(page).to_have_url(f"{address}/compare?base=first&other={take}")
    one, two = page.get_by_role("group", name="A: first"), page.get_by_role("group", name=f"B: {take}")
    page.wait_for_load_state("networkidle")  # on a busy machine the page may still move
    assert _top(one.first) == _top(two.first)
    page.set_viewport_size(in_browser.PHONE)
    assert _top(one.first) < _top(two.first)

    page.get_by_text("Change the groups").click()
    page.get_by_role("combobox", name="A: first").select_option("changed")
    page.get_by_role("combobox", name=f"B: {take}").select_option("base")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(f"{address}/compare?other=first&base={take}")
    for scheme, size in (("light", in_browser.DESK), ("dark", in_browser.PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert not in_browser.violations(page)
        assert in_browser.wider_than_the_window(page) <= 0


def _top(shown: Locator) -> float:
    box = shown.bounding_box()
    assert box
    return float(box["y"])
