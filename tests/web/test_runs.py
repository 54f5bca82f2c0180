"""Home: the tree of runs, search and filter, what is noted about a run, and the bin."""

from __future__ import annotations

import json
import os
import re
import shutil
from html import unescape
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.storage import lock
from dreamplay.web.routes import runs as routes
from starlette.testclient import TestClient

PART = {"HX-Target": "runs"}


def _also(home: Path, name: str, age: int, **header: object) -> None:
    """Another run, like "first" but for its header; the larger its age, the older it is."""
    shutil.copytree(home / "first", home / name)
    path = home / name / "transcript.jsonl"
    head, rest = path.read_text().split("\n", 1)
    path.write_text(f"{json.dumps(json.loads(head) | header, separators=(',', ':'))}\n{rest}")
    os.utime(path, (1e9 - age, 1e9 - age))


@pytest.fixture
def runs(home: Path, first: Path) -> Path:
    """`first`; an older one, `root`, with a branch, `child`, of which there is a branch, `grand`; and a broken one."""
    change = ("from event 9 on, drop bo",)
    _also(home, "root", 4, seed=70, model="other-model")
    _also(home, "child", 3, seed=71, parent="root", point=9, changes=change)
    _also(home, "grand", 2, seed=72, parent="child", point=12, changes=(*change, "from event 12 on, swap ada=leo"))
    (home / "broken").mkdir()
    (home / "broken" / "transcript.jsonl").write_text("no record\n")
    os.utime(home / "broken" / "transcript.jsonl", (1e9 - 9, 1e9 - 9))
    return home


def _titles(page: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="title"[^>]*>([^<]+)<', page)]


def _rows(page: str) -> list[str]:
    return [f"<li {row}" for row in page.split("<li ")[1:]]


def _names(page: str) -> list[str]:
    """The names of the runs; one that cannot be read has no other title."""
    found = (
        re.search(r'class="name">([^<]+)<', row) or re.search(r'class="title">([^<]+)<', row) for row in _rows(page)
    )
    return [unescape(hit[1]) for hit in found if hit]


def _row(page: str, name: str) -> str:
    """The text of the row of a run, without its tags."""
    row = next(row for row in _rows(page) if _names(row) == [name])
    return " ".join(unescape(re.sub("<[^>]*>", " ", row)).split())


def test_runs_are_trees_the_newest_first_and_say_what_they_are(client: TestClient, runs: Path) -> None:
    dp.list_runs(runs)
    page = client.get("/").text
    assert _names(page) == ["first", "root", "child", "grand", "broken"]
    assert _titles(page) == [*["Small Hours"] * 4, "broken"]
    usage = dp.load_run(runs / "first").record.end.usage  # type: ignore[union-attr]
    first = _row(page, "first")
    for told in ("Finished", "with Ada, Bo, Cyrus", "on scripted", "seed 7", f"{usage.calls} calls"):
        assert told in first
    assert "Branch of Small Hours (root): drop bo, from event 9 on" in _row(page, "child")
    assert "Branch of Small Hours (child): swap ada=leo, from event 12 on" in _row(page, "grand")
    assert [f"depth-{depth}" in page for depth in range(4)] == [True, True, True, False]
    assert f"Broken {runs / 'broken' / 'transcript.jsonl'}:1: no header" in _row(page, "broken")
    assert "/runs/broken" not in re.findall(r'href="([^"]*)"', page)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"q": "OTHER-model"}, ["root"]),
        ({"q": "drop seed 71"}, ["root", "child"]),  # with what it branched off
        ({"q": "ada=leo"}, ["root", "child", "grand"]),
        ({"q": "nothing of that"}, []),
        ({"state": "damaged"}, ["broken"]),
        ({"state": "stopped"}, []),
        ({"story": "story", "q": "seed 7"}, ["first", "root", "child", "grand"]),
        ({"story": "mindsync"}, []),
        ({"starred": "true"}, ["root", "child"]),
        ({"q": "nothing of that", "run": "first"}, ["first"]),  # chosen before
    ],
)
def test_runs_are_searched_and_filtered_and_the_address_keeps_it(
    client: TestClient, runs: Path, query: dict[str, str], titles: list[str]
) -> None:
    dp.label_run(runs / "child", favourite=True)
    part = client.get("/", params=query, headers=PART)
    assert _names(part.text) == titles
    assert "<h1>" not in part.text
    whole = client.get(part.headers["HX-Replace-Url"])
    assert _names(whole.text) == titles
    assert f'value="{query.get("q", "")}"' in whole.text
    assert whole.text.count(" checked") == len({"starred", "run"} & query.keys())


def test_an_address_names_only_what_is_asked_for(client: TestClient, runs: Path) -> None:
    part = client.get("/?q=&state=&story=&run=a%26b", headers=PART)
    assert part.headers["HX-Replace-Url"] == "/?run=a%26b"
    assert client.get("/?q=&state=", headers=PART).headers["HX-Replace-Url"] == "/"
    assert client.get("/?state=odd").status_code == 422


def test_more_are_shown_when_they_are_asked_for(client: TestClient, runs: Path) -> None:
    page = client.get("/?shown=2&q=seed").text
    assert _names(page) == ["first", "root"]
    assert "Show more (2)" in page
    (more,) = re.findall(r'id="more" href="([^"]*)"', page)
    assert _names(client.get(unescape(more)).text) == ["first", "root", "child", "grand"]


def test_a_first_look_is_completed_by_the_page(client: TestClient, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_AT_FIRST", 0)
    monkeypatch.setattr(routes, "_AT_ONCE", 1e-9)
    lines = (runs / "root" / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (runs / "root" / "transcript.jsonl").write_bytes(b"".join([*lines[:5], b"{}\n", *lines[6:]]))
    page = client.get("/").text
    assert "Reading 4 runs for the first time" in page
    assert "Finished" in _row(page, "root")
    assert 'hx-get="/reading"' in client.get("/reading").text
    monkeypatch.setattr(routes, "_AT_ONCE", 60)
    assert "Show what was found" in client.get("/reading").text
    page = client.get("/", headers=PART).text
    assert "transcript.jsonl:6: " in _row(page, "root")
    assert "Branch of root, which is not here" in _row(page, "child")
    assert "for the first time" not in page


def test_a_run_gets_a_title_a_note_and_a_star(client: TestClient, runs: Path) -> None:
    noted = client.post("/runs/root/label?q=seed", data={"title": "Quiet", "note": "a\r\nb", "run": "first"}).text
    assert _titles(noted) == ["Small Hours", "Quiet", "Small Hours", "Small Hours"]
    assert _row(noted, "root").startswith("Quiet a b Finished")
    assert "Small Hours root with Ada" in _row(noted, "root")
    assert "Branch of Quiet, Small Hours (root): " in _row(noted, "child")
    assert "Quiet</a> from line 9" in client.get("/runs/child").text
    assert "Compare with Quiet" in client.get("/runs/child").text
    assert re.search(r'value="first"[^>]* checked', noted)
    client.post("/runs/root/label", data={"favourite": "true"})
    assert dp.load_run(runs / "root").label == dp.Label(title="Quiet", note="a\nb", favourite=True)
    client.post("/runs/root/label", data={"title": "", "note": "", "favourite": "false"})
    assert dp.load_run(runs / "root").label == dp.Label()
    refused = client.post("/runs/root/label", data={"title": "x" * 101})
    assert (refused.status_code, "at most 100 characters" in refused.text) == (400, True)
    assert client.post("/runs/nobody/label", data={"title": "x"}).status_code == 404


def test_a_run_goes_to_the_bin_and_comes_back(client: TestClient, runs: Path) -> None:
    dp.label_run(runs / "root", title="Quiet & so")
    left = client.post("/runs/root/bin").text
    assert _names(left) == ["first", "child", "grand", "broken"]
    assert "Quiet &amp; so, Small Hours (root) is in the bin." in left
    assert "Branch of root, which is not here: drop bo" in _row(left, "child")
    client.post("/runs/broken/bin")
    bin_ = client.get("/bin").text
    assert sorted(_names(bin_)) == ["broken", "root"]
    assert 'aria-label="Take back Quiet &amp; so, Small Hours (root)"' in bin_
    assert _names(client.post("/bin/root/restore").text) == ["broken"]
    assert "broken" in _names(client.post("/bin/broken/restore?to=home").text)
    assert _names(client.get("/").text) == ["first", "root", "child", "grand", "broken"]
    for name in ("root", "..", "..%2Froot", "%2e%2e"):
        assert client.post(f"/bin/{name}/restore").status_code >= 400


def test_a_run_that_is_played_says_how_far_it_is_and_is_not_put_in_the_bin(client: TestClient, runs: Path) -> None:
    with lock.hold(runs / "first"):
        assert "Playing at dawn, road" in _row(client.get("/").text, "first")
        assert "every 5s" in client.get("/runs/first/stands").text
        refused = client.post("/runs/first/bin")
        assert (refused.status_code, "is being played" in refused.text) == (400, True)
    assert "every 5s" not in client.get("/runs/first/stands").text
    assert (runs / "first").is_dir()


def test_there_may_be_no_runs(client: TestClient, home: Path) -> None:
    assert "Nothing has been played yet" in client.get("/").text
    assert "The bin is empty" in client.get("/bin").text


def test_a_link_to_a_run_is_not_shown(client: TestClient, runs: Path) -> None:
    (runs / "link").symlink_to(runs.resolve() / "root")
    assert "link" not in _names(client.get("/").text)
