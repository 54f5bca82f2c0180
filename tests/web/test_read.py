"""A play as a page to read, and its downloads."""

from __future__ import annotations

import html
import io
import re
import zipfile
from pathlib import Path

import dreamplay as dp
import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.storage import lock
from starlette.testclient import TestClient


def _read(client: TestClient, name: str, query: str = "") -> str:
    answer = client.get(f"/runs/{name}/read{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def _play_of(page: str) -> str:
    """The words of the play, without the title page and what is around it."""
    inner = page.split('<article class="play">')[1].split("</article>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", inner)).split())


def test_a_play_is_told_in_order_with_title_cast_and_scenes(client: TestClient, first: Path) -> None:
    run = dp.load_run(first)
    page = _read(client, "first")
    assert "<h1>Small Hours</h1>" in page
    assert [page.count(f"<dt>{name}</dt>") for name in ("Ada", "Bo", "Cyrus")] == [1, 1, 1]
    assert "keeper of the kettle" in page
    told, at = _play_of(page), -1
    for event in run.events:
        if event.kind in ("line", "narration", "dream"):
            after = told.index(event.text, at + 1)
            at = after
    assert re.findall(r'<h2 class="beat" id="part-\d">(.+)</h2>', page) == ["The night before", "Day", "Night", "Dawn"]
    assert '<h3 class="place">The attic</h3>' in page
    assert not re.search(r"CANARY-\w+-(want|belief|wish|memory)", page)  # a dream tells fears


@pytest.fixture
async def acted(home: Path, small: Path) -> dp.Run:
    """A run with thoughts, gestures, silences and exits."""
    await Runner(worlds.plan(small), worlds.Acting(), home / "acted", {}).play(lambda seen: None)
    return dp.load_run(home / "acted")


def test_thoughts_are_shown_to_those_who_may_know_them(client: TestClient, acted: dp.Run) -> None:
    thoughts = [event for event in acted.events if event.kind in ("thought", "reflection") and event.text]
    assert {event.kind for event in thoughts} >= {"thought"}
    reader, author, ada = (_play_of(_read(client, "acted", query)) for query in ("", "?view=author", "?view=ada"))
    for event in thoughts:
        assert event.text not in reader
        assert event.text in author
        assert event.kind == "reflection" or (event.text in ada) == (event.speaker == "ada")
    assert client.get("/runs/acted/read?view=nobody").status_code == 404


def test_a_gesture_stands_in_its_line(client: TestClient, acted: dp.Run) -> None:
    gesture, line = next(
        (one, two)
        for one, two in zip(acted.events, acted.events[1:], strict=False)
        if one.kind == "action" and two.kind == "line" and "ada" in two.witnesses
    )
    assert f"{acted.name(line.speaker)} ({gesture.text}). {line.text}" in _play_of(_read(client, "acted"))


def test_a_run_that_was_stopped_says_so(client: TestClient, first: Path) -> None:
    said = "This play was not played to its end."
    assert said not in _read(client, "first")
    lines = (first / "transcript.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (first / "transcript.jsonl").write_text("".join(lines[:9]), encoding="utf-8")
    assert said in _read(client, "first")
    (first / "transcript.jsonl").write_text(lines[0], encoding="utf-8")
    assert "Nothing has happened yet." in _read(client, "first")


def test_a_run_that_is_being_played_is_not_exported_and_is_called_by_its_story(client: TestClient, first: Path) -> None:
    with lock.hold(first):
        refused = client.get("/runs/first/export/csv")
    assert (refused.status_code, "Small Hours (first) is being played by" in refused.text) == (400, True)


@pytest.mark.parametrize("name", ["csv", "jsonl", "markdown", "html", "fountain", "fdx"])
def test_a_run_is_downloaded_in_every_format(client: TestClient, first: Path, name: str) -> None:
    (known,) = (each for each in dp.list_formats() if each.name == name)
    page = _read(client, "first")
    assert f'href="/runs/first/export/{name}"' in page
    assert html.escape(known.holds) in page
    answer = client.get(f"/runs/first/export/{name}")
    assert answer.text == dp.load_run(first).export(name)
    assert answer.headers["content-disposition"] == f"attachment; filename*=utf-8''first{known.suffix}"
    assert not re.search(r"CANARY-\w+-(want|belief|wish|memory)", answer.text)


@pytest.mark.usefixtures("first")
def test_a_format_that_there_is_not_is_not_found(client: TestClient) -> None:
    assert client.get("/runs/first/export/docx").status_code == 404


def test_a_download_is_seen_by_whoever_was_chosen(client: TestClient, acted: dp.Run) -> None:
    page = _read(client, "acted", "?view=ada")
    assert 'href="/runs/acted/export/markdown?view=ada"' in page
    assert "Each holds the run as it is seen by Ada" in page
    for view in ("reader", "author", "ada"):
        answer = client.get(f"/runs/acted/export/markdown?view={view}")
        assert answer.text == acted.export("markdown", view=view)
    assert client.get("/runs/acted/export/markdown?view=nobody").status_code == 404


def test_a_download_is_by_whoever_was_named(client: TestClient, first: Path) -> None:
    page = _read(client, "first", "?author=Noor+%26+Co")
    assert "<bdi>Noor &amp; Co</bdi>" in page
    assert 'href="/runs/first/export/fountain?author=Noor+%26+Co"' in page
    assert 'href="/runs/first/export/csv"' in page
    assert "\nAuthor: Noor & Co\n" in client.get("/runs/first/export/fountain?author=Noor+%26+Co").text
    assert 'class="byline"' not in _read(client, "first", "?author=+")
    refused = client.get("/runs/first/read?author=%3F")
    assert (refused.status_code, "write a name, with a letter in it" in refused.text) == (400, True)


def test_a_format_of_somebody_is_offered_when_somebody_was_chosen(client: TestClient, first: Path) -> None:
    assert "/export/prompts" not in _read(client, "first")
    assert 'href="/runs/first/export/prompts?view=bo"' in _read(client, "first", "?view=bo")
    assert client.get("/runs/first/export/prompts").status_code == 400
    answer = client.get("/runs/first/export/prompts?view=bo")
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''first.zip"
    made = dp.export(dp.load_run(first), "prompts", view="bo")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    assert held == {path.name: text for path, text in made.named(Path("first.jsonl")).items()}


def test_a_format_that_needs_something_is_not_offered(
    client: TestClient, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    page = _read(client, "first")
    assert "/export/pdf" not in page
    assert "pdf needs Chromium" in page
    assert "needs Chromium" in html.unescape(client.get("/runs/first/export/pdf").text)
