"""The served graph without a server: the same play as anywhere, a visitor by interrupts, forks, and what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
from dreamplay.studio import choices, graph
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

Answer = Callable[[dict[str, Any]], object]
SMALL = {"story": "story", "model": "scripted", "seed": 7}


class Thread:
    """A thread on the served graph."""

    def __init__(self, roles: tuple[str, ...] = ("ada", "bo", "visitor"), runs: Path | None = None) -> None:
        self.graph = graph.build(roles, runs)
        self.graph.checkpointer = InMemorySaver()
        self.config: Any = {"configurable": {"thread_id": "one"}}

    def run(self, given: Any, config: Any = None, **context: Any) -> dict[str, Any]:
        """Run until it is asked something, or over."""
        out: dict[str, Any] = self.graph.invoke(given, config or self.config, context=context or None)  # type: ignore[assignment, call-overload, arg-type]
        return out

    def until_over(self, out: dict[str, Any], answer: Answer) -> dict[str, Any]:
        """Answer whatever is asked, until it is over."""
        while asked := out.get("__interrupt__"):
            out = self.run(Command(resume=answer(asked[0].value)))
        return out


@pytest.fixture(autouse=True)
def started_anew() -> None:
    """A server that has read no story yet."""
    choices._played.cache_clear()
    choices._opened.cache_clear()


@pytest.fixture
def beside(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a small story, from which the server is started."""
    monkeypatch.chdir(small.parent)
    return small.parent


def _plain(run: dp.Run) -> list[dict[str, Any]]:
    return [event.model_dump(mode="json") for event in run.events]


def _listens(asked: dict[str, Any]) -> object:
    return {"listen": True}


@pytest.mark.parametrize("roles", [("ada", "bo", "cyrus"), ("ada", "begin", "director_of_another_story")])
def test_the_same_seed_gives_the_same_play_as_anywhere(beside: Path, roles: tuple[str, ...]) -> None:
    out = Thread(roles).run({}, **SMALL, length="short")
    assert out["events"] == _plain(dp.play("story", model="scripted", seed=7, length="short"))
    assert json.loads(json.dumps(out)) == out
    assert out["play"]["story"] == "story"


def test_what_is_not_chosen_is_what_is_set_on_the_server(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMPLAY_STORY", str(beside / "story.yaml"))
    monkeypatch.setenv("DREAMPLAY_MODEL", "scripted")
    seeds = set()
    for _ in range(3):
        seeds.add(Thread().run({})["play"]["seed"])
    assert len(seeds) > 1


def test_a_visitor_is_asked_and_answers(beside: Path) -> None:
    thread = Thread()
    out = thread.run({}, **SMALL, visitor="Eva")
    asked = out["__interrupt__"][0].value
    assert (asked["name"], asked["task"], asked["present"]) == ("Eva", "line", ["Ada", "Bo", "Cyrus"])
    assert asked["last"][-1] == {"kind": "narration", "text": out["events"][-1]["text"]}
    for wrong, why in (
        (7, "answer with an object"),
        ({"sing": "la"}, "nothing is called 'sing'"),
        ({"say": "a", "do": "b"}, "one thing at a time"),
        ({"whisper": {"to": "Zoe", "text": "psst"}}, "nobody is called 'Zoe'"),
        ("/quit", "earlier checkpoints"),
    ):
        out = thread.run(Command(resume=wrong))
        assert why in out["__interrupt__"][0].value["refused"]
    out = thread.run(Command(resume={"say": "Is anybody there?"}))
    said = next(event for event in out["events"] if event.get("speaker") == "visitor")
    assert said["text"] == "Is anybody there?"
    heard = out["__interrupt__"][0].value
    assert {"kind": "line", "speaker": "Eva", "text": "Is anybody there?"} in heard["last"]
    assert "refused" not in heard

    def answer(asked: dict[str, Any]) -> object:
        choice = asked["task"] == "stance" and {"choice": asked["choices"][0]["id"], "because": "I am tired."}
        return {"stance": choice} if choice else {"say": ""}

    out = thread.until_over(out, answer)
    mine = [event["kind"] for event in out["events"] if event.get("speaker") == "visitor"]
    assert mine == ["line", "stance"]


def test_the_visitor_is_told_nothing_that_they_did_not_witness(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(staged.parent)
    told: list[dict[str, Any]] = []
    thread = Thread()

    def answer(asked: dict[str, Any]) -> object:
        told.extend(asked["last"])
        return {"listen": True}

    thread.run({}, **SMALL, visitor="Eva", every_line=True)
    thread.run(Command(resume={"go": True}))
    out = thread.until_over(thread.run(Command(resume={"listen": True})), answer)
    unseen = {e["text"] for e in out["events"] if e.get("text") and "visitor" not in e["witnesses"]}
    assert unseen
    assert not unseen & {each["text"] for each in told}


def test_a_thread_is_a_run_on_disk_and_its_fork_a_branch(beside: Path) -> None:
    thread = Thread(runs=beside / "runs")
    out = thread.until_over(thread.run({}, **SMALL, visitor="Eva"), _listens)
    whole = dp.load_run(beside / "runs" / "story-one")
    assert (_plain(whole), whole.finished) == (out["events"], True)
    assert thread.run({})["events"] == out["events"]  # what is over stays so
    history = list(thread.graph.get_state_history(thread.config))
    early = next(state for state in history if state.next == ("ada",))
    thread.run(None, early.config)
    assert [path.name for path in (beside / "runs").iterdir()] == ["story-one"]  # it was the same again
    changed = early.values["events"][-1] | {"text": "The lamp has gone out."}
    assert changed["kind"] == "line"
    before = thread.graph.update_state(early.config, {"events": [changed]}, as_node=graph.ANOTHER)
    out = thread.run(None, before)
    assert out["events"][changed["id"]]["text"] == "The lamp has gone out."
    fork = dp.load_run(beside / "runs" / "story-one-2")
    assert (fork.header.parent, fork.header.point) == ("story-one", changed["id"])
    assert _plain(fork) == out["events"]


def test_another_play_on_a_thread_is_another_run(beside: Path) -> None:
    thread = Thread(runs=beside / "runs")
    thread.run({}, **SMALL, visitor="Eva")
    start = next(state for state in thread.graph.get_state_history(thread.config) if state.next == (graph.BEGIN,))
    thread.until_over(thread.run(None, start.config, **SMALL | {"seed": 8}, visitor="Eva"), _listens)
    begun, other = dp.load_run(beside / "runs" / "story-one"), dp.load_run(beside / "runs" / "story-one-2")
    assert [(run.header.seed, run.header.parent, run.finished) for run in (begun, other)] == [
        (7, None, False),
        (8, None, True),
    ]


def test_a_play_that_was_broken_off_goes_on_on_its_thread(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamplay.models.scripted import ScriptedModel

    whole = _plain(dp.play("story", model="scripted", seed=7))
    complete, calls = ScriptedModel.complete, 0

    async def failing(self: ScriptedModel, *args: Any, **rest: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise dp.DreamplayError("the line is dead")
        return await complete(self, *args, **rest)

    monkeypatch.setattr(ScriptedModel, "complete", failing)
    thread = Thread(runs=beside / "runs")
    with pytest.raises(dp.DreamplayError, match="the line is dead"):
        thread.run({}, **SMALL)
    kept = dp.load_run(beside / "runs" / "story-one")
    assert _plain(kept) == whole[: len(kept.events)]
    assert len(kept.events) > 5
    assert thread.run({})["events"] == whole
    assert dp.load_run(kept.folder).finished


def test_no_folder_is_written_unless_one_is_given(beside: Path) -> None:
    before = sorted(beside.rglob("*"))
    Thread().run({}, **SMALL)
    assert sorted(beside.rglob("*")) == before


def test_nothing_is_written_outside_the_folder_that_is_given(beside: Path) -> None:
    before = {path.name for path in beside.parent.iterdir()}
    thread = Thread(runs=beside / "runs")
    thread.run({}, {"configurable": {"thread_id": "../../up/and away"}}, **SMALL, visitor="Eva")
    thread.run(Command(resume={"listen": True}), {"configurable": {"thread_id": "../../up/and away"}})
    assert [path.name for path in (beside / "runs").iterdir()] == ["story-up_and_away"]
    assert {path.name for path in beside.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"story": "/etc/passwd"}, "context: story: nothing is called '/etc/passwd'; there are"),
        ({"story": "mindsnyc"}, "did you mean 'mindsync'"),
        ({"swaps": {"ada": "../secret.yaml"}}, "context: swaps.ada: nothing is called"),
        ({"visitor": "../secret.yaml"}, "context: visitor: nothing is called"),
        ({"model": "/tmp/x.gguf"}, "a file is named where the server is started"),
        ({"every_line": True}, "there is nobody to ask"),
        ({"seed": -1}, r"context: seed: must be at least 0"),
        ({"swaps": {"zoe": "sam"}}, "no role 'zoe'"),
    ],
)
def test_a_context_that_cannot_be_played_is_refused_in_one_line(
    beside: Path, context: dict[str, Any], why: str
) -> None:
    with pytest.raises(graph.ServedError, match=why) as refused:
        Thread().run({}, **SMALL | context)
    assert "\n" not in str(refused.value)


def test_an_event_that_cannot_stand_there_is_refused(beside: Path) -> None:
    thread = Thread()
    thread.run({}, **SMALL, visitor="Eva")
    for field, value in (("speaker", "zoe"), ("kind", "song"), ("scene", "porch")):
        event = {"id": 1, "kind": "line", "text": "x", "speaker": "ada", "beat": "day", "scene": "square"}
        thread.graph.update_state(thread.config, {"events": [event | {field: value}]}, as_node="director")
        with pytest.raises(graph.ServedError, match=r"events\[1\] cannot stand there"):
            thread.run({})


def test_tokens_and_events_are_streamed_as_json(beside: Path) -> None:
    graph = Thread().graph
    graph.checkpointer = None
    parts = list(graph.stream({}, context=SMALL, stream_mode="custom"))  # type: ignore[arg-type]
    events = [part["event"] for part in json.loads(json.dumps(parts)) if "event" in part]
    assert events == _plain(dp.play("story", model="scripted", seed=7))
    assert {part["token"]["speaker"] for part in parts if "token" in part} >= {"ada", "bo", "cyrus"}
