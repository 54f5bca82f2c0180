from __future__ import annotations

import pytest
import worlds
from dreamplay.script import Script, Usage
from hypothesis import given, settings
from hypothesis import strategies as st

ROLES = st.sampled_from(["sam", "samantha", "Sam", "sam_2", "leo", ""])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sets(ROLES), max_size=12), st.lists(ROLES, max_size=4))
def test_an_event_is_visible_to_a_set_of_roles_if_and_only_if_all_are_witnesses(
    witnessed: list[set[str]], asked: list[str]
) -> None:
    events = [worlds.event(i, witnesses=tuple(sorted(names))) for i, names in enumerate(witnessed)]
    seen = Script(events).visible_to(*asked)
    assert seen == [each for each in events if asked and all(role in each.witnesses for role in asked)]


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        (("sam",), [0]), (("samantha",), [1]), (("sa",), []), (("SAM",), []), (("sam", "samantha"), []),
        (("sam", "sam"), [0]), ((), []),
    ],
)  # fmt: skip
def test_names_are_exact_and_the_default_is_to_deny(asked: tuple[str, ...], seen: list[int]) -> None:
    script = Script([
        worlds.event(0, witnesses=("sam",)), worlds.event(1, witnesses=("samantha",)), worlds.event(2, witnesses=()),
    ])  # fmt: skip
    assert [each.id for each in script.visible_to(*asked)] == seen


def test_events_follow_one_another() -> None:
    script = Script([worlds.event(0)])
    script.append(worlds.event(1, scene="lab"))
    assert script.last
    assert (len(script), script.last.id, [e.id for e in script.in_scene("lab")]) == (2, 1, [1])
    for wrong in (0, 1, 3):
        with pytest.raises(ValueError, match="cannot follow"):
            script.append(worlds.event(wrong))
    assert Script().last is None


def test_usage_adds_up() -> None:
    one = Usage(calls=1, prompt=100, cached=80, output=10, seconds=0.1)
    assert one + one == Usage(calls=2, prompt=200, cached=160, output=20, seconds=0.2)
    assert (one + Usage()).evaluated == 20
