from __future__ import annotations

from typing import Any

import worlds
from dreamplay.comparison import alignment, joint_test, relations
from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.relations import Relation
from dreamplay.runs.transcript import RunLog
from dreamplay.statistics import permutation
from dreamplay.statistics.permutation import Effect, PermutationTest

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}


def _thinks(role: str, scene: str, **attitudes: float) -> dict[str, Any]:
    return {"kind": "reflection", "speaker": role, "scene": scene, "attitudes": attitudes, "witnesses": [role]}


def _dream(beat: str, *owners: str, seen: tuple[str, ...] = ("ada", "bo")) -> dict[str, Any]:
    ledger = [{"role": role, "fear": "a stair", "wish": "a door"} for role in owners]
    return {"kind": "dream", "beat": beat, "witnesses": seen, "ledger": ledger}


def _matched(base: list[RunLog], changed: list[RunLog]) -> tuple[Pairing, PermutationTest]:
    matched = alignment.match(base, changed)
    return matched, permutation.deal(len(matched.base), len(matched.changed), paired=matched.paired)


def _relations(base: list[RunLog], changed: list[RunLog]) -> tuple[Relation, ...]:
    matched, deals = _matched(base, changed)
    return joint_test.settle(deals, relations.relations(matched, deals))


def test_what_one_thinks_of_another_is_followed_over_the_scenes() -> None:
    base, changed = (
        [worlds.record(_thinks("ada", "square", bo=0.2, cyrus=0.1 * seed), _thinks("ada", "attic", bo=end), seed=seed)
         for seed in range(6)]
        for end in (0.6, -0.4)
    )  # fmt: skip
    bo, cyrus = _relations(base, changed)
    assert (bo.role, bo.other, bo.scenes) == ("ada", "bo", ("square", "attic"))
    assert (bo.base, bo.changed) == ((0.2, 0.6), (0.2, -0.4))
    assert (bo.base_end, bo.changed_end, bo.p) == (0.6, -0.4, 2 / 2**6)
    assert bo.effect == Effect(value=-1.0, low=-1.0, high=-1.0)
    assert (cyrus.scenes, cyrus.p, cyrus.effect.value) == (("square",), 1.0, 0.0)
    assert relations.says([bo, cyrus], NAMES) == [
        "What one thinks of another in the end changed: Ada of Bo (-1.00 [-1.00, -1.00], adjusted p = 0.031)."
    ]
    (quiet,) = relations.says([cyrus], NAMES)
    assert quiet.startswith("No change was found in what one thinks of another; effects of up to 0.00")


def test_relations_are_optional_and_may_be_incomplete() -> None:
    quiet, loud = worlds.record(seed=1), worlds.record(_thinks("ada", "square", bo=0.5), seed=2)
    assert _relations([quiet], [quiet]) == ()
    assert _relations([loud], [quiet]) == ()
    (only,) = _relations([worlds.record(seed=2), worlds.record(*[_thinks("ada", "porch", bo=1)])],
                         [loud, worlds.record()])  # fmt: skip
    assert (only.scenes, only.base, only.changed) == (("square", "porch"), (None, 1.0), (0.5, None))
    assert (only.p, only.effect.value) == (None, -0.5)
    assert relations.says([only], NAMES) == []


def test_a_fear_is_learned_by_everybody_else_who_saw_the_dream() -> None:
    base = worlds.record(_dream("day", "ada", "bo"), _dream("night", "ada", "bo", "cyrus", seen=("ada", "bo", "cyrus")))
    late = worlds.record(_dream("night", "ada", "bo"))
    found = {(each.role, each.whose): each for each in relations.learned(_matched([base], [late])[0])}
    assert set(found) == {("ada", "bo"), ("bo", "ada"), ("ada", "cyrus"), ("bo", "cyrus"), ("cyrus", "ada"),
                          ("cyrus", "bo")}  # fmt: skip
    of_bo, of_cyrus = found["ada", "bo"], found["ada", "cyrus"]
    assert (of_bo.base, of_bo.base_beat, of_bo.changed, of_bo.changed_beat) == (1, "day", 1, "night")
    assert (of_cyrus.base_beat, of_cyrus.changed, of_cyrus.changed_beat) == ("night", 0, None)
    assert of_bo.otherwise
    (told,) = relations.knows([of_bo], NAMES)
    assert told == "Who learned whose hidden fear, or when, is not the same: Ada of Bo's."
    same = relations.learned(_matched([base], [base])[0])
    assert relations.knows(same, NAMES) == ["Who learned whose hidden fear, and when, is the same in both."]
    assert relations.knows([], NAMES) == []


def test_who_has_no_part_in_any_dream_is_absent_rather_than_never_told() -> None:
    base = worlds.record(_dream("night", "ada", "bo", "cyrus", seen=("ada", "bo", "cyrus")))
    without = worlds.record(_dream("night", "ada", "bo"))
    found = {(each.role, each.whose): each for each in relations.learned(_matched([base], [without])[0])}
    assert {key for key, each in found.items() if each.changed_absent} == {key for key in found if "cyrus" in key}
    assert not any(each.base_absent or each.otherwise for each in found.values())
    assert relations.knows(list(found.values()), NAMES) == [
        "Who learned whose hidden fear, and when, is the same in both, as far as they were there."
    ]
    dreamless = relations.learned(_matched([base], [worlds.record()])[0])
    assert all(each.otherwise and not each.changed_absent for each in dreamless)
