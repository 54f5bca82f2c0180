from __future__ import annotations

import json
from typing import Any

import pytest
import worlds
from dreamplay.schema.shared import SharedPersona, SharedStory
from dreamplay.schema.story import Story
from pydantic import BaseModel, ValidationError


class _Played(BaseModel):
    story: SharedStory
    cast: dict[str, SharedPersona]


def _played(**other: Any) -> dict[str, Any]:
    return {"story": worlds.story(), "cast": {"ada": worlds.persona("Ada")}} | other


def test_what_says_the_same_is_one_value_however_it_is_read() -> None:
    one, other = _Played.model_validate(_played()), _Played.model_validate_json(json.dumps(_played()))
    assert other.story is one.story
    assert other.cast["ada"] is one.cast["ada"]


def test_what_says_something_else_is_another_value() -> None:
    one = _Played.model_validate(_played())
    other = _Played.model_validate(_played(story=worlds.story() | {"title": "Another"}))
    assert (other.story.title, one.story.title) == ("Another", worlds.story()["title"])


@pytest.mark.parametrize("wrong", [{}, {"title": 3}, {"title": "\x00"}, {"extra": "\ud83d"}])
def test_what_is_wrong_is_refused_every_time(wrong: dict[str, Any]) -> None:
    for _ in range(2):
        with pytest.raises(ValidationError, match="story"):
            _Played.model_validate(_played(story=worlds.story() | wrong if wrong else worlds.persona("Ada")))


def test_a_story_that_was_made_is_not_checked_again() -> None:
    story = Story.model_validate(worlds.story())
    assert _Played.model_validate(_played(story=story)).story is story
