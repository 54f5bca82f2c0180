"""Runs side by side on the page."""

from __future__ import annotations

import html
import re
from pathlib import Path

import dreamplay as dp
import pytest
from starlette.testclient import TestClient

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def runs(first: Path) -> None:
    """Beside "first" another take of a late line, with another seed, and one in which something is said."""
    parent = dp.load_run(first)
    line = parent.lines[-1].id
    _play(parent.branch(at=line, seed=8), "take")
    _play(parent.branch(at=line, say=[("ada", f"Stay, {MARKUP}.")]), "said")


def _play(branch: dp.Branched, name: str) -> None:
    dp.play(branch).folder.rename(branch.parent.folder.with_name(name))


def _text(answer_html: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer_html)).split())


def _compared(client: TestClient, query: str) -> str:
    answer = client.get(f"/compare?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.usefixtures("runs")
def test_runs_chosen_on_the_page_of_runs_are_put_into_groups(client: TestClient) -> None:
    asked = client.get("/compare?run=take&run=first")
    assert (asked.status_code, asked.headers["location"]) == (303, "/compare?base=first&other=take")
    asked = client.get("/compare?run=first&run=said&run=take")
    assert asked.headers["location"] == "/compare?base=first&base=take&other=said"
    asked = client.get("/compare?run=first&group=other&run=said&group=none&run=take&group=base")
    assert asked.headers["location"] == "/compare?other=first&base=take"


@pytest.mark.usefixtures("runs")
def test_what_runs_share_stands_once_and_what_each_has_of_its_own_beside_the_other(client: TestClient) -> None:
    page = _compared(client, "base=first&other=take&other=said")
    shared, own = page.split('<details class="shared">')[1].split("</details>", 1)
    parent = dp.load_run("first")
    for line in parent.lines[:3]:
        assert shared.count(html.escape(line.text)) == 1
        assert html.escape(line.text) not in own
    assert 'class="columns of-3"' in own
    assert 'href="/runs/said#event-' in own
    assert f"Stay, {html.escape(MARKUP)}." in own
    assert MARKUP not in page


@pytest.mark.usefixtures("runs")
def test_a_run_goes_by_its_title(client: TestClient, first: Path) -> None:
    dp.label_run(dp.load_run(first), title=MARKUP)
    page = _compared(client, "base=first&other=take")
    assert f'<a href="/runs/first">{html.escape(MARKUP)}</a>' in page
    assert MARKUP not in page


@pytest.mark.usefixtures("runs")
def test_the_figures_of_a_comparison_stand_below(client: TestClient) -> None:
    page = _compared(client, "base=first&other=said")
    made = dp.compare(dp.load_run("first"), dp.load_run("said"))
    for finding in made.findings:
        assert finding in _text(page)
    assert page.count("<svg") > 3
    assert client.get("/compare/figures.css").headers["content-type"].startswith("text/css")


def test_private_sheets_are_folded_away(client: TestClient, first: Path) -> None:
    _play(dp.load_run(first).branch(at="night", swap={"ada": "leo"}), "swapped")
    page = _compared(client, "base=first&other=swapped")
    assert "CANARY-Ada-want" in page
    assert "CANARY-Ada-want" not in re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)


@pytest.mark.usefixtures("runs")
def test_two_groups_stand_side_by_side_in_pairs(client: TestClient, first: Path) -> None:
    parent = dp.load_run(first)
    _play(parent.branch(at=parent.lines[-1].id, say=[("ada", "Stay.")], seed=8), "said-8")
    page = _compared(client, "base=first&base=take&other=said&other=said-8")
    pairs = re.findall(r'<details class="pair"(| open)>\s*<summary>(.+)</summary>', page)
    assert pairs == [(" open", "A and C, seed 7"), ("", "B and D, seed 8")]


@pytest.mark.usefixtures("runs")
def test_runs_without_figures_are_side_by_side_all_the_same(client: TestClient, first: Path) -> None:
    parent = dp.load_run(first)
    _play(parent.branch(at=parent.lines[-1].id, drop=["cyrus"]), "dropped")
    page = _compared(client, "base=first&other=said&other=dropped")
    assert "two changed runs have the seed 7; leave one of them out" in _text(page)
    assert 'class="columns of-3"' in page
    assert "In short" not in page


def test_runs_of_other_stories_are_refused_in_one_line(client: TestClient, first: Path, small: Path) -> None:
    story = dp.load_story(small).model_copy(update={"title": "Large Hours"})
    dp.play(story, swaps=dict(dp.load_run(first).header.cast), model="scripted", out=first.parent / "large")
    answer = client.get("/compare?base=first&other=large")
    assert answer.status_code == 400
    assert "'Small Hours' and 'Large Hours' are two stories; compare runs of one story" in _text(answer.text)
    assert 'name="group"' in answer.text


@pytest.mark.usefixtures("first")
def test_one_run_waits_for_another(client: TestClient) -> None:
    assert "Choose two or more runs" in _compared(client, "")
    assert "Choose at least one run for each group." in _compared(client, "base=first")
    assert client.get("/compare?run=first").headers["location"] == "/compare?base=first"
    assert client.get("/compare?base=nobody&other=first").status_code == 404
    assert "the same, event for event" in _text(_compared(client, "base=first&other=first"))
