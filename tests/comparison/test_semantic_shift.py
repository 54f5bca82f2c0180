from __future__ import annotations

import random
import statistics

import pytest
import worlds
from dreamplay.comparison import alignment, joint_test, semantic_shift
from dreamplay.comparison.semantic_shift import SemanticShift
from dreamplay.runs.transcript import RunLog
from dreamplay.statistics import permutation

BOATS = (
    "The ferry creaks at her moorings all winter.", "Tar the hull before the sailing season begins.",
    "A rowing boat wants dry oars and a calm sea.", "My anchor chain rusted through in the harbour.",
    "Ships lean when the cargo has been stowed badly.", "The sailors coiled every rope on the deck.",
)  # fmt: skip
BREAD = (
    "Rye flour drinks more water than wheat does.", "I knead the dough until it stops sticking.",
    "The oven was too hot, and the crust burned.", "Yeast needs warmth, sugar and a long night.",
    "We baked forty loaves before breakfast.", "A sourdough starter smells of apples and beer.",
)  # fmt: skip
STARS = (
    "Saturn rises late above the horizon in March.", "The telescope showed four moons of Jupiter.",
    "A comet passed close to the sun last year.", "Astronomers count galaxies by the billion.",
    "Orion is the brightest constellation in winter.", "The planet Venus outshines every star at dusk.",
)  # fmt: skip


def _runs(seeds: range, ada: tuple[str, ...], dice: int) -> list[RunLog]:
    """Runs in which Ada draws lines from one pool and Bo from the stars, in a day and a night."""
    runs = []
    for seed in seeds:
        drawn = random.Random(1000 * dice + seed)
        lines = [worlds.said("ada", text) for text in drawn.sample(ada, 3)]
        lines += [worlds.said("bo", text, beat="night", scene="attic") for text in drawn.sample(STARS, 3)]
        runs.append(worlds.record(*lines, seed=seed))
    return runs


def _moved(base: list[RunLog], changed: list[RunLog]) -> dict[str, SemanticShift]:
    matched = alignment.match(base, changed)
    deals = permutation.deal(len(matched.base), len(matched.changed), paired=matched.paired)
    return {each.id: each for each in joint_test.settle(deals, semantic_shift.moved(matched, deals))}


NAMES = {"ada": "Ada", "bo": "Bo", "day": "Day", "night": "Night"}


@pytest.mark.parametrize("changed", [range(1, 9), range(11, 19)], ids=["paired", "unpaired"])
def test_who_talks_of_something_else_moved_beyond_the_noise_and_nobody_else(changed: range) -> None:
    found = _moved(_runs(range(1, 9), BOATS, 1), _runs(changed, BREAD, 2))
    assert {key: each.found for key, each in found.items()} == {"day": True, "night": False, "ada": True, "bo": False}
    assert min(found["ada"].between) > statistics.mean(found["ada"].noise)
    assert 0 < found["ada"].effect.low < found["ada"].effect.value < found["ada"].effect.high
    assert found["bo"].effect.low < 0.05
    ada, bo, day, _ = semantic_shift.says(list(found.values()), NAMES)
    assert ada.startswith("The talk of Ada (+0.")
    assert ada.endswith(") changed by more than it does from seed to seed.")
    assert bo.startswith("No change beyond the noise between seeds was found in the talk of any other character; ")
    assert day.startswith("The talk of Day (+0.")


@pytest.mark.parametrize("dice", [1, 2], ids=["the same runs again", "other draws of the same cast"])
def test_a_swap_that_changes_nothing_stays_within_the_noise(dice: int) -> None:
    found = _moved(_runs(range(1, 9), BOATS, 1), _runs(range(1, 9), BOATS, dice))
    assert not any(each.found for each in found.values())
    if dice == 1:
        assert all(each.p == 1 and set(each.same_seed) == {0} for each in found.values())
    says = semantic_shift.says(list(found.values()), NAMES)
    assert [each.split(";")[0] for each in says] == [
        "No change beyond the noise between seeds was found in the talk of any character",
        "No change beyond the noise between seeds was found in the talk of any beat",
    ]


def test_distances_are_counted_between_the_runs_they_belong_to() -> None:
    ada = _moved(_runs(range(1, 4), BOATS, 1), _runs(range(1, 4), BREAD, 2))["ada"]
    assert (len(ada.same_seed), len(ada.noise), len(ada.between)) == (3, 6, 6)
    assert (ada.p, ada.effect.low) == (0.25, None)
    spare = _moved(_runs(range(1, 5), BOATS, 1), _runs(range(4, 5), BREAD, 2))["ada"]
    assert (len(spare.same_seed), len(spare.noise), len(spare.between)) == (1, 6, 3)
    assert spare.p is None


def test_what_is_not_said_in_every_run_is_not_compared() -> None:
    base, changed = _runs(range(1, 3), BOATS, 1), _runs(range(1, 3), BREAD, 2)
    changed[0] = worlds.record(worlds.said("ada", BREAD[0]), worlds.said("ada", "\u2026"), seed=1)
    assert set(_moved(base, changed)) == {"day", "ada"}
    assert _moved([worlds.record()], [worlds.record()]) == {}
    assert semantic_shift.says([], NAMES) == []
