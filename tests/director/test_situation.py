"""Which moves and asides of a scene are to come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import worlds
from dreamplay.director.situation import Situation
from dreamplay.schema import made_move
from dreamplay.schema.event import Event
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.topic import OwnWords, Topic

GOES = {"role": "cyrus", "kind": "exit", "after": 2, "text": "{cyrus} goes."}
BACK = {"role": "cyrus", "kind": "entrance", "after": 4, "text": "{cyrus} is back."}
IF_NOT = {"when": "hall.door == shut"}
IF = {"when": "hall.door == open"}
SLAMS = GOES | {"text": "{cyrus} slams the door.", "after": 3} | IF


def _now(moves: list[dict[str, Any]], *events: Event, **rest: Any) -> Situation:
    scene = Scene.model_validate({
        "id": "hall", "kind": "waking", "place": "The hall", "present": ["ada", "bo", "cyrus"],
        "opening": "They meet.", "moves": moves, "turns": {"min": 3, "max": 9},
    } | rest)  # fmt: skip
    return Situation.of(Script(events), "day", scene)


def _went(number: int = 0, text: str = "Cyrus goes.", kind: str = "exit", by: str = "author") -> Event:
    return worlds.event(
        number, kind, text, speaker="cyrus", scene="hall", witnesses=("ada", "bo", "cyrus"), provenance={"by": by}
    )


def _outcome(answer: str) -> Event:
    return worlds.event(0, "outcome", "The door.", scene="hall", outcome="door", answer=answer, witnesses=("ada",))


@pytest.mark.parametrize(
    ("moves", "events", "left"),
    [
        ([GOES, BACK], (), ["{cyrus} goes.", "{cyrus} is back."]),
        ([GOES, BACK], (_went(),), ["{cyrus} is back."]),
        ([GOES, BACK], (_went(), _went(1, "Cyrus is back.", "entrance")), []),
        # Who has left of their own accord cannot go, and comes back as the author says.
        ([GOES, BACK], (_went(text="Cyrus has had enough.", by="agent"),), ["{cyrus} is back."]),
        ([GOES, BACK], (_went(by="agent", text="Enough."), _went(1, "Cyrus is back.", "entrance")), []),
        # Who did not go, does not come back.
        ([GOES | IF, BACK], (), []),
        ([GOES | IF, BACK], (_outcome("open"),), ["{cyrus} goes.", "{cyrus} is back."]),
        ([GOES | IF, BACK], (_outcome("shut"),), []),
        # Of two ways to go, the one whose condition holds; once it is made, the other is passed over.
        ([GOES | IF_NOT, SLAMS], (_outcome("open"),), ["{cyrus} slams the door."]),
        ([GOES | IF_NOT, SLAMS], (_outcome("open"), _went(1, "Cyrus slams the door.")), []),
    ],
)
def test_a_move_is_to_come_as_long_as_it_can_happen(moves: Any, events: tuple[Event, ...], left: list[str]) -> None:
    assert [move.text for move in _now(moves, *events).moves] == left


def test_the_last_of_the_cast_cannot_go() -> None:
    goes = [GOES | {"role": role, "text": f"{{{role}}} goes."} for role in ("ada", "bo", "cyrus")]
    assert [move.role for move in _now(goes).moves] == ["ada", "bo"]


def test_what_was_to_be_whispered_to_somebody_who_has_left_is_not() -> None:
    asides = [
        {"role": "ada", "to": ["cyrus"], "after": 1, "material": "the key is gone"},
        {"role": "bo", "to": ["ada"], "after": 2, "material": "the lamp is lit"},
    ]
    left, everybody = _now([], _went(by="agent"), asides=asides), _now([], asides=asides)
    assert [aside.material for aside in everybody.asides] == ["the key is gone", "the lamp is lit"]
    assert [aside.material for aside in left.asides] == ["the lamp is lit"]
    whispered = worlds.event(
        0, speaker="bo", scene="hall", witnesses=("ada", "bo"), turn=1,
        cue=worlds.cue(to="ada", hears=("ada",), aside=True, material="the lamp is lit"),
    )  # fmt: skip
    assert [aside.material for aside in _now([], whispered, asides=asides).asides] == ["the key is gone"]


def test_a_scene_from_which_all_but_one_have_gone_is_deserted() -> None:
    two = {"present": ["ada", "cyrus"]}
    assert not _now([], **two).deserted
    assert not _now([], _went(), **two).deserted  # the author wants the other alone
    assert _now([], _went(by="agent"), **two).deserted
    assert _now([], _went(by="person"), **two).deserted  # dropped in a branch
    assert not _now([BACK], _went(by="agent"), **two).deserted


def test_a_turn_counts_for_the_move_that_it_was_made_of_wherever_that_stands_now() -> None:
    asks, says = ({"role": "ada", "does": does, "opens": True} for does in ("asks", "says"))
    given = [worlds.cue(topic="door", move=number, material=move["does"]) for number, move in enumerate((asks, says))]
    turns = [
        worlds.event(n, speaker="ada", scene="hall", witnesses=("ada", "bo"), turn=n + 1, cue=cue)
        for n, cue in enumerate(given)
    ]
    for moves, places in [
        ([asks, says], [0, 1]),
        ([says, asks], [1, 0]),
        ([asks, says | {"role": "bo"}], [0, None]),  # it is somebody else's now
        ([asks, says | {"does": "shouts"}], [0, None]),  # it has been edited, or is another one
        ([says, asks | {"does": "shouts"}], [None, 0]),  # the place of the one is that of another one now
    ]:
        now = _now([], *turns, topics=[{"id": "door", "about": "the door", "moves": moves}])
        assert [place for place, _ in now.by_topic["door"]] == places


def test_a_turn_counts_for_the_same_move_whatever_whoever_plays_the_role_says_there() -> None:
    door = Topic.model_validate({"id": "door", "about": "the door", "moves": [
        {"id": "key", "role": "ada", "does": "asks for the key", "opens": True},
        {"id": "why", "role": "ada", "does": "asks why", "opens": True},
    ]})  # fmt: skip
    key, why = door.moves
    own = OwnWords.model_construct(**(dict(why) | {"does": "asks how", "written": why.does}))
    begun = _now([])
    for said in (why, own):
        scene = begun.scene.model_copy(update={"topics": (door.model_copy(update={"moves": (key, said)}),)})
        cue = replace(begun, scene=scene).turn("ada", worlds.cue(topic="door", move=1, material=said.does)).cue
        turn = worlds.event(0, speaker="ada", scene="hall", witnesses=("ada", "bo"), turn=1, cue=cue)
        for said_now in (why, own, own.model_copy(update={"does": "asks nothing"})):
            now = door.model_copy(update={"moves": (said_now, key)})
            assert made_move.place(now, turn) == 0  # type: ignore[arg-type]


def test_a_turn_of_an_older_run_counts_for_the_move_that_a_persona_said_in_other_words() -> None:
    """Its cue has those words alone."""
    door = Topic.model_validate({"id": "door", "about": "the door", "moves": [
        {"id": "key", "role": "ada", "does": "asks for the key", "opens": True},
        {"id": "why", "role": "ada", "does": "asks why", "opens": True},
    ]})  # fmt: skip
    key, why = door.moves
    own = OwnWords.model_construct(**(dict(why) | {"does": "asks how", "written": why.does}))
    cue = worlds.cue(topic="door", move=1, material=own.does)
    turn = worlds.event(0, speaker="ada", scene="hall", witnesses=("ada", "bo"), turn=1, cue=cue)
    places = [
        made_move.place(door.model_copy(update={"moves": moves}), turn)  # type: ignore[arg-type]
        for moves in ((key, own), (own, key), (key, why))
    ]
    assert places == [1, 0, None]


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        # As older runs have it: the line and the reply are turns of the scene.
        ({}, [0, 1, 2]),
        ({"placed": True}, [2]),
        ({"placed": True, "cue": worlds.cue("", topic="key", move=0)}, [0, 1, 2]),
    ],
)
def test_a_line_by_hand_that_is_no_move_and_the_reply_to_it_are_not_asked_for(
    said: dict[str, Any], counted: list[int]
) -> None:
    cues = [worlds.cue("Bo tells Ada that it is late.", answers=0), worlds.cue("Ada asks why.", answers=1)]
    lines = [
        worlds.event(0, "line", "Ho.", speaker="ada", scene="hall", turn=1, provenance={"by": "person"}, **said),
        worlds.event(1, "line", "It is late.", speaker="bo", scene="hall", turn=2, cue=cues[0]),
        worlds.event(2, "line", "Why?", speaker="ada", scene="hall", turn=3, cue=cues[1]),
    ]
    assert [event.id for event in _now([], *lines).contracted] == counted
