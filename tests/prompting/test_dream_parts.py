"""Who meets whose fear in a dream that is told in parts."""

from __future__ import annotations

import pytest
from dreamplay import languages
from dreamplay.prompting import dream_parts
from dreamplay.schema.event import DreamContribution

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}


@pytest.mark.parametrize(
    ("fear", "befalls"),
    [
        ("She pulls, and the rope hangs on her.", "Leo pulls, and the rope hangs on her."),
        ("Her sleepers' tables drift off.", "Leo's sleepers' tables drift off."),
        ("Every notebook he opens is blank.", "Every notebook Leo opens is blank."),
        ("Something follows her and calls.", "Something follows Leo and calls."),
        ("A counter runs down to zero.", "A counter runs down to zero."),
    ],
)
def test_a_fear_befalls_somebody_else(fear: str, befalls: str) -> None:
    assert languages.ENGLISH.befalls(fear, "Leo") == befalls
    assert languages.get("eo").befalls(fear, "Leo") == fear


def test_everybody_meets_their_own_fear_first_and_then_that_of_others() -> None:
    pooled = [DreamContribution(role=role, fear=f"She sees {role}.", wish="") for role in NAMES]
    for before, met in enumerate((["Ada", "Bo", "Cyrus"], ["Bo", "Cyrus", "Ada"], ["Cyrus", "Ada", "Bo"])):
        told = dream_parts.parts(pooled, NAMES, "all three", before, languages.ENGLISH)
        assert [part.begun for part in told] == ["all three stand in", *(f"{who} sees" for who in met)]
        assert [part.fear for part in told[1:]] == [f"{who} sees {role}." for who, role in zip(met, NAMES, strict=True)]


def test_who_dreams_alone_meets_their_own_fear() -> None:
    alone = [DreamContribution(role="ada", fear="She falls.", wish="")]
    assert dream_parts.parts(alone, {"ada": "Ada"}, "Ada", 3, languages.ENGLISH)[1].fear == "Ada falls."
