"""The stage: what each viewpoint sees, live and from disk, reconnecting, and steering a play."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dreamplay as dp
import pytest
import served
import worlds
from dreamplay.storage import lock
from dreamplay.web import sse
from dreamplay.web.scene_view import SceneView
from dreamplay.web.telling import Telling
from fastapi import FastAPI
from starlette.testclient import TestClient

VIEWS = ["author", "reader", "ada", "bo", "cyrus"]
_EVENT = re.compile(r'data-event="(\d+)"')
_ARTICLE = re.compile(r'<article [^>]*id="event-(\d+)"')


class Tab:
    """Does with messages what the script of the page does."""

    def __init__(self, place: str = "", before: str = "") -> None:
        self.place, self._pieces = place, _pieces(before)
        self.moments: list[dict[str, Any]] = []
        self.spoken = ""

    def take(self, text: str) -> None:
        """Take one message."""
        fields = dict(line.split(": ", 1) for line in text.splitlines() if line and not line.startswith(":"))
        if not fields:
            return
        data = json.loads(fields["data"])
        match fields["event"]:
            case "event":
                self._pieces += _pieces(data["html"])
            case "script":
                self._pieces = _pieces(data["html"])
            case "rewound":
                self._pieces = [(number, html) for number, html in self._pieces if number < data["event"]]
            case "moment":
                self.moments.append(data)
            case "token":
                self.spoken += data["text"]
        self.place = fields.get("id", self.place)

    @property
    def html(self) -> str:
        """What is on the page."""
        return "".join(html for _, html in self._pieces)


def _pieces(html: str) -> list[tuple[int, str]]:
    """The elements in a piece of HTML, each with its event."""
    return [(int(_EVENT.findall(each)[0]), each) for each in re.split(r"(?=<(?:h2|h3|article) )", html) if each]


async def taken(tab: Tab, messages: AsyncIterator[str], most: int = 10**6) -> Tab:
    """Take the messages of a stream, or so many of them."""
    async for each in messages:
        tab.take(each)
        most -= 1
        if not most:
            break
    return tab


def on_page(client: TestClient, address: str) -> str:
    """The events on a page."""
    text = client.get(address).text
    return text.partition("<section")[2].partition(">")[2].partition("</section>")[0].strip()


def told(run: dp.Run, view: str | None) -> str:
    return Telling(SceneView.of(run, view), run.events).all()


def ids(html: str) -> list[int]:
    return [int(number) for number in _ARTICLE.findall(html)]


@pytest.fixture
def acted(home: Path, staged: Path) -> dp.Run:
    """A run in which people think, make gestures, whisper, say nothing, and leave."""
    return dp.play(staged, model=worlds.Acting(), seed=3, out=home / "acted")


@pytest.mark.parametrize("role", ["ada", "bo", "cyrus"])
def test_a_role_sees_what_its_prompts_are_made_from(acted: dp.Run, client: TestClient, role: str) -> None:
    known = acted.seen_by(role)
    inline = {event.id for event, after in pairwise(known) if _joined(event, after)}
    silent = {event.id for event in known if event.kind == "silence" and not event.chosen}
    failed = {event.id for event in known if event.kind == "reflection" and event.failed}
    seen = ids(on_page(client, f"/runs/acted?view={role}"))
    assert seen == [event.id for event in known if event.id not in inline | silent | failed]
    assert inline
    assert len(known) < len(acted.events)


def _joined(event: dp.Event, after: dp.Event) -> bool:
    """Whether an event is a gesture that stands in its line."""
    return event.kind == "action" and event.provenance.by == "agent" and after.kind == "line"


def test_a_reader_is_shown_what_is_private_as_such_and_nothing_backstage(acted: dp.Run, client: TestClient) -> None:
    reader, author = (on_page(client, f"/runs/acted?view={view}") for view in ("reader", "author"))
    thought = next(event for event in acted.events if event.kind == "thought")
    assert f'<details class="private said"><summary>{acted.name(thought.speaker or "")} thinks</summary>' in reader
    whisper = next(event for event in acted.events if event.kind == "line" and event.hears)
    assert f'id="event-{whisper.id}"' in reader
    assert re.search(r"<summary>\s*<b class=\"name\">Ada</b>.*whispers to Bo", reader)
    assert set(ids(reader)) <= set(ids(author))
    heard = on_page(client, "/runs/acted?view=bo")
    assert "whispers to Bo" in heard
    assert "thinks</summary>" not in heard.replace("Bo thinks</summary>", "")
    assert whisper.text not in on_page(client, "/runs/acted?view=cyrus")


def test_a_gesture_stands_in_its_line_and_can_be_linked_to(acted: dp.Run, client: TestClient) -> None:
    gesture = next(e for e, after in pairwise(acted.events) if _joined(e, after))
    page = on_page(client, "/runs/acted")
    line = page.partition(f'id="event-{gesture.id + 1}"')[2].partition("</article>")[0]
    assert f'id="event-{gesture.id}" data-event="{gesture.id}">({gesture.text})</i>' in line


def test_every_line_has_a_menu_and_a_title_stands_above_what_is_new(first: Path, client: TestClient) -> None:
    page = on_page(client, f"/runs/{first.name}?view=author")
    for number in ids(page):
        assert f'hx-get="/runs/first/line/{number}?view=author" hx-target="#panel"' in page
    assert re.findall(r'<h2 class="beat" data-event="\d+">(.*)</h2>', page) == [
        "The night before",
        "Day",
        "Night",
        "Dawn",
    ]
    assert len(re.findall(r"<h3", page)) == 5


@pytest.mark.parametrize("view", VIEWS)
async def test_a_live_play_is_told_as_it_stands_on_disk(small: Path, home: Path, view: str) -> None:
    play = dp.live(small, model="scripted", seed=7, out=home / "live")
    play.start(paused=True).result(60)
    tab = Tab()
    messages = sse.live(play, SceneView.of(play, view), "")
    await taken(tab, messages, most=1)
    assert (tab.html, tab.moments[-1]["state"]) == ("", "paused")
    play.go_on()
    await taken(tab, messages)
    run = dp.load_run(home / "live")
    assert tab.html == told(run, view)
    assert tab.moments[-1]["state"] == "finished"
    assert not tab.moments[-1]["live"]
    assert ("Tea" in tab.spoken or len(tab.spoken) > 100) == bool(tab.spoken)


@pytest.mark.parametrize("view", VIEWS)
async def test_whoever_reconnects_gets_exactly_what_they_missed(acted: dp.Run, view: str) -> None:
    seen = SceneView.of(acted, view)
    for known in range(0, len(acted.events) + 1, 3):
        before = Telling(seen, acted.events[:known])
        tab = Tab(str(before.place), before.all())
        await taken(tab, sse.kept(acted, seen, tab.place))
        assert tab.html == told(acted, view)
        assert tab.place == str(Telling(seen, acted.events).place)


async def test_whoever_was_told_another_beginning_is_told_everything_anew(acted: dp.Run, first: Path) -> None:
    seen = SceneView.of(acted, "author")
    other = Telling(SceneView.of(dp.load_run(first), "author"), dp.load_run(first).events[:20])
    beyond = f"{len(acted.events) + 5}-00000000"
    for place in (str(other.place), beyond):
        tab = await taken(Tab(place, other.all()), sse.kept(acted, seen, place))
        assert tab.html == told(acted, "author")


async def test_what_a_visitor_takes_back_goes_from_every_tab_and_whom_they_play_opens_their_past(
    small: Path, home: Path
) -> None:
    play = dp.live(small, model="scripted", seed=7, out=home / "live", visitor="Eva", every_line=True)
    play.start().result(60)
    tabs = {view: Tab() for view in ("author", "visitor", "ada")}
    streams = {view: sse.live(play, SceneView.of(play, view), "") for view in tabs}

    async def asked(after: int) -> None:
        """Every tab takes its messages until the visitor is asked, and has seen so many events."""
        for view, tab in tabs.items():
            async for each in streams[view]:
                tab.take(each)
                number = int(tab.place.split("-")[0] or -1)
                if number >= after and tab.moments and tab.moments[-1]["visit"]["asked"] and "event: moment" in each:
                    break
            assert tab.html == _live(play, view)

    await asked(1)
    before = len(play.events)  # counted before anything is said: the play goes on at once, and waits for the visitor
    play.say("Is anybody there?")
    await asked(before)
    assert "Is anybody there?" in tabs["ada"].html
    play.say("/undo")
    for view, tab in tabs.items():
        async for each in streams[view]:
            tab.take(each)
            if "event: rewound" in each or "event: script" in each:
                break
        assert "Is anybody there?" not in tab.html
    await asked(0)
    before = len(play.events)
    play.say("/play ada")
    await asked(before)
    assert ids(tabs["visitor"].html) == [event.id for event in play.events if event.perceived_by({"visitor", "ada"})]
    assert "is played by Eva" not in tabs["ada"].html
    for each in streams.values():
        await each.aclose()
    play.close().result(60)


def _live(play: dp.LivePlay, view: str) -> str:
    return Telling(SceneView.of(play, view), play.events).all()


async def test_a_stream_ends_with_its_tab_and_the_next_one_beyond_the_most_is_refused() -> None:
    left = []

    async def endless() -> AsyncGenerator[str]:
        try:
            while True:
                yield ": still here\n\n"
        finally:
            left.append(True)

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > 3:
            raise OSError("the tab is gone")

    streams: set[sse.EventStream] = set()
    with pytest.raises(BaseException):  # noqa: B017, PT011
        await sse.EventStream(endless(), streams)({"type": "http", "asgi": {"spec_version": "2.4"}}, gone, send)
    assert (left, streams) == ([True], set())
    streams = {sse.EventStream(endless(), set()) for _ in range(sse.MOST)}
    sent.clear()
    await sse.EventStream(endless(), streams)({"type": "http"}, gone, send)
    assert sent[0]["status"] == 503
    assert len(streams) == sse.MOST


def test_a_play_is_steered_from_the_page(client: TestClient, app: FastAPI, small: Path, home: Path) -> None:
    def state() -> str:
        return str(re.findall(r'id="controls" data-state="(\w+)"', client.get("/runs/live?view=author").text)[0])

    def shown(do: str) -> bool:
        button = re.search(rf'<button [^>]*data-do="{do}"[^>]*>', client.get("/runs/live").text)
        assert button
        return " hidden" not in button.group()

    assert client.portal
    with served.paced() as pace:
        client.portal.call(app.state.plays.begin, lambda: dp.live(small, model="scripted", seed=7, out=home / "live"))
        served.until(lambda: state() == "playing")
        assert [do for do in ("pause", "go", "step", "close") if shown(do)] == ["pause", "step", "close"]
        assert client.post("/runs/live/pause").status_code == 204
        served.until(lambda: state() == "pausing")
        pace.let(1)
        served.until(lambda: state() == "paused")
        before = ids(on_page(client, "/runs/live?view=author"))
        pace.let(1)
        assert client.post("/runs/live/step").status_code == 204
        served.until(lambda: ids(on_page(client, "/runs/live?view=author")) > before and state() == "paused")
        assert client.post("/runs/live/close").status_code == 204
        served.until(lambda: state() == "stopped")
        assert [do for do in ("pause", "go", "step", "close") if shown(do)] == ["go"]
        assert client.post("/runs/live/pause").status_code == 404
        # As after a server that was killed: the tab that comes back is told what it missed, and that it is stopped.
        answer = client.get("/runs/live/events", params={"after": "2"}).text
        assert '"state": "stopped"' in answer
        pace.let()
        answer = client.post("/runs/live/go")
        assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "dreamplay:live")
        served.until(lambda: state() == "finished")
    assert dp.load_run(home / "live").events == dp.play(small, model="scripted", seed=7, out=home / "whole").events


def test_the_server_closes_though_a_tab_listens_and_ends_its_stream_in_order(home: Path, first: Path) -> None:
    path = first / "transcript.jsonl"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:12]), encoding="utf-8")
    closed = ExitStack()
    with served.paced() as pace, served.page(home) as address:
        tab = closed.enter_context(closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)))
        for do in ("go", "pause"):
            tab.request("POST", f"/runs/first/{do}", headers={"HX-Request": "true"})
            tab.getresponse().read()
        pace.let()
        tab.request("GET", "/runs/first/events?view=author&after=5")
        stream = closed.enter_context(tab.getresponse())
        while b'"state": "paused"' not in stream.readline():
            pass
    with closed:
        stream.read()  # raises if the stream was cut
    assert not dp.load_run(first).finished


def test_one_that_another_process_plays_says_so(client: TestClient, first: Path) -> None:
    path = first / "transcript.jsonl"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:12]), encoding="utf-8")
    with lock.hold(first):
        assert "It is being played by process" in client.get("/runs/first").text
        assert '"state": "elsewhere"' in client.get("/runs/first/events").text
    assert "Stopped after event 11." in client.get("/runs/first").text


@pytest.mark.parametrize("address", ["?view=nobody", "/events?view=nobody", "/events?after=x", "/events?after=1-zz"])
@pytest.mark.usefixtures("first")
def test_a_place_or_a_viewpoint_that_there_is_not_is_refused(client: TestClient, address: str) -> None:
    assert client.get(f"/runs/first{address}").status_code in (404, 422)
