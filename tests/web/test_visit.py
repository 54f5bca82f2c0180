"""Stepping in on the page: what a visitor does reaches the play, and what cannot be done is said where they type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import served
from dreamplay.schema.scene import VISITOR
from dreamplay.web import visit_form, visit_view
from dreamplay.web.scene_view import SceneView
from fastapi import FastAPI
from starlette.testclient import TestClient


class _Visit:
    """A live play with a visitor, on the page."""

    def __init__(self, client: TestClient, app: FastAPI, make: Callable[[], dp.LivePlay]) -> None:
        assert client.portal
        self.client = client
        self.name = client.portal.call(app.state.plays.begin, make)
        self.play: dp.LivePlay = app.state.plays.get(self.name)

    def say(self, line: str = "", **fields: str) -> Any:
        return self.client.post(f"/runs/{self.name}/say", data={"line": line, **fields})

    def told(self, state: str = "asked") -> dict[str, Any]:
        """What the page is told, once somebody is asked, or the play has come into a state."""
        plan = self.play.plan
        assert plan
        served.until(lambda: state == self.play.moment.state or (state == "asked" and self.play.moment.asked))
        told = visit_view.told(self.play, self.play.moment, SceneView(plan.story, plan.cast))
        assert told
        return dict(json.loads(json.dumps(told)))

    def last(self, kind: str) -> dp.Event:
        """The newest event of a kind, once there is one."""
        return served.until(lambda: next((e for e in reversed(self.events) if e.kind == kind), None))

    @property
    def events(self) -> tuple[dp.Event, ...]:
        return self.play.run.events if self.play.run else ()


@pytest.fixture
def visit(client: TestClient, app: FastAPI, small: Path, home: Path) -> _Visit:
    return _Visit(client, app, lambda: dp.live(small, model="scripted", seed=7, visitor="Noor", every_line=True))


def test_what_is_typed_is_said_in_the_play(visit: _Visit) -> None:
    told = visit.told()
    assert (told["question"], told["own"], told["name"]) == ("A new scene. Say something, or listen?", True, "Noor")
    answer = visit.say("Good evening, Bo.")
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "said")
    served.until(lambda: any(e.by_visitor and e.text == "Good evening, Bo." for e in visit.events))


def test_the_fields_do_what_the_commands_do(visit: _Visit) -> None:
    visit.told()
    visit.say("the door", act="whisper", to="bo")
    whisper = served.until(lambda: next((e for e in visit.events if e.by_visitor), None))
    assert (whisper.kind, whisper.text, set(whisper.witnesses)) == ("line", "the door", {"bo", VISITOR})
    visit.say("puts the clock down.", act="do")
    assert visit.last("action").text == "puts the clock down."
    visit.say("The stairs fold up.", act="fear")
    assert visit.last("fear").witnesses == (VISITOR,)
    visit.say(act="play", to="bo")
    assert visit.last("control").speaker == "bo"
    assert [each["name"] for each in visit.told()["held"]] == ["Bo"]
    visit.say("/hand back bo")
    served.until(lambda: not visit.told()["held"])
    visit.say(act="go")
    served.until(lambda: visit.last("exit").by_visitor)
    assert served.until(lambda: visit.told()["away"])
    visit.say(act="come")
    assert visit.last("entrance").by_visitor


def test_what_cannot_be_done_is_said_where_they_type_and_can_be_mended_there(visit: _Visit) -> None:
    visit.told()
    visit.say("hm", act="whisper", to="zed")
    refused = served.until(lambda: visit.told()["refused"])
    assert refused == {
        "why": "Nobody is called 'zed'; there are Ada, Bo, Cyrus.",
        "act": "whisper",
        "to": "zed",
        "line": "hm",
    }
    missing = visit.say("", act="do")
    assert (missing.status_code, "There are no words in it; write some." in missing.text) == (422, True)
    assert visit.say("", act="whisper").status_code == 422
    assert visit.say("", act="sing").status_code == 422
    assert "4,000 characters" in visit.say("x" * 4_001).text
    assert "/whisper NAME WORDS" in visit.say("?").text
    control = visit.say("a \x1b[2J b", act="do")
    assert (control.status_code, "\x1b" in control.text) == (422, False)
    visit.say("Well.")
    served.until(lambda: any(e.by_visitor and e.text == "Well." for e in visit.events))


def test_a_refusal_names_what_is_on_the_page(visit: _Visit) -> None:
    visit.told()
    visit.say(act="hand_back", to="ada")
    assert served.until(lambda: visit.told()["refused"])["why"] == "You do not speak for Ada."
    visit.say(act="go")
    served.until(lambda: visit.told()["away"])
    visit.say("Can you hear me?")
    why = served.until(lambda: visit.told()["refused"])["why"]
    assert why == "You have left, and nobody hears you; come back, or let them go on."


def test_every_tab_says_for_whom_a_play_waits_and_the_box_alone_what_is_asked(visit: _Visit) -> None:
    visit.told()
    page = visit.client.get(f"/runs/{visit.name}?view=author").text
    assert '<span id="state" role="status">Playing.</span>' in page
    assert re.search(r'<span id="where">.* · waiting for Noor</span>', page)


def test_what_waits_is_shown_and_can_be_taken_back(visit: _Visit) -> None:
    visit.told()
    visit.play.pause()
    assert visit.told("paused")["question"] == "The play is paused. What you say waits until it goes on."
    visit.say("Behind it.")
    visit.say("hm", act="whisper", to="bo")
    served.until(lambda: len(visit.play.moment.typed) == 2)
    waiting = visit.told("paused")["waiting"]
    assert [each["words"] for each in waiting] == ["Behind it.", "To Bo: hm"]
    assert (waiting[1]["act"], waiting[1]["line"]) == ("whisper", "hm")
    assert visit.client.post(f"/runs/{visit.name}/withdraw").headers["HX-Trigger"] == "withdrawn"
    served.until(lambda: not visit.play.moment.typed)


def test_an_undo_takes_back_what_was_said(visit: _Visit) -> None:
    visit.told()
    visit.say("CANARY-TAKEN, Bo.")
    served.until(lambda: any("CANARY-TAKEN" in e.text for e in visit.events))
    visit.say(act="undo")
    served.until(lambda: not any("CANARY-TAKEN" in e.text for e in visit.events))


def test_at_the_crossroads_a_choice_is_asked_for(client: TestClient, app: FastAPI, small: Path, home: Path) -> None:
    visit = _Visit(client, app, lambda: dp.live(small, model="scripted", seed=7, visitor="Noor", beats=["dawn"]))
    told = visit.told()
    while told["task"] == "line":
        before = visit.play.moment.asked
        visit.say(act="listen")
        served.until(lambda before=before: visit.play.moment.asked not in (None, before))
        told = visit.told()
    assert told["question"].startswith("They decide, and so do you.")
    visit.say("hm", act="stance")
    visit.say("I have seen it.", act="stance", choice="go")
    served.until(lambda: visit.play.moment.state == "finished")
    assert visit.play.run
    assert visit.play.run.stances[VISITOR] == "go"


@pytest.mark.parametrize("fields", [
    {"act": "say", "line": "Hm."}, {"act": "whisper", "to": "bo", "line": "Hm."}, {"act": "do", "line": "waits."},
    {"act": "fear", "line": "stairs"}, {"act": "go"}, {"act": "come"}, {"act": "play", "to": "bo"},
    {"act": "hand_back", "to": "bo"}, {"act": "stance", "choice": "go", "line": "I must."},
])  # fmt: skip
def test_what_was_meant_can_be_put_back_into_the_form(fields: dict[str, str]) -> None:
    given = {"line": "", "to": "", "choice": ""} | fields
    assert visit_form.fields(visit_form.meant(**given)) == fields


def test_nobody_speaks_in_a_run_without_a_visitor(client: TestClient, app: FastAPI, first: Path, small: Path) -> None:
    assert client.post("/runs/first/say", data={"line": "hm"}).status_code == 404
    watched = _Visit(client, app, lambda: dp.live(small, model="scripted", seed=7))
    assert watched.say("hm").status_code == 409
    assert 'id="visit"' not in client.get(f"/runs/{watched.name}").text


def test_the_box_is_on_the_stage_and_other_eyes_are_said_to_be_such(visit: _Visit) -> None:
    visit.told()
    own = visit.client.get(f"/runs/{visit.name}").text
    assert 'id="visit-line"' in own
    assert "through other eyes" not in own
    assert "through other eyes than Noor" in visit.client.get(f"/runs/{visit.name}?view=author").text


def test_somebody_steps_into_a_run_that_is_there_already(client: TestClient, app: FastAPI, first: Path) -> None:
    form = client.get("/runs/first/step-in?at=12").text
    assert form.index("Line 12") < form.index("The square")
    assert "Where it stands now" not in form
    made = client.post("/runs/first/step-in", data={"visitor": "Noor", "at": "12", "every_line": "1"})
    assert made.status_code == 204
    name = made.headers["HX-Redirect"].removeprefix("/runs/")
    play = app.state.plays.get(name)
    assert (play.visit.every_line, play.plan.parent, play.plan.point) == (True, "first", 12)
    served.until(lambda: play.moment.asked)
    assert 'id="visit-line"' in client.get(made.headers["HX-Redirect"]).text
    for wrong, why in (("", "name is missing"), ("Ada", "in the cast already"), ("a:b", "no name")):
        answer = client.post("/runs/first/step-in", data={"visitor": wrong, "at": "12"})
        assert (answer.status_code, why in answer.text) == (422, True)


@pytest.mark.usefixtures("first")
def test_whoever_steps_in_is_told_that_the_dice_are_others(client: TestClient) -> None:
    assert "It has a new seed" in client.get("/runs/first/step-in").text


def test_whoever_branches_off_a_visit_says_whether_it_is_repeated(visit: _Visit, app: FastAPI) -> None:
    visit.told()
    visit.say("CANARY-SAID, Bo.")
    line = served.until(lambda: next((e for e in visit.events if "CANARY-SAID" in e.text), None))
    answered = served.until(lambda: next((e for e in visit.events if e.id > line.id and e.kind == "line"), None))
    visit.told()
    about = f"/runs/{visit.name}/line/{answered.id}"
    assert "In another take, Noor says and does again" in visit.client.get(about).text
    form = visit.client.get(f"{about}/branch").text
    assert "says and does again what they said and did from this line on" in form

    def branched(**fields: str) -> dp.LivePlay:
        begun = visit.client.post(f"/runs/{visit.name}/line/{line.id}/branch", data={"drop": "cyrus", **fields})
        assert begun.status_code == 204, begun.text
        play: dp.LivePlay = app.state.plays.get(begun.headers["HX-Redirect"].removeprefix("/runs/"))
        return play

    again, anew = branched(visit="again"), branched(visit="live")
    served.until(lambda: again.moment.state == "finished")
    assert [event.text for event in again.events if event.by_visitor] == ["CANARY-SAID, Bo."]
    served.until(lambda: anew.moment.asked)
    assert anew.visit == dp.load_run(visit.name).visit
    assert not any("CANARY-SAID" in event.text for event in anew.events)


@pytest.mark.usefixtures("first")
def test_without_a_visitor_nothing_of_a_visit_is_asked(client: TestClient) -> None:
    assert 'name="visit"' not in client.get("/runs/first/line/12/branch").text


@pytest.mark.parametrize("act", ["whisper", "do", "fear"])
def test_a_question_mark_alone_lists_the_commands_and_is_told_to_nobody(act: str) -> None:
    assert visit_form.meant(act, " ? ", "bo", "") == "?"
