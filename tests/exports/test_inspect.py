"""An Inspect log: its parts by themselves, and read by inspect_ai where that is installed (233 MB: not in the tests of
everybody)."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.branching import batch, branch
from dreamplay.exports.inspect_log import Inspect
from dreamplay.formats import Source
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.script import Script
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place

Tree = tuple[tuple[RunLog, ...], tuple[Place, ...]]


@pytest.fixture
async def tree(small: Path, tmp_path: Path) -> Tree:
    """A run, and one that branched off it in the attic."""
    folder = tmp_path / "trunk"
    trunk = await worlds.play(small, folder)
    parted = branch.branch(trunk, "trunk", "attic", branch.Changes(say=(("ada", "I go."),)))
    job = batch.job(parted, ScriptedModel(), {}, tmp_path)
    await job.run(ScriptedModel(), {}).play(lambda seen: None)
    return (trunk, job.record()), (at(folder), job.place)


def _parts(made: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        return {name: json.loads(file.read(name)) for name in file.namelist()}


def test_each_run_is_a_sample_and_a_branch_is_a_branch(tree: Tree) -> None:
    logs, _ = tree
    parts = _parts(Inspect().write(Source(logs, "author")))
    names = [f"samples/{log.name}_epoch_1.json" for log in logs]
    assert [name for name in parts if name.startswith("samples/")] == names
    trunk, parted = (parts[name] for name in names)
    point = logs[1].header.point
    anchors = [event["anchor_id"] for event in trunk["events"] if event["event"] == "anchor"]
    assert anchors == [f"trunk/{point}/anchor"]
    assert [event["from_anchor"] for event in trunk["events"] if event["event"] == "branch"] == anchors
    assert not any(event["event"] == "branch" for event in parted["events"])
    assert parted["metadata"]["parent"] == "trunk"
    assert parted["model_usage"]["scripted"]["total_tokens"] < trunk["model_usage"]["scripted"]["total_tokens"]
    for sample in (trunk, parted):
        ids = [event["uuid"] for event in sample["events"]]
        assert len(ids) == len(set(ids))


def _of(small: Path, *events: dict[str, Any]) -> RunLog:
    place = {"beat": "day", "scene": "square", "witnesses": ["ada", "bo"]}
    script = Script(worlds.made(place | event | {"id": number}) for number, event in enumerate(events))
    return replace(RunLog(worlds.plan(small).header("a_model", {}), script, None), name="a run")


def test_a_live_human_is_the_operator_and_a_model_generates(small: Path) -> None:
    log = _of(
        small,
        {"kind": "narration", "text": "It rains."},
        worlds.said("ada", "No."),
        {"speaker": "bo", "kind": "line", "text": "Yes.", "provenance": {"by": "person"}},
    )
    (sample,) = (part for name, part in _parts(Inspect().write(Source((log,), "reader"))).items() if "samples/" in name)
    told = [(each["role"], each["source"], each["content"]) for each in sample["messages"]]
    assert told[:2] == [("user", "input", "It rains."), ("assistant", "generate", "Ada: No.")]
    assert told[2][:2] == ("user", "operator")
    assert [event["event"] for event in sample["events"]] == ["span_begin", "info", "model", "input", "span_end"]


def test_refused_candidates_and_scores_are_the_authors_and_prompts_have_to_be_asked_for(tree: Tree) -> None:
    logs, places = tree
    refused = {"text": "REFUSED-WORDS", "reason": "copies", "check": "copies"}
    line = worlds.said("ada", "Oh.") | {"id": len(logs[0].script), "beat": "dawn", "scene": "road"}
    line["provenance"] |= {"refused": [refused]}
    log = replace(logs[0], script=Script([*logs[0].script, worlds.made(line | {"witnesses": ["ada", "bo", "cyrus"]})]))
    text = {
        (view, secrets): json.dumps(_parts(Inspect().write(Source((log,), view, secrets, places[:1]))))
        for view, secrets in [("author", True), ("author", False), ("reader", False), ("bo", False)]
    }
    assert [key[0] for key, each in text.items() if "REFUSED-WORDS" in each] == ["author", "author"]
    assert [key[0] for key, each in text.items() if '"dreamplay": {' in each] == ["author", "author"]
    assert [key for key, each in text.items() if "CANARY-Ada-want" in each] == [("author", True)]


def test_the_same_runs_give_the_same_bytes(tree: Tree) -> None:
    assert Inspect().write(Source(tree[0], "author")) == Inspect().write(Source(tree[0], "author"))


def test_inspect_ai_reads_it_back_with_its_branches(tree: Tree, tmp_path: Path) -> None:
    inspect_log = pytest.importorskip("inspect_ai.log", reason="inspect_ai is not installed")
    from inspect_ai.event import timeline_build

    logs, places = tree
    file = tmp_path / "tree.eval"
    file.write_bytes(Inspect().write(Source(logs, "author", secrets=True, places=places)))
    read = inspect_log.read_eval_log(str(file))
    assert (read.version, read.status, [sample.id for sample in read.samples]) == (
        2, "success", sorted(log.name for log in logs),
    )  # fmt: skip
    trunk = next(sample for sample in read.samples if sample.id == "trunk")
    (parted,) = timeline_build(trunk.events).root.branches
    assert parted.name == logs[1].name
    usage = transcript.total(logs[0].script)
    assert trunk.model_usage["scripted"].total_tokens == usage.prompt + usage.output
    asked = [event for event in trunk.events if event.event == "model"]
    assert all(event.input for event in asked)
