from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from dreamplay.prompting import event_text
from dreamplay.rendering import event_lines, event_phrase, explain_view
from dreamplay.runs import continuity
from dreamplay.schema.event import EVENT_CLASSES, Kind
from dreamplay.scoring import judge

TABLES: dict[str, Mapping[Any, Any]] = {
    "the terminal": event_lines.SHOWN,
    "prompts": event_text.WORDS,
    "explanations": explain_view.TOLD,
    "comparisons": event_phrase.PHRASES,
    "the judge": judge.READ,
}


@pytest.mark.parametrize("output", TABLES)
def test_every_output_has_words_for_every_kind_of_event(output: str) -> None:
    assert set(TABLES[output]) == set(EVENT_CLASSES.values())


def test_every_kind_of_event_has_a_class_and_a_maker() -> None:
    assert set(EVENT_CLASSES) == set(get_args(Kind)) == set(continuity.MADE_BY)
