"""Every page at 200% zoom, in a window of a laptop: nothing stands out to the side or lies on anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import in_browser
import pytest
import served
from playwright.sync_api import Page

ZOOMED: dict[str, Any] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
"""A window of 1280 by 800 at 200%."""
OVERLAPS = """() => {
  // What is drawn only when it is in sight is drawn now.
  for (const each of document.querySelectorAll("article.event, .run")) each.style.contentVisibility = "visible";
  const control = "a, button, input, select, textarea, summary", apart = "option, svg, script, style, .unseen, .skip";
  const boxes = [];
  const keep = (of, rects, what) => {
    for (const { left, right, top, bottom } of rects)
      if (right - left > 2 && bottom - top > 2) boxes.push({ of, left, right, top, bottom, what });
  };
  for (const each of document.querySelectorAll(control))
    if (each.checkVisibility() && !each.closest(apart)) keep(each, each.getClientRects(), each.outerHTML.slice(0, 80));
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, parent = text.parentElement;
    if (!text.data.trim() || parent.closest(`${control}, ${apart}`) || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    keep(parent, range.getClientRects(), text.data.trim().slice(0, 80));
  }
  const found = [];
  boxes.forEach((one, place) => {
    for (const two of boxes.slice(place + 1)) {
      if (one.of.contains(two.of) || two.of.contains(one.of)) continue;
      const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (wide > 2 && high > 6) found.push(`${one.what} / ${two.what}`); // lines of text lie a little in each other
    }
  });
  return found;
}"""
"""The controls and texts of a page that lie on one another."""


@pytest.mark.parametrize("path", served.PAGES)
@pytest.mark.usefixtures("first")
def test_nothing_is_beside_the_window_or_on_anything_else(address: str, tab: Callable[..., Page], path: str) -> None:
    page = tab(address + path.format(name="first"), **ZOOMED)
    page.wait_for_load_state("networkidle")
    assert in_browser.wider_than_the_window(page) <= 0
    assert page.evaluate(OVERLAPS) == []
