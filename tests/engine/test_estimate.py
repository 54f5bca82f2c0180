"""What a play is estimated to cost, beside what it costs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import worlds
from dreamplay.errors import UsageError
from dreamplay.models.profile import ModelProfile
from dreamplay.models.scripted import ScriptedModel
from dreamplay.models.tokens import tokens
from dreamplay.schema.story import Length


@pytest.mark.parametrize("profile", [worlds.SMALL, worlds.LARGE], ids=["led", "guided"])
@pytest.mark.parametrize("length", ["short", "full"])
def test_an_estimate_is_near_what_a_play_takes(profile: ModelProfile, length: Length) -> None:
    model = ScriptedModel(profile=profile.refined({"max_attempts": 1}))
    runs = [dp.play("forty_one_metres", model=model, seed=seed, length=length) for seed in range(1, 9)]
    found = dp.estimate("forty_one_metres", model=model, length=length)
    prompt = sum(tokens(each.system + each.script + each.tail) for each in model.seen)
    turns = [event for run in runs for event in run.events if event.kind in ("line", "silence") and event.turn]
    assert found.lines == pytest.approx(len(turns) / len(runs), rel=0.2)
    assert found.calls == pytest.approx(len(model.seen) / len(runs), rel=0.2)
    assert found.prompt == pytest.approx(prompt / len(runs), rel=0.25)
    assert 0 < found.output < found.prompt


def test_an_estimate_grows_with_what_is_played() -> None:
    one, all_of_it = (dp.estimate("mindsync", model="scripted", beats=beats) for beats in (["launch"], []))
    assert one.calls < all_of_it.calls / 3
    assert one.prompt < all_of_it.prompt / 3  # later scenes have more before them
    quiet, thinking = (dp.estimate("mindsync", model="scripted", reflect=reflect) for reflect in (False, True))
    assert (quiet.lines, quiet.calls) == (thinking.lines, thinking.calls - 26)


def test_what_a_small_model_tells_in_parts_is_counted_in_parts() -> None:
    whole, dream, end = (
        dp.estimate("forty_one_metres", model=ScriptedModel(profile=worlds.SMALL.refined(refined)))
        for refined in ({}, {"dream_parts": True}, {"epilogue_parts": True})
    )
    assert dream.calls == whole.calls + 3  # the dream of three: a place, and the fear of each
    assert end.calls == whole.calls + 3  # everybody with a thing, and the last one


@pytest.mark.parametrize(("profile", "spared"), [(worlds.SMALL, 1), (worlds.LARGE, 0)], ids=["led", "guided"])
def test_whoever_can_speak_for_a_choice_is_not_asked_for_one_if_led(
    tmp_path: Path, profile: ModelProfile, spared: int
) -> None:
    def door(data: dict[str, Any], **more: str) -> None:
        porch = data["beats"][2]["scenes"][0]
        worlds.plot(porch)
        porch["topics"][0]["moves"][0] |= more

    paths = [
        worlds.write(tmp_path / "plain", change=door),
        worlds.write(tmp_path / "spoken", change=partial(door, favours="go")),
    ]
    plain, spoken = (dp.estimate(path, model=ScriptedModel(profile=profile)).calls for path in paths)
    assert plain - spoken == spared


def test_what_cannot_be_played_has_no_estimate() -> None:
    with pytest.raises(UsageError, match="no beat 'x' in this story"):
        dp.estimate("mindsync", model="scripted", beats=["x"])
    assert not Path("transcripts").exists()
