"""Who meets whose fear, and how much of it, in a dream that is told in parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from dreamplay import languages
from dreamplay.prompting import dream_parts
from dreamplay.prompting.dream_parts import DreamPart
from dreamplay.schema.event import DreamContribution, DreamEvent

NAMES = {"ada": "Ada", "bo": "Bo", "cyrus": "Cyrus"}
_EVENT = {"id": 0, "beat": "night", "scene": "attic", "witnesses": ["ada"], "text": "They dream."}


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


def _parts(
    fears: Mapping[str, str], before: int = 0, *, to_come: Collection[str] = (), code: str = "en", told: str = ""
) -> list[DreamPart]:
    """The parts of a dream, after so many, in which the first fear was another one if it is `told`."""
    pooled = [DreamContribution(role=role, fear=fear, wish="") for role, fear in fears.items()]
    ledger = (pooled[0].model_copy(update={"fear": told or pooled[0].fear}), *pooled[1:])
    earlier = [DreamEvent.model_validate(_EVENT | {"id": number, "ledger": ledger}) for number in range(before)]
    language = languages.get(code)
    return [*dream_parts.parts(pooled, NAMES, "all", language, dreamt=dict.fromkeys(NAMES, earlier), to_come=to_come)]


def test_everybody_is_alone_with_their_own_fear_first_and_then_the_next_dreamer_walks_into_it() -> None:
    fears = {role: f"She sees {role}." for role in NAMES}
    own = [f"{name} sees {role}." for role, name in NAMES.items()]
    place, *met = _parts(fears)
    assert (place.begun, place.fear) == ("all stand in", "")
    assert [(part.begun, part.fear) for part in met] == [
        ("Ada sees", "Ada sees ada."), ("Bo sees", "Bo sees bo."), ("Cyrus sees", "Cyrus sees cyrus."),
    ]  # fmt: skip
    for before, guests in ((1, ("Bo", "Cyrus", "Ada")), (2, ("Cyrus", "Ada", "Bo"))):
        place, *met = _parts(fears, before)
        assert (place.begun, place.fear) == ("all stand there again, and", "")
        met = met[::-1] if before == 1 else met
        fears_met = [part.fear for part in met]
        assert [fear.split()[0] for fear in fears_met] == list(guests)
        assert len({fear.split()[1] for fear in fears_met}) == 3  # nobody does what another does
        assert [fear.endswith(f", and {alone}") for fear, alone in zip(fears_met, own, strict=True)] == [True] * 3
        assert [part.begun.rpartition(", and ")[2] for part in met] == ["Ada sees", "Bo sees", "Cyrus sees"]


@pytest.mark.parametrize(
    ("fear", "begins", "comes_to"),
    [
        ("He knocks low down, and no door will open.", "He knocks low down.", "no door will open."),
        ("Her bed is a boat; it has no bottom.", "Her bed is a boat.", "it has no bottom."),
        ("He shaves a face, thin and thinner, until strangers come for it.", "He shaves a face, thin and thinner.",
         "strangers come for it."),
        ("A lamp goes out, and the lamp behind it, and in the dark she is counted.",
         "A lamp goes out, and the lamp behind it.", "in the dark she is counted."),
        ("She lies on a white road, and sees her own hand.", None, None),  # of whom the second half tells is not said
        ("She pulls, and the rope comes down wet.", None, None),  # too short to be told
        ("Every notebook is blank.", None, None),
    ],
)  # fmt: skip
def test_a_fear_has_a_beginning_and_what_it_comes_to(fear: str, begins: str | None, comes_to: str | None) -> None:
    assert languages.ENGLISH.halves(fear) == (begins or fear, comes_to or fear)
    assert languages.get("eo").halves(fear) == (fear, fear)


def test_a_dream_that_comes_again_goes_on_from_where_the_first_one_stood() -> None:
    fears = {"ada": "She hears a bell, and at the end of the rope hangs a coat.", "bo": "He drowns in ink."}
    whole, bo = "Ada hears a bell, and at the end of the rope hangs a coat.", "Bo drowns in ink."
    assert [part.fear for part in _parts(fears)] == ["", whole, bo]
    assert [part.fear for part in _parts(fears, to_come=["bo", "cyrus"])] == ["", whole, bo]
    assert [part.fear for part in _parts(fears, to_come=NAMES)] == ["", "Ada hears a bell.", bo]
    again = _parts(fears, 1)
    assert [part.fear for part in again] == [
        "", f"Cyrus looks for Bo, and {bo}", "Bo reaches for Ada, and at the end of the rope hangs a coat.",
    ]  # fmt: skip
    assert again[2].begun == "Bo reaches for Ada, and at the"
    # What the visitor has named since is as new as in a first dream, and a third dream tells everything.
    assert _parts(fears, 1, told="She falls.")[2].fear == f"Bo reaches for Ada, and {whole}"
    assert [part.fear.partition(", and ")[2] for part in _parts(fears, 2)] == ["", whole, bo]


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
        (
            "He gives a banquet, where there is nothing in the dishes.",
            "Ada gives a banquet,",
            "and Ada gives a banquet,",
        ),
        ("Rome burns down.", "Rome burns", "and Rome burns"),
    ],
)
def test_a_fear_is_begun_as_far_as_it_says_what_befalls_whom(fear: str, begun: str, seen: str) -> None:
    first, again = (_parts({"ada": fear}, before)[1] for before in (0, 1))
    assert first.begun == begun
    assert again.begun.endswith(seen)
    assert _parts({"ada": fear}, 1, code="eo")[1].fear == fear


@pytest.mark.parametrize(
    ("name", "fear", "begun"),
    [
        ("Leo", "Leonie shuts a door on him, and her key is a fish that swims off.", "Leonie shuts a door"),
        ("Don Leo", "His hands are two fish, and they swim off under the ice.", "Don Leo's hands are two"),
    ],
)
def test_a_name_is_known_by_whole_words(name: str, fear: str, begun: str) -> None:
    pooled = [DreamContribution(role="leo", fear=fear, wish="")]
    assert dream_parts.parts(pooled, {"leo": name}, name, languages.ENGLISH)[1].begun == begun


def test_a_name_that_is_a_common_word_keeps_its_capital_letter() -> None:
    pooled = [DreamContribution(role="will", fear="He drowns in ink.", wish="")]
    dreamt = {role: [DreamEvent.model_validate(_EVENT)] for role in ("will", "may")}
    names = {"will": "Will", "may": "May"}
    told = dream_parts.parts(pooled, names, "both", languages.ENGLISH, dreamt=dreamt)[1].fear
    assert told.endswith(", and Will drowns in ink.")


def test_whoever_joins_a_later_dream_begins_their_own_fear_and_those_of_the_others_go_on() -> None:
    ada, bo = "Ada hears a bell, and at the end of the rope hangs a coat.", "Bo draws a line, and nobody finds the end."
    pooled = [DreamContribution(role=fear.split()[0].lower(), fear=fear, wish="") for fear in (ada, bo)]
    alone, both = (
        DreamEvent.model_validate(_EVENT | {"id": number, "ledger": ledger})
        for number, ledger in enumerate((pooled[:1], pooled))
    )
    names = {role: NAMES[role] for role in ("ada", "bo")}
    second, third = (
        [part.fear or part.begun for part in dream_parts.parts(
            pooled, names, "both", languages.ENGLISH, dreamt=dreamt, to_come=to_come
        )]
        for dreamt, to_come in (({"ada": [alone], "bo": []}, names), ({"ada": [alone, both], "bo": [both]}, ()))
    )  # fmt: skip
    assert second == [
        "both stand in", "Bo reaches for Ada, and at the end of the rope hangs a coat.", "Bo draws a line.",
    ]  # fmt: skip
    assert third == ["both stand there again, and", "Ada looks for Bo, and nobody finds the end.", ada]


def test_who_dreams_alone_meets_their_own_fear() -> None:
    alone = [DreamContribution(role="ada", fear="She falls off a roof, and nobody down there looks up.", wish="")]
    earlier = [DreamEvent.model_validate(_EVENT | {"ledger": alone})]
    first, again = (
        dream_parts.parts(alone, {"ada": "Ada"}, "Ada", languages.ENGLISH, dreamt={"ada": dreamt}, to_come=["ada"])[
            1
        ].fear
        for dreamt in ((), earlier)
    )
    assert (first, again) == ("Ada falls off a roof.", "Nobody down there looks up.")
