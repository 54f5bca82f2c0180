from __future__ import annotations

import pytest
import worlds
from dreamplay.schema.scene import Scene, TurnContract
from dreamplay.schema.story import Story
from pydantic import ValidationError


def test_a_turn_contract_is_ordered() -> None:
    with pytest.raises(ValidationError, match="min 5 is more than max 4"):
        TurnContract(min=5, max=4)


def test_scenes_come_in_the_order_of_play() -> None:
    story = Story.model_validate(worlds.story())
    assert [scene.id for _, scene in story.scenes] == ["square", "corner", "attic", "porch", "road"]


@pytest.mark.parametrize(
    ("moves", "there"),
    [
        ("", ["ab"] * 4), ("-b1", ["ab", "a", "a", "a"]), ("+c2", ["ab", "ab", "abc", "abc"]),
        ("+c2 -a1", ["ab", "b", "bc", "bc"]), ("-a0 +a2", ["b", "b", "ba", "ba"]), ("-a3", ["ab", "ab", "ab", "b"]),
        ("+c1 -b1", ["ab", "ac", "ac", "ac"]),
    ],
)  # fmt: skip
def test_who_is_there_after_how_many_turns(moves: str, there: list[str]) -> None:
    made = [
        {"role": role, "kind": "entrance" if sign == "+" else "exit", "after": int(after), "text": "It is so."}
        for sign, role, after in moves.split()
    ]
    scene = Scene.model_validate({
        "id": "hall", "kind": "waking", "place": "A hall", "present": ["a", "b"], "opening": "Night.", "moves": made,
        "turns": {"min": 0, "max": 9},
    })  # fmt: skip
    assert ["".join(scene.there(turns)) for turns in range(4)] == there
