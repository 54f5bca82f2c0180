from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
import worlds
from dreamplay.comparison import compare
from dreamplay.comparison.compare import Comparison
from dreamplay.record.transcript import Record, Resumed

NOISE = {
    "No figure of the scorecard moved beyond chance.",
    "The talk of no beat moved beyond the noise between seeds.",
    "The talk of no character moved beyond the noise between seeds.",
    "Nobody's stance moved beyond chance.",
}
DREAM = {"kind": "dream", "text": "A stair.", "ledger": [{"role": "bo", "fear": "a stair", "wish": "a door"}]}


def _runs(*seeds: int, vote: str = "", dice: int = 0, **swap: str) -> list[Record]:
    """Runs in which everybody says what comes up and decides by lot, but for Ada if she has a vote."""
    runs = []
    for seed in seeds:
        drawn = random.Random(100 * dice + seed)
        words = ["harbour", "violin", "orchard", "kettle", "ladder", "postman", "lantern", "winter", "salt", "bell"]
        events: list[dict[str, Any]] = [
            worlds.said(role, f"The {' '.join(drawn.sample(words, 5))}.") for role in ("ada", "bo", "cyrus") * 3
        ]
        events.append(DREAM)
        for role in ("ada", "bo", "cyrus"):
            choice = vote if role == "ada" and vote else drawn.choice(["go", "stay"])
            events.append({"kind": "stance", "speaker": role, "choice": choice, "scene": "porch", "beat": "dawn"})
        runs.append(worlds.record(*events, seed=seed, **swap))
    return runs


def test_the_same_runs_show_no_difference() -> None:
    made = compare.compare(_runs(*range(6)), _runs(*range(6)))
    assert made.findings[:3] == (
        "Cast, model and settings are the same: unless something else was changed, what differs is noise.",
        "The runs are the same, event for event.",
        "6 pairs can tell a change in which nearly all go the same way; a weaker one takes more seeds.",
    )
    assert set(made.findings) >= NOISE
    assert {each.p for each in (*made.stances, *made.talk, *made.scores)} - {None} == {1.0}


@pytest.mark.parametrize("changed", [range(8), range(50, 58)], ids=["paired", "unpaired"])
def test_a_cast_that_draws_other_lots_shows_no_difference_beyond_the_noise(changed: range) -> None:
    made = compare.compare(_runs(*range(8)), _runs(*changed, dice=1))
    assert all(pair.first for pair in made.pairs)
    assert set(made.findings) >= NOISE


def test_a_persona_that_takes_another_stance_is_found() -> None:
    made = compare.compare(_runs(*range(6), vote="go"), _runs(*range(6), vote="stay", ada="Zoe"))
    assert made.findings[0] == "Changed: Ada/Zoe has another persona."
    assert "Ada/Zoe's stance moved beyond chance (go 6 to 0, stay 0 to 6; p = 0.031)." in made.findings
    (swap,) = made.swaps
    assert (swap.base, swap.changed) == ("Ada, keeper of the kettle", "Zoe, keeper of the kettle")
    assert (swap.base_fear, swap.changed_fear) == tuple(f"CANARY-{name}-fear stands on the stairs."
                                                         for name in ("Ada", "Zoe"))  # fmt: skip
    assert [(each.role, each.whose, each.base_beat) for each in made.learned] == [("ada", "bo", "day"),
                                                                                  ("cyrus", "bo", "day")]  # fmt: skip


def test_a_run_that_another_model_took_over_was_played_on_both() -> None:
    (one,), (other,) = _runs(1), _runs(1)
    taken_over = replace(other, resumptions=(Resumed(model="larger", settings={}, event=3),))
    made = compare.compare([one], [taken_over])
    assert made.changed.model == f"{one.header.model}, then larger"
    assert made.findings[0] == f"Changed: model is {made.changed.model} instead of {one.header.model}."


def test_a_persona_that_is_not_followed_is_found_out() -> None:
    made = compare.compare(_runs(*range(8)), _runs(*range(8), dice=1, bo="Zoe"))
    assert any(finding.startswith("Bo/Zoe's stance did not move beyond chance") and "does not follow" in finding
               for finding in made.findings)  # fmt: skip


def test_few_seeds_are_said_to_be_too_few() -> None:
    made = compare.compare(_runs(0, 1, vote="go"), _runs(0, 1, vote="stay"))
    assert made.least == 0.5
    assert "2 pairs cannot tell a change from chance (the smallest p in reach is 0.5)" in made.findings[2]
    assert not any("beyond" in finding for finding in made.findings)


def test_seeds_of_one_group_alone_count_for_the_noise_only() -> None:
    made = compare.compare(_runs(0, 1, 2), _runs(2))
    assert (made.spare, made.base.seeds) == ((0, 1), (2,))
    assert {len(each.noise) for each in made.talk} == {3}


def test_what_was_set_otherwise_is_named() -> None:
    (one,) = _runs(1)
    settings = {"model": "m2", "settings": {"candidates": 2}, "versions": {"openai": "3"}}
    header = one.header.model_copy(update=settings | {"cast": {**one.header.cast, "dee": one.header.cast["bo"]}})
    made = compare.compare([one], [Record(header, one.script, None)])
    assert made.findings[0] == (
        "Changed: Bo is in one group only; model is m2 instead of made-up; candidates is 2 instead of not set; version "
        "of openai is 3 instead of not set."
    )
    assert made.findings[-1] == "1 of these runs did not come to the end of the story; what they lack is missing here."


def test_a_comparison_is_the_same_each_time_and_can_be_read_back() -> None:
    one, other = (compare.compare(_runs(1, 2), _runs(1, 2, dice=1)).model_dump_json() for _ in range(2))
    assert one == other
    assert Comparison.model_validate_json(one) == Comparison.model_validate(json.loads(other))
    assert "NaN" not in one
