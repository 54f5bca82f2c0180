"""What a matter is near to."""

from __future__ import annotations

import pytest
import worlds
from dreamplay.director import relevance
from dreamplay.library import resources
from dreamplay.memory.base import default_embedder

CLOCK = "the workshop clock was glued by a sleepy carpenter"
COUNT = "two million users reached the server in nine milliseconds"


@pytest.mark.parametrize(
    ("swaps", "roles", "text", "owner"),
    [
        ({}, ("elara", "leo", "mira", "sam"), CLOCK, "leo"),
        ({}, ("elara", "leo", "mira", "sam"), COUNT, "mira"),
        ({"leo": "mira", "mira": "leo"}, ("elara", "leo", "sam"), COUNT, "leo"),  # the persona counts, and not the role
        ({}, ("elara", "mira"), CLOCK, "mira"),  # somebody who is there has it
        ({}, ("leo",), COUNT, "leo"),
        ({}, ("leo", "mira"), "{leo}'s workshop clock was glued", "mira"),  # nobody is told of himself
        ({}, ("leo",), "{leo}'s workshop clock was glued", None),
    ],
)
def test_what_a_scene_gives_falls_to_whoever_it_sounds_like(
    swaps: dict[str, str], roles: tuple[str, ...], text: str, owner: str | None
) -> None:
    cast = worlds.plan("mindsync", swaps=swaps).cast
    assert relevance.owners(cast, default_embedder(), [text], roles).get(text) == owner


def test_in_the_shipped_stories_most_who_are_there_have_something_of_the_scene() -> None:
    for name in resources.names("stories"):
        plan = worlds.plan(name)
        shares = []
        for _, scene in plan.story.scenes:
            if scene.material:
                found = set(relevance.owners(plan.cast, default_embedder(), scene.material, scene.present).values())
                shares.append(len(found) / len(scene.present))
        assert sum(shares) / len(shares) >= 0.75


@pytest.mark.parametrize(
    ("heard", "chosen"),
    [
        ("How late is it by your clock, Leo?", CLOCK),
        ("How many servers does {leo} have by now?", COUNT),
        ("Leo.", CLOCK),  # a name is nothing to go by, and the first of them as good as any
        ("", CLOCK),
    ],
)
def test_what_is_most_like_an_answer_goes_by_the_words_and_not_by_names(heard: str, chosen: str) -> None:
    cast = worlds.plan("mindsync").cast
    assert relevance.nearest(cast, default_embedder(), [CLOCK, COUNT], heard) == chosen
