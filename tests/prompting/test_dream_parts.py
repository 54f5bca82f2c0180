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


def test_everybody_is_alone_with_their_own_fear_first_and_then_the_next_dreamer_walks_into_it() -> None:
    pooled = [DreamContribution(role=role, fear=f"She sees {role}.", wish="") for role in NAMES]
    own = [f"{name} sees {role}." for role, name in NAMES.items()]
    place, *met = dream_parts.parts(pooled, NAMES, "all three", 0, languages.ENGLISH)
    assert (place.begun, place.fear) == ("all three stand in", "")
    assert [(part.begun, part.fear) for part in met] == [
        ("Ada sees", "Ada sees ada."), ("Bo sees", "Bo sees bo."), ("Cyrus sees", "Cyrus sees cyrus."),
    ]  # fmt: skip
    for before, guests in ((1, ("Bo", "Cyrus", "Ada")), (2, ("Cyrus", "Ada", "Bo"))):
        _, *met = dream_parts.parts(pooled, NAMES, "all three", before, languages.ENGLISH)
        fears = [part.fear for part in met]
        assert [fear.split()[0] for fear in fears] == list(guests)
        assert len({fear.split()[1] for fear in fears}) == 3  # nobody does what another does
        assert [fear.endswith(f", and {alone}") for fear, alone in zip(fears, own, strict=True)] == [True] * 3
        assert [part.begun.rpartition(", and ")[2] for part in met] == ["Ada sees", "Bo sees", "Cyrus sees"]


@pytest.mark.parametrize(
    ("fear", "begun", "seen"),
    [
        ("A counter above her bed runs down.", "A counter above Ada's bed", "and a counter above Ada's bed"),
        ("Every notebook she opens is blank.", "Every notebook Ada opens", "and every notebook Ada opens"),
        (
            "Every light in the corridor comes on, and she runs.",
            "Every light in the corridor",
            "and every light in the corridor",
        ),
        ("He gives a banquet, and there is nothing in the dishes.", "Ada gives a banquet,", "and Ada gives a banquet,"),
        ("Rome burns down.", "Rome burns", "and Rome burns"),
    ],
)
def test_a_fear_is_begun_as_far_as_it_says_what_befalls_whom(fear: str, begun: str, seen: str) -> None:
    pooled = [DreamContribution(role="ada", fear=fear, wish="")]
    first, again = (dream_parts.parts(pooled, NAMES, "all", before, languages.ENGLISH)[1] for before in (0, 1))
    assert first.begun == begun
    assert again.begun.endswith(seen)
    assert dream_parts.parts(pooled, NAMES, "all", 1, languages.get("eo"))[1].fear == fear


@pytest.mark.parametrize(
    ("name", "fear", "begun"),
    [
        ("Leo", "Leonie shuts a door on him, and her key is a fish that swims off.", "Leonie shuts a door"),
        ("Don Leo", "His hands are two fish, and they swim off under the ice.", "Don Leo's hands are two"),
    ],
)
def test_a_name_is_known_by_whole_words(name: str, fear: str, begun: str) -> None:
    pooled = [DreamContribution(role="leo", fear=fear, wish="")]
    assert dream_parts.parts(pooled, {"leo": name}, name, 0, languages.ENGLISH)[1].begun == begun


def test_a_name_that_is_a_common_word_keeps_its_capital_letter() -> None:
    pooled = [DreamContribution(role="will", fear="He drowns in ink.", wish="")]
    told = dream_parts.parts(pooled, {"will": "Will", "may": "May"}, "both", 1, languages.ENGLISH)[1].fear
    assert told.endswith(", and Will drowns in ink.")


def test_who_dreams_alone_meets_their_own_fear() -> None:
    alone = [DreamContribution(role="ada", fear="She falls.", wish="")]
    assert dream_parts.parts(alone, {"ada": "Ada"}, "Ada", 3, languages.ENGLISH)[1].fear == "Ada falls."
