"""Everybody can use every page: axe finds nothing wrong, in light and dark and on a phone, where nothing stands out to
the side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import in_browser
import pytest
import served
from playwright.sync_api import Page

LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "viewport": in_browser.DESK},
    {"color_scheme": "dark", "viewport": in_browser.PHONE, "reduced_motion": "reduce"},
]


@pytest.mark.parametrize("path", served.PAGES)
@pytest.mark.usefixtures("first")
def test_nothing_is_in_the_way_of_anybody(address: str, tab: Callable[..., Page], path: str) -> None:
    for look in LOOKS:
        page = tab(address + path.format(name="first"), **look)
        assert not in_browser.violations(page)
        assert in_browser.wider_than_the_window(page) <= 0
        assert page.locator("h1").evaluate("each => getComputedStyle(each).fontFamily").startswith("Charter")
