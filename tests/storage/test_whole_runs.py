"""Runs from their beginning to their end, in every store: played, stopped, gone on with, read, branched and listed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import worlds
from dreamplay.cli import main
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models.base import Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs.transcript import FILE
from dreamplay.storage.store import Place, Store
from dreamplay.web.app import make_app
from starlette.testclient import TestClient

_complete = ScriptedModel.complete


def _command(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["dreamplay", *map(str, words)])
    try:
        main.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


async def _failing(self: ScriptedModel, prompt: Prompt, **rest: Any) -> Reply:
    """Answers two calls, and no third."""
    if len(self.seen) == 2:
        raise ModelError("the endpoint is down")
    return await _complete(self, prompt, **rest)


def _only(store: Store) -> Place:
    ((place, _),) = store.places(FILE)
    return place


async def test_a_run_is_the_same_in_every_store(small: Path, store: Store, address: str) -> None:
    played = await worlds.play(small, Path("run"))
    stream = dp.stream(small, model="scripted", seed=7, length="full", store=address)
    seen = 0
    async for _ in stream:
        seen += 1
        if seen == 6:
            stream.stop()
    assert stream.run
    assert not stream.run.finished
    whole = await dp.stream(stream.run)
    place = _only(store)
    assert whole.place == place
    assert whole.finished
    assert (whole.events, whole.record.end) == (tuple(played.script), played.end)
    line = next(event for event in whole.lines if event.provenance.by == "agent")
    assert whole.why(line).prompt
    assert place.read("transcript.md").startswith(b"# Small Hours")
    assert not place.has("pending.jsonl")
    assert not place.has("run.lock")


def test_a_branch_lies_beside_its_parent_and_both_are_listed(small: Path, store: Store, address: str) -> None:
    parent = dp.play(small, model="scripted", seed=7, store=address)
    other = dp.play(parent.branch(at="night", drop=["bo"]))
    assert store.holds(other.place)
    assert other.header.parent == parent.place.name
    listed = dp.list_runs(store)
    assert [run.name for run in listed] == [other.place.name, parent.place.name]
    assert [run.state for run in listed] == ["finished", "finished"]
    assert dp.list_runs(store) == listed
    (tree,) = dp.run_trees(listed)
    assert [run.name for run in tree] == [parent.place.name, other.place.name]
    dp.compare(parent, other)
    for name in ("markdown", "csv", "inspect"):
        assert dp.export(parent, name, view="author", secrets=name == "inspect").main
    dp.bin_run(other)
    assert [run.name for run in dp.list_runs(address, binned=True)] == [other.place.name]
    dp.restore_run(other.place.name, address)
    assert len(dp.list_runs(address)) == 2


def test_the_page_shows_what_is_in_the_store(small: Path, store: Store, address: str) -> None:
    run = dp.play(small, model="scripted", seed=7, store=address)
    name = run.place.name
    headers = {"HX-Request": "true", "Origin": "http://localhost:1", "Sec-Fetch-Site": "same-origin"}
    with TestClient(make_app(store, frozenset({"localhost:1"})), "http://localhost:1", headers=headers) as client:
        assert name in client.get("/").text
        assert client.get(f"/runs/{name}").status_code == 200
        assert client.post(f"/runs/{name}/label", data={"title": "Tea"}).status_code == 200
        assert store.place(name).read("about.json")
        assert client.post(f"/runs/{name}/bin", data={}).status_code == 200
        assert store.places(FILE) == []
        assert client.post(f"/bin/{name}/restore?to=home", data={}).status_code == 200
        assert client.get("/runs/nobody").status_code == 404


def test_the_commands_find_the_store_by_flag_variable_and_file(
    small: Path, store: Store, address: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(*words: object) -> str:
        assert _command(*words, monkeypatch=monkeypatch) == 0, capfd.readouterr().err
        return capfd.readouterr().out

    command("run", "--story", small, "--model", "scripted", "--seed", 7, "--quiet", "--store", address)
    name = _only(store).name
    for words in (
        ["runs", "--json"], ["show"], ["why", name, "7"], ["knows", name, "ada"], ["threads"], ["score"], ["tree"],
        ["export", name, "--to", "csv"],
        ["whatif", name, "--at", "night", "--drop", "bo", "--model", "scripted", "--json"],
    ):  # fmt: skip
        assert command(*words, "--store", address)
    monkeypatch.setenv("DREAMPLAY_STORE", address)
    assert len(json.loads(command("runs", "--json"))) == 2
    names = [place.name for place, _ in store.places(FILE)]
    assert command("compare", *reversed(names))
    command("copy", "--to", "copies")
    assert sorted(path.name for path in Path("copies").glob("*/")) == sorted(names)
    monkeypatch.delenv("DREAMPLAY_STORE")
    Path("mine.toml").write_text(f'store = "{address}"\n')
    monkeypatch.setenv("DREAMPLAY_CONFIG", "mine.toml")
    assert command("show", name, "--json")
    assert not Path("transcripts").exists()


def test_a_command_says_how_the_run_is_found_again(
    small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _command("show", "--store", "mine", monkeypatch=monkeypatch) == 1
    assert "no runs in mine; play one with: dreamplay run" in capfd.readouterr().err
    monkeypatch.setattr(ScriptedModel, "complete", _failing)
    words = ("run", "--story", small, "--model", "scripted", "--seed", 7)
    for store, again in ((("--store", "mine"), " --store mine"), ((), "")):
        assert _command(*words, *store, monkeypatch=monkeypatch) == 1
        name = r"story-\d+-\d+-7"
        assert re.search(rf"; continue with: dreamplay resume {name}{again}\n", capfd.readouterr().err)


def test_a_strangers_file_names_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dreamplay.toml").write_text('seed = 3\nstore = "postgresql://me:secret@there.example/plays"\n')
    with pytest.raises(SettingsError, match=r"^dreamplay\.toml:2: store: a file that somebody else") as refused:
        dp.list_runs()
    assert "secret" not in str(refused.value)
    monkeypatch.setenv("DREAMPLAY_STORE", "here")
    assert dp.list_runs() == []
    Path("dreamplay.toml").write_text('store = "mine"\n')
    monkeypatch.delenv("DREAMPLAY_STORE")
    assert dp.list_runs() == []
    Path("dreamplay.toml").write_text('store = ""\n')
    with pytest.raises(SettingsError, match=r"dreamplay\.toml:1: store: a folder has a name"):
        dp.list_runs()
