from __future__ import annotations

import worlds
from dreamplay.comparison import alignment, deltas, joint_test
from dreamplay.comparison.deltas import Delta
from dreamplay.runs.transcript import RunLog
from dreamplay.statistics import permutation

GOOD = "I tarred the hull of the ferry before the winter came."
SHORT, LONG = "No.", " ".join(["And the ferry went on and on"] * 6) + "."
REFUSAL = "I'm sorry, but I can't assist with that request."


def _deltas(base: list[RunLog], changed: list[RunLog]) -> dict[str, Delta]:
    matched = alignment.match(base, changed)
    deals = permutation.deal(len(matched.base), len(matched.changed), paired=matched.paired)
    return {each.measure: each for each in joint_test.settle(deals, deltas.deltas(matched, deals))}


def _runs(*texts: str) -> list[RunLog]:
    return [worlds.record(worlds.said("ada", text), seed=seed) for seed, text in enumerate(texts)]


def test_a_figure_gets_better_towards_its_bar() -> None:
    found = _deltas(_runs(*[GOOD] * 6), _runs(*[REFUSAL] * 6))
    refusals = found["faults.refusals"]
    assert (refusals.base, refusals.changed, refusals.better, refusals.still) == (0, 1, False, False)
    assert (refusals.p, refusals.found) == (2 / 2**6, True)
    assert (refusals.effect.value, refusals.effect.low, refusals.effect.high) == (1, 1, 1)
    assert found["faults.model_talk"].still
    assert found["faults.model_talk"].better is None
    (says,) = deltas.says([*found.values()])
    assert "refusals (0 to 1, worse, adjusted p = 0.031)" in says
    assert _deltas(_runs(REFUSAL), _runs(GOOD))["faults.refusals"].better is True


def test_a_figure_with_two_bounds_is_best_between_them() -> None:
    for was, became, better in ((SHORT, GOOD, True), (GOOD, LONG, False), (GOOD, f"{GOOD} I did.", None)):
        words = _deltas(_runs(was), _runs(became))["words.median"]
        assert words.better is better, became


def test_the_range_is_that_of_single_runs_of_the_base() -> None:
    words = _deltas(_runs(SHORT, GOOD), _runs(GOOD, GOOD))["words.median"]
    assert (words.low, words.high, words.base, words.changed) == (1, 11, 6, 11)
    assert (words.effect.value, words.effect.low, words.found) == (5, None, False)


def test_what_runs_cost_is_reported_and_never_a_finding() -> None:
    """Three tokens more in each of eight runs would be the smallest p there is."""

    def runs(tokens: int) -> list[RunLog]:
        usage = {"calls": 1, "prompt": tokens, "output": 9, "seconds": tokens / 100}
        return [worlds.record({**worlds.said("ada", GOOD), "provenance": {"by": "agent", "usage": usage}}, seed=seed)
                for seed in range(8)]  # fmt: skip

    found = _deltas(runs(100), runs(103))
    costs = [each for each in found.values() if each.group == deltas.COST]
    assert {each.measure for each in costs} >= {"cost.calls", "cost.prompt", "cost.output", "cost.seconds"}
    assert (found["cost.prompt"].effect.value, found["cost.evaluated"].base) == (3, 100)
    assert {(each.p, each.adjusted, each.found) for each in costs} == {(None, None, False)}
    assert deltas.says([*found.values()]) == ["No change was found in the scorecard."]


def test_what_nobody_measured_is_left_out() -> None:
    found = _deltas([worlds.record()], [worlds.record()])
    assert "words.median" not in found
    assert deltas.says([*found.values()]) == ["No change was found in the scorecard."]
    assert deltas.says([]) == []
