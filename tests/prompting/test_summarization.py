from __future__ import annotations

import pytest
import worlds
from dreamplay.prompting import summarization
from dreamplay.prompting.summarization import Circle, SummaryRequest
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.script import Script

ALL, TWO = ("ada", "bo", "cyrus"), ("ada", "bo")
LINE = 20.0
"""Tokens of anything in these scripts, but for a recap."""


def _size(event: Event) -> float:
    return summarization.LENGTH if event.kind == "recap" else LINE


def _script(*scenes: tuple[tuple[str, ...], int]) -> Script:
    """A prologue, then a scene for each of these: its witnesses, and how many events it has."""
    script = Script([worlds.event(0, beat=PROLOGUE, scene=PROLOGUE, witnesses=ALL)])
    for number, (witnesses, length) in enumerate(scenes):
        for _ in range(length):
            script.append(worlds.event(len(script), scene=f"s{number}", witnesses=witnesses))
    return script


def _requests(script: Script, *stages: tuple[str, ...], room: float, growth: float = 0.0) -> list[SummaryRequest]:
    circles = [Circle(stage) for stage in stages]
    return summarization.due(script.common_view, script.scene_ends(), circles, _size, room=room, growth=growth)


def _due(script: Script, *stages: tuple[str, ...], room: float, growth: float = 0.0) -> list[tuple[str, int]]:
    made = _requests(script, *stages, room=room, growth=growth)
    return [("".join(role[0] for role in sorted(each.circle)), each.last) for each in made]


FIVE = [(ALL, 10)] * 5


@pytest.mark.parametrize(
    ("scenes", "stage", "room", "growth", "due"),
    [
        (FIVE, ALL, 1020, 0, []), (FIVE, ALL, 1220, 200, []),  # it fits
        (FIVE, ALL, 1000, 0, [("abc", 40)]),  # the oldest go, until half of the room is free
        (FIVE, ALL, 1600, 600, [("abc", 40)]), (FIVE, ALL, 1100, 900, [("abc", 50)]),
        (FIVE, ("ada",), 1000, 0, [("abc", 40)]), (FIVE, ("dee",), 0, 0, []),
        ([(ALL, 20), (TWO, 20), (ALL, 5)], TWO, 910, 0, [("abc", 40), ("ab", 40)]),  # each circle apart
        ([(ALL, 20), (TWO, 20), (ALL, 3)], ALL, 470, 0, [("abc", 20)]),  # and what nobody needs stays
        ([(ALL, 20), (("ada", "cyrus"), 20), (ALL, 3)], TWO, 470, 0, [("abc", 20)]),
        ([(ALL, 20), (TWO, 8), (ALL, 10)], TWO, 700, 0, [("abc", 38)]),  # as does what a recap would not shorten
    ],
)  # fmt: skip
def test_what_has_to_be_retold(
    scenes: list[tuple[tuple[str, ...], int]], stage: tuple[str, ...], room: float, growth: float, due: list[object]
) -> None:
    assert _due(_script(*scenes), stage, room=room, growth=growth) == due


def test_whoever_is_to_come_into_the_scene_is_thought_of() -> None:
    script = _script((ALL, 10), (TWO, 60), (ALL, 10))
    assert _due(script, ALL, room=1500) == []
    assert _due(script, ALL, TWO, room=1500) == [("abc", 70), ("ab", 70)]


def test_what_is_retold_fits_and_seldom_has_to_be_again() -> None:
    script, made = _script(), 0
    for number in range(60):
        for _ in range(20):
            script.append(worlds.event(len(script), scene=f"s{number}", witnesses=ALL))
        for each in _requests(script, ALL, room=2000, growth=400):
            covers = each.covers(script.common_view(ALL))
            assert covers[0] == 1
            script.append(worlds.event(len(script), "recap", scene=f"s{number}", witnesses=ALL, covers=covers))
            made += 1
        assert sum(map(_size, script.common_view(ALL).summarized)) + 400 <= 2000
    assert 10 < made <= 30


def test_what_a_recap_is_made_from_has_to_fit_too() -> None:
    script, room = _script((ALL, 200)), 1000
    made = _requests(script, ALL, room=room)
    assert [each.last for each in made] == [50, 92, 134, 176, 200]
    for each in made:
        events = each.events(script.common_view(ALL))
        assert sum(map(_size, events)) <= room
        assert {event.kind for event in events[1:]} == {"line"}
        script.append(
            worlds.event(len(script), "recap", scene="s0", witnesses=ALL, covers=each.covers(script.common_view(ALL)))
        )
    assert [(event.kind, getattr(event, "covers", None)) for event in script.common_view(ALL).summarized] == [
        ("line", None),
        ("recap", (1, 200)),
    ]


def test_a_recap_is_made_from_the_one_before_and_what_came_after_it() -> None:
    script = _script((ALL, 3), (TWO, 2))
    script.append(worlds.event(6, "recap", scene="s1", witnesses=("cyrus", "bo", "ada"), covers=(1, 2)))
    script.append(worlds.event(7, "silence", scene="s2", witnesses=ALL))
    script.append(worlds.event(8, scene="s2", witnesses=ALL))
    retelling = SummaryRequest(Circle(ALL), 8)
    assert [event.id for event in retelling.events(script.common_view(ALL))] == [6, 3, 8]
    assert retelling.covers(script.common_view(ALL)) == (1, 8)
