from __future__ import annotations

import worlds
from dreamplay.comparison import beside, chance, stances
from dreamplay.comparison.stances import Stance
from dreamplay.record.transcript import Record

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}


def _runs(first: int = 1, **choices: str) -> list[Record]:
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


def _told(base: list[Record], changed: list[Record], *swapped: str) -> tuple[dict[str, Stance], list[str]]:
    matched = beside.match(base, changed)
    deals = chance.deal(len(matched.base), len(matched.changed), paired=matched.paired)
    found = stances.stances(matched, deals)
    return {each.role: each for each in found}, stances.says(found, swapped, NAMES, deals)


def test_a_stance_that_moves_in_nearly_all_pairs_is_beyond_chance_and_nobody_elses_is() -> None:
    found, says = _told(_runs(ada="ssssssss", bo="gsgsgsgs"), _runs(ada="gggggggg", bo="ggssggss"), "ada")
    ada, bo = found["ada"], found["bo"]
    assert (ada.base["go"].runs, ada.changed["go"].runs, ada.turned) == (0, 8, 8)
    assert (ada.base["go"].low, ada.base["go"].high) == chance.interval(0, 8)
    assert ada.p == 2 / 2**8
    assert bo.turned == 4
    assert bo.p > 0.5
    assert "cyrus" not in found
    assert says == [
        "Ada's stance moved beyond chance (go 0 to 8, stay 8 to 0; p = 0.0078).", "Not beyond chance: the stance of Bo."
    ]  # fmt: skip


def test_a_persona_that_a_model_does_not_follow_is_said_honestly() -> None:
    _, says = _told(_runs(ada="ssgsgsgs", bo="gggggggg"), _runs(ada="sgsgsgsg", bo="gggggggg"), "ada")
    assert says[0].startswith("Ada's stance did not move beyond chance (go 3 to 4, stay 5 to 4; p = ")
    assert says[0].endswith("as far as 16 runs can tell, this model does not follow the persona to another stance.")


def test_so_few_seeds_are_not_said_to_tell_anything() -> None:
    found, says = _told(_runs(ada="sss", bo="ggg"), _runs(ada="ggg", bo="ggg"), "ada")
    assert found["ada"].p == 0.25
    assert says == ["Stances that differ: Ada (go 0 to 3, stay 3 to 0)."]
    assert _told(_runs(ada="s"), _runs(ada="s"), "ada")[1] == ["The same stances were taken."]


def test_the_same_stances_are_no_difference() -> None:
    found, says = _told(_runs(ada="sgsgsg", bo="gggggg"), _runs(ada="sgsgsg", bo="gggggg"))
    assert {each.p for each in found.values()} == {1.0}
    assert says == ["Nobody's stance moved beyond chance."]


def test_a_stance_that_was_not_taken_is_an_answer_of_its_own() -> None:
    found, _ = _told(_runs(ada="gggggg"), _runs(ada="------"))
    assert (found["ada"].changed["go"].runs, found["ada"].changed["stay"].runs) == (0, 0)
    assert found["ada"].taken == (("go", None),) * 6
    assert found["ada"].p == 2 / 2**6
    assert _told([worlds.record()], [worlds.record()]) == ({}, [])


def test_runs_of_other_seeds_are_compared_without_pairs() -> None:
    found, _ = _told(_runs(ada="gggg"), _runs(11, ada="ssss"))
    assert found["ada"].taken == ()
    assert found["ada"].p == round(2 / 70, 8)
