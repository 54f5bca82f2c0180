from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.schema.event import EVENT_CLASSES, PROLOGUE, Event, EventBase, ReflectionEvent, TurnEvent
from dreamplay.schema.provenance import RejectedCandidate, Usage
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Regard, Script, attended, attitudes, last_reflection, present, regards
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


KINDS = st.sampled_from(["line", "silence", "narration", "reflection", "stance"])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.sets(ROLES), KINDS, st.sampled_from(["roof", "lab"])), max_size=15),
    st.lists(ROLES, max_size=3), st.sampled_from([EventBase, TurnEvent, *EVENT_CLASSES.values()]),
)  # fmt: skip
def test_what_is_asked_for_again_and_again_is_what_would_be_seen_at_once(
    made: list[tuple[set[str], str, str]], asked: list[str], kind: Any
) -> None:
    script, roles = Script(), set(asked)
    for i, (names, made_of, scene) in enumerate(made):
        script.append(worlds.event(i, made_of, witnesses=tuple(names), scene=scene))
        wanted = [event for event in script if isinstance(event, kind)]
        seen = script.visible_to(*asked, kind=kind)
        assert seen == [event for event in wanted if roles and roles <= set(event.witnesses)]
        assert script.in_scene("lab", kind) == [event for event in wanted if event.scene == "lab"]
        seen.clear()  # whoever asked may do with it what she likes


@st.composite
def _retold(draw: st.DrawFn) -> list[Event]:
    """A script in which some of what a circle witnessed has been retold to it, later more of it."""
    events: list[Event] = []
    covered: dict[tuple[str, ...], tuple[int, int]] = {}
    for i in range(draw(st.integers(0, 25))):
        circle = tuple(sorted(draw(st.sets(st.sampled_from(["sam", "samantha", "leo"]), min_size=1))))
        if i and draw(st.booleans()):
            first, last = covered.get(circle, (draw(st.integers(0, i - 1)), 0))
            covered[circle] = (first, draw(st.integers(max(first, last), i - 1)))
            events.append(worlds.event(i, "recap", f"Retold {i}.", witnesses=circle, covers=covered[circle]))
        else:
            events.append(worlds.event(i, text=f"Said {i}.", witnesses=circle))
    return events


@settings(deadline=None, max_examples=200)
@given(_retold(), st.sets(st.sampled_from(["sam", "samantha", "leo", "sa"])))
def test_a_recap_stands_for_what_its_circle_witnessed_and_for_nothing_else(
    events: list[Event], asked: set[str]
) -> None:
    script = Script()
    told: list[Event] = []
    for event in events:
        script.append(event)
        told = list(script.common_view(asked).summarized)
    seen = script.visible_to(*asked)
    newest = {event.witnesses: event for event in seen if event.kind == "recap"}
    assert {event.id for event in told if event.kind == "recap"} == {event.id for event in newest.values()}
    for event in told:
        assert asked <= set(event.witnesses)
    for event in seen:
        recap = newest.get(event.witnesses)
        retold = recap and recap.covers and recap.covers[0] <= event.id <= recap.covers[1]
        if event.kind != "recap":
            assert (event in told) != bool(retold)
    assert told == list(Script(events).common_view(asked).summarized)


def test_recaps_come_after_the_prologue_the_widest_first_and_then_what_they_do_not_stand_for() -> None:
    everybody, two = ("ada", "bo", "cyrus"), ("bo", "ada")
    script = Script([
        worlds.event(0, beat=PROLOGUE, scene=PROLOGUE, witnesses=everybody), worlds.event(1, witnesses=two),
        worlds.event(2, witnesses=everybody), worlds.event(3, witnesses=("ada", "bo")),
        worlds.event(4, "recap", witnesses=two, covers=(1, 1)),
        worlds.event(5, "recap", witnesses=everybody, covers=(2, 2)), worlds.event(6, witnesses=everybody),
        worlds.event(7, "reflection", speaker="ada", witnesses=("ada",)),
    ])  # fmt: skip
    assert [event.id for event in script.common_view(["ada", "bo"]).summarized] == [0, 5, 4, 3, 6]
    assert [event.id for event in script.common_view(everybody).summarized] == [0, 5, 6]
    assert [event.id for event in script.common_view(["ada"]).summarized] == [0, 5, 4, 3, 6, 7]
    assert script.common_view([]).summarized == ()


def test_who_is_present_follows_from_who_came_and_went() -> None:
    scene = Scene.model_validate({
        "id": "roof", "kind": "waking", "place": "A roof", "present": ["sam", "samantha"], "opening": "Night.",
        "turns": {"min": 2, "max": 4},
    })  # fmt: skip
    script, there = Script(), []
    moves = [("exit", "sam", "roof"), ("exit", "samantha", "lab"), ("entrance", "leo", "roof"),
             ("entrance", "sam", "roof"), ("line", "leo", "roof"), ("exit", "samantha", "roof")]  # fmt: skip
    for number, (kind, role, place) in enumerate(moves):
        script.append(worlds.event(number, kind, speaker=role, scene=place))
        there.append(" ".join(present(script, scene)))
    assert there == ["samantha", "samantha", "samantha leo", "samantha leo sam", "samantha leo sam", "leo sam"]
    among = {role: " ".join(others) for role, others in attended(script, scene).items()}
    assert among == {"leo": "leo sam", "sam": "leo sam", "samantha": "samantha leo sam"}


def test_the_newest_word_on_each_is_what_somebody_thinks() -> None:
    own = {"speaker": "leo", "witnesses": ("leo",)}
    script = Script([
        worlds.event(0, "reflection", attitudes={"sam": 0.4, "mira": -1.0}, **own),
        worlds.event(1, "reflection", speaker="sam", witnesses=("sam",), attitudes={"leo": 0.2}),
        worlds.event(2, "reflection", attitudes={"mira": 0.6}, why={"mira": "she asked"}, wants="bread", **own),
        worlds.event(3, "reflection", speaker="sam", witnesses=("leo", "sam"), attitudes={"mira": 0.0}),
    ])  # fmt: skip
    assert attitudes(script, "leo") == {"sam": 0.4, "mira": 0.6}
    assert attitudes(script, "sam") == {"leo": 0.2, "mira": 0.0}
    assert attitudes(script, "samantha") == {}
    thoughts = script.of_kind(ReflectionEvent)
    assert regards(thoughts, "leo") == {"sam": Regard(0.4, "", 0), "mira": Regard(0.6, "she asked", 2)}
    newest = last_reflection(thoughts, "leo")
    assert newest
    assert newest.wants == "bread"
    assert last_reflection(thoughts, "mira") is None


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


@pytest.mark.parametrize("reason", ["copies “Tea.”", "copies «Tea.»", "copies"])
def test_the_kind_of_a_rejection_has_no_quotation(reason: str) -> None:
    assert RejectedCandidate(text="Tea.", reason=reason).kind == "copies"
