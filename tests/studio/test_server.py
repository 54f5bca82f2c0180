"""`langgraph dev` with the shipped langgraph.json: a scene is played over the SDK, as LangGraph's own tools do it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest

if importlib.util.find_spec("langgraph_cli") is None or importlib.util.find_spec("langgraph_api") is None:
    pytest.skip("no server: pip install 'dreamplay[studio]'", allow_module_level=True)

CONFIG = Path(__file__).parents[2] / "langgraph.json"
WAIT = 120.0
"""Seconds after which a server that does not answer has failed."""
CONTEXT = {"model": "scripted", "seed": 7, "length": "short", "beats": ["launch"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which the server is started."""
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    """The address of a server, without a key, a browser or the network."""
    shutil.copy(CONFIG, home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LANG", "DREAMPLAY_", "OPENAI_"))}
    closed = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    own |= closed | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    with (home.parent / "server.log").open("w+") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload", "--port", str(port)],
            cwd=home, env=own, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + WAIT
            while not _answers(address):
                if running.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    pytest.fail(f"the server does not start:\n{log.read()[-3000:]}")
                time.sleep(0.2)
            yield address
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ok", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def client(server: str) -> Iterator[Any]:
    from langgraph_sdk import get_sync_client

    with get_sync_client(url=server) as made:
        yield made


def test_the_graph_can_be_drawn_and_its_context_filled_in(client: Any) -> None:
    (assistant,) = client.assistants.search(graph_id="dreamplay")
    drawn = {node["id"] for node in client.assistants.get_graph(assistant["assistant_id"])["nodes"]}
    assert drawn >= {"begin", "open_scene", "director", "leo", "mira", "sam", "elara", "visitor", "close_scene"}
    schemas = client.assistants.get_schemas(assistant["assistant_id"])
    assert {"story", "swaps", "seed", "model", "visitor"} <= set(schemas["context_schema"]["properties"])
    assert "events" in schemas["state_schema"]["properties"]


def test_a_scene_is_played_and_the_visitor_answers_interrupts(client: Any, home: Path) -> None:
    thread = client.threads.create()["thread_id"]
    context = CONTEXT | {"visitor": "Eva"}
    out = client.runs.wait(thread, "dreamplay", input={}, context=context)
    asked = out["__interrupt__"][0]["value"]
    assert asked["name"] == "Eva"
    assert asked["last"][-1]["kind"] == "narration"
    assert client.threads.get(thread)["status"] == "interrupted"
    answers: list[Any] = [{"say": "Who built this machine?"}, {"do": "closes the window"}]
    while "__interrupt__" in out:
        answer = answers.pop(0) if answers else {"listen": True}
        out = client.runs.wait(thread, "dreamplay", command={"resume": answer})
    mine = [(event["kind"], event["text"]) for event in out["events"] if event.get("speaker") == "visitor"]
    assert mine == [("line", "Who built this machine?"), ("action", "closes the window")]
    state = client.threads.get_state(thread)
    assert (state["next"], state["values"]["play"]["seed"]) == ([], 7)
    run = dp.load_run(home / "transcripts" / f"mindsync-{thread}")
    assert run.finished
    assert [event.model_dump(mode="json") for event in run.events] == out["events"]
    assert {path.name for path in home.iterdir()} <= {"langgraph.json", "transcripts", ".langgraph_api"}


def test_a_play_is_streamed_and_is_the_same_as_anywhere(client: Any) -> None:
    parts = list(client.runs.stream(None, "dreamplay", input={}, context=CONTEXT, stream_mode=["custom", "updates"]))
    events = [part.data["event"] for part in parts if part.event == "custom" and "event" in part.data]
    told = dp.play(model="scripted", seed=7, length="short", beats=["launch"]).events
    assert events == [json.loads(event.model_dump_json()) for event in told]
    assert {"open_scene", "director", "leo"} <= {
        node for part in parts if part.event == "updates" for node in part.data
    }


def test_a_line_is_changed_and_the_thread_goes_on_from_there(client: Any) -> None:
    thread = client.threads.create()["thread_id"]
    client.runs.wait(thread, "dreamplay", input={}, context=CONTEXT)
    past = next(state for state in client.threads.get_history(thread, limit=100) if state["next"] == ["director"])
    assert past["values"]["events"][-1]["kind"] == "line"
    line = past["values"]["events"][-1] | {"text": "I have changed my mind."}
    client.threads.update_state(thread, {"events": [line]}, checkpoint=past["checkpoint"], as_node=line["speaker"])
    out = client.runs.wait(thread, "dreamplay", input=None)
    assert out["events"][line["id"]] == line
    assert client.threads.get_state(thread)["next"] == []


def test_what_cannot_be_played_is_said(client: Any) -> None:
    thread = client.threads.create()["thread_id"]
    with pytest.raises(Exception, match="nothing is called '/etc/passwd'"):
        client.runs.wait(thread, "dreamplay", input={}, context={"story": "/etc/passwd"})
