"""What comes of a scene, and what follows from it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.engine import run_config
from dreamplay.engine.runner import Runner
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.visit import Visit
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.schema.event import LineEvent, OutcomeEvent, TurnEvent

TOLD = {"yes": "Bo takes his coat and goes.", "no": "Bo stays where he is."}
GUIDED = worlds.SMALL.refined({"direction": "guided", "judges_outcome": True})


class _Judge(ScriptedModel):
    """Answers the question what came of a scene with the next of these, and then that it is open."""

    def __init__(self, *answers: str, profile: Any = GUIDED) -> None:
        super().__init__(profile=profile)
        self.answers = list(answers)
        self.asked: list[Prompt] = []

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if prompt.kind != "outcome":
            return await super().complete(prompt, seed=seed, on_token=on_token)
        self.asked.append(prompt)
        reply = await super().complete(prompt, seed=seed)
        return replace(reply, text=self.answers.pop(0) if self.answers else '{"answer": "still open"}')


class _Mute(ScriptedModel):
    """Finds no words that can stand where something would be decided."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        return replace(reply, text="") if prompt.kind == "line" and "goes now" in prompt.tail else reply


def _story(folder: Path, turns: int = 6) -> Path:
    """A story in whose first scene it is decided whether Bo goes, and which goes on accordingly."""

    def change(data: dict[str, Any]) -> None:
        square, corner = data["beats"][0]["scenes"]
        worlds.plot(square)
        square["turns"] = {"min": 3, "max": turns}
        corner["openings"] = [
            {"text": "{bo}'s chair is empty.", "when": "square.bo_goes == yes"},
            {"text": "{bo} sits in his chair.", "when": "square.bo_goes == no"},
        ]

    return worlds.write(folder, 3, change)


def _outcome(record: RunLog) -> OutcomeEvent:
    (found,) = record.script.of_kind(OutcomeEvent)
    return found


async def test_a_line_that_is_said_decides_and_the_story_goes_on_accordingly(tmp_path: Path) -> None:
    path = _story(tmp_path / "small")
    came = set()
    for seed in range(8):
        record = await worlds.play(path, tmp_path / f"{seed}", seed=seed)
        event, events = _outcome(record), list(record.script)
        moves = record.header.story.beats[0].scenes[0].topics[0].moves
        deciding = [
            each for each in events
            if isinstance(each, LineEvent) and each.cue and each.cue.move is not None and moves[each.cue.move].decides
        ]  # fmt: skip
        assert event.answer == ("yes" if deciding else "no")
        assert (event.text, event.witnesses, event.provenance.by) == (
            TOLD[event.answer], ("ada", "bo", "cyrus"), "author"
        )  # fmt: skip
        after = events[event.id + 1]
        if deciding:
            assert event.id == deciding[0].id + 1
        else:
            assert after.kind == "reflection"
        begun = record.script.in_scene("corner")[0].text
        assert begun == {"yes": "Bo's chair is empty.", "no": "Bo sits in his chair."}[event.answer]
        came.add(event.answer)
    assert came == {"yes", "no"}


async def test_a_turn_that_passes_in_silence_decides_nothing(tmp_path: Path) -> None:
    path = _story(tmp_path / "small")
    for seed in range(8):
        record = await worlds.play(path, tmp_path / f"{seed}", _Mute(), seed=seed)
        assert _outcome(record).answer == "no"


async def test_of_a_scene_that_is_not_played_what_it_has_otherwise_counts(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        worlds.plot(data["beats"][0]["scenes"][0])
        attic = data["beats"][1]["scenes"][0]
        attic["openings"] = [
            {"text": f"It was {answer}.", "when": f"square.bo_goes == {answer}"} for answer in ("yes", "no")
        ]
        attic["pressures"] = [{"text": "Nobody went.", "when": "square.bo_goes != yes"}]

    path = worlds.write(tmp_path / "small", 3, change)
    record = await worlds.play(path, tmp_path / "run", beats=["night"])
    told = [event.text for event in record.script.in_scene("attic") if event.kind == "narration"]
    assert told == ["It was no.", "Nobody went."]


@pytest.mark.parametrize(
    ("answers", "came", "asked"),
    [
        (['{"answer": "yes"}'], "yes", 1),
        (['{"answer": "still open"}', 'Here it is: {"answer": "Yes."}'], "yes", 2),
        (["It seems to me that Bo goes.", '{"answer": "perhaps"}', '{"answer": 7}', "{}", ""], "no", None),
    ],
)
async def test_a_model_that_can_is_asked_what_came_of_a_scene(
    answers: list[str], came: str, asked: int | None, tmp_path: Path
) -> None:
    path, model = _story(tmp_path / "small"), _Judge(*answers)
    record = await worlds.play(path, tmp_path / "run", model)
    event = _outcome(record)
    taken = [each for each in record.script.in_scene("square", TurnEvent) if each.id < event.id]
    assert (event.answer, event.text, event.provenance.by) == (came, TOLD[came], "narrator")
    assert event.provenance.usage.calls == len(model.asked) == (asked or len(model.asked))
    last = 0
    for prompt in model.asked:
        turns = sum(each.text in prompt.script for each in taken)
        assert turns >= 3
        assert turns - last >= 2 or turns == len(taken)
        last = turns
        assert all(pressure in prompt.script for pressure in ("A bell rings", "goes dark")) or turns == len(taken)
    enum = model.asked[0].json_schema["properties"]["answer"]["enum"]  # type: ignore[index]
    assert enum == ["yes", "no", "still open"]
    assert record.script.in_scene("corner")[0].text.startswith("Bo's chair" if came == "yes" else "Bo sits")


async def test_at_its_end_a_scene_comes_to_what_is_nearest_to_what_was_played(tmp_path: Path) -> None:
    class AtLast(_Judge):
        async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
            enum = prompt.json_schema["properties"]["answer"]["enum"] if prompt.kind == "outcome" else []  # type: ignore[index]
            self.answers = [f'{{"answer": "{"still open" if "still open" in enum else "yes"}"}}']
            return await super().complete(prompt, seed=seed, on_token=on_token)

    model = AtLast()
    record = await worlds.play(_story(tmp_path / "small"), tmp_path / "run", model)
    assert _outcome(record).answer == "yes", "although it is 'no' if nothing decides it"
    assert ["still open" in prompt.tail for prompt in model.asked][-2:] == [True, False]
    assert 'it is "no"' in model.asked[-1].tail


async def test_a_run_that_is_stopped_is_never_asked_the_same_again(tmp_path: Path) -> None:
    path, folder = _story(tmp_path / "small"), tmp_path / "stopped"
    whole = _Judge()
    await worlds.play(path, tmp_path / "whole", whole, beats=["day"])
    asked: list[Prompt] = []
    for stops in range(60):
        run = Runner(worlds.plan(path, beats=["day"]), _Judge(), folder, {}, goes_on=stops > 0)
        await run.play(lambda seen, run=run: run.stop())  # type: ignore[misc]
        assert isinstance(run.model, _Judge)
        asked += run.model.asked
        if transcript.read(folder).end:
            break
    assert stops > 9
    assert (folder / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()
    assert [prompt.digest for prompt in asked] == [prompt.digest for prompt in whole.asked]


async def test_a_transcript_cut_anywhere_comes_to_the_same_outcome(tmp_path: Path) -> None:
    path = _story(tmp_path / "small")
    for name, model in {"led": ScriptedModel, "judged": _Judge}.items():
        record = await worlds.play(path, tmp_path / name, model(), beats=["day"])
        said = [(event.kind, event.text) for event in record.script]
        ends = [n + 1 for n, byte in enumerate((tmp_path / name / FILE).read_bytes()) if byte == ord("\n")]
        for end in ends[1:-1:2]:
            folder = tmp_path / f"{name}{end}"
            shutil.copytree(tmp_path / name, folder)
            (folder / FILE).write_bytes((folder / FILE).read_bytes()[:end])
            plan = run_config.from_header(transcript.read(folder).header)
            await Runner(plan, model(), folder, {}, goes_on=True).play(lambda seen: None)
            assert [(event.kind, event.text) for event in transcript.read(folder).script] == said


async def test_what_is_said_between_a_line_and_its_outcome_changes_nothing(tmp_path: Path) -> None:
    path = _story(tmp_path / "small")
    records = [await worlds.play(path, tmp_path / f"{seed}", seed=seed, beats=["day"]) for seed in range(8)]
    parent = next(each for each in records if _outcome(each).answer == "yes")
    made = branch.branch(parent, "parent", f"{_outcome(parent).id}", Changes(say=[("cyrus", "Wait.")]))
    job = batch.job(made, ScriptedModel(), {}, tmp_path)
    await job.run(ScriptedModel(), {}).play(lambda seen: None)
    assert _outcome(job.record()).answer == "yes"
    assert _outcome(job.record()).id == _outcome(parent).id + 1


async def test_whoever_leaves_if_something_came_about_leaves_in_that_case_alone(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        square, corner = data["beats"][0]["scenes"]
        worlds.plot(square)
        square["turns"] = {"min": 3, "max": 6}
        corner["moves"] = [
            {
                "role": role,
                "kind": "exit",
                "after": 2,
                "text": f"{{{role}}} goes.",
                "when": f"square.bo_goes == {answer}",
            }
            for role, answer in (("bo", "yes"), ("ada", "no"))
        ]

    path = worlds.write(tmp_path / "small", 3, change)
    for seed in range(4):
        model = ScriptedModel(profile=worlds.narrow(2048))  # in which earlier scenes are summarized
        record = await worlds.play(path, tmp_path / f"{seed}", model, seed=seed)
        gone = [event.speaker for event in worlds.kinds(record.script.in_scene("corner"), "exit")]
        assert gone == ["bo" if _outcome(record).answer == "yes" else "ada"]


async def test_the_end_is_told_by_a_large_model_with_what_came_of_the_scenes(tmp_path: Path) -> None:
    model = ScriptedModel(profile=worlds.LARGE)
    record = await worlds.play(_story(tmp_path / "small"), tmp_path / "run", model)
    prompt = next(prompt for prompt in model.seen if prompt.kind == "epilogue")
    assert _outcome(record).text in prompt.tail


async def test_a_visitor_is_answered_before_a_model_judges_and_decides_nothing_alone(tmp_path: Path) -> None:
    path = _story(tmp_path / "small")
    deeds = worlds.dump(tmp_path / "deeds.yaml", {"interventions": [
        {"beat": "day", "scene": "square", "turn": n, "say": f"And what of the {thing}?"}
        for n, thing in enumerate(("door", "key", "hat"), start=1)
    ]})  # fmt: skip
    plan = worlds.plan(path, guest="Robin", interventions=deeds)
    assert isinstance(plan.visit, Visit)
    model = _Judge('{"answer": "yes"}')
    record = await worlds.visited(plan, tmp_path / "run", model)
    event = _outcome(record)
    assert event.answer == "yes"
    assert "visitor" in event.witnesses
    events = list(record.script)
    asides = [each.id for each in events if each.by_visitor and each.kind == "line"]
    assert asides
    assert all(events[number + 1].kind == "line" for number in asides)
