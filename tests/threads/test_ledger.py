"""The ledger: what opens a thread, what becomes of it, and who knows of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import worlds
from dreamplay.languages import Language
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.threads.book import PATIENCE
from dreamplay.threads.ledger import Ledger, Ledgers
from dreamplay.threads.thread import Thread

ROLES = ("ada", "bo", "cyrus")
Told = tuple[str, str] | tuple[str, str, dict[str, Any]]


def _events(*told: Told) -> list[Event]:
    """Lines, each with its speaker and what else there is to it; a line that does not say it was heard by all three."""
    given = [each if len(each) == 3 else (*each, {}) for each in told]
    return [
        worlds.event(n, speaker=role, text=text, **{"witnesses": ROLES} | rest)
        for n, (role, text, rest) in enumerate(given)
    ]


def _cue(**rest: Any) -> dict[str, Any]:
    return {"cue": worlds.cue(**rest)}


@pytest.fixture(scope="module")
def cast() -> Cast:
    return worlds.record().cast


def _only(ledger: Ledger) -> Thread:
    (thread,) = ledger.threads
    return thread


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("It rains. Where is the key, Bo?", "question", "Where is the key, Bo?"),
        ("You left me on the stairs, Bo.", "accusation", "You left me on the stairs, Bo."),
        ("Bo, you lied to her, didn\u2019t you?", "accusation", "Bo, you lied to her, didn't you?"),
        ("Shall we go up, Bo?", "offer", "Shall we go up, Bo?"),
        ("Will you let me read it, Bo?", "question", "Will you let me read it, Bo?"),
        ("Bo, I\u2019ll wake you at three.", "promise", "Bo, I'll wake you at three."),
        ("I swear, Bo.", "promise", "I swear, Bo."),
    ],
)
def test_words_open_a_thread(cast: Cast, text: str, kind: str, words: str) -> None:
    thread = _only(Ledger.of(_events(("ada", text)), cast))
    assert (thread.kind, thread.by, thread.to, thread.words) == (kind, "ada", "bo", words)
    assert (thread.since, thread.state, thread.witnesses) == (0, "open", ROLES)


@pytest.mark.parametrize("text", ["The kettle hums.", "I know where you live, Bo.", "You are late, Bo."])
def test_other_words_open_none(cast: Cast, text: str) -> None:
    assert Ledger.of(_events(("ada", text)), cast).threads == ()


@pytest.mark.parametrize(
    ("text", "cue", "to"),
    [
        ("Cyrus, where is Bo?", {"to": "bo"}, "cyrus"),
        ("Where is Cyrus?", {"to": "bo"}, "bo"),
        ("Where is the key?", {"to": None}, "cyrus"),
    ],
)
def test_a_question_is_put_to_whoever_is_called_else_to_whom_the_cue_is_for_else_to_who_spoke_before(
    cast: Cast, text: str, cue: dict[str, Any], to: str
) -> None:
    events = _events(("cyrus", "It rains."), ("ada", text, _cue(text="", **cue)))
    assert _only(Ledger.of(events, cast)).to == to


@pytest.mark.parametrize(
    ("answer", "state", "taken_up"),
    [
        (("bo", "In the tin."), "answered", (1,)),
        (("bo", "Why would you want to know?"), "dodged", ()),
        (("bo", "The key?"), "answered", (1,)),
        (("bo", "Cyrus, it rains."), "dodged", ()),
        (("bo", "It rains, Ada. Cyrus, shut the door."), "answered", (1,)),
        (("bo", "In a minute. Cyrus, shut the door."), "answered", (1,)),
        (("bo", "I was cold. Cyrus, shut the door.", _cue(text="", to="ada")), "answered", (1,)),
        (("bo", "I was cold. Cyrus, shut the door.", _cue(text="", to="cyrus")), "answered", (1,)),
        (("bo", "Says who? I was cold. Cyrus, shut the door."), "answered", (1,)),
        (("bo", "Says who? Cyrus, shut the door."), "dodged", ()),
        (("bo", "Cyrus, shut the door. Ada, I was cold. Cyrus, hurry."), "answered", (1,)),
        (("bo", "Never mind the door, Ada."), "dodged", ()),
        (("bo", "In the tin.", {"witnesses": ("bo", "cyrus")}), "open", ()),
        (("bo", "Cyrus, she wants the key."), "answered", (1,)),
        (("cyrus", "In the tin."), "open", ()),
        (("bo", "It rains.", _cue(answers=0, material="it rains")), "answered", (1,)),
        (("bo", "It rains.", _cue(answers=0, material="it rains", act="dodge")), "dodged", (1,)),
        (("bo", "It rains.", _cue(answers=0, material="the tin is empty")), "dodged", ()),
        (("bo", "It rains.", _cue(material="it rains")), "dodged", ()),
        (("bo", "No.", _cue(material="it rains")), "answered", (1,)),
        (("cyrus", "It rains.", _cue(answers=0, material="it rains")), "open", (1,)),
        (("bo", "", {"kind": "silence", "chosen": True}), "dodged", (1,)),
        (("bo", "", {"kind": "silence"}), "open", ()),
        (("bo", "In the tin.", {"scene": "cellar"}), "open", ()),
    ],
)
def test_a_question_is_answered_or_dodged_by_the_next_line_of_whom_it_is_put_to(
    cast: Cast, answer: Told, state: str, taken_up: tuple[int, ...]
) -> None:
    thread, *_ = Ledger.of(_events(("ada", "Where is the key, Bo?"), answer), cast).threads
    assert (thread.state, thread.taken_up) == (state, taken_up)


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (("bo", "I was cold, Ada. Cyrus, hurry."), "answered"),
        (("bo", "I was cold, Ada.", _cue(text="Bo tells Ada that Bo was cold.", to="ada")), "dodged"),
        (("bo", "Are you cold, Ada?"), "dodged"),
        (("bo", "Cyrus, hurry."), "dodged"),
        (("bo", "I was cold, Ada.", {"scene": "cellar"}), "dodged"),
        (("bo", "I was cold, Ada.", {"witnesses": ("bo", "cyrus")}), "dodged"),
    ],
)
def test_what_was_evaded_is_answered_by_what_is_said_later_to_whoever_asked(
    cast: Cast, later: Told, state: str
) -> None:
    asked: list[Told] = [("ada", "Where is the key, Bo?"), ("bo", "Cyrus, shut the door."), ("cyrus", "It is shut.")]
    thread, *_ = Ledger.of(_events(*asked, later), cast).threads
    assert thread.state == state


def test_only_the_last_thing_that_was_asked_is_answered_late(cast: Cast) -> None:
    cold = ("bo", "Cyrus, shut the door.")
    told = [("ada", "Where is the key, Bo?"), cold, ("ada", "Who has my coat, Bo?"), cold, ("bo", "It rains, Ada.")]
    assert [each.state for each in Ledger.of(_events(*told), cast).threads] == ["dodged", "answered"]


def test_right_after_a_line_any_of_its_words_is_an_answer(cast: Cast) -> None:
    lines: list[Told] = [("ada", "I sold the lamp. Are you cross, Bo?"), ("bo", "Cyrus, she sold a lamp.")]
    assert _only(Ledger.of(_events(*lines), cast)).state == "answered"
    assert _only(Ledger.of(_events(lines[0], ("cyrus", "It rains."), lines[1]), cast)).state == "dodged"


def test_a_line_that_asks_two_asks_each_in_their_own_words(cast: Cast) -> None:
    asked = ("ada", "Who is there? It is cold. Cyrus, is it six?", _cue(text="", to="bo"))
    found = Ledger.of(_events(asked), cast).threads
    assert [(each.to, each.words) for each in found] == [("bo", "Who is there?"), ("cyrus", "Cyrus, is it six?")]


def test_whoever_asked_does_not_wait_for_ever(cast: Cast) -> None:
    asked: list[Told] = [("ada", "Where is the key, Bo?")]
    later: list[Told] = [("ada", "It rains."), ("cyrus", "It does.")] * PATIENCE
    ledgers = [Ledger.of(_events(*asked, *later[: 2 * n]), cast) for n in (PATIENCE - 1, PATIENCE)]
    assert [_only(each).state for each in ledgers] == ["open", "let_go"]
    assert [len(each.open_for("bo")) for each in ledgers] == [1, 0]


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (("ada", "You said you'd wake me."), "broken"),
        (("ada", "You kept your word."), "kept"),
        (("bo", "I was there at three, as I promised."), "kept"),
        (("bo", "wakes Ada", {"kind": "action"}), "kept"),
        (("bo", "sits down", {"kind": "action"}), "open"),
        (("ada", "wakes Bo", {"kind": "action"}), "open"),
        (("ada", "Never mind."), "let_go"),
        (("ada", "Never mind, Bo. Sleep."), "let_go"),
        (("ada", "Never mind. You said three, Bo."), "open"),
        (("ada", "Never mind the bell."), "open"),
        (("ada", "I let it go by."), "open"),
        (("cyrus", "Never mind."), "open"),
        (("bo", "It rains."), "open"),
    ],
)
def test_a_promise_is_kept_broken_or_let_go(cast: Cast, later: Told, state: str) -> None:
    first, *_ = Ledger.of(_events(("bo", "I'll wake you at three, Ada."), later), cast).threads
    assert (first.kind, first.by, first.to, first.state) == ("promise", "bo", "ada", state)


def test_a_reflection_keeps_promises_for_its_owner_alone(cast: Cast) -> None:
    thinks = {"kind": "reflection", "witnesses": ("ada",), "promised": {"bo": "to feed the cat"}}
    events = _events(
        ("bo", "I'll wake you, Ada."),
        (
            "ada",
            "Bo means well.",
            thinks | {"was_promised": {"bo": "to wake me"}, "promised": {"bo": "to feed the cat"}},
        ),
    )
    woken, fed = Ledger.of(events, cast).threads
    assert (woken.since, woken.state, woken.taken_up) == (0, "open", (1,))
    assert (fed.kind, fed.by, fed.to, fed.words, fed.witnesses) == ("promise", "ada", "bo", "to feed the cat", ("ada",))
    assert [len(Ledger.of(Script(events).visible_to(role), cast).threads) for role in ROLES] == [2, 1, 1]


def test_a_promise_that_two_think_of_is_one(cast: Cast) -> None:
    events = _events(
        ("ada", "A good night.", {"kind": "reflection", "witnesses": ("ada",), "promised": {"bo": "to bring bread"}}),
        (
            "bo",
            "A bad night.",
            {"kind": "reflection", "witnesses": ("bo",), "was_promised": {"ada": "to wake me, and to bring bread"}},
        ),
    )
    thread = _only(Ledger.of(events, cast))
    assert (thread.since, thread.taken_up, thread.witnesses) == (0, (1,), ("ada", "bo"))
    assert thread.words == "to wake me, and to bring bread"
    mine = [_only(Ledger.of(Script(events).visible_to(role), cast)).since for role in ("ada", "bo")]
    assert mine == [0, 1]


def test_a_line_that_answers_a_promise_takes_it_up(cast: Cast) -> None:
    events = _events(("bo", "I'll wake you, Ada."), ("ada", "At six, by hand.", _cue(answers=0, material="at six")))
    thread = _only(Ledger.of(events, cast))
    assert (thread.state, thread.taken_up) == ("open", (1,))


def test_a_led_line_says_what_it_does(cast: Cast) -> None:
    events = _events(("ada", "The key?", _cue(act="ask")), ("bo", "Until Sunday.", _cue(act="promise", to="ada")))
    assert [(each.kind, each.by, each.to) for each in Ledger.of(events, cast).threads] == [
        ("question", "ada", "bo"),
        ("promise", "bo", "ada"),
    ]
    free = [worlds.cue(act="ask", text="")]
    assert Ledger.of(_events(("ada", "The key.", {"cue": free[0]})), cast).threads == ()


@pytest.mark.parametrize(
    ("text", "act", "kind"),
    [
        ("Let it sound, Bo. Stay one minute longer.", "ask", "request"),
        ("Six strangers dreamt one dream.", "press", None),
        ("You promised a wake-up at six.", "press", "accusation"),
        ("Six strangers dreamt one dream. Who are they?", "press", "question"),
    ],
)
def test_a_led_line_without_a_question_mark_asks_no_question(cast: Cast, text: str, act: str, kind: str | None) -> None:
    found = Ledger.of(_events(("ada", text, _cue(act=act))), cast)
    assert [each.kind for each in found.threads] == ([kind] if kind else [])
    assert [each.kind for each in found.open_for("bo")] == ([kind] if kind else [])


def _promising(**fate: str) -> Story:
    """The story for three, in which Ada says at first that Bo will be woken, and somebody wakes him or does not."""
    data = worlds.story()
    square, corner = data["beats"][0]["scenes"]
    worlds.plot(corner)
    move = {"role": "ada", "does": "agrees to wake {bo} at six", "act": "yield", "opens": True, **fate}
    square["topics"] = [{"id": "six", "about": "who wakes {bo}", "moves": [move]}]
    return Story.model_validate(data)


SAID = ("ada", "At six. By hand.", {**_cue(topic="six", move=0, act="yield", material="agrees to wake {bo} at six"),
        "scene": "square"})  # fmt: skip
OWN = ("ada", "I'll stay awake from now on, Bo.", {**_cue(topic="six", move=0, act="promise",
       material="promises {bo} to stay awake", written="agrees to wake {bo} at six"), "scene": "square"})  # fmt: skip
FREE = ("ada", "I'll wake you at six, Bo.", {"scene": "square"})
OTHER = ("ada", "I'll bring you tea, Bo.", {"scene": "square"})
THOUGHT = ("ada", "So be it.", {"kind": "reflection", "scene": "square", "promised": {"bo": "to wake him at six"}})
BEGINS = ("", "Half past seven.", {"kind": "narration", "scene": "corner"})
GOES = ("", "Bo goes.", {"kind": "outcome", "outcome": "bo_goes", "answer": "yes", "scene": "corner"})


@pytest.mark.parametrize(
    ("fate", "told", "state", "by"),
    [
        ({"broken": "corner"}, (SAID, BEGINS), "broken", (1,)),
        ({"kept": "corner"}, (SAID, BEGINS), "kept", (1,)),
        ({"kept": "corner.bo_goes == yes", "broken": "corner.bo_goes == no"}, (SAID, BEGINS, GOES), "kept", (2,)),
        ({"kept": "corner.bo_goes != yes", "broken": "corner.bo_goes == yes"}, (SAID, BEGINS, GOES), "broken", (2,)),
        ({"kept": "attic and corner.bo_goes == yes"}, (SAID, BEGINS, GOES), "open", ()),
        ({"broken": "corner"}, (FREE, BEGINS), "broken", (1,)),
        ({"broken": "corner"}, (THOUGHT, BEGINS), "broken", (1,)),
        ({"broken": "corner"}, (OTHER, BEGINS), "open", ()),
        ({"kept": "corner"}, (OWN, BEGINS), "open", ()),  # a persona promises something else there
        ({"broken": "corner"}, (FREE, ("", "Six.", {"kind": "narration", "scene": "square"})), "open", ()),
    ],
)
def test_a_story_says_with_what_its_promises_are_kept_or_broken(
    cast: Cast, fate: dict[str, str], told: tuple[Told, ...], state: str, by: tuple[int, ...]
) -> None:
    thread = _only(Ledger.of(_events(*told), cast, story=_promising(**fate)))
    assert (thread.kind, thread.by, thread.to, thread.state, thread.taken_up) == ("promise", "ada", "bo", state, by)


def test_whoever_was_not_there_does_not_know_that_a_promise_was_broken(cast: Cast) -> None:
    events = _events(SAID, ("", "Half past seven.", BEGINS[2] | {"witnesses": ("ada", "bo")}))
    story = _promising(broken="corner")
    known = [_only(Ledger.of(Script(events).visible_to(role), cast, story=story)).state for role in ROLES]
    assert known == ["broken", "broken", "open"]


def test_an_outcome_answers_the_question_that_it_is_about(cast: Cast) -> None:
    decided = ("", "Bo lies down on the table.", {"kind": "outcome", "outcome": "lies_down", "answer": "yes"})
    events = _events(("ada", "Bo, will he lie on that table?"), ("ada", "Bo, who has the lamp?"), decided)
    assert [each.state for each in Ledger.of(events, cast).threads] == ["answered", "open"]


def test_what_each_role_owes_is_found_newest_first(cast: Cast) -> None:
    events = _events(
        ("ada", "Where is the key, Bo?"), ("cyrus", "Bo, who has the lamp?"), ("ada", "Cyrus, I'll wake you.")
    )
    ledger = Ledger.of(events, cast)
    assert [each.since for each in ledger.open_for("bo")] == [1, 0]
    assert ledger.newest_for("bo") == ledger.threads[1]
    assert [each.since for each in ledger.owed_by("ada")] == [2]
    assert [each.since for each in ledger.owed_to("cyrus")] == [2, 1]
    assert [each.since for each in ledger.between("cyrus", "bo")] == [1]


def test_nobody_s_ledger_holds_what_they_did_not_witness(cast: Cast) -> None:
    script = Script(
        _events(
            ("ada", "Bo, where is the key?", {"witnesses": ("ada", "bo")}),
            ("bo", "The key is in the tin.", {"witnesses": ("ada", "bo")}),
            ("ada", "Cyrus, I'll wake you."),
        )
    )
    assert [len(Ledger.of(script.visible_to(role), cast).threads) for role in ROLES] == [2, 2, 1]


def test_a_language_without_words_has_question_marks(cast: Cast) -> None:
    events = _events(("ada", "Bo, wo ist das?"), ("cyrus", "Du hast gelogen, Bo."))
    assert [each.kind for each in Ledger.of(events, cast, Language("de")).threads] == ["question"]


def test_reading_on_gives_what_reading_anew_gives_at_the_same_cost(cast: Cast) -> None:
    lines: list[Told] = [
        ("ada", "Where is the key, Bo?"),
        ("bo", "It rains."),
        ("cyrus", "I'll wake you, Ada."),
        ("bo", "You lied, Cyrus."),
    ]
    events, ledgers = _events(*lines * 300), Ledgers(cast)
    for end in range(0, len(events), 7):
        assert ledgers.of(events[:end]) == Ledger.of(events[:end], cast)
    took = []
    for end in range(len(events) - 10, len(events)):
        begun = time.perf_counter()
        ledgers.of(events[: end + 1])
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.001
    assert ledgers.of(events[:10]) == Ledger.of(events[:10], cast)


@pytest.mark.parametrize("words", ["Ada?", "?", "..."])
def test_an_answer_without_a_word_takes_nothing_up(words: str, cast: Cast) -> None:
    whisper = {"witnesses": ("ada", "bo")}
    first, *_ = Ledger.of(_events(("ada", "Where is the key, Bo?"), ("bo", f"Ada, {words}", whisper)), cast).threads
    assert first.state == "dodged"
