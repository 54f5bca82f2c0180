"""What a character has spoken for, in the story as it was played and as it was edited since."""

from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.participants.spoken_for import spoken_for
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story

STAYS = {"role": "ada", "does": "says that the house is warm", "opens": True, "favours": "stay"}
GOES = {"role": "ada", "does": "says that the road is dry", "opens": True, "favours": "go"}
RAINS = {"role": "ada", "does": "says that it rains", "opens": True}


def _story(*moves: dict[str, Any]) -> Story:
    data = worlds.story(3)
    data["beats"][0]["scenes"][0]["topics"] = [{"id": "house", "about": "the house", "moves": moves}]
    return Story.model_validate(data)


@pytest.mark.parametrize(
    ("moves", "choice"),
    [
        ([STAYS, RAINS, GOES], "stay"),
        # Where her words stand in the story has changed.
        ([GOES, RAINS, STAYS], "stay"),
        # She has said something that is not in the story any more, or that somebody else would say: nobody can tell.
        ([GOES, RAINS], None),
        ([STAYS | {"does": "says that the house is cold"}, RAINS, GOES], None),
        ([STAYS | {"role": "bo"}, RAINS, GOES], None),
        ([STAYS, GOES], None),
    ],
)
def test_what_somebody_said_counts_wherever_it_stands_now(moves: list[dict[str, Any]], choice: str | None) -> None:
    script = Script(
        worlds.event(
            number, speaker="ada", scene="square", witnesses=("ada", "bo"),
            cue=worlds.cue(topic="house", move=number, material=move["does"]),
        )
        for number, move in enumerate([STAYS, RAINS])
    )  # fmt: skip
    found = spoken_for(_story(*moves), "ada", script.view("ada", ("ada", "bo")))
    assert (found.id if found else None) == choice
