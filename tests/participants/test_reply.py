from __future__ import annotations

import pytest
from dreamplay import languages
from dreamplay.models.base import Reply
from dreamplay.participants.reply import LONGEST_GESTURE, TurnReply, parse, read
from dreamplay.participants.spoken_tokens import SpokenTokens
from dreamplay.schema.provenance import Usage
from dreamplay.validation.check import CheckContext
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.pipeline import Pipeline

HERS = CheckContext("Mira", ("Elara", "Leo", "Mira", "Sam"))
SLIDES = "slides the key across"

READ: dict[str, TurnReply] = {
    "No.": TurnReply(text="No."),
    f"({SLIDES}) No.": TurnReply(gesture=SLIDES, text="No."),
    f"No. ({SLIDES})": TurnReply(gesture=SLIDES, text="No."),
    f"No. (Mira {SLIDES}.)": TurnReply(gesture=SLIDES, text="No."),
    f"*{SLIDES.capitalize()}.* No.": TurnReply(gesture=SLIDES, text="No."),
    f"Mira: ({SLIDES}) No.": TurnReply(gesture=SLIDES, text="No."),
    f"\uff08{SLIDES}\uff09No.": TurnReply(gesture=SLIDES, text="No."),
    f"<private>I am sure.</private>\n\n({SLIDES}) No.": TurnReply("I am sure.", SLIDES, "No."),
    "<PRIVATE>I am\nsure.</Private> No.": TurnReply("I am sure.", text="No."),
    "&lt;private&gt;I am sure.&lt;/private&gt; No.": TurnReply("I am sure.", text="No."),
    "<private></private>No.": TurnReply(text="No."),
    "(silence)": TurnReply(),
    "(Silence.)": TurnReply(),
    "[silence]": TurnReply(),
    "(says nothing)": TurnReply(),
    "...": TurnReply(),
    f"({SLIDES}) (silence)": TurnReply(gesture=SLIDES),
    f"({SLIDES})": TurnReply(gesture=SLIDES),
    "(silence) But no.": TurnReply(text="But no."),
    "(quietly) No.": TurnReply(text="No."),
    "(leaves)": TurnReply(leaves=True),
    "I am done. (leaves)": TurnReply(text="I am done.", leaves=True),
    f"({SLIDES} and leaves)": TurnReply(gesture=SLIDES, leaves=True),
    "(leaves the key on the table) No.": TurnReply(gesture="leaves the key on the table", text="No."),
    "No.\nLeo: (laughs) Why?": TurnReply(text="No."),
    "See you :)": TurnReply(text="See you :)"),
}


@pytest.mark.parametrize("text", READ)
def test_a_turn_is_read_in_any_dress(text: str) -> None:
    assert parse(text, HERS, may_leave=True) == (READ[text], None)


REFUSED: dict[str, tuple[str, TurnReply | None]] = {
    # what is wrong with it, and what can be used if nothing better comes
    "[private]I am sure.[/private] No.": ("a thought in another form", None),
    "Private: I am sure.\nNo.": ("a thought in another form", None),
    "**Thought:** I am sure.\n\nNo.": ("a thought in another form", None),
    "<inner>I am sure.</inner> No.": ("a thought in another form", None),
    "<private>I am sure. No.": ("a thought that is not closed", None),
    "I am sure.</private> No.": ("a thought that is not closed", None),
    "<private>I <private>am</private> sure.</private> No.": ("a thought that is not closed", None),
    '{"private": "I am sure.", "line": "No."}': ("JSON", None),
    'Here it is: {"line": "No.", "thought": "I am sure."}': ("JSON", None),
    '```json\n{"thought": "I am sure.", "line": "No."}\n```': ("JSON", None),
    "(nods) No. (turns away)": ("several gestures", TurnReply(gesture="nods", text="No.")),
    f"(slides {'on ' * LONGEST_GESTURE}) No.": ("a gesture in another form", TurnReply(text="No.")),
    "(slides the key (the small one) across) No.": ("a gesture in another form", TurnReply(text="No.")),
    "(I am not sure of him) No.": ("a gesture in another form", TurnReply(text="No.")),
    "No (or yes.": ("a parenthesis without its other half", None),
    "No) or yes.": ("a parenthesis without its other half", None),
    "Leo: No.": ("empty", None),
    "(quietly)": ("empty", None),
    "": ("empty", None),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_named_and_left_out(text: str) -> None:
    reason, usable = REFUSED[text]
    taken, fault = parse(text, HERS, may_leave=True)
    assert fault
    assert fault.reason.startswith(reason)
    assert taken == usable


@pytest.mark.parametrize("text", [*READ, *REFUSED])
def test_nothing_that_is_thought_is_shown(text: str) -> None:
    for thinks in (True, False):
        if "private>" not in text[:12].lower() and not thinks:
            continue  # nothing was to be thought
        shown: list[str] = []
        tokens = SpokenTokens(shown.append, thinks=thinks)
        for sign in text:
            tokens(sign)
        assert "sure" not in "".join(shown)
        assert not set("()<>*") & set("".join(shown))


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_holds_nothing_that_was_thought(text: str) -> None:
    with pytest.raises(CandidateRejectedError) as caught:
        read(Reply(text, True, Usage()), Pipeline(), HERS, may_leave=True)
    assert "sure" not in f"{caught.value.refusal} {caught.value.advice}"


def test_a_line_is_shown_as_it_is_spoken_once_the_thought_is_over() -> None:
    shown: list[str] = []
    tokens = SpokenTokens(shown.append, thinks=True)
    for piece in ("<priv", "ate>I am sure.</pri", "vate>\n", "No, ", "Leo. ", "(slides it ", "across)", " Take it."):
        tokens(piece)
    assert shown == ["No, ", "Leo. ", " Take it."]
    tokens("")
    tokens("<private>Well.</private>Yes.")
    assert shown[3:] == ["", "Yes."]


def test_who_cannot_leave_stays() -> None:
    taken, fault = parse("I am done. (leaves)", HERS, may_leave=False)
    assert fault
    assert (taken, fault.reason) == (TurnReply(text="I am done."), "leaves where nobody can")
    assert parse("(leaves)", HERS, may_leave=False)[0] is None


def test_in_another_language_whatever_stands_in_parentheses_is_a_gesture() -> None:
    taken, fault = parse(
        "(schiebt den Schl\u00fcssel her\u00fcber) Nein.",
        CheckContext("Mira", ("Mira",), languages.get("de")),
        may_leave=False,
    )
    assert (taken, fault) == (TurnReply(gesture="schiebt den Schl\u00fcssel her\u00fcber", text="Nein."), None)


def test_a_line_is_cleaned_and_checked_and_a_gesture_is_no_stage_direction() -> None:
    taken = read(Reply('(slides it across) "No, Leo."', True, Usage()), Pipeline(), HERS, may_leave=False)
    assert taken == TurnReply(gesture="slides it across", text="No, Leo.")
    with pytest.raises(CandidateRejectedError, match="speaks of the speaker by name"):
        read(Reply("(nods) Mira picks up the key.", True, Usage()), Pipeline(), HERS, may_leave=False)


def test_whoever_leaves_with_a_flourish_leaves() -> None:
    taken, fault = parse("(leaves, slamming the door) Good night.", HERS, may_leave=True)
    assert fault is None
    assert taken == TurnReply(text="Good night.", leaves=True)
