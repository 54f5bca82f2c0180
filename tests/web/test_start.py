"""A new play on the page: its form, what stands beside a field that is wrong, and the run that comes of it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import served
import worlds
from dreamplay.models import registry
from dreamplay.models.base import Model
from dreamplay.models.model_choice import ModelSpec
from dreamplay.models.scripted import ScriptedModel
from fake_endpoint import FakeEndpoint
from fastapi import FastAPI
from starlette.testclient import TestClient

FORM = {"story": "story.yaml", "model": "scripted", "beats": ["day", "night", "dawn"], "length": "full", "seed": "7"}


@pytest.fixture(autouse=True)
def _story(home: Path) -> None:
    """The small story and its personas, in the folder in which the page was opened."""
    worlds.write(Path(), roles=3)


def _wrong(text: str) -> dict[str, str]:
    """What an answer says beside the fields."""
    said = re.findall(r'<p class="error" id="wrong-(\w+)"[^>]*>([^<]*)</p>', text)
    return {field: html.unescape(what) for field, what in said if what and field != "form"}


def _played(app: FastAPI, answer: Any) -> dp.Run:
    """The run that an answer leads to, once it has been played."""
    assert answer.status_code == 204, answer.text
    name = answer.headers["HX-Redirect"].removeprefix("/runs/")
    served.until(lambda: app.state.plays.get(name) is None)
    return dp.load_run(name)


def test_the_form_offers_what_is_shipped_and_what_lies_in_the_folder(client: TestClient) -> None:
    Path("broken.yaml").write_text("title: x\npremise: y\ncast: {}\nbeats: 7\n", encoding="utf-8")
    text = client.get("/new?story=story.yaml").text
    assert "broken.yaml" not in text
    assert ">The Borrowed Night (mindsync)</option>" in text
    assert {"mindsync", "forty_one_metres", "story.yaml"} <= set(re.findall(r'<option value="([\w.]+)"', text))
    assert re.search(r'value="story.yaml" selected', text)
    for role in ("ada", "bo", "cyrus"):
        assert f'name="swap_{role}"' in text
    assert re.findall(r'name="beats" value="(\w+)" checked', text) == ["day", "night", "dawn"]
    assert 'value="leo_believer"' in text
    assert client.get("/new?story=../story.yaml").status_code == 404
    assert "there is none of that name here" in client.get("/new/story?story=/etc/passwd").text
    assert "The Borrowed Night" in client.get("/new/story?story=mindsync").text


def test_a_play_begins_as_it_was_filled_in(app: FastAPI, client: TestClient) -> None:
    form = FORM | {"swap_ada": "bo", "swap_bo": "leo", "beats": ["day"], "length": "short", "direction": "guided"}
    run = _played(app, client.post("/new", data=form))
    assert run.finished
    assert (run.header.seed, run.header.model, run.header.story_id) == (7, "scripted", "story")
    assert run.header.changes == ("swap ada=bo; swap bo=leo",)
    assert (run.header.settings["length"], run.header.settings["beats"]) == ("short", ["day"])
    assert run.header.settings["profile"]["direction"] == "guided"
    assert run.record.cast.visitor is None


def test_somebody_steps_in_and_is_asked(app: FastAPI, client: TestClient) -> None:
    answer = client.post("/new", data=FORM | {"visitor": " Noor ", "every_line": "yes"})
    play = app.state.plays.get(answer.headers["HX-Redirect"].removeprefix("/runs/"))
    served.until(lambda: play.moment.asked)
    assert play.plan.cast.name("visitor") == "Noor"
    assert play.plan.visit.every_line


def test_a_card_plays_a_role(app: FastAPI, client: TestClient) -> None:
    card = {"card": ("zoe.json", json.dumps(worlds.card("v2")).encode(), "application/json")}
    part = client.post("/new/card?story=story.yaml&role=ada", files=card).text
    carried = re.search(r'name="card_ada" value="([^"]*)"', part)
    assert carried
    run = _played(app, client.post("/new", data=FORM | {"card_ada": html.unescape(carried[1])}))
    assert run.name("ada") == worlds.card("v2")["data"]["name"]
    assert 'name="swap_ada"' in client.get("/new/role?story=story.yaml&role=ada").text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}", "the card: JSON, but no character card"),
        (b"\x89PNG\r\n\x1a\n", "the card:"),
        (b"[" * 10_000, "the card:"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
    ],
)
def test_a_file_that_is_no_card_is_said_to_be_none_and_the_role_stays(
    client: TestClient, data: bytes, said: str
) -> None:
    answer = client.post("/new/card?story=story.yaml&role=ada", files={"card": ("../../x.json", data)})
    assert answer.status_code == 200
    assert said in html.unescape(answer.text)
    assert 'name="swap_ada"' in answer.text
    assert client.post("/new/card?story=story.yaml&role=nobody", files={"card": ("x", data)}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "beside", "said"),
    [
        ("seed", "abc", "seed", "abc"),
        ("seed", "-1", "seed", "0"),
        ("length", "endless", "length", "endless"),
        ("beats", [], "beats", "choose at least one"),
        ("beats", ["three"], "beats", "choose at least one"),
        ("direction", "sideways", "direction", "sideways"),
        ("story", "../small/story.yaml", "story", "there is none of that name here"),
        ("swap_ada", "../../etc/passwd", "swaps", "nobody of that name can play ada"),
        ("swap_ada", "small/ada.yaml", "swaps", "nobody of that name can play ada"),
        ("card_ada", "{}", "swaps", "the card was lost"),
        ("visitor", "Ada", "visitor", "Ada is in the cast already"),
        ("visitor", "<b>", "visitor", "no name"),
        ("model", "other", "model", "give its name, its URL, or both"),
        ("model", "embeded", "model", "did you mean embedded?"),
        ("model", "/etc/passwd.gguf", "model", "no such file here"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_begins(
    client: TestClient, home: Path, field: str, value: object, beside: str, said: str
) -> None:
    answer = client.post("/new", data=FORM | {field: value})
    assert answer.status_code == 200
    wrong = _wrong(answer.text)
    assert list(wrong) == [beside]
    assert said in wrong[beside]
    assert "`" not in wrong[beside]
    assert not list(home.iterdir())


NOBODY = "http://127.0.0.1:9/v1"
AWAY = "http://192.0.2.1/v1"
"""An address outside of this machine, which no test reaches: what is wrong is said before."""


@pytest.mark.parametrize(
    ("name", "url", "variables", "said"),
    [
        ("", NOBODY, {}, f"cannot reach {NOBODY} "),
        ("one", NOBODY, {}, f"cannot reach {NOBODY} "),
        ("one", "localhost:11434/v1", {}, "URL: an address begins with http:// or https://"),
        ("one", "", {}, "no key for one at api.openai.com: set OPENAI_API_KEY"),
        ("one", NOBODY, {"DREAMPLAY_API_KEY": "sk-se\ncret"}, "DREAMPLAY_API_KEY: the key has a line break in it"),
        ("one", NOBODY, {"OPENAI_API_KEY": "sk-se\ncret"}, "OPENAI_API_KEY: the key has a line break in it"),
        ("one", AWAY, {"HTTP_PROXY": "nonsense:::"}, "HTTP_PROXY does not hold the address of a proxy"),
        ("one", AWAY, {"HTTP_PROXY": "http://127.0.0.1:9"}, f"cannot reach {AWAY} by the proxy of HTTP_PROXY"),
    ],
)  # fmt: skip
def test_an_endpoint_that_cannot_play_is_said_beside_the_model_and_nothing_begins(
    client: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str, variables: dict[str, str],
    said: str,
) -> None:  # fmt: skip
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    form = FORM | {"model": "other", "model_name": name, "base_url": url}
    wrong = _wrong(client.post("/new", data=form).text)
    assert list(wrong) == ["model"]
    assert wrong["model"].startswith(said)
    assert "sk-" not in wrong["model"]
    assert wrong["model"].endswith("Correct or unset HTTP_PROXY") == ("by the proxy" in said)
    assert not list(home.iterdir())


def test_a_key_that_is_refused_is_said_beside_the_model(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-wrong")
    with FakeEndpoint(models=["one"], api_key="sk-secret") as fake:
        form = FORM | {"model": "other", "model_name": "one", "base_url": fake.base_url}
        wrong = _wrong(client.post("/new", data=form).text)
    assert wrong == {"model": f"{fake.base_url} refuses the key (401); set DREAMPLAY_API_KEY to one that it accepts"}


def test_a_setting_of_the_file_is_said_beside_its_field(client: TestClient) -> None:
    Path("dreamplay.toml").write_text("seed = 'often'\n", encoding="utf-8")
    wrong = _wrong(client.post("/new", data=FORM | {"seed": ""}).text)
    assert list(wrong) == ["seed"]
    assert wrong["seed"].startswith("dreamplay.toml:1: seed: must be a whole number")


def test_a_model_that_spends_its_answer_on_thought_is_said_to(client: TestClient) -> None:
    with FakeEndpoint(["<think>\nWhat is asked of me? White"]) as fake:
        form = {"model": "other", "model_name": "one", "base_url": fake.base_url}
        answer = client.post("/new/test", data=form).text
    assert "one thought, and gave no answer; raise headroom in dreamplay.toml, or choose another Model" in answer


def test_a_play_that_never_began_is_begun_anew_with_another_model(app: FastAPI, client: TestClient) -> None:
    with FakeEndpoint(models=["one"], faults=["404"]) as fake:
        form = FORM | {"model": "other", "model_name": "two", "base_url": fake.base_url}
        name = client.post("/new", data=form).headers["HX-Redirect"].removeprefix("/runs/")
        play = app.state.plays.get(name)
        served.until(lambda: play.moment.state == "failed")
    assert "has no model 'two' (404); it offers one; choose one with Model" in html.unescape(
        client.get(f"/runs/{name}").text
    )
    assert client.get(f"/runs/{name}/model").headers["location"] == "/new"


def test_a_model_is_tested_with_one_call(client: TestClient) -> None:
    assert "scripted has answered" in client.post("/new/test", data={"model": "scripted"}).text
    with FakeEndpoint(models=["one"]) as fake:
        form = {"model": "other", "model_name": "one", "base_url": fake.base_url}
        assert "one has answered" in client.post("/new/test", data=form).text
        assert len(fake.seen) == 1
    text = client.get("/new/models").text
    assert {"embedded", "scripted", "other"} <= set(re.findall(r'name="model" value="(\w+)"', text))


def test_a_model_in_this_process_on_which_a_play_is_live_is_said_to_be_shared(
    app: FastAPI, client: TestClient, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "open_models", _opened)
    assert "a play is on it already" not in client.get("/new/models").text
    assert client.portal
    client.portal.call(lambda: app.state.plays.begin(lambda: dp.live(small, model="embedded"), paused=True))
    shared = re.findall(r"a play is on it already", client.get("/new/models").text)
    assert len(shared) == 1


async def _opened(spec: ModelSpec, *_: object, **rest: object) -> list[Model]:
    """A model that is called as the one that was chosen."""
    model = ScriptedModel()
    model.name = spec.name
    return [model]


def test_no_key_reaches_the_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeEndpoint(models=["one"], api_key="sk-secret") as fake:
        monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-secret")
        monkeypatch.setenv("DREAMPLAY_BASE_URL", fake.base_url)
        answers = [client.get("/new/models"), client.post("/new/test", data={"model": ""})]
        assert "it offers one" in answers[0].text
        assert "one has answered" in answers[1].text
    assert not any("sk-secret" in answer.text for answer in answers)


def test_the_estimate_is_that_of_python(client: TestClient) -> None:
    cost = dp.estimate("story.yaml", model="scripted", beats=["day"])
    text = client.post("/new/estimate", data=FORM | {"beats": ["day"]}).text
    assert f"About {cost.lines} lines and {cost.calls} calls" in text
    assert "No estimate" in client.post("/new/estimate", data=FORM | {"story": "none"}).text


@pytest.mark.usefixtures("first")
def test_a_run_goes_on_with_another_model(app: FastAPI, client: TestClient, first: Path) -> None:
    lines = (first / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    (first / "transcript.jsonl").write_bytes(b"".join(lines[:9]))
    assert 'href="/runs/first/model"' in client.get("/runs/first").text
    assert "was played on scripted" in client.get("/runs/first/model").text
    with FakeEndpoint(models=["one"]) as fake:
        form = {"model": "other", "model_name": "one", "base_url": fake.base_url}
        run = _played(app, client.post("/runs/first/model", data=form))
        assert fake.seen
    assert run.record.models == ("scripted", "one")
    assert client.post("/runs/first/model", data=form).status_code == 400
