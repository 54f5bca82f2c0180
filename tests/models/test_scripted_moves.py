"""What the scripted model makes of the moves of topics."""

from __future__ import annotations

import random

import pytest
from dreamplay.models import scripted
from dreamplay.models.scripted_moves import spoken

SAID = {
    "promises Elara a wake-up at six": ("Elara", "I promise you a wake-up at six"),
    "admits to Elara having signed it": ("Elara", "I admit to you having signed it"),
    "refuses Elara the log, and promises to open it": ("Elara", "I refuse you the log, and promise to open it"),
    "says no to Elara, because of the key": ("Elara", "no, because of the key"),
    "tells Elara that nobody woke Leo, and that Elara's lamp was out": (
        "Elara", "nobody woke me, and your lamp was out"),
    "asks Elara for one night": ("Elara", "Elara, will you give me one night?"),
    "begs Elara to stay, and to keep the key": ("Elara", "Elara, will you stay, and keep the key?"),
    "tells Elara not to go": ("Elara", "Elara, do not go."),
    "asks Elara: why did nobody wake me?": ("Elara", "Elara, why did nobody wake me?"),
}  # fmt: skip


@pytest.mark.parametrize("does", SAID)
def test_a_move_is_said_in_the_first_person(does: str) -> None:
    made = spoken("Leo", does, random.Random(1))
    assert made
    assert (made.to, made.said) == SAID[does]


def test_a_question_is_asked_in_one_of_several_ways_and_ends_as_one() -> None:
    ways = {made.said for n in range(20) if (made := spoken("Leo", "asks Mira what Drive counts", random.Random(n)))}
    assert len(ways) == 3
    assert all(way.startswith("Mira, ") and way.endswith("what Drive counts?") for way in ways)


def test_the_note_at_the_end_is_what_is_said_and_no_memory_before_it() -> None:
    tail = "[Leo remembers, from long ago: I slept.]\n[Leo promises Mira a chair.]\nWrite only what Leo says now."
    line = scripted.answer(f"Mira: So.\n{tail}", seed=1)
    assert ", Mira: I promise you a chair. " in line
    assert line == scripted.answer(f"Mira: So.\n{tail}", seed=1)


def test_a_dream_breaks_off_no_sentence() -> None:
    fears = (
        "She sits down at the long table that her mother laid for the guests whom nobody asked in that winter.",
        "He lies in a bed as wide as a field; her mother looks straight through her, and says nothing.",
    )
    pooled = "\n".join(f"- {name}: {fear}" for name, fear in zip(("Ada", "Bo"), fears, strict=True))
    whole = ("she sits down at the long table.", "he lies in a bed as wide as a field.",
             "her mother looks straight through her.")  # fmt: skip
    for seed in range(20):
        told = scripted.answer(f"{pooled}\nTell this dream.", seed=seed)
        assert sum(told.count(clause) for clause in whole) == 2


def test_a_brief_is_answered_with_one_of_its_moves_else_with_what_is_at_hand() -> None:
    brief = "For Leo alone:\n- He wants a door.\n{}\nNow Leo."
    move = scripted.answer(brief.format("- Possible: Leo promises Mira a chair; Leo promises Mira a chair."), seed=1)
    assert "I promise you a chair" in move
    thing = scripted.answer(brief.format("- At hand, to use or leave: oak is slow."), seed=1)
    assert "oak is slow" in thing


@pytest.mark.parametrize("said", ["I know that lamp as I know you", "put out that lamp and sleep"])
def test_a_that_in_what_is_said_does_not_make_a_cue_of_a_move(said: str) -> None:
    note = f"tells Mira: {said}" if said.startswith("I") else f"tells Mira to {said}"
    assert said in scripted.answer(f"Mira: So.\n[Leo {note}.]\nWrite only what Leo says now.", seed=1)
