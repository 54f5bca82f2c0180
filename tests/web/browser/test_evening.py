"""A whole evening on the page: a play is begun, watched, paused and joined, and what came of it is branched, compared,
read and taken along.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import served
import worlds
from playwright.sync_api import Page, expect

DOOR = "Who is at the door?"


def test_an_evening(address: str, home: Path, pace: served.Pace, tab: Callable[..., Page]) -> None:
    page = tab(_folder_of(address))
    watched = _begun_and_paused(page, pace)
    _joined(page)
    _taken_along(page, f"{address}/runs/{watched}", home / watched)
    page.goto(address)
    expect(page.locator(".run")).to_have_count(3)


def _folder_of(address: str) -> str:
    """The form of a new play, with the small story in it."""
    worlds.write(Path(), roles=3)
    return f"{address}/new?story=story.yaml"


def _begun_and_paused(page: Page, pace: served.Pace) -> str:
    """Begin a play, watch it, and pause it; its name."""
    page.get_by_label("scripted").check()
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/runs/story-*")
    state = page.locator("#state")
    expect(state).to_have_text("Playing.")
    pace.let(3)
    expect(page.locator("#script article.line").nth(1)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("Pausing after this line.")
    pace.let()
    expect(state).to_have_text("Paused.")
    return page.url.rpartition("/")[2]


def _joined(page: Page) -> None:
    """Step in: whisper, speak for a friend, choose at the crossroads, and see the end."""
    page.get_by_role("button", name="Step in").click()
    panel = page.locator("#panel")
    panel.get_by_label("Your name").fill("Noor")
    panel.get_by_label("From").select_option(label="The square")
    panel.get_by_role("button", name="Step in").click()
    script, box = page.locator("#script"), page.locator("#visit-line")
    assert _asked(page) == "A new scene. Say something, or listen?"
    page.get_by_label("Whisper", exact=True).check()
    page.get_by_label("To", exact=True).select_option("Bo")
    box.fill("the door")
    box.press("Enter")
    expect(script).to_contain_text("whispers to Bo")

    page.get_by_text("More that you can do").click()
    page.get_by_label("Speak for").select_option("Ada")
    page.get_by_role("button", name="Speak for").click()
    _listened(page, until="It is Ada's turn")
    box.fill("I have counted them twice.")
    box.press("Enter")
    expect(script).to_contain_text("I have counted them twice.")
    page.get_by_role("button", name="Hand back").click()
    expect(script).to_contain_text("Ada is played by the model again.")

    _listened(page, until="They decide, and so do you.")
    page.get_by_label("stay in the house").check()
    box.fill("I have seen it.")
    box.press("Enter")
    expect(script).to_contain_text("I have seen it.")
    expect(page.locator("#state")).to_have_text("Finished.")


def _asked(page: Page) -> str:
    """What the visitor is asked, once they are."""
    page.wait_for_selector("#visit.asked")
    return page.locator("#visit-asked").inner_text()


def _listened(page: Page, until: str) -> None:
    """Listen until something is asked."""
    told = page.locator("#script article")
    while until not in _asked(page):
        before = told.count()
        page.locator("#visit-listen").click()
        served.until(lambda before=before: told.count() > before or until in page.locator("#visit-asked").inner_text())


def _taken_along(page: Page, address: str, folder: Path) -> None:
    """Play the first run to its end, branch from a line of it, compare the two, read the branch, and download it."""
    page.goto(f"{address}?view=author")
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.locator("#state")).to_have_text("Finished.")
    run = dp.load_run(folder)
    line = run.lines[3]
    page.locator(f"#event-{line.id} .line-menu").click()
    page.locator("#panel").get_by_role("link", name="Branch from here").click()
    page.get_by_label("Who").select_option(run.name(line.speaker or ""))
    page.get_by_label("Words").fill(DOOR)
    page.get_by_role("button", name="Play the branch").click()
    expect(page.locator(f"#event-{line.id}")).to_contain_text(DOOR)
    expect(page.locator("#state")).to_have_text("Finished.")

    page.get_by_role("link", name=f"Compare with {run.folder.name}").click()
    expect(page.get_by_role("heading", name="In short")).to_be_visible()
    expect(page.get_by_role("group").filter(has_text=DOOR)).to_have_count(1)
    page.get_by_role("group").filter(has_text=DOOR).get_by_role("link").click()
    page.get_by_role("link", name="Read").click()
    expect(page.locator(".play")).to_contain_text(DOOR)
    with page.expect_download() as kept:
        page.locator("a[download]").filter(has_text="markdown").click()
    assert DOOR in kept.value.path().read_text(encoding="utf-8")
