"""Moves of topics, taken apart, and the words with which their speakers begin."""

from __future__ import annotations

import pytest
from dreamplay import languages
from dreamplay.languages import ENGLISH, move_note

NAMES = ("Leo", "Elara", "Ann Marie", "Ann")
READ = {
    "asks Leo who chose noon": ("question", "Leo", "who chose noon", "who"),
    "asks Elara for whom three strokes are": ("question", "Elara", "for whom three strokes are", "for whom"),
    "asks Ann Marie whether the boy has a grave": ("question", "Ann Marie", "the boy has a grave", ""),
    "asks Elara: why did nobody wake me?": ("question", "Elara", "why did nobody wake me?", "why"),
    "wants to know where the form is": ("question", "", "where the form is", "where"),
    "asks Leo for one night, as friends": ("request", "Leo", "for one night, as friends", ""),
    "begs Leo to keep the key until Sunday": ("request", "Leo", "to keep the key until Sunday", "keep"),
    "tells Leo not to touch the door": ("request", "Leo", "not to touch the door", "touch"),
    "admits to Leo that the signal sounded twice": ("report", "Leo", "the signal sounded twice", ""),
    "says that the key goes back": ("report", "", "the key goes back", ""),
    "corrects Leo: it was eleven": ("report", "Leo", "it was eleven", ""),
    "promises Leo a wake-up at six": ("act", "Leo", "a wake-up at six", ""),
    "accepts Elara's offer": ("act", "", "Elara's offer", ""),
    "says no to Elara, because of the key.": ("act", "", "no to Elara, because of the key", ""),
}


@pytest.mark.parametrize("does", READ)
def test_a_move_is_taken_apart(does: str) -> None:
    note = move_note.read(does, NAMES, ENGLISH)
    assert note
    assert (note.form, note.to, note.matter, note.word) == READ[does]


@pytest.mark.parametrize(
    ("does", "begun"),
    [
        ("asks Leo who chose noon", "Who"), ("asks Leo whether there is a room", "Is"),
        ("asks Leo whether they came", ""), ("asks Leo why the old stamp is wet", "Why"),
        ("begs Leo to keep the key", "Keep"), ("tells Leo not to go", "Don't"),
        ("asks Leo for the log", "Give me"), ("admits that the signal sounded", "The"),
        ("admits that Elara slept", "I"), ("tells Leo that Leo slept", "You"), ("promises Leo a chair", "I"),
        ("refuses to keep it", "No, I won't"), ("agrees to go in", "Yes, I'll"), ("agrees to one night", "Yes"),
        ("says no to Leo, because of the key", "No"), ("thanks Leo for the key", "Thank you"),
        ("offers Leo a chair", "You can have"), ("offers to carry it", "I'll"),
        ("reads aloud a page", ""),
    ],
)  # fmt: skip
def test_its_speaker_begins_with_words_that_follow_from_it(does: str, begun: str) -> None:
    note = move_note.read(does, NAMES, ENGLISH)
    assert note
    assert note.begun("Elara", ENGLISH) == begun


def test_a_question_out_of_nothing_begins_with_the_name() -> None:
    note = move_note.read("asks Leo why nobody came", NAMES, ENGLISH)
    assert note
    assert note.begun("Elara", ENGLISH, aside=True) == "Leo, why"


def test_the_moves_of_a_language_without_words_here_are_not_known() -> None:
    assert move_note.read("fragt Leo, warum", NAMES, languages.get("de")) is None
