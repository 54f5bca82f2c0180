"""Home in a browser: runs are found, chosen, labelled, and put in the bin, by keyboard alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.storage import lock
from dreamplay.web.routes import runs as routes
from playwright.sync_api import Page, expect


@pytest.fixture
def home(home: Path, first: Path) -> Path:
    """`first` and two runs like it, of which `third` was stopped."""
    for name in ("second", "third"):
        shutil.copytree(first, home / name)
    lines = (first / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (home / "third" / "transcript.jsonl").write_bytes(b"".join(lines[:-4]))
    return home


def test_a_choice_outlives_a_search_and_a_reload(address: str, tab: Callable[..., Page]) -> None:
    page = tab(address)
    expect(page.locator(".run")).to_have_count(3)
    page.get_by_role("checkbox", name="Choose Small Hours (second) to compare").check()
    page.get_by_role("searchbox").fill("third")
    expect(page.get_by_role("status")).to_have_text("1 of 3 runs")
    expect(page.locator(".run")).to_have_count(2)
    page.get_by_role("checkbox", name="Choose Small Hours (third) to compare").check()
    page.get_by_role("searchbox").fill("ada")
    expect(page.locator(".run")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"q=ada&run=third&run=second$|q=ada&run=second&run=third$"))
    page.reload()
    expect(page.locator("#runs input:checked")).to_have_count(2)
    assert page.get_by_role("searchbox").input_value() == "ada"


def test_a_run_is_labelled_and_put_in_the_bin_by_keyboard(address: str, home: Path, tab: Callable[..., Page]) -> None:
    page = tab(address)
    page.locator("#star-second").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#star-second")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#star-second")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("The quiet one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="The quiet one")).to_be_visible()
    expect(page.locator("summary", has_text="Edit The quiet one")).to_be_focused()
    assert dp.load_run(home / "second").label == dp.Label(title="The quiet one", favourite=True)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put in the bin").locator("visible=true").press("Enter")
    expect(page.get_by_role("button", name="Take it back")).to_be_focused()
    expect(page.locator(".run")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator(".run")).to_have_count(3)


def test_the_page_itself_completes_what_a_first_look_leaves_out(
    address: str, home: Path, tab: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_AT_FIRST", 0)
    page = tab(address)
    page.get_by_role("button", name="Show what was found").click()
    expect(page.locator(".run", has_text="third")).to_contain_text("calls")
    expect(page.locator("#reading")).to_be_empty()
    assert all(run.whole for run in dp.list_runs(home, within=0))


def test_a_run_that_is_played_elsewhere_is_followed(address: str, home: Path, tab: Callable[..., Page]) -> None:
    page = tab(address)
    page.clock.install()
    with lock.hold(home / "third"):
        page.reload()
        row = page.locator(".run", has_text="third")
        expect(row).to_contain_text("Playing")
        (home / "third" / "transcript.jsonl").write_bytes((home / "first" / "transcript.jsonl").read_bytes())
    page.clock.fast_forward(6_000)
    expect(row).to_contain_text("Finished")
    expect(page.locator(".run")).to_have_count(3)
