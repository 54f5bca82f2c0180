"""What a model may answer as JSON."""

from __future__ import annotations

import json

import pytest
from dreamplay.models.base import Reply
from dreamplay.schema.provenance import Usage
from dreamplay.validation.check import CheckContext
from dreamplay.validation.pipeline import build
from dreamplay.validation.structured_output import StanceReply, stance
from pydantic import ValidationError


@pytest.mark.parametrize("mark", ["<private>", "</private>", "[private]", "< PRIVATE >"])
def test_a_reason_holds_no_mark_of_a_thought(mark: str) -> None:
    assert StanceReply(reason="I say so because of the rope.", choice="go").reason
    with pytest.raises(ValidationError, match="is no part of it"):
        StanceReply(reason=f"{mark} I say so because of the rope.", choice="go")


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("I want the bell to be rung. A bell belongs to whoever can hear it.", "I want the bell to be rung."),
        ("Yes. I want the bell to be rung.", "Yes. I want the bell to be rung."),
    ],
)
def test_of_a_reason_the_first_sentence_that_says_something_counts(said: str, counts: str) -> None:
    reply = Reply(json.dumps({"choice": "ring it", "reason": said}), finished=True, usage=Usage())
    taken = stance(reply, {"ring": "ring it"}, build(["strict"]), CheckContext("Agnes", ("Agnes", "Emil")))
    assert taken.reason == counts
