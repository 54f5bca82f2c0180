"""Made-up runs for the measures of a conversation, whose right figures are known by hand."""

from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.scoring import conversation_metrics, score
from dreamplay.scoring.conversation_metrics import conversation

NOTE = "the key is under the mat by the door"


def _said(role: str, text: str, to: str | None = None, **cue: Any) -> dict[str, Any]:
    made = worlds.cue(**{"text": "", "to": to} | cue)
    return worlds.said(role, text, cue=made)


@pytest.mark.parametrize(
    ("line", "cue", "words"),
    [
        ("The key is under the mat by the door.", {"material": NOTE}, 9),
        ("My key? Under the mat, where else?", {"material": NOTE}, 3),
        ("Look under your feet.", {"material": NOTE}, 1),
        ("It rains.", {"material": NOTE}, 0),
        ("I have nine jars.", {"things": ("a shelf", "nine jars")}, 2),
        ("Ask {bo}. Bo has it.", {"material": "{bo} has it"}, 3),
    ],
)
def test_the_longest_run_of_words_out_of_the_note(line: str, cue: dict[str, Any], words: int) -> None:
    assert conversation_metrics.recited(worlds.record(_said("ada", line, **cue))) == [words]


def test_a_line_without_a_note_recites_nothing() -> None:
    assert conversation([worlds.record(worlds.said("ada", "It rains."), _said("bo", "It does."))]).recited is None


ASKED = _said("ada", "Where is the key?", "bo")
TAKEN: dict[str, tuple[list[dict[str, Any]], list[bool]]] = {
    "at once": ([ASKED, _said("bo", "In the tin.", "ada")], [True]),
    "after one other": ([ASKED, _said("cyrus", "It rains.", "bo"), _said("bo", "In the tin.", "ada")], [True]),
    "after two others": (
        [ASKED, _said("cyrus", "It rains.", "ada"), _said("ada", "It does.", "cyrus"), _said("bo", "In.", "ada")],
        [False],
    ),
    "to somebody else": ([ASKED, _said("bo", "It rains.", "cyrus")], [False]),
    "by somebody else": ([ASKED, _said("cyrus", "In the tin.", "ada")], [False]),
    "by silence": ([ASKED, {"kind": "silence", "speaker": "bo", "chosen": True}], [False]),
    "not at all": ([ASKED], [False]),
    "to nobody in particular": ([_said("ada", "Where is the key?")], []),
    "of the visitor": ([_said("ada", "Where is the key?", "visitor")], []),
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_question_is_taken_up(how: str) -> None:
    events, taken = TAKEN[how]
    witnesses = ("ada", "bo", "cyrus", "visitor") if how == "of the visitor" else ("ada", "bo", "cyrus")
    run = worlds.record(*(event | {"witnesses": witnesses} for event in events))
    assert conversation_metrics.answers(run) == taken


def test_lines_that_are_dealt_anew_stay_with_their_speakers_and_lose_their_order() -> None:
    told = [
        worlds.said(role, text, cue=worlds.cue("led", to=to, material=text, answers=answered))
        for n in range(12)
        for role, text, to, answered in (("ada", f"Key {n}?", "bo", None), ("bo", f"Tin {n}.", "ada", 2 * n))
    ]
    run = worlds.record(*told)
    dealt = conversation_metrics.dealt_anew(run, 1)
    assert list(dealt.script) == list(conversation_metrics.dealt_anew(run, 1).script)
    assert list(dealt.script) != list(conversation_metrics.dealt_anew(run, 2).script)
    for role in ("ada", "bo"):
        spoken, again = ([e.text for e in each.script if e.speaker == role] for each in (run, dealt))
        assert spoken != again
        assert sorted(spoken) == sorted(again)
    measured = conversation([run])
    assert measured.answered == 1
    assert measured.dealt_anew is not None
    assert measured.dealt_anew < 0.5


LINE = worlds.said("ada", "It rains.")
DREAM = {"kind": "dream", "ledger": [{"role": "ada", "fear": "A door.", "wish": "A key."}]}
CHANGES: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "nothing": ([LINE, worlds.said("bo", "It does.")], set()),
    "a question alone": ([ASKED], set()),
    "an answer": ([ASKED, _said("bo", "In the tin.", "ada")], {"answer"}),
    "a promise": ([_said("ada", "I'll wake you.", "bo")], {"promise"}),
    "a first regard": ([LINE, {"kind": "reflection", "attitudes": {"bo": 0.5}}], set()),
    "the same regard": ([LINE, *[{"kind": "reflection", "attitudes": {"bo": 0.5}}] * 2], set()),
    "another regard": ([LINE, *({"kind": "reflection", "attitudes": {"bo": n}} for n in (0.5, 0.1))], {"regard"}),
    "a stance": ([LINE, {"kind": "stance"}], {"stance"}),
    "an outcome": ([LINE, {"kind": "outcome", "outcome": "key", "answer": "found"}], {"outcome"}),
    "somebody goes": ([LINE, {"kind": "exit", "text": "Ada goes."}], {"who is there"}),
    "a dream of one's own": ([LINE, DREAM | {"witnesses": ("ada",)}], set()),
    "another's dream": ([LINE, DREAM], {"knowledge"}),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_in_a_scene(what: str) -> None:
    events, kinds = CHANGES[what]
    assert conversation_metrics.changes(worlds.record(*events)) == {"square": kinds}


def test_a_change_counts_for_the_scene_in_which_it_happens() -> None:
    later = [event | {"scene": "corner"} for event in (LINE, {"kind": "stance"})]
    measured = conversation([worlds.record(LINE, *later)])
    assert (measured.moved, measured.changes, measured.scenes) == (0.5, 0.5, 2)


def test_the_scorecard_has_the_three_measures_with_their_bars() -> None:
    card = score.card({"one": worlds.record(ASKED, _said("bo", "In the tin.", "ada", things=("a tin",)))})
    bars = {bar.measure: (bar.value, bar.kept) for bar in card.bars if bar.measure.startswith("conversation")}
    assert bars == {
        "conversation.recited": (1, True),
        "conversation.answered": (1, True),
        "conversation.moved": (1, True),
    }
