"""A play is begun from the page in a browser, with a card in it, after something was wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import served
import worlds
from playwright.sync_api import Page, expect


def test_a_play_is_begun_by_keyboard_after_what_was_wrong_is_mended(
    address: str, home: Path, pace: served.Pace, tab: Callable[..., Page]
) -> None:
    worlds.write(Path(), roles=3)
    Path("zoe.json").write_text(json.dumps(worlds.card("v2")), encoding="utf-8")
    page = tab(f"{address}/new?story=story.yaml")
    page.get_by_label("scripted").check()
    page.get_by_label("A character card for Ada").set_input_files("zoe.json")
    expect(page.locator("#role-ada")).to_contain_text("Zoe Marsh")
    expect(page.locator("#estimate")).to_contain_text("About 20 lines")
    page.get_by_label("Short: as few as it allows").check()
    expect(page.locator("#estimate")).not_to_contain_text("About 20 lines")
    page.get_by_label("Seed").fill("many")
    page.get_by_label("Seed").press("Enter")
    expect(page.locator("#wrong-seed")).to_contain_text("must be a whole number")
    expect(page.get_by_label("Seed")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/story-*")
    pace.let()
    expect(page.locator("#state")).to_have_text("Finished.")
    run = dp.load_run()
    assert (run.header.seed, run.name("ada")) == (7, "Zoe Marsh")
