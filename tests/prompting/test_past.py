from __future__ import annotations

import pytest
import worlds
from dreamplay.prompting.past import Past
from dreamplay.schema.event import PROLOGUE, Event

ALL = ("elara", "leo")


def _night(*scenes: str, lines: int = 4) -> list[Event]:
    """A prologue, and scenes with an opening of two sentences, lines, and something that happens."""
    events: list[Event] = []

    def add(scene: str, kind: str, text: str, **rest: object) -> None:
        beat = PROLOGUE if scene == PROLOGUE else "launch"
        events.append(worlds.event(len(events), kind, text, scene=scene, beat=beat, witnesses=ALL, **rest))

    for number in range(4):
        add(PROLOGUE, "line", f"Before {number}.", speaker=ALL[number % 2])
    for scene in scenes:
        add(scene, "narration", f"The {scene} opens. It rains there.")
        if scene.startswith("dream"):
            add(scene, "dream", f"The {scene} has no floor. Nobody falls.")
        for number in range(lines):
            add(scene, "line", f"The {scene}, line {number}.", speaker=ALL[number % 2])
        add(scene, "narration", f"A bell rings in the {scene}.")
    return events


def _past(room: int = 0) -> Past:
    """One in which every event takes a token."""
    return Past(room, lambda event: 1)


def _texts(events: list[Event]) -> list[str]:
    return [event.text for event in _past().shortened(events)]


def test_the_scene_that_runs_is_whole_and_of_earlier_ones_the_beginning_and_what_came_of_it() -> None:
    told = _texts(_night("hall", "attic", "porch"))
    assert told == [
        *(f"Before {n}." for n in range(4)),
        "The hall opens.", "A bell rings in the hall.",
        "The attic opens.", "The attic, line 3.", "A bell rings in the attic.",
        "The porch opens. It rains there.", *(f"The porch, line {n}." for n in range(4)), "A bell rings in the porch.",
    ]  # fmt: skip


def test_an_outcome_is_told_in_place_of_what_happened_last_and_stances_stay() -> None:
    events = _night("hall")
    more = [("outcome", "Leo lies down.", {"outcome": "lies", "answer": "yes"}), ("stance", "I would go.", {})]
    for kind, text, rest in more:
        events.append(worlds.event(len(events), kind, text, scene="hall", witnesses=ALL, **rest))
    events.append(worlds.event(len(events), "narration", "It is day.", scene="yard", witnesses=ALL))
    told = _texts(events)
    assert {"Leo lies down.", "I would go."} <= set(told)
    assert "A bell rings in the hall." not in told


def test_the_last_dream_is_told_whole_and_an_older_one_is_not() -> None:
    told = _texts(_night("dream", "hall", "porch"))
    assert "The dream has no floor. Nobody falls." in told
    told = _texts(_night("dream", "dream_again", "hall", "porch"))
    assert [text for text in told if "no floor" in text] == ["The dream_again has no floor. Nobody falls."]


def test_the_prologue_alone_is_told_whole_and_nothing_is_nothing() -> None:
    assert _texts(_night()) == [f"Before {n}." for n in range(4)]
    assert _past().shortened([]) == []


@pytest.mark.parametrize("scenes", [("hall",), ("hall", "attic"), ("dream", "hall", "attic")])
def test_within_a_scene_what_is_told_only_grows(scenes: tuple[str, ...]) -> None:
    events, past, before = _night(*scenes, lines=9), _past(), list[Event]()
    start = next(event.id for event in events if event.scene == scenes[-1])
    for end in range(start + 1, len(events) + 1):
        now = past.shortened(events[:end])
        assert now[: len(before)] == before
        before = now


def test_the_newest_scenes_that_there_is_room_for_are_whole() -> None:
    events, scene = _night("hall", "attic", "porch", "yard"), 6
    told = [event.text for event in _past(2 * scene).shortened(events)]
    assert [text for text in told if "hall" in text] == ["The hall opens.", "A bell rings in the hall."]
    whole = {event.text for event in events if event.scene in ("attic", "porch", "yard")}
    assert whole <= set(told)
    told = [event.text for event in _past(2 * scene - 1).shortened(events)]
    assert "The attic, line 3." not in told, "one token short"


def test_a_recap_stays() -> None:
    events = _night("hall", "attic", "porch")
    recap = worlds.event(99, "recap", "So far they met.", covers=(4, 9), scene="hall", witnesses=ALL)
    assert "So far they met." in [event.text for event in _past().shortened([*events[:4], recap, *events[10:]])]
