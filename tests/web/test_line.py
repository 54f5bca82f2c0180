"""A line on the page: what is told of it and to whom, other takes, and branches."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import served
import worlds
from dreamplay.library import resources
from fastapi import FastAPI
from starlette.testclient import TestClient


@pytest.fixture
def run(first: Path) -> dp.Run:
    return dp.load_run(first)


def _spoken(run: dp.Run) -> dp.Event:
    """A line at which a memory came up."""
    return next(line for line in run.lines if line.provenance.recalled)


def _decided(run: dp.Run) -> dp.Event:
    """A choice, whose prompt has the private sheet of whoever makes it."""
    return next(event for event in run.events if event.kind == "stance" and event.provenance.by == "agent")


def _played(client: TestClient, answer: Any) -> dp.Run:
    """The run that an answer leads to, once it is over."""
    assert answer.status_code == 204, answer.text
    name = answer.headers["HX-Redirect"].removeprefix("/runs/")
    return _over(client, name)


def _over(client: TestClient, name: str) -> dp.Run:
    play = client.app.state.plays.get(name)  # type: ignore[attr-defined]
    if play:
        served.until(lambda: play.moment.state in ("finished", "failed"))
        assert play.moment.why == ""
    return dp.load_run(name)


def test_the_author_is_told_everything(app: FastAPI, client: TestClient, run: dp.Run) -> None:
    line = _spoken(run)
    text = client.get(f"/runs/first/line/{line.id}?view=author").text
    made = run.why(line)
    assert not text.lstrip().startswith("<!doctype")  # a part for the panel
    assert made.cue
    memory = made.recalled[0]
    for words in (line.text, made.cue.text, memory.text, f"{memory.score:.3f}", f"seed {made.seed}"):
        assert words in text
    assert "CANARY-" in client.get(f"/runs/first/line/{_decided(run).id}?view=author").text  # of the prompt
    page = TestClient(app, f"http://{served.HOST}").get(f"/runs/first/line/{line.id}?view=author").text
    assert page.startswith("<!doctype html>")
    assert line.text in page


def test_no_blank_stands_before_a_colon(client: TestClient, run: dp.Run) -> None:
    line = next(line for line in run.lines if run.why(line).took_up)
    text = client.get(f"/runs/first/line/{line.id}?view=author").text
    taken = text.split("What it takes up</h3>")[1].split("</ul>")[0]
    assert re.search(r"line \d+</a>: \w", taken)


def test_somebody_else_is_told_what_they_perceived_and_nothing_private(client: TestClient, run: dp.Run) -> None:
    line = _decided(run)
    others = [role for role in line.witnesses if role != line.speaker]
    for view in ("reader", others[0]):
        text = client.get(f"/runs/first/line/{line.id}?view={view}").text
        assert line.text in text
        assert "CANARY-" not in text
        assert "The prompt" not in text
        assert f"/runs/first/line/{line.id}?view=author" in text
    own = client.get(f"/runs/first/line/{line.id}?view={line.speaker}").text
    assert set(re.findall(r"CANARY-(\w+)-", own)) == {run.name(line.speaker or "")}


def test_of_what_somebody_did_not_perceive_not_even_the_kind_is_told(client: TestClient, run: dp.Run) -> None:
    private = next(event for event in run.events if event.kind == "reflection" and event.text)
    other = next(role for role in run.record.cast.roles if role not in private.witnesses)
    text = client.get(f"/runs/first/line/{private.id}?view={other}").text
    assert private.text not in text
    assert f"{run.name(other)} knows nothing of it." in text
    dream = next(event for event in run.events if event.kind == "dream")
    told = client.get(f"/runs/first/line/{dream.id}?view={dream.witnesses[0]}").text
    assert dream.text in told
    assert "CANARY" not in told.replace(dream.text, "")


@pytest.mark.parametrize("number", ["100000", "-1", "x", "9" * 5000])
@pytest.mark.usefixtures("first")
def test_a_line_that_is_not_there_is_said_to_be_missing(client: TestClient, number: str) -> None:
    for path in ("", "/branch"):
        assert client.get(f"/runs/first/line/{number}{path}").status_code in (404, 422)


def test_what_the_author_wrote_has_no_why(client: TestClient, run: dp.Run) -> None:
    assert run.events[0].provenance.by == "author"
    assert "The author of the story wrote this." in client.get("/runs/first/line/0?view=author").text


def test_other_takes_are_the_same_run_up_to_the_line(client: TestClient, run: dp.Run) -> None:
    line = run.lines[3]
    answer = client.post(f"/runs/first/line/{line.id}/take", data={"takes": "2"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")
    names = {path.name for path in run.folder.parent.iterdir()} - {"first"}
    takes = [_over(client, name) for name in names]
    assert len({run.header.seed, *(take.header.seed for take in takes)}) == 3
    for take in takes:
        assert (take.header.parent, take.header.point, take.header.changes) == ("first", line.id, ())
        assert take.events[: line.id] == run.events[: line.id]


def test_a_branch_has_all_its_changes(client: TestClient, run: dp.Run) -> None:
    line = next(line for line in run.lines if line.scene == "square" and line.turn > 1)  # type: ignore[attr-defined]
    story = dp.dump_story(run.header.story)
    changed = story.replace("They meet: corner.", "They meet again.").replace("\n", "\r\n")
    answer = client.post(f"/runs/first/line/{line.id}/branch", data={
        "swap_bo": "nurse", "swap_ada": "", "speaker": "ada", "words": "Bo, \n who are you?", "drop": "cyrus",
        "story": changed, "seeds": "11", "direction": "guided", "model": "scripted",
    })  # fmt: skip
    made = _played(client, answer)
    (told,) = made.header.changes
    changes = ["swap bo=nurse", "say ada: Bo, who are you?", "drop cyrus", "story-edit Small Hours"]
    assert told == f"from event {line.id} on, {'; '.join(changes)}"
    assert (made.header.seed, made.header.settings["profile"]["direction"], made.name("bo")) == (11, "guided", "Bo")
    assert made.events[line.id].text == "Bo, who are you?"
    assert "They meet again." in [event.text for event in made.events]
    assert "cyrus" not in {each.speaker for each in made.lines if each.id > line.id}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "nothing is changed"),
        ({"seeds": "7"}, "nothing is changed"),
        ({"swap_bo": "bo"}, "nothing is changed"),
        ({"seeds": "3, x"}, "Seed x: a seed is"),
        ({"seeds": " ".join(map(str, range(11)))}, "Seed: that is 11 runs"),
        ({"speaker": "ada"}, "the line needs both"),
        ({"speaker": "zed", "words": "Hello."}, "not in day/square"),
        ({"swap_bo": "../../etc/passwd"}, "Cast ../../etc/passwd: nobody of that name is offered"),
        ({"drop": "zed"}, "no such role"),
        ({"story": "title: x"}, "story:"),
        ({"model": "missing.gguf"}, "missing.gguf"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_the_form_and_nothing_is_played(
    client: TestClient, run: dp.Run, form: dict[str, str], said: str
) -> None:
    line = next(line for line in run.lines if line.scene == "square")
    answer = client.post(f"/runs/first/line/{line.id}/branch", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert "HX-Redirect" not in answer.headers
    assert [path.name for path in run.folder.parent.iterdir()] == ["first"]


def test_the_page_of_a_branch_offers_what_there_is(client: TestClient, run: dp.Run) -> None:
    line = run.lines[-1]
    shutil.copy(resources.prompts() / "personas" / "leo.yaml", "zoe.yaml")
    text = client.get(f"/runs/first/line/{line.id}/branch?view=author").text
    for each in ('value="nurse"', 'value="zoe.yaml"', 'name="swap_bo"', 'value="ada"', "title: Small Hours", line.text):
        assert each in text


def test_a_card_plays_a_role_and_seeds_are_played_with_and_without_the_change(client: TestClient, run: dp.Run) -> None:
    line = run.lines[-1]
    card = json.dumps(worlds.card(name="Zoe Marsh")).encode()
    answer = client.post(
        f"/runs/first/line/{line.id}/branch", data={"seeds": "7, 8, 9", "twins": "yes"},
        files={"card_bo": ("zoe.json", card, "application/json")},
    )  # fmt: skip
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (204, "/"), answer.text
    made = [_over(client, path.name) for path in run.folder.parent.iterdir() if path.name != "first"]
    changed = {each.header.seed for each in made if each.header.changes}
    assert (changed, {each.header.seed for each in made if not each.header.changes}) == ({7, 8, 9}, {8, 9})
    refused = client.post(f"/runs/first/line/{line.id}/branch", files={"card_bo": ("zoe.json", b"{}")})
    assert (refused.status_code, "the card" in refused.text) == (422, True)
