from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.cli import main
from dreamplay.errors import ModelError, UsageError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs.transcript import RunLog
from dreamplay.scoring import judge
from dreamplay.scoring.judge import SCALES, Verdict
from fake_endpoint import FakeEndpoint

MARKS: dict[str, Any] = {"reason": "«Tea is tea.»", "believability": 7, "relationship": -1, "secret": 0, "goal": 4}


def marks(**rest: Any) -> str:
    return json.dumps(MARKS | rest)


@pytest.fixture
def played(small: Path, tmp_path: Path) -> RunLog:
    return asyncio.run(worlds.play(small, tmp_path / "transcripts" / "one"))


def _judged(model: ScriptedModel, **runs: RunLog) -> judge.Judgement:
    return asyncio.run(judge.judge(model, runs))


def test_every_character_of_every_run_is_judged_once(played: RunLog) -> None:
    model = ScriptedModel([marks(goal=goal) for goal in (1, 2, 6, 4, 4, 4)])
    made = _judged(model, one=played, two=played)
    assert list(made.runs["one"]) == ["ada", "bo", "cyrus"]
    assert (made.mean("one", "goal"), made.mean("two", "goal"), made.mean("one", "secret")) == (3, 4, 0)
    assert made.caution == "only as a comparison between runs judged by the same model"
    assert judge.Judgement.model_validate_json(made.model_dump_json()) == made


def test_the_rubric_and_the_play_come_first_and_are_the_same_for_all(played: RunLog) -> None:
    model = ScriptedModel([marks()] * 3)
    _judged(model, one=played)
    assert len({(prompt.system, prompt.script) for prompt in model.seen}) == 1
    play = model.seen[0].script
    shown = {event.kind: " ".join(event.text.split()) in play for event in played.script}
    assert {kind for kind in shown if not shown[kind]} == {"reflection"}  # nobody said it: it is no part of the play
    assert played.header.model not in "".join(prompt.system + prompt.script + prompt.tail for prompt in model.seen)
    for prompt, name in zip(model.seen, worlds.NAMES, strict=False):
        private = {other for other in worlds.NAMES[:3] if f"CANARY-{other}-want" in prompt.tail}
        assert private == {name}
        assert prompt.json_schema is not None
        assert list(prompt.json_schema["properties"]) == ["reason", *SCALES]
        for dimension, (low, high) in SCALES.items():
            assert f"{dimension}, {low} to {high}:" in prompt.tail
            assert prompt.json_schema["properties"][dimension]["enum"] == list(range(low, high + 1))


def test_of_whom_nothing_hidden_is_known_that_is_said(played: RunLog) -> None:
    bare = {role: persona.model_copy(update={"private": None}) for role, persona in played.header.cast.items()}
    model = ScriptedModel([marks()] * 3)
    _judged(model, one=replace(played, header=played.header.model_copy(update={"cast": bare})))
    for prompt, name in zip(model.seen, worlds.NAMES, strict=False):
        assert f"Nothing is known that {name} hides" in prompt.tail
    assert not any("None" in prompt.tail for prompt in model.seen)


def test_the_scales_are_those_of_sotopia() -> None:
    assert SCALES == {"believability": (0, 10), "relationship": (-5, 5), "secret": (-10, 0), "goal": (0, 10)}


BROKEN = {
    "no JSON": "Believability: 7.",
    "half of it": marks()[:-5],
    "a mark too high": marks(believability=11),
    "a mark too low": marks(relationship=-6),
    "a secret above 0": marks(secret=3),
    "a mark between two": marks(goal=7.5),
    "a mark in words": marks(goal="seven"),
    "a mark that is missing": json.dumps({name: mark for name, mark in MARKS.items() if name != "goal"}),
    "a mark of another scale": marks(goal="4/5"),
    "no reason": marks(reason=""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_answer_is_asked_for_again_and_told_what_was_wrong(played: RunLog, what: str) -> None:
    model = ScriptedModel([BROKEN[what], *[marks()] * 3])
    made = _judged(model, one=played)
    assert made.runs["one"]["ada"] == Verdict.model_validate(MARKS)
    assert [("The last answer was wrong" in prompt.tail) for prompt in model.seen] == [False, True, False, False]
    assert model.seen[0].script == model.seen[1].script


ODD = {
    "plain": marks(),
    "a fence": f"```json\n{marks()}\n```",
    "words around": f"Sure.\n```\n{marks()}\n```\nI hope that helps.",
    "out of ten": marks(believability="7/10", secret="0/10"),
    "other spellings": marks(believability=7.0, relationship="-1", goal="+4"),
    "a mark too many": marks(charm=5),
    "a list of one": f"[{marks()}]",
    "marks apart": json.dumps({"reason": MARKS["reason"], "marks": {k: MARKS[k] for k in SCALES}}),
}


@pytest.mark.parametrize("how", ODD)
def test_an_answer_in_another_dress_is_read(played: RunLog, how: str) -> None:
    model = ScriptedModel([ODD[how]] * 3)
    assert _judged(model, one=played).runs["one"]["ada"] == Verdict.model_validate(MARKS)


def test_a_mark_beyond_its_scale_is_never_moved_to_its_end(played: RunLog) -> None:
    model = ScriptedModel([marks(relationship=8)] * judge.TRIES)
    with pytest.raises(ModelError, match=r"relationship: .* less than or equal to 5, not '8'"):
        _judged(model, one=played)


def test_a_model_that_cannot_judge_is_given_up(played: RunLog) -> None:
    model = ScriptedModel(["No."] * judge.TRIES)
    with pytest.raises(ModelError, match=r"scripted gave no valid marks for Ada in 3 tries"):
        _judged(model, one=played)


def test_the_fake_has_no_opinion(played: RunLog) -> None:
    with pytest.raises(UsageError, match="`judge=scripted`"):
        asyncio.run(judge.ask("scripted", None, {"one": played}))


def test_who_said_nothing_is_not_judged(small: Path, tmp_path: Path) -> None:
    night = asyncio.run(worlds.play(small, tmp_path / "night", beats=["night"]))
    model = ScriptedModel([marks()] * 2)
    assert list(_judged(model, one=night).runs["one"]) == ["ada", "bo"]


def test_judging_is_a_flag_and_reported_apart(
    played: RunLog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(*args: str) -> str:
        with FakeEndpoint([marks()] * 3) as fake:
            monkeypatch.setattr("sys.argv", ["dreamplay", "score", "one", *args, "--base-url", fake.base_url])
            with pytest.raises(SystemExit) as ended:
                main.main()
        said = capsys.readouterr()
        assert (ended.value.code or 0, said.err) == (0, "")
        assert len(fake.seen) == len(played.cast.roles)
        assert {(request["model"], request["temperature"]) for request in fake.seen} == {("wise", 0.0)}
        assert fake.seen[0]["response_format"]["type"] == "json_schema"
        return said.out

    table = do("--judge", "wise")
    card, opinion = table.split("judged by wise: only as a comparison between runs judged by the same model")
    assert "bars kept" in card
    assert "relationship (-5 to 5)" in opinion
    told = json.loads(do("--judge", "wise", "--json"))
    assert told["judge"]["runs"][str(Path("transcripts/one"))]["bo"] == MARKS
