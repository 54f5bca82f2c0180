"""What a character has spoken for, in the story as it was played and as it was edited since, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.engine.runner import Runner
from dreamplay.formats import PAGE
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.spoken_for import spoken_for
from dreamplay.prompting.event_text import EventText
from dreamplay.runs import transcript
from dreamplay.runs.pending_answers import PendingAnswer
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.schema.event import LineEvent, StanceEvent
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story

STAYS = {"role": "ada", "does": "says that the house is warm", "opens": True, "favours": "stay"}
GOES = {"role": "ada", "does": "says that the road is dry", "opens": True, "favours": "go"}
RAINS = {"role": "ada", "does": "says that it rains", "opens": True}


def _story(*moves: dict[str, Any]) -> Story:
    data = worlds.story(3)
    data["beats"][0]["scenes"][0]["topics"] = [{"id": "house", "about": "the house", "moves": moves}]
    return Story.model_validate(data)


@pytest.mark.parametrize(
    ("moves", "choice"),
    [
        ([STAYS, RAINS, GOES], "stay"),
        # Where her words stand in the story has changed.
        ([GOES, RAINS, STAYS], "stay"),
        # She has said something that is not in the story any more, or that somebody else would say: nobody can tell.
        ([GOES, RAINS], None),
        ([STAYS | {"does": "says that the house is cold"}, RAINS, GOES], None),
        ([STAYS | {"role": "bo"}, RAINS, GOES], None),
        ([STAYS, GOES], None),
    ],
)
def test_what_somebody_said_counts_wherever_it_stands_now(moves: list[dict[str, Any]], choice: str | None) -> None:
    script = Script(
        worlds.event(
            number, speaker="ada", scene="square", witnesses=("ada", "bo"),
            cue=worlds.cue(topic="house", move=number, material=move["does"]),
        )
        for number, move in enumerate([STAYS, RAINS])
    )  # fmt: skip
    found = spoken_for(_story(*moves), "ada", script.view("ada", ("ada", "bo")))
    assert (found and (found[0].id, found[1].id)) == (choice and (choice, 0))


def _door(data: dict[str, Any]) -> None:
    """Let Ada speak for a choice where they decide, and nobody else."""
    porch = data["beats"][2]["scenes"][0]
    worlds.plot(porch)
    porch["topics"][0]["moves"][0]["favours"] = "go"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return worlds.write(tmp_path / "small", change=_door)


def _stances(record: RunLog) -> dict[str, StanceEvent]:
    return {event.speaker: event for event in record.script.of_kind(StanceEvent)}


def _asked(model: ScriptedModel) -> int:
    return sum(prompt.kind == "stance" for prompt in model.seen)


async def test_a_choice_that_was_spoken_for_quotes_the_line_and_asks_no_model(path: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(path, tmp_path / "run", model)
    taken = _stances(record)
    said = [*record.script][taken["ada"].said or 0]
    assert isinstance(said, LineEvent)
    assert (said.speaker, said.scene, taken["ada"].choice) == ("ada", "porch", "go")
    assert (taken["ada"].text, taken["ada"].provenance) == (said.text, Provenance(by="agent"))
    assert f"| Ada | leave the house | “{said.text}” |" in (tmp_path / "run" / PAGE).read_text(encoding="utf-8")
    assert (_asked(model), taken["bo"].said, taken["cyrus"].said) == (2, None, None)
    written = (tmp_path / "run" / FILE).read_text(encoding="utf-8").splitlines()
    assert ['"said":' in line for line in written if '"kind":"stance"' in line] == [True, False, False]


async def test_a_model_that_is_not_led_is_asked_whatever_was_said(path: Path, tmp_path: Path) -> None:
    model = ScriptedModel(profile=worlds.LARGE)
    record = await worlds.play(path, tmp_path / "run", model)
    assert (_asked(model), [each.said for each in _stances(record).values()]) == (3, [None] * 3)


async def test_whoever_is_played_by_a_visitor_gives_a_reason_of_their_own(path: Path, tmp_path: Path) -> None:
    stance = {"choice": "stay", "because": "It is warm."}
    own = [{"beat": "night", "play": "Ada"}, {"beat": "dawn", "playing": "Ada", "stance": stance}]
    done = worlds.dump(tmp_path / "done.yaml", {"interventions": own})
    record = await worlds.visited(worlds.plan(path, guest="Noor", interventions=done), tmp_path / "run")
    taken = _stances(record)["ada"]
    assert (taken.choice, taken.worded, taken.said) == ("stay", "It is warm.", None)


async def test_a_branch_and_a_run_that_goes_on_quote_the_same_line(path: Path, tmp_path: Path) -> None:
    parent = await worlds.play(path, tmp_path / "parent")
    first, second, _ = parent.script.of_kind(StanceEvent)
    for at in (first.id, second.id):
        made = branch.branch(parent, "parent", f"{at}", Changes())
        job = batch.job(made, ScriptedModel(), {}, tmp_path)
        await job.run(ScriptedModel(), {}).play(lambda seen: None)
        assert _stances(job.record())["ada"] == first
    stopped = Runner(worlds.plan(path), ScriptedModel(), tmp_path / "run", {})
    await stopped.play(lambda seen: stopped.stop() if len(stopped.script) == first.id else None)
    await Runner(worlds.plan(path), ScriptedModel(), tmp_path / "run", {}, goes_on=True).play(lambda seen: None)
    assert _stances(transcript.read(tmp_path / "run")) == _stances(parent)


def test_what_waits_to_be_recorded_keeps_the_line() -> None:
    kept = PendingAnswer(
        kind="stance", scene="porch", speaker="ada", text="Go.", choice="go", said=0, provenance=Provenance(by="agent")
    )
    assert PendingAnswer.model_validate_json(kept.model_dump_json()).event()["said"] == 0
    assert "said" not in kept.model_copy(update={"said": None}).model_dump_json()


@pytest.mark.parametrize(
    ("reason", "told"), [("Go.", "Ada decides: “Go.”\n"), ("", "(Ada chooses to leave the house)\n")]
)
def test_of_a_choice_those_present_hear_the_reason_or_what_was_chosen(path: Path, reason: str, told: str) -> None:
    plan = worlds.plan(path)
    made = worlds.event(kind="stance", speaker="ada", text=reason, choice="go", said=0)
    choices = {choice.id: plan.cast.fill(choice.text) for choice in plan.played.choices}
    assert EventText(plan.cast, choices=choices).spoken(made) == told
