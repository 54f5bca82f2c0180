from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay.engine import graph
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.library import resources
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event, MoveEvent, ReflectionEvent, TurnEvent
from dreamplay.schema.script import Script
from syrupy.assertion import SnapshotAssertion

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_the_drawing_shows_who_plays(cast: Cast, snapshot: SnapshotAssertion) -> None:
    drawing = graph.build(cast).get_graph().draw_mermaid()
    assert drawing == snapshot
    assert drawing.strip() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("length", ["short", "full"])
@pytest.mark.parametrize("what", [*resources.names("stories"), "staged", 2, 3, 7])
async def test_every_scene_is_played_in_order_to_the_end(
    what: object, length: str, staged: Path, tmp_path: Path
) -> None:
    reference = worlds.write(tmp_path / "story", what) if isinstance(what, int) else what
    reference = staged if what == "staged" else reference
    record = await worlds.play(reference, tmp_path / "run", length=length)
    scenes = {scene.id: scene for _, scene in record.header.story.scenes}
    events = [event for event in record.script if event.scene != PROLOGUE]
    assert list(dict.fromkeys(event.scene for event in events)) == list(scenes)
    assert record.end
    for name, scene in scenes.items():
        here = [event for event in events if event.scene == name]
        assert here[0].kind == "narration"
        there = _witnessed(here, scene.present)
        turns = [event for event in here if isinstance(event, TurnEvent)]
        assert [event.turn for event in turns] == list(range(1, len(turns) + 1))
        assert scene.turns.min <= len(turns) <= scene.turns.limit
        assert [e.kind for e in here].count("dream") == (scene.kind == "dream")
        stances = [event.speaker for event in here if event.kind == "stance"]
        assert stances == (list(there) if scene.kind == "crossroads" else [])
        thoughts = [event.speaker for event in here if event.kind == "reflection"]
        left = [event.speaker for event in here if event.kind == "exit" and event.speaker not in there]
        assert thoughts == ([*there, *left] if scene.kind in ("waking", "dream") else [])
        moves = [(event.kind, event.speaker, event.text) for event in here if isinstance(event, MoveEvent)]
        assert moves == [(m.kind, m.role, record.cast.fill(m.text)) for m in scene.ordered_moves]
        whispers = [(e.speaker, e.cue.hears, e.cue.material) for e in turns if e.cue and e.cue.hears]
        assert whispers == [(aside.role, aside.to, aside.material) for aside in scene.ordered_asides]
    # The shipped fake is meant to show a whole play: hardly a turn of it may be lost to the editor.
    assert len(worlds.kinds(events, "silence")) <= len(events) // 10


def _witnessed(here: list[Event], there: tuple[str, ...]) -> tuple[str, ...]:
    """Hold everything in a scene against who was there when it happened, and say who is there at its end."""
    for event in here:
        role = event.speaker or ""
        if event.kind == "entrance":
            there = (*there, role)
        if event.kind == "reflection":
            assert event.witnesses == (role,)
        elif isinstance(event, TurnEvent) and event.hears:
            assert set(event.witnesses) == {role, *event.hears} < set(there)
        else:
            assert event.witnesses == there
        if event.kind == "exit":
            there = tuple(other for other in there if other != role)
    return there


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


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("case", VOTES)
async def test_the_end_is_the_true_one(case: str, small: bool, tmp_path: Path) -> None:
    votes, ending, tally = VOTES[case]
    plan = worlds.plan(worlds.write(tmp_path / "story", 4), beats=["dawn"])
    chosen = dict(zip(plan.cast.roles, votes.split(), strict=True))
    model = worlds.Voting(plan.cast, worlds.choices(plan.story, plan.cast), chosen)
    model.profile = worlds.SMALL if small else worlds.SMALL.refined({"epilogue_scope": "story"})
    run = Runner(plan, model, tmp_path / "run", {})
    await run.play(lambda seen: None)
    stances = worlds.kinds(run.script, "stance")
    assert {event.speaker: event.choice for event in stances} == chosen
    told = run.script.in_scene("road")
    opening, evening, end = told if small else (told[1], told[2], told[0])
    assert opening.text == plan.scenes[-1][1].opening
    assert evening.provenance.by == "narrator"
    assert end.text == ending
    asked = next(prompt for prompt in model.seen if prompt.kind == "epilogue").tail
    assert ending in asked
    assert small or all(part in asked for part in tally)


async def test_a_tie_without_a_word_of_its_own_tells_both_endings(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "story", 2, lambda s: s.pop("tie"))
    plan = worlds.plan(path, beats=["dawn"])
    model = worlds.Voting(plan.cast, worlds.choices(plan.story, plan.cast), {"ada": "go", "bo": "stay"})
    run = Runner(plan, model, tmp_path / "run", {})
    await run.play(lambda seen: None)
    assert any("They left. They stayed." in event.text for event in run.script.in_scene("road"))


async def test_nobody_who_decides_has_heard_another_answer(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(small, tmp_path / "run", model)
    asked = [prompt for prompt in model.seen if prompt.kind == "stance"]
    assert len(asked) == 3
    assert len({prompt.script for prompt in asked}) == 1
    assert not any(event.text in asked[0].script for event in worlds.kinds(record.script, "stance"))


@pytest.mark.parametrize("watched", [True, False])
async def test_a_routing_bug_ends_the_run(
    watched: bool, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamplay.director.director.StandardDirector.over", lambda self, now: False)
    monkeypatch.setattr("dreamplay.engine.nodes.SILENCES", 10_000)  # the fake soon has nothing new to say
    with pytest.raises(DreamplayError, match="a bug in the routing of dreamplay"):
        await Runner(worlds.plan(small), ScriptedModel(), tmp_path / "run", {}, watched=watched).play(lambda seen: None)
    record = transcript.read(tmp_path / "run")
    planned = sum(scene.turns.max for _, scene in record.header.story.scenes)
    assert planned < sum(isinstance(event, TurnEvent) for event in record.script) < 3 * planned


async def test_the_scene_that_a_script_has_come_to(small: Path, tmp_path: Path) -> None:
    scenes = worlds.plan(small).scenes
    events = list((await worlds.play(small, tmp_path / "run")).script)
    come_to = [graph.cursor(Script(events[:size]), scenes) for size in range(len(events) + 1)]
    begun = [event.scene for event in events if event.scene != PROLOGUE]
    assert come_to[:2] == [0, 0]
    assert [scenes[index][1].id for index in come_to[2:]] == begun
    with pytest.raises(RecordError, match="stands in scene 'road', but the run plays only square, corner"):
        graph.cursor(Script(events), worlds.plan(small, beats=["day"]).scenes)


async def test_all_present_reflect_at_once_and_nobody_has_heard_another(staged: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(staged, tmp_path / "run", model)
    thoughts = worlds.kinds(record.script, "reflection")
    prompts = {prompt.digest: prompt for prompt in model.seen if prompt.kind == "reflection"}
    assert len(prompts) == len(thoughts) == 8
    for event in thoughts:
        prompt = prompts[event.provenance.prompt or ""]
        assert not any(other.text in prompt.script + prompt.tail for other in thoughts)
        others = {role for each in thoughts if each.scene == event.scene for role in each.witnesses} - {event.speaker}
        assert set(event.attitudes) == others
        assert all(-1 <= regard <= 1 for regard in event.attitudes.values())


async def test_whoever_left_early_reflects_on_what_they_were_there_for(staged: Path, tmp_path: Path) -> None:
    model = ScriptedModel(profile=worlds.LARGE)
    record = await worlds.play(staged, tmp_path / "run", model)
    square = list(record.script.in_scene("square"))
    gone = next(event for event in square if event.kind == "exit")
    assert [event.speaker for event in worlds.kinds(square, "reflection")] == ["ada", "bo", "cyrus"]
    last = square[-1]
    assert isinstance(last, ReflectionEvent)
    assert (last.speaker, last.witnesses, set(last.attitudes), set(last.why)) == (
        "cyrus", ("cyrus",), {"ada", "bo"}, {"ada", "bo"},
    )  # fmt: skip
    prompt = next(prompt for prompt in model.seen if prompt.digest == last.provenance.prompt)
    known = prompt.script + prompt.tail
    after = [event.text for event in square if event.id > gone.id and event.kind == "line"]
    assert after
    assert not any(text in known for text in after)
    assert gone.text in known
    assert "CANARY-Cyrus-fear" in known
    assert "CANARY-Ada-fear" not in known


class Thoughtless(ScriptedModel):
    """Some of those who are asked to reflect answer nothing that can stand."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        return Reply("No.", True, reply.usage) if prompt.tail.endswith("Now Bo thinks.") else reply


async def test_a_thought_that_cannot_stand_is_nobodys_and_what_it_cost_is_kept(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run", Thoughtless())
    assert record.end
    thoughts = worlds.kinds(record.script, "reflection")
    assert [event.speaker for event in thoughts if event.text] == ["ada", "cyrus", "ada", "ada"]
    lost = [event for event in thoughts if not event.text]
    assert {(event.speaker, event.witnesses, event.provenance.usage.calls) for event in lost} == {("bo", (), 1)}
    assert {refusal.text for event in lost for refusal in event.provenance.refused} == {"No."}
    assert "thinks: )" not in (tmp_path / "run" / "transcript.md").read_text()


async def test_nobody_reflects_who_was_told_not_to(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run", reflect=False)
    assert not worlds.kinds(record.script, "reflection")
    assert record.header.settings["reflect"] is False
