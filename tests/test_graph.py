from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay import graph, library, transcript
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.play import Run
from dreamplay.script import PROLOGUE, Script
from dreamplay.story import Cast
from dreamplay.testing import ScriptedModel
from syrupy.assertion import SnapshotAssertion

README = Path(__file__).parents[1] / "README.md"


def test_the_drawing_shows_who_plays(cast: Cast, snapshot: SnapshotAssertion) -> None:
    drawing = graph.build(cast).get_graph().draw_mermaid()
    assert drawing == snapshot
    assert drawing.strip() in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("length", ["short", "full"])
@pytest.mark.parametrize("what", [*library.names("stories"), 2, 3, 7])
async def test_every_scene_is_played_in_order_to_the_end(what: object, length: str, tmp_path: Path) -> None:
    reference = worlds.write(tmp_path / "story", what) if isinstance(what, int) else what
    record = await worlds.play(reference, tmp_path / "run", length=length)
    scenes = {scene.id: scene for _, scene in record.header.story.scenes}
    events = [event for event in record.script if event.scene != PROLOGUE]
    assert list(dict.fromkeys(event.scene for event in events)) == list(scenes)
    assert record.end
    for name, scene in scenes.items():
        here = [event for event in events if event.scene == name]
        assert here[0].kind == "narration"
        assert {event.witnesses for event in here} == {scene.present}
        turns = [event for event in here if event.kind in ("line", "silence")]
        assert [event.turn for event in turns] == list(range(1, len(turns) + 1))
        assert scene.turns.min <= len(turns) <= scene.turns.max
        assert [e.kind for e in here].count("dream") == (scene.kind == "dream")
        stances = [event.speaker for event in here if event.kind == "stance"]
        assert stances == (list(scene.present) if scene.kind == "crossroads" else [])
    # The shipped fake is meant to show a whole play: hardly a turn of it may be lost to the editor.
    assert len(worlds.kinds(events, "silence")) <= len(events) // 10


async def test_the_prologue_comes_first_and_everyone_was_there(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run")
    first = next(iter(record.script))
    assert (first.beat, first.kind, first.text, first.speaker) == (PROLOGUE, "line", "Tea is tea.", "ada")
    assert first.witnesses == record.cast.roles
    assert first.provenance.by == "author"


VOTES = {
    "unanimous": ("go go go go", "They left.", ["Ada, Bo, Cyrus and Dee chose to leave"]),
    "split": ("go stay stay stay", "They stayed.", ["Ada chose to leave", "Bo, Cyrus and Dee chose to stay"]),
    "tied": ("go stay go stay", "They left and came back.", ["Ada and Cyrus chose", "Bo and Dee chose"]),
}


@pytest.mark.parametrize("case", VOTES)
async def test_the_end_is_the_true_one(case: str, tmp_path: Path) -> None:
    votes, ending, tally = VOTES[case]
    plan = worlds.plan(worlds.write(tmp_path / "story", 4), beats=["dawn"])
    chosen = dict(zip(plan.cast.roles, votes.split(), strict=True))
    model = worlds.Voting(plan.cast, worlds.choices(plan.story, plan.cast), chosen)
    run = Run(plan, model, tmp_path / "run", {})
    await run.play(lambda seen: None)
    stances = worlds.kinds(run.script, "stance")
    assert {event.speaker: event.choice for event in stances} == chosen
    told = [event.text for event in run.script.in_scene("road")]
    fact = next(text for text in told if ending in text)
    assert all(part in fact for part in tally)
    assert not [e for e in ("They left.", "They stayed.", "They left and came back.") if e != ending and e in fact]
    assert ending in next(prompt for prompt in model.seen if prompt.kind == "epilogue").tail


async def test_a_tie_without_a_word_of_its_own_tells_both_endings(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "story", 2, lambda s: s.pop("tie"))
    plan = worlds.plan(path, beats=["dawn"])
    model = worlds.Voting(plan.cast, worlds.choices(plan.story, plan.cast), {"ada": "go", "bo": "stay"})
    run = Run(plan, model, tmp_path / "run", {})
    await run.play(lambda seen: None)
    assert any("They left. They stayed." in event.text for event in run.script.in_scene("road"))


async def test_nobody_who_decides_has_heard_another_answer(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(small, tmp_path / "run", model)
    asked = [prompt for prompt in model.seen if prompt.kind == "stance"]
    assert len(asked) == 3
    assert len({prompt.script for prompt in asked}) == 1
    assert not any(event.text in asked[0].script for event in worlds.kinds(record.script, "stance"))


@pytest.mark.parametrize("what", [*library.names("stories"), "small"])
async def test_the_limit_of_steps_is_enough_and_not_much_more(
    what: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = small if what == "small" else what
    limits: list[int] = []
    bound = graph.steps

    def counted(context: graph.Context) -> int:
        limits.append(bound(context))
        return limits[-1]

    monkeypatch.setattr("dreamplay.play.steps", counted)
    await worlds.play(reference, tmp_path / "run")
    turns = sum(scene.turns.max for _, scene in worlds.plan(reference).scenes)
    assert limits[0] <= 3 * turns + 60


async def test_a_routing_bug_ends_the_run(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamplay.director.Director.over", lambda self, script, scene: False)
    with pytest.raises(DreamplayError, match="a bug in the routing of dreamplay"):
        await worlds.play(small, tmp_path / "run")
    assert len(transcript.read(tmp_path / "run").script) > 20


async def test_the_scene_that_a_script_has_come_to(small: Path, tmp_path: Path) -> None:
    scenes = worlds.plan(small).scenes
    events = list((await worlds.play(small, tmp_path / "run")).script)
    come_to = [graph.cursor(Script(events[:size]), scenes) for size in range(len(events) + 1)]
    begun = [event.scene for event in events if event.scene != PROLOGUE]
    assert come_to[:2] == [0, 0]
    assert [scenes[index][1].id for index in come_to[2:]] == begun
    with pytest.raises(RecordError, match="stands in scene 'road', but the run plays only square, corner"):
        graph.cursor(Script(events), worlds.plan(small, beats=["day"]).scenes)
