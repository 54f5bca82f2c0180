from __future__ import annotations

from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.errors import LibraryError
from dreamplay.library import resources


@pytest.mark.parametrize("name", resources.names("stories"))
def test_a_story_is_read_as_it_was_written(name: str) -> None:
    story = dp.load_story(name)
    text = dp.dump_story(story)
    assert dp.parse_story(text) == story
    assert text.startswith(f"title: {story.title}\n")


def test_words_that_yaml_takes_for_something_else_stay_words(staged: Path) -> None:
    title = "no: 1984 # {ada}"
    story = dp.load_story(staged).model_copy(update={"title": title, "premise": 'One.\n\n- Two: it\'s "three"…'})
    assert dp.parse_story(dp.dump_story(story)) == story


def test_a_fault_in_a_text_names_its_line(small: Path) -> None:
    text = dp.dump_story(dp.load_story(small))
    wrong = next(n for n, line in enumerate(text.splitlines(), 1) if "kind: dream" in line)
    with pytest.raises(LibraryError, match=rf"^story:{wrong}: beats.1.scenes.0.kind: "):
        dp.parse_story(text.replace("kind: dream", "kind: drama"))
    with pytest.raises(LibraryError, match=r"^story:1: not UTF-8 text"):
        dp.parse_story("\ud800")
