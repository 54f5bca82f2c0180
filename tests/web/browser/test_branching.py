"""From a line of a run to other runs of it: its panel, another take, and a branch with a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import served
from playwright.sync_api import Page, expect


def test_somebody_branches_from_a_line(first: Path, address: str, pace: served.Pace, tab: Callable[..., Page]) -> None:
    pace.let()
    line = dp.load_run(first).lines[3]
    page = tab(f"{address}/runs/first?view=author")
    page.locator(f"#event-{line.id} .line-menu").press("Enter")
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name=f"Line {line.id}")).to_be_visible()
    expect(panel).to_be_focused()
    panel.get_by_role("link", name="Line after").click()
    expect(panel.get_by_role("heading", name=f"Line {line.id + 1}")).to_be_visible()
    panel.get_by_role("link", name="Line before").click()

    page.emulate_media(media="print")
    expect(page.locator("#script")).to_be_visible()
    for each in (panel, page.locator("#controls"), page.locator(f"#event-{line.id} .line-menu")):
        expect(each).to_be_hidden()
    page.emulate_media(media="screen")

    panel.get_by_role("link", name="Branch from here").click()
    expect(page.get_by_text("The model of the run")).to_be_visible()
    page.get_by_label("Who").select_option("Ada")
    page.get_by_label("Words").fill("Who is at the door?")
    page.get_by_role("button", name="Play the branch").click()
    expect(page.locator(f"#event-{line.id}")).to_contain_text("Who is at the door?")
    expect(page.get_by_text(f"from line {line.id}")).to_be_visible()


def test_another_take_has_the_same_lines_before(
    first: Path, address: str, pace: served.Pace, tab: Callable[..., Page]
) -> None:
    pace.let()
    run = dp.load_run(first)
    line = run.lines[-1]
    page = tab(f"{address}/runs/first")
    page.locator(f"#event-{line.id} .line-menu").click()
    page.get_by_role("button", name="Another take").click()
    expect(page.get_by_text(f"from line {line.id}")).to_be_visible()
    assert page.url != f"{address}/runs/first"
    expect(page.locator(f"#event-{run.lines[-2].id}")).to_contain_text(run.lines[-2].text)
