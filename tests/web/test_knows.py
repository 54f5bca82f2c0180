"""Who knows what on the page, and how much of it is told to whom."""

from __future__ import annotations

import re
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.web.knowledge_view import KnowledgeView, stretches
from dreamplay.web.scene_view import SceneView
from starlette.testclient import TestClient


@pytest.fixture
def run(first: Path) -> dp.Run:
    return dp.load_run(first)


def test_somebody_is_there_from_their_first_line_to_their_last(home: Path, staged: Path) -> None:
    run = dp.play(staged, model="scripted", seed=3, out=home / "staged")
    for role in run.record.cast.characters:
        there = {n for each in stretches(run.events, role) for n in range(each.first, each.last + 1)}
        plain = [event for event in run.events if event.happens and not getattr(event, "hears", ())]
        assert {event.id for event in plain if event.id in there} == {e.id for e in plain if role in e.witnesses}
    assert all(len({event.scene for event in run.events[each.first : each.last + 1]}) == 1
               for each in stretches(run.events, "ada"))  # fmt: skip
    told, heard = (
        KnowledgeView(run, SceneView.of(run, view), len(run.events) - 1).whispers for view in ("author", "cyrus")
    )
    assert told
    assert heard == [each for each in told if "cyrus" in each.witnesses]


def test_the_page_has_the_table_the_plot_and_what_is_open(client: TestClient, run: dp.Run) -> None:
    text = client.get("/runs/first/knows?view=author").text
    assert text.count('<svg viewBox="0 0 360 ') == 1
    assert "style=" not in text
    dream = next(event for event in run.events if event.kind == "dream")
    assert f"since line {dream.id}" in text
    for thread in run.threads():
        assert f">Line {thread.since}</a>" in text
    assert set(re.findall(r"CANARY-(\w+)-memory", text)) == {"Ada", "Bo", "Cyrus"}


def test_at_an_early_line_nothing_of_what_came_later_is_told(client: TestClient, run: dp.Run) -> None:
    dream = next(event for event in run.events if event.kind == "dream")
    text = client.get(f"/runs/first/knows?view=author&at={dream.id - 1}").text
    assert "Nobody has dreamt yet." in text
    assert "The attic" in text
    assert "The porch" not in text
    assert client.get("/runs/first/knows?at=100000").status_code == 200
    assert client.get("/runs/first/knows?at=-1").status_code == 422


def test_a_role_is_told_what_it_knows(client: TestClient, run: dp.Run) -> None:
    text = client.get("/runs/first/knows?view=cyrus").text
    assert set(re.findall(r"CANARY-(\w+)-", text)) == {"Cyrus"}
    assert "The attic" not in text  # where two others dreamt
    known = {thread.since for thread in run.threads("cyrus")}
    assert {int(n) for n in re.findall(r">Line (\d+)</a></td>", text)} == known
    assert "CANARY-" not in client.get("/runs/first/knows?view=reader").text
