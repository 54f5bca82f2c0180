from __future__ import annotations

from typing import Any

import worlds
from dreamplay.comparison import beside, chance, relations
from dreamplay.comparison.beside import Match
from dreamplay.comparison.chance import Deals
from dreamplay.record.transcript import Record

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}


def _thinks(role: str, scene: str, **regards: float) -> dict[str, Any]:
    return {"kind": "reflection", "speaker": role, "scene": scene, "regards": regards, "witnesses": [role]}


def _dream(beat: str, *owners: str, seen: tuple[str, ...] = ("ada", "bo")) -> dict[str, Any]:
    ledger = [{"role": role, "fear": "a stair", "wish": "a door"} for role in owners]
    return {"kind": "dream", "beat": beat, "witnesses": seen, "ledger": ledger}


def _matched(base: list[Record], changed: list[Record]) -> tuple[Match, Deals]:
    matched = beside.match(base, changed)
    return matched, chance.deal(len(matched.base), len(matched.changed), paired=matched.paired)


def test_what_one_thinks_of_another_is_followed_over_the_scenes() -> None:
    base, changed = (
        [worlds.record(_thinks("ada", "square", bo=0.2, cyrus=0.1 * seed), _thinks("ada", "attic", bo=end), seed=seed)
         for seed in range(6)]
        for end in (0.6, -0.4)
    )  # fmt: skip
    bo, cyrus = relations.relations(*_matched(base, changed))
    assert (bo.role, bo.other, bo.scenes) == ("ada", "bo", ("square", "attic"))
    assert (bo.base, bo.changed) == ((0.2, 0.6), (0.2, -0.4))
    assert (bo.base_end, bo.changed_end, bo.p) == (0.6, -0.4, 2 / 2**6)
    assert (cyrus.scenes, cyrus.p) == (("square",), 1.0)
    assert relations.says([bo, cyrus], NAMES) == [
        "What one thinks of the other in the end moved beyond chance: Ada of Bo (+0.60 to -0.40)."
    ]
    assert relations.says([cyrus], NAMES) == ["No relation moved beyond chance."]


def test_relations_are_optional_and_may_be_incomplete() -> None:
    quiet, loud = worlds.record(seed=1), worlds.record(_thinks("ada", "square", bo=0.5), seed=2)
    assert relations.relations(*_matched([quiet], [quiet])) == ()
    assert relations.relations(*_matched([loud], [quiet])) == ()
    (only,) = relations.relations(*_matched([worlds.record(seed=2), worlds.record(*[_thinks("ada", "porch", bo=1)])],
                                            [loud, worlds.record()]))  # fmt: skip
    assert (only.scenes, only.base, only.changed) == (("square", "porch"), (None, 1.0), (0.5, None))
    assert only.p is None


def test_a_fear_is_learned_by_everybody_else_who_saw_the_dream() -> None:
    base = worlds.record(_dream("day", "ada", "bo"), _dream("night", "ada", "bo", "cyrus", seen=("ada", "bo", "cyrus")))
    late = worlds.record(_dream("night", "ada", "bo"))
    found = {(each.role, each.whose): each for each in relations.learned(_matched([base], [late])[0])}
    assert set(found) == {("ada", "bo"), ("bo", "ada"), ("ada", "cyrus"), ("bo", "cyrus"), ("cyrus", "ada"),
                          ("cyrus", "bo")}  # fmt: skip
    of_bo, of_cyrus = found["ada", "bo"], found["ada", "cyrus"]
    assert (of_bo.base, of_bo.base_beat, of_bo.changed, of_bo.changed_beat) == (1, "day", 1, "night")
    assert (of_cyrus.base_beat, of_cyrus.changed, of_cyrus.changed_beat) == ("night", 0, None)
    assert all(each.otherwise for each in found.values())
    (told,) = relations.knows([of_bo, of_cyrus], NAMES)
    assert told == "Who learned whose hidden fear, or when, is not the same: Ada of Bo's, Ada of Cyrus's."
    same = relations.learned(_matched([base], [base])[0])
    assert relations.knows(same, NAMES) == ["Who learned whose hidden fear, and when, is the same in both."]
    assert relations.knows([], NAMES) == []
