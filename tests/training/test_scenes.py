"""The data that the adapter was trained on keeps what its datasheet says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dreamplay.errors import LibraryError
from dreamplay.models import model_store, profile_table
from dreamplay.validation.ngrams import grams

from training import preference, scene
from training.__main__ import NAME
from training.play import play
from training.scene import Decided, Dreamt, Ended, Spoken, Thought, Visited, WrittenScene

TRAIN = list(scene.read(scene.SCENES / "train.jsonl"))
HELD_OUT = list(scene.read(scene.SCENES / "held_out.jsonl"))
ALL = TRAIN + HELD_OUT
FRIENDS = {"Elara", "Leo", "Mira", "Sam"}
_WAITS = {"leaves_cue", "leaves_dreamers_out"}
"""Checks by which a text only waits for a better one: of lines it is one word ("Yours?"), of dreams every other one,
which shows its dreamers in other words than theirs."""
_ON_PURPOSE = {("station_kolle", "goes_round"), ("k_clocks", "goes_round")}
"""A dream and an ending, of 193, that say a phrase again because it is to come again: they too only wait."""


def _names(scenes: list[WrittenScene]) -> set[str]:
    return {person.name for each in scenes for person in each.cast}


def test_there_are_enough_scenes_of_every_kind() -> None:
    assert len(ALL) >= 250
    assert len({each.id for each in ALL}) == len(ALL)
    assert sum(bool(_names([each]) & FRIENDS) for each in ALL) <= len(ALL) / 5
    for kind, least in {Spoken: 3000, Dreamt: 50, Ended: 30, Thought: 80, Decided: 100, Visited: 50}.items():
        assert sum(isinstance(item, kind) for each in ALL for item in each.turns) >= least, kind


def test_a_tenth_is_kept_apart_with_its_casts() -> None:
    assert len(HELD_OUT) >= len(ALL) / 10
    assert not _names(HELD_OUT) & _names(TRAIN)


def test_no_line_recites_its_note() -> None:
    lines = [item for each in ALL for item in each.turns if isinstance(item, Spoken)]
    assert [item.line for item in lines if grams(item.does, 4) & grams(item.line, 4)] == []


def test_preferences_are_of_replies_that_a_scene_asks_for() -> None:
    asked = {each.id: each for each in ALL}
    told = preference.read(preference.PREFERENCES, asked)
    assert sum(map(len, told.values())) == 2006
    for name, liked in told.items():
        of_kind = {"line": Spoken, "epilogue": Ended}
        for each in liked.values():
            assert each.number < sum(isinstance(item, of_kind[each.kind]) for item in asked[name].turns), each


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"worst": 1}, "best 1 and worst 1"),
        ({"scene": "mils"}, r"there is no scene 'mils' \(did you mean 'mill'\?\)"),
    ],
)
def test_a_preference_that_cannot_be_is_refused_with_its_line(
    changed: dict[str, object], wrong: str, tmp_path: Path
) -> None:
    liked = {"scene": "mill", "kind": "line", "number": 0, "replies": ["A: x", "A: y"], "best": 1, "worst": 0, "fit": 2}
    file = tmp_path / "preferences.jsonl"
    file.write_text(json.dumps(liked) + "\n" + json.dumps(liked | changed) + "\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=rf"preferences\.jsonl:2: {wrong}"):
        preference.read(file, {"mill", "door"})


@pytest.mark.parametrize("number", [*range(0, len(ALL), 24), *(
    pytest.param(n, marks=pytest.mark.slow) for n in range(len(ALL)) if n % 24
)])  # fmt: skip
async def test_every_line_passes_the_checks(number: int, tmp_path: Path) -> None:
    played = await play(ALL[number], profile_table.look_up("embedded", model_store.NAME, NAME), tmp_path / "run")
    refused = [each for each in played.refusals if (each.scene, each.check) not in _ON_PURPOSE]
    assert [each for each in refused if each.check not in _WAITS] == []
