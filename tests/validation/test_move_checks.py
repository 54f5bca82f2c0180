"""Whether a line does what its move does."""

from __future__ import annotations

import pytest
from dreamplay.languages import ENGLISH, move_note
from dreamplay.models.base import Reply
from dreamplay.schema.provenance import Usage
from dreamplay.validation import pipeline
from dreamplay.validation.check import Candidate, CheckContext, Heard
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.merit import merit
from dreamplay.validation.move_checks import swaps_persons

CAST = ("Agnes", "Emil", "Rosa")
STRICT = pipeline.Pipeline(tuple(check for check in pipeline.STRICT if isinstance(check, pipeline.Check)))
BAD = {
    ("asks Emil who chose noon", "You chose noon, Emil."): "asks nothing",
    ("asks Emil whether the boy has a grave", "The boy has a grave."): "asks nothing",
    (
        "says that the bell has been called worse",
        "What if the bell has been called worse?",
    ): "asks in place of saying it",
    ("refuses to turn the wheel", "I'll turn the wheel, Emil."): "says yes for no",
    ("tells Emil that Emil goes out first", "Emil goes out first."): "speaks past the one it is said to",
    ("says no to Emil, because of the key", "Yes, Emil, because of the key."): "says yes for no",
    (
        "says no to Emil, because a bell is the only clock that nobody can wind",
        "A bell is the only clock that nobody can wind.",
    ): "says yes for no",
    ("says no, because a bell cannot be bought", "A bell can't be bought."): "says yes for no",
    ("agrees to one night at the bell", "No, not one night at the bell."): "says no for yes",
    ("apologises to Emil for the wheel", "I let the wheel go, Emil."): "does not apologise",
    ("tells Emil that nobody woke Agnes", "Nobody woke her."): "speaks of the speaker as somebody else",
    ("asks Emil: why did nobody wake me?", "Why did nobody wake you?"): "speaks of the speaker as somebody else",
    ("admits to Emil that the signal woke Emil", "The signal woke him."): "speaks past the one it is said to",
    ("promises Rosa a thirteenth for the inn", "I promise Rosa a thirteenth for the inn."): (
        "speaks of the one it is said to as somebody else"
    ),
    (
        "promises Emil: I'll sit up on the stairs, and wake all three of you",
        "I'll sit up on the stairs, and you'll wake all three of us.",
    ): "swaps who does what",
    ("tells Emil that Agnes kept watch and Emil slept", "You kept watch, and I slept."): "swaps who does what",
}
GOOD = (
    ("asks Emil who chose noon", "Noon. Who chose noon, Emil?"),
    ("asks Emil who chose noon", "Who chose noon? Nobody asked the bell."),
    ("says that the office chose noon", "The office chose noon. Who else would it be?"),
    ("refuses to turn the wheel", "I won't turn the wheel."),
    ("says no, because a bell cannot be bought", "I can't. A bell cannot be bought."),
    ("refuses the key, because it is Emil's and not Rosa's", "Keep it. It was meant for you, not for Rosa."),
    ("denies it, because of the chimney", "Nobody. It's the chimney."),
    ("agrees to one night at the bell", "One night at the bell, and not another."),
    ("tells Emil that nobody woke Agnes", "Nobody woke me."),
    ("admits to Emil that the signal woke Emil", "The signal woke you."),
    ("apologises to Emil: sorry for the wheel", "I'm sorry about the wheel."),
    ("begs Emil to keep the key", "Would you keep the key?"),
    ("promises Rosa a thirteenth for the inn", "I promise, Rosa: a thirteenth for the inn."),
    ("offers Emil the key", "You can have the key, Emil."),
    ("tells Emil that Emil goes out first", "Emil, out first."),
    ("tells Emil: you promised me the house", "I was promised the house, Emil."),
    ("tells Emil: I know where the key is", "It's in the well, you know."),
    ("promises Emil: I'll sit up, and wake all three of you", "You three sleep. I'll sit up and wake you."),
)


def _context(does: str, **rest: object) -> CheckContext:
    note = move_note.read(does, CAST, ENGLISH)
    assert note
    return CheckContext(speaker="Agnes", cast=CAST, note=note, material=note.matter, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(("does", "text"), BAD)
def test_a_line_that_does_something_else_waits_for_a_better_one(does: str, text: str) -> None:
    with pytest.raises(CandidateRejectedError) as caught:
        STRICT.line(Reply(text, True, Usage()), _context(does))
    assert caught.value.refusal.reason == BAD[does, text]
    assert caught.value.fallback == text


@pytest.mark.parametrize(("does", "text"), GOOD)
def test_a_line_that_does_it_in_other_words_stands(does: str, text: str) -> None:
    assert STRICT.line(Reply(text, True, Usage()), _context(does)) == text


@pytest.mark.parametrize(
    ("does", "text", "swapped"),
    [
        ("tells Old Tom that Old Tom slept through it", "I slept through it.", True),
        ("tells Old Tom that Old Tom slept through it", "You slept through it.", False),
        ("tells Old Tom: I slept through it", "Old Tom slept through it.", True),
        ("tells Tom that Old Tom slept through it", "I slept through it.", False),
        ("tells Tom that Tom slept through it", "I slept through it.", True),
    ],
)
def test_a_name_of_two_words_is_known_as_one(does: str, text: str, swapped: bool) -> None:
    cast = ("Agnes", "Emil", "Tom", "Old Tom")
    note = move_note.read(does, cast, ENGLISH)
    fault = swaps_persons(Candidate(text), CheckContext(speaker="Agnes", cast=cast, note=note))
    assert bool(fault) == swapped


def test_the_no_of_a_move_that_says_no_is_not_taken_for_a_habit() -> None:
    steps = pipeline.Pipeline(steps=tuple(each for each in pipeline.STRICT if isinstance(each, pipeline.Step)))
    heard, line = Heard(["No. The wheel stays."]), "No. The bell is the town's."
    refusal = _context("says no to Emil, because of the town", heard=heard)
    assert steps.line(Reply(line, True, Usage()), refusal) == line
    report = _context("says that the bell is the town's", heard=heard)
    assert steps.line(Reply(line, True, Usage()), report) == "The bell is the town's."


def test_the_form_of_a_note_is_taken_off_a_line() -> None:
    context = _context("admits that it sounded twice, and that it sounded like birds")
    small = pipeline.Pipeline(steps=tuple(each for each in pipeline.STRICT if isinstance(each, pipeline.Step)))
    text = small.line(Reply("It sounded twice, Emil, and that it sounded like birds.", True, Usage()), context)
    assert text == "It sounded twice, Emil, and it sounded like birds."


def test_a_reason_is_a_no_where_it_takes_up_what_was_asked() -> None:
    does, text = "says no to Emil, because a log is a wet hand on a wrist", "A log is a wet hand on a wrist."
    context = _context(does, before="Will you show me the log of last night?")
    assert STRICT.line(Reply(text, True, Usage()), context) == text
    with pytest.raises(CandidateRejectedError, match="says yes for no"):
        STRICT.line(Reply(text, True, Usage()), _context(does, before="Will you come to the rail?"))


def test_what_was_just_said_need_not_be_named_again() -> None:
    does, text = "admits to Emil that the stamp was given in the dark", "It was given in the dark."
    asked, not_asked = (_context(does, before=before) for before in ("Who gave you the stamp?", "Who goes there?"))
    assert merit(text, asked) > merit(text, not_asked)


@pytest.mark.parametrize(
    ("said", "cleaned"),
    [("Matches, Gran. I have matches.", "Matches. I have matches."), ("Are they wet, Gran?", "Are they wet?")],
)
def test_what_only_others_call_somebody_is_taken_off_a_line(said: str, cleaned: str) -> None:
    steps = pipeline.Pipeline(steps=tuple(each for each in pipeline.STRICT if isinstance(each, pipeline.Step)))
    hers = [("Rosa", "Do bees sleep, Gran?"), ("Agnes", "We stop at Brod, Ostrava, and nowhere else.")]
    does = "tells Emil of the matches"
    assert steps.line(Reply(said, True, Usage()), _context(does, heard=Heard.of(hers, "Agnes"))) == cleaned
    own = Heard.of([*hers, ("Agnes", "Good night to you, Gran, and sleep.")], "Agnes")
    assert steps.line(Reply(said, True, Usage()), _context(does, heard=own)) == said
    assert steps.line(Reply(said, True, Usage()), _context("asks Emil why Gran sleeps", heard=Heard.of(hers))) == said


def test_a_line_may_say_what_was_told_where_its_note_says_it() -> None:
    heard = Heard.of(["It is odd that all four dreams ran together."])
    text = "What does it mean that all four dreams ran together?"
    asks = "asks Emil: what does it mean that all four dreams ran together"
    assert STRICT.line(Reply(text, True, Usage()), _context(asks, heard=heard)) == text
    with pytest.raises(CandidateRejectedError, match="copies"):
        STRICT.line(Reply(text, True, Usage()), _context("asks Emil: what did the dreams mean", heard=heard))


def test_of_two_lines_the_one_that_takes_up_what_was_said_is_better() -> None:
    context = _context("says that the key goes back", before="The soup is cold, and so is the lamp.")
    assert merit("The key goes back, soup or no soup.", context) > merit("The key goes back, rain or no rain.", context)


@pytest.mark.parametrize(
    ("does", "true", "other"),
    [
        (
            "answers Emil that no bird sings at this hour",
            "No bird sings at this hour, Emil.",
            "Nobody sings at this hour, Emil, and I've a letter for you.",
        ),
        ("asks Emil whether forty is a fair price", "Is forty a fair price, Emil?", "Forty, Emil. Is that fair?"),
        ("says that the chair is warm", "The chair is warm.", "It is warm."),
        ("says that the chair is warm", "The chair's warm, Emil.", "The chair is warm, and I've slept on the roof."),
        ("says that the chair was not warm", "The chair wasn't warm.", "The chair was warm."),
        (
            "says that the forty were not burned by one match, but by a hand in a hurry",
            "The forty were not burned by one match. It was a hand, in a hurry.",
            "The forty never burned. One match, and a hand in a hurry.",
        ),
        (
            "says that every bell feeds a town with what the town brings along",
            "Every bell feeds a town with what it brings along.",
            "Every bell feeds a town. A town brings along what it brings.",
        ),
    ],
)
def test_of_two_lines_the_one_that_says_all_of_its_note_and_nothing_else_is_better(
    does: str, true: str, other: str
) -> None:
    context = _context(does)
    assert merit(true, context) > merit(other, context)


def test_an_apology_may_begin_as_an_assistant_does_where_it_is_one() -> None:
    begun, other = "I'm sorry about the wheel, Emil.", "Sorry about the wheel, Emil."
    assert (
        abs(
            merit(begun, _context("apologises to Emil for the wheel"))
            - merit(other, _context("apologises to Emil for the wheel"))
        )
        < 0.05
    )
    assert merit(begun, _context("tells Emil of the wheel")) < merit(other, _context("tells Emil of the wheel")) - 0.2


def test_of_two_questions_the_one_that_ends_as_one_is_better() -> None:
    context = _context("asks Emil who chose noon")
    assert merit("Who chose noon, Emil?", context) > merit("Who chose noon, Emil? It was noon.", context)


@pytest.mark.parametrize(
    ("does", "text", "said"),
    [
        ("promises Rosa a thirteenth", "I promise Rosa a thirteenth.", "I promise you a thirteenth."),
        (
            "confesses to Emil the fear of water",
            "I confess to Emil the fear of water.",
            "I confess to you the fear of water.",
        ),
        ("promises Rosa a thirteenth", "I promise Emil a thirteenth.", "I promise Emil a thirteenth."),
    ],
)
def test_whoever_is_spoken_to_is_you(does: str, text: str, said: str) -> None:
    small = pipeline.Pipeline(steps=tuple(each for each in pipeline.STRICT if isinstance(each, pipeline.Step)))
    assert small.line(Reply(text, True, Usage()), _context(does)) == said
