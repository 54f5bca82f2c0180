from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import worlds
from dreamplay.comparison import compare, deltas, methods, metric_glossary
from dreamplay.comparison.compare import Comparison
from dreamplay.models import profile_table
from dreamplay.runs.transcript import Resumed, RunLog
from dreamplay.scoring import score
from dreamplay.statistics import permutation

NOISE = [
    "No change was found in the scorecard.",
    "No change beyond the noise between seeds was found in the talk of any beat; effects of up to ",
    "No change beyond the noise between seeds was found in the talk of any character; effects of up to ",
    "No change was found in the stance of anybody; effects of up to ",
]
DAY = date(2045, 1, 1)
DREAM = {"kind": "dream", "text": "A stair.", "ledger": [{"role": "bo", "fear": "a stair", "wish": "a door"}]}


def _runs(*seeds: int, vote: str = "", dice: int = 0, **swap: str) -> list[RunLog]:
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


def _quiet(made: Comparison) -> bool:
    return all(any(finding.startswith(noise) for finding in made.findings) for noise in NOISE)


def test_the_same_runs_show_no_difference() -> None:
    made = compare.compare(_runs(*range(6)), _runs(*range(6)))
    assert made.findings[:2] == (
        "Cast, model and settings are the same.",
        "The runs are the same, event for event.",
    )
    assert _quiet(made)
    assert {each.p for each in (*made.stances, *made.talk, *made.scores)} - {None} == {1.0}


@pytest.mark.parametrize("changed", [range(8), range(50, 58)], ids=["paired", "unpaired"])
def test_a_cast_that_draws_other_lots_shows_no_difference_beyond_the_noise(changed: range) -> None:
    made = compare.compare(_runs(*range(8)), _runs(*changed, dice=1))
    assert all(pair.first for pair in made.pairs)
    assert _quiet(made)


def test_a_persona_that_takes_another_stance_is_found() -> None:
    made = compare.compare(_runs(*range(8), vote="go"), _runs(*range(8), vote="stay", ada="Zoe"))
    assert made.findings[0] == (
        "Changed: Ada/Zoe is edited (name, private want, private belief, private fear, private wish, private memories)."
    )
    assert (
        "Ada/Zoe's stance changed (go 8 of 8 to 0 of 8, -100 points [-100, -54], stay 0 of 8 to 8 of 8, +100 points "
        "[+54, +100]; adjusted p = 0.0078)."
    ) in made.findings
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


def test_a_persona_whose_stance_does_not_change_is_not_said_to_have_no_effect() -> None:
    made = compare.compare(_runs(*range(8)), _runs(*range(8), dice=1, bo="Zoe"))
    (told,) = [finding for finding in made.findings if finding.startswith("Bo/Zoe, with another persona: ")]
    assert "compatible with no effect on the stance, and with one of up to" in told
    assert "follow" not in " ".join(made.findings)


def test_only_where_all_deals_were_gone_through_is_a_p_called_exact() -> None:
    for number, exact in ((8, True), (15, True), (17, False)):
        told = methods.methods(permutation.deal(number, number, paired=True), number, number, 9, paired=True)
        assert ("since all ways were counted, exact" in told) is exact
        assert ("p = (b + 1) / (9,999 + 1)" in told) is not exact
        assert ("the smallest p that this can show is 0.0001" in told) is not exact


def test_the_glossary_explains_what_is_shown_and_nothing_else() -> None:
    made = compare.compare(_runs(1, 2), _runs(1, 2, dice=1), made=DAY)
    assert {each.label for each in made.scores} <= set(made.glossary)
    assert {"stance", "turned", "distance", "hidden fear"} <= set(made.glossary)
    assert "regard" not in made.glossary
    bare = compare.compare([worlds.record()], [worlds.record()], made=DAY)
    assert not {"stance", "distance", "hidden fear", "words per line, median"} & set(bare.glossary)
    shown = {row.measure for row in score.ROWS if row.bound or row.group == deltas.COST}
    assert shown == set(metric_glossary.MEASURES)


def test_few_seeds_are_said_to_be_too_few() -> None:
    made = compare.compare(_runs(0, 1, vote="go"), _runs(0, 1, vote="stay"))
    assert made.least == 0.5
    assert "2 pairs cannot tell a change from chance (the smallest p they can reach is 0.5)" in made.findings[2]
    assert not any("found" in finding or "adjusted" in finding for finding in made.findings)
    assert "nothing is concluded" in made.methods


def test_seeds_of_one_group_alone_count_for_the_noise_only() -> None:
    made = compare.compare(_runs(0, 1, 2), _runs(2))
    assert (made.spare, made.base.seeds) == ((0, 1), (2,))
    assert {len(each.noise) for each in made.talk} == {3}


def test_a_group_of_several_kinds_is_said_to_be_one() -> None:
    mixed = [*_runs(1, ada="Zoe"), *_runs(2, bo="Zoe")]
    said = "The changed runs differ among themselves in cast, model, settings or what-ifs"
    assert said in str(compare.compare(_runs(1, 2), mixed))
    assert said not in str(compare.compare(mixed, _runs(1, 2)))


def test_what_was_set_otherwise_is_named() -> None:
    (one,) = _runs(1)
    settings = {"model": "m2", "settings": {"candidates": 2}, "versions": {"openai": "3"}}
    header = one.header.model_copy(update=settings | {"cast": {**one.header.cast, "dee": one.header.cast["bo"]}})
    made = compare.compare([one], [RunLog(header, one.script, None)])
    assert made.findings[0] == (
        "Changed: Bo is in one group only; model is m2 instead of made-up; candidates is 2 instead of not set; version "
        "of openai is 3 instead of not set. With several changes at once, no difference can be put down to one of them."
    )
    assert made.findings[-1] == "1 of these runs did not come to the end of the story; what they lack is missing here."


NEWER: dict[str, Any] = {
    "reflect": False,
    "memory": {"name": "retrieval", "floor": 0.3},
    "director": {"name": "standard", "boredom": 1.6},
    "embedder": {"name": "wordllama"},
    "profile": {"max_attempts": 3},
    "checks": {"names": ["empty", "copies"], "language": "en", "quoted": 4},
}
SET: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # the settings of two runs, and what is said to be changed
    "nothing": (NEWER, NEWER, "Cast, model and settings are the same."),
    "an older run": (
        {"recall": True, "reflect": False, "profile": {}}, NEWER, "Cast, model and settings are the same."),
    "an older run without a memory": (
        {"recall": False, "reflect": False}, NEWER, "Changed: memory is retrieval instead of none."),
    "plug-ins without their options": (
        NEWER, NEWER | {"memory": "none", "director": None}, "Changed: memory is none instead of retrieval."),
    "an option of the memory": (
        NEWER, NEWER | {"memory": {"name": "retrieval", "floor": 0.5}}, "Changed: memory floor is 0.5 instead of 0.3."),
    "the checks": (
        NEWER, NEWER | {"checks": {"names": ["empty"], "language": "en", "quoted": 5}},
        "Changed: list of checks is empty instead of empty, copies; checks quoted is 5 instead of 4. With several "
        "changes at once, no difference can be put down to one of them."),
    "a check that is off": (NEWER, NEWER | {"no_check": ["copies"]}, "Changed: no_check is copies instead of not set."),
}  # fmt: skip


@pytest.mark.parametrize("what", SET)
def test_what_one_run_cannot_have_recorded_is_no_change(what: str) -> None:
    (run,) = _runs(1)
    base, changed, says = SET[what]
    one, other = (replace(run, header=run.header.model_copy(update={"settings": s})) for s in (base, changed))
    assert compare.compare([one], [other]).findings[0] == says


def _on(provider: str, model: str, host: str = "", **chosen: Any) -> RunLog:
    """A run that was played on a model with its profile, and with what was chosen."""
    (run,) = _runs(1)
    known = profile_table.look_up(host or provider, model)
    settings = {
        "provider": provider, "reflect": known.reflections, "profile": known.refined(chosen).recorded(),
        "checks": {"names": [*known.checks], "language": "en"},
    }  # fmt: skip
    return replace(run, header=run.header.model_copy(update={"model": model, "settings": settings}))


def test_of_another_model_only_what_was_chosen_is_named() -> None:
    local, hosted = _on("embedded", "small"), _on("endpoint", "llama3.1", "localhost:11434")
    assert compare.compare([local], [hosted]).findings[0] == "Changed: model is llama3.1 instead of small."
    warm = _on("endpoint", "llama3.1", "localhost:11434", temperature=1.5)
    narrow = _on("endpoint", "llama3.1", "api.openai.com", context_window=4096)  # as another endpoint has it by itself
    for one, other, says in (
        (local, warm, "model is llama3.1 instead of small; temperature is 1.5 instead of 0.8. "),
        (local, narrow, "model is llama3.1 instead of small; context_window is 4096 instead of 8192. "),
        (_on("embedded", "small", memories=2), hosted, "model is llama3.1 instead of small; memories is 3 "),
        (hosted, warm, "temperature is 1.5 instead of None."),
        (_on("endpoint", "llama3.1"), hosted, "context_window is 4096 instead of 8192; thinking_tokens is 1000 "),
    ):  # fmt: skip
        assert compare.compare([one], [other]).findings[0].startswith(f"Changed: {says}")


def test_a_comparison_is_the_same_each_time_and_can_be_read_back() -> None:
    one, other = (compare.compare(_runs(1, 2), _runs(1, 2, dice=1), made=DAY).model_dump_json() for _ in range(2))
    assert one == other
    assert Comparison.model_validate_json(one) == Comparison.model_validate(json.loads(other))
    assert "NaN" not in one
    assert json.dumps(Comparison.model_validate_json(one).model_dump())
