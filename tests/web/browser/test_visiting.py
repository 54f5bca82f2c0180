"""Somebody steps in, in a browser: what they type is said, kept while others speak, and not lost by a reload."""

from __future__ import annotations

from collections.abc import Callable

import in_browser
import pytest
import served
from playwright.sync_api import Page, expect


@pytest.mark.usefixtures("first")
def test_somebody_steps_in_and_is_heard(address: str, pace: served.Pace, tab: Callable[..., Page]) -> None:
    page = tab(f"{address}/runs/first")
    page.get_by_role("button", name="Step in").click()
    panel = page.locator("#panel")
    panel.get_by_label("Your name").fill("Noor")
    panel.get_by_label("From").select_option(label="The square")
    panel.get_by_label("Ask me after every line").check()
    panel.get_by_role("button", name="Step in").click()
    script, box, asked = page.locator("#script"), page.locator("#visit-line"), page.locator("#visit-asked")

    # By keyboard alone, and a draft outlives a reload.
    expect(asked).to_have_text("A new scene. Say something, or listen?")
    page.keyboard.press("t")
    page.keyboard.type("Good evening, Bo.")
    page.reload()
    expect(asked).to_have_text("A new scene. Say something, or listen?")
    expect(box).to_have_value("Good evening, Bo.")
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    expect(script).to_contain_text("Good evening, Bo.")
    expect(box).to_have_value("")

    # What is typed while others speak waits, and can be taken back.
    expect(asked).to_have_text("The others speak. What you say comes next.")
    page.keyboard.type("/dance")
    page.keyboard.press("Enter")
    waiting = page.locator("#visit-waiting")
    expect(waiting).to_contain_text("/dance")
    waiting.get_by_role("button", name="Take it back").click()
    expect(waiting).to_be_hidden()
    expect(box).to_have_value("/dance")
    assert not in_browser.violations(page)

    # What cannot be done is said where they type, and stands there to be mended.
    page.keyboard.press("Enter")
    pace.let()
    expect(page.locator("#visit-refused")).to_contain_text("No command /dance")
    expect(box).to_have_value("/dance")
    assert not in_browser.violations(page)
    page.get_by_label("Whisper", exact=True).check()
    page.get_by_label("To", exact=True).select_option("Bo")
    box.fill("the door")
    page.locator("#visit-send").click()
    expect(script).to_contain_text("whispers to Bo")
    expect(page.locator("#visit-refused")).to_be_empty()

    # Speaking for somebody, and other eyes, which is asked first.
    page.get_by_text("More that you can do").click()
    page.get_by_label("Speak for").select_option("Ada")
    page.get_by_role("button", name="Speak for").click()
    expect(page.get_by_role("button", name="Hand back")).to_be_visible()
    questions = []
    page.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.accept()))
    page.get_by_label("Seen by").select_option("the author")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".beyond")).to_contain_text("through other eyes than Noor")
    assert questions == ["This shows what Noor may not know. Show it?"]
    page.set_viewport_size(in_browser.PHONE)  # type: ignore[arg-type]
    assert in_browser.wider_than_the_window(page) <= 0


@pytest.mark.usefixtures("first")
def test_a_choice_is_made_and_the_line_that_was_begun_is_kept(
    address: str, pace: served.Pace, tab: Callable[..., Page]
) -> None:
    pace.let()
    page = tab(f"{address}/runs/first")
    page.get_by_role("button", name="Step in").click()
    panel = page.locator("#panel")
    panel.get_by_label("Your name").fill("Noor")
    panel.get_by_label("From").select_option(label="The porch")
    panel.get_by_role("button", name="Step in").click()
    asked, box, listen = page.locator("#visit-asked"), page.locator("#visit-line"), page.locator("#visit-listen")
    choices, told = page.locator("#visit-choices"), page.locator("#script article")
    expect(asked).to_contain_text("A new scene.")
    box.fill("What I wanted to say")
    while choices.is_hidden():
        expect(listen).to_be_visible()
        before = told.count()
        listen.click()
        served.until(lambda before=before: told.count() > before or choices.is_visible())
    expect(asked).to_have_text("They decide, and so do you. Choose and say why, or take no stance?")
    expect(box).to_have_value("")
    assert not in_browser.violations(page)
    page.get_by_label("stay in the house").check()
    box.fill("I have seen it.")
    page.locator("#visit-send").click()
    expect(page.locator("#script")).to_contain_text("I have seen it.")
