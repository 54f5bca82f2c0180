from __future__ import annotations

import pytest
import worlds
from dreamplay.comparison import alignment, joint_test, stances
from dreamplay.comparison.stances import StanceDifference
from dreamplay.runs.transcript import RunLog
from dreamplay.statistics import permutation, proportions

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}


def _runs(first: int = 1, **choices: str) -> list[RunLog]:
    """A run for each letter: g(o), s(tay), or - for no stance."""
    words = {"g": "go", "s": "stay"}
    return [
        worlds.record(
            *({"kind": "stance", "speaker": role, "choice": words[letters[i]]}
              for role, letters in choices.items() if letters[i] in words),
            seed=first + i,
        )
        for i in range(len(next(iter(choices.values()))))
    ]  # fmt: skip


def _told(base: list[RunLog], changed: list[RunLog], *swapped: str) -> tuple[dict[str, StanceDifference], list[str]]:
    matched = alignment.match(base, changed)
    deals = permutation.deal(len(matched.base), len(matched.changed), paired=matched.paired)
    found = joint_test.settle(deals, stances.stances(matched, deals))
    return {each.role: each for each in found}, stances.says(found, swapped, NAMES, deals)


def test_a_stance_that_moves_in_nearly_all_pairs_is_a_change_and_nobody_elses_is() -> None:
    found, says = _told(_runs(ada="ssssssss", bo="gsgsgsgs"), _runs(ada="gggggggg", bo="ggssggss"), "ada")
    ada, bo = found["ada"], found["bo"]
    assert (ada.base["go"].runs, ada.changed["go"].runs, ada.turned) == (0, 8, 8)
    assert (ada.base["go"].low, ada.base["go"].high) == proportions.share(0, 8)
    assert ada.effects["go"] == proportions.paired_difference([(False, True)] * 8)
    assert ada.p == 2 / 2**8
    assert bo.turned == 4
    assert bo.p > 0.5
    assert "cyrus" not in found
    assert says == [
        "Ada's stance changed (go 0 of 8 to 8 of 8, +100 points [+54, +100], stay 8 of 8 to 0 of 8, -100 points "
        "[-100, -54]; adjusted p = 0.0078).",
        "No change was found in the stance of Bo; effects of up to 40 points remain possible.",
    ]


def test_a_stance_that_did_not_change_is_no_proof_that_a_persona_has_no_effect() -> None:
    _, says = _told(_runs(ada="ssgsgsgs", bo="gggggggg"), _runs(ada="sgsgsgsg", bo="gggggggg"), "ada")
    assert says[0] == (
        "Ada, with another persona: go 3 of 8 to 4 of 8, +12.5 points [-44, +62], stay 5 of 8 to 4 of 8, -12.5 points "
        "[-62, +44] (p = 1, adjusted 1). That is compatible with no effect on the stance, and with one of up to 62 "
        "points."
    )
    assert "follow" not in " ".join(says)


def test_a_p_that_is_small_by_itself_and_not_among_all_is_said_to_be_so() -> None:
    deals = permutation.deal(8, 8, paired=True)
    found, _ = _told(_runs(ada="ssssssss"), _runs(ada="gggggggg"))
    weaker = found["ada"].model_copy(update={"p": 0.03, "adjusted": 0.4})
    (told,) = stances.says([weaker], ["ada"], NAMES, deals)
    assert "(p = 0.03, adjusted 0.4). Taken alone it would pass for a change, among all measures it does not" in told


def test_so_few_seeds_are_not_said_to_tell_anything() -> None:
    found, says = _told(_runs(ada="sss", bo="ggg"), _runs(ada="ggg", bo="ggg"), "ada")
    assert found["ada"].p == 0.25
    assert says == ["Stances that differ: Ada (go 0 to 3, stay 3 to 0)."]
    assert _told(_runs(ada="s"), _runs(ada="s"), "ada")[1] == ["The same stances were taken."]


def test_the_same_stances_are_no_difference() -> None:
    found, says = _told(_runs(ada="sgsgsg", bo="gggggg"), _runs(ada="sgsgsg", bo="gggggg"))
    assert {each.p for each in found.values()} == {1.0}
    assert says == ["No change was found in the stance of anybody; effects of up to 39 points remain possible."]


@pytest.mark.parametrize("seeds", [1, 6])
def test_who_is_absent_from_the_crossroads_has_no_stance_that_could_differ(seeds: int) -> None:
    found, says = _told(_runs(ada="g" * seeds, bo="s" * seeds), _runs(ada="-" * seeds, bo="s" * seeds))
    ada = found["ada"]
    assert (ada.base_absent, ada.changed_absent, ada.effects, ada.p, ada.turned) == (0, seeds, {}, None, 0)
    assert says[0] == "Ada was absent from the crossroads in all changed runs, so there is no stance to compare."
    assert not any("Ada" in each for each in says[1:])
    assert _told([worlds.record()], [worlds.record()]) == ({}, [])


def test_runs_without_a_crossroads_are_said_once_to_have_no_stances() -> None:
    _, says = _told(_runs(ada="g", bo="s"), _runs(ada="-", bo="-"))
    assert says == ["Nobody took a stance in all changed runs, so there are none to compare."]


def test_who_is_absent_now_and_then_is_counted_and_not_tested() -> None:
    found, says = _told(_runs(ada="gggggggg"), _runs(ada="ssssss--"))
    ada = found["ada"]
    assert (ada.changed["stay"].runs, ada.changed["stay"].whole, ada.changed_absent, ada.turned) == (6, 6, 2, 6)
    assert ada.effects["stay"] == proportions.paired_difference([(False, True)] * 6)
    assert says == ["Ada took no stance in some runs: counted, and not tested."]


def test_a_run_that_was_stopped_before_the_crossroads_has_nobody_absent() -> None:
    found, says = _told(_runs(ada="g"), [worlds.record(ended=False)])
    assert (found["ada"].changed_absent, found["ada"].effects) == (0, {})
    assert says == []


def test_runs_of_other_seeds_are_compared_without_pairs() -> None:
    found, _ = _told(_runs(ada="gggg"), _runs(11, ada="ssss"))
    assert found["ada"].taken == ()
    assert found["ada"].effects["stay"] == proportions.difference(0, 4, 4, 4)
    assert found["ada"].p == round(2 / 70, 8)
