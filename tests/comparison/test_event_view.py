from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.comparison import event_view
from dreamplay.rendering import event_phrase
from dreamplay.schema.scene import VISITOR

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus", VISITOR: "Kim"}
WHISPER = worlds.cue(hears=("bo", "cyrus")).model_dump()
TOLD: dict[str, tuple[dict[str, Any], str]] = {
    "a line": (worlds.said("ada", "Tea is tea."), "Ada: Tea is tea."),
    "a whisper": (worlds.said("ada", "Hush.", cue=WHISPER), "Ada whispers to Bo and Cyrus: Hush."),
    "an action": ({"kind": "action", "speaker": "ada", "text": "hums a tune."}, "Ada hums a tune."),
    "an exit": ({"kind": "exit", "speaker": "ada", "text": "Ada goes without a coat."}, "Ada goes without a coat."),
    "an entrance": ({"kind": "entrance", "speaker": "bo", "text": "Bo comes in."}, "Bo comes in."),
    "narration": ({"kind": "narration", "text": "A bell rings."}, "A bell rings."),
    "a thought": ({"kind": "reflection", "speaker": "bo", "text": "Hm."}, "Bo thinks: Hm."),
    "no thought": ({"kind": "reflection", "speaker": "bo", "failed": True}, "Bo has no thought that could stand"),
    "a dream": ({"kind": "dream", "text": "A stair."}, "Dream: A stair."),
    "silence": ({"kind": "silence", "speaker": "bo"}, "Bo says nothing"),
    "a stance that was spoken for": (
        {"kind": "stance", "speaker": "bo", "choice": "go", "text": "Yes.", "said": 1},
        "Bo chooses to leave: “Yes.”",
    ),
    "a stance for which not all heard the reason": (
        {"kind": "stance", "speaker": "bo", "choice": "go", "text": "", "said": 1},
        "Bo chooses to leave.",
    ),
    "a stance": ({"kind": "stance", "speaker": "bo", "choice": "go", "text": "Yes."}, "Bo chooses to leave: Yes."),
}


@pytest.mark.parametrize("what", TOLD)
def test_an_event_is_told_as_what_it_is(what: str) -> None:
    event, told = TOLD[what]
    ((each, _),) = event_view.played(worlds.record(event))
    assert " ".join(filter(None, event_phrase.phrase(each, NAMES, {"go": "leave"}))) == told


def test_who_is_played_by_the_visitor_is_told_so() -> None:
    run = worlds.record(worlds.said("bo", "Me!", provenance={"by": "person"}))
    persona = run.header.cast["bo"].model_copy(update={"name": "Kim"})
    header = run.header.model_copy(update={"cast": {**run.header.cast, VISITOR: persona}})
    ((each, _),) = event_view.played(worlds.RunLog(header, run.script, run.end))
    assert event_phrase.phrase(each, NAMES, {}) == ("Bo (played by Kim):", "Me!")
