from __future__ import annotations

import pytest
from dreamplay.runs.change_words import quoted


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("from event 26 on, say bo: She leaves it to Ada.", "from event 26 on, say bo: “She leaves it to Ada.”"),
        ("swap bo=nurse; say ada: Go; stay.; drop bo", "swap bo=nurse; say ada: “Go; stay.”; drop bo"),
        ("say ada: One.; say bo: Two.", "say ada: “One.”; say bo: “Two.”"),
        ("say ada: Let go; drop it now.", "say ada: “Let go; drop it now.”"),
        ("drop bo; step in Robin", "drop bo; step in Robin"),
    ],
)
def test_what_somebody_was_made_to_say_is_in_quotation_marks(change: str, told: str) -> None:
    assert quoted(change) == told
