from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.models.profile import ModelProfile
from dreamplay.models.tokens import tokens
from dreamplay.prompting.brief import Brief, wanted
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.cast import Cast, PrivateSheet
from dreamplay.schema.event import Cue, Event
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story

ALL = ("ada", "bo", "cyrus")
GUIDED = Cue(to="bo", pressure="", tactic="", material="", text="")
FREE = worlds.LARGE.refined({"direction": "free"})


def _world(folder: Path, change: Any = lambda scene: None, arc: bool = True) -> tuple[Story, Cast, Scene]:
    """The story for three, whose first scene is changed, and its cast; Ada has an arc."""

    def of_story(data: dict[str, Any]) -> None:
        change(data["beats"][0]["scenes"][0])

    plan = worlds.plan(worlds.write(folder / "story", change=of_story))
    personas = dict(plan.cast.personas)
    if arc:
        ada = personas["ada"]
        assert ada.private
        sheet = ada.private.model_copy(update={"arc": {"day": "{ada} still hopes.", "night": "{ada} hopes no more."}})
        personas["ada"] = ada.model_copy(update={"private": sheet})
    return plan.story, Cast(personas), plan.scenes[0][1]


def _brief(
    world: tuple[Story, Cast, Scene], role: str, *events: Event, cue: Cue = GUIDED, present: Any = ALL, **rest: Any
) -> tuple[Brief, str]:
    """What a role is given after these events, and the tail of the prompt in which it stands."""
    story, cast, scene = world
    scene = scene.model_copy(update={"present": tuple(present)})
    desk = PromptBuilder(story, cast, rest.pop("profile", worlds.LARGE))
    turn, view = worlds.turn(Script(events), scene, role, cue)
    turn = replace(turn, beat="day")
    return desk.brief(turn, view, **rest), desk.line(turn, view, **rest).tail


def _said(number: int, role: str, text: str, witnesses: Any = ALL, scene: str = "square", **rest: Any) -> Event:
    kind = rest.pop("kind", "line")
    return worlds.event(number, kind, text, speaker=role, witnesses=witnesses, scene=scene, beat="day", **rest)


def _rich(scene: dict[str, Any]) -> None:
    scene["aims"] = {"ada": "{ada} wants the key from {bo}, who swore to keep it."}
    scene["may_break"] = ["ada"]
    scene["reveals"] = [
        {"id": "sale", "what": "the house is sold", "knows": ["ada"]},
        {"id": "debt", "what": "the roof was never paid", "knows": ["bo"]},
    ]
    move = {"role": "ada", "does": "asks {bo} for the key", "opens": True}
    known = {"ada": "{bo} has it in a shoe", "bo": "it fits no door"}
    scene["topics"] = [{"id": "key", "about": "who has the key", "knows": known, "moves": [move]}]


def test_what_somebody_kept_to_themselves_they_know_in_later_scenes(tmp_path: Path) -> None:
    world = _world(tmp_path, _rich)
    story, cast, square = world
    later = next(scene for _, scene in story.scenes if scene.id != square.id)
    told = {role: _brief((story, cast, later), role) for role in ("ada", "bo")}
    assert {role: given.known for role, (given, _) in told.items()} == {
        "ada": ("the house is sold",), "bo": ("the roof was never paid",)
    }  # fmt: skip
    assert "- Ada also knows that the house is sold." in told["ada"][1]
    assert "the house is sold" not in told["bo"][1]
    assert _brief(world, "ada")[0].known == (), "it may come out here"


def test_a_brief_holds_what_the_author_meant_for_the_speaker_and_nothing_meant_for_another(tmp_path: Path) -> None:
    world = _world(tmp_path, _rich)
    cue = GUIDED.model_copy(update={"topic": "key", "things": ("a cold stove",), "options": ("asks {bo} for the key",)})
    given, tail = _brief(world, "ada", cue=cue)
    assert given.aim == "Ada wants the key from Bo, who swore to keep it."
    assert given.arc == "Ada still hopes."
    assert given.reveals == ("the house is sold",)
    assert (given.about, given.knows) == ("who has the key", "Bo has it in a shoe")
    assert given.may_break
    for text in (given.aim, given.arc, *given.reveals, given.knows, "a cold stove", "asks Bo for the key"):
        assert text in tail
    assert all(word in tail for word in ("CANARY-Ada-want", "CANARY-Ada-belief", "CANARY-Ada-fear", "CANARY-Ada-wish"))
    assert not any(word in tail for word in ("no more", "roof", "no door", "CANARY-Bo", "CANARY-Cyrus", "{"))
    other, theirs = _brief(world, "bo", cue=cue)
    assert (other.aim, other.arc, other.may_break) == ("", "", False)
    assert other.reveals == ("the roof was never paid",)
    assert not any(word in theirs for word in ("the house is sold", "in a shoe", "swore", "CANARY-Ada"))


@pytest.mark.parametrize("profile", [worlds.LARGE, FREE], ids=["guided", "free"])
def test_only_a_model_that_is_guided_is_shown_things_and_what_could_be_done(
    profile: ModelProfile, tmp_path: Path
) -> None:
    world = _world(tmp_path, _rich)
    cue = GUIDED.model_copy(update={"topic": "key", "things": ("a cold stove",), "act": "dodge"})
    _, tail = _brief(world, "ada", cue=cue, profile=profile)
    assert ("a cold stove" in tail) == ("no straight answer" in tail) == (profile.direction == "guided")
    assert "who has the key" in tail


def test_a_question_is_owed_in_the_words_in_which_it_was_asked_until_it_is_answered(tmp_path: Path) -> None:
    world = _world(tmp_path)
    asked = _said(0, "bo", "It is late. Ada, who has the key?")
    given, tail = _brief(world, "ada", asked)
    (claim,) = given.owed
    assert (claim.by, claim.to, claim.kind) == ("Bo", "Ada", "question")
    assert f'Bo asked Ada, "{claim.words}", and has had no answer yet.' in tail
    assert "who has the key?" in claim.words
    assert _brief(world, "cyrus", asked)[0].owed == ()
    answered = _said(1, "ada", "The key? Cyrus has it, Bo.")
    assert not any(claim.by == "Bo" for claim in _brief(world, "ada", asked, answered)[0].owed)


def test_whoever_was_not_answered_knows_it(tmp_path: Path) -> None:
    world = _world(tmp_path)
    asked = _said(0, "bo", "Ada, who took the ladder?")
    assert _brief(world, "bo", asked)[0].evaded == ()
    given, tail = _brief(world, "bo", asked, _said(1, "ada", "Cyrus, is the soup good?"))
    assert [claim.to for claim in given.evaded] == ["Ada"]
    assert 'Ada has not answered Bo: "Ada, who took the ladder?"' in tail
    assert _brief(world, "bo", asked, _said(1, "ada", "Cyrus took it, Bo, the ladder and all."))[0].evaded == ()


@pytest.mark.parametrize(
    "said",
    [
        ("I never went near the shed. Cyrus, is the soup good?",),
        ("Bo, I never went near the shed. Cyrus, is the soup good?",),
        ("Cyrus, is the soup good?", "I never went near the shed, Bo. Cyrus, sit down."),
    ],
)
def test_nobody_is_told_that_they_were_not_answered_by_somebody_who_then_spoke_to_another(
    tmp_path: Path, said: tuple[str, ...]
) -> None:
    cue = GUIDED.model_copy(update={"to": "cyrus"})
    answers = [_said(1 + n, "ada", text, cue=cue) for n, text in enumerate(said)]
    given, tail = _brief(_world(tmp_path), "bo", _said(0, "bo", "Ada, who took the ladder?"), *answers)
    assert given.evaded == ()
    assert "has not answered" not in tail


def test_a_promise_in_private_is_remembered_before_a_third_who_is_told_nothing_of_it(tmp_path: Path) -> None:
    world = _world(tmp_path)
    two = ("ada", "bo")
    before = [
        _said(0, "bo", "Will you wake me at six?", two, "corner"),
        _said(1, "ada", "I will wake you at six, Bo, I promise.", two, "corner"),
        _said(2, "cyrus", "Good morning."),
    ]
    given, tail = _brief(world, "ada", *before)
    (scene,) = given.earlier
    assert scene.names == "Ada and Bo"
    assert [event.id for event in scene.told] == [0, 1]
    assert "Ada: I will wake you at six, Bo, I promise." in tail
    (claim,) = given.pending
    assert (claim.kind, claim.by, claim.to, claim.when) == ("promise", "Ada", "Bo", "the corner")
    third, told = _brief(world, "cyrus", *before)
    assert (third.earlier, third.pending) == ((), ())
    assert "six" not in told
    alone, _ = _brief(world, "ada", *before, present=two)
    assert alone.earlier == ()
    assert len(alone.pending) == 1


def test_nobody_forgets_what_came_of_a_private_scene_because_a_third_sits_down(tmp_path: Path) -> None:
    world, two, long = _world(tmp_path, _rich), ("ada", "bo"), "word " * 40
    thought = {"kind": "reflection", "promised": {"bo": "to wake Bo at six"}, "attitudes": {"bo": 1.0}}
    decided = {"outcome": "bed", "answer": "yes"}
    before = [
        _said(0, "bo", f"Will you wake me? {long}", two, "corner"),
        _said(1, "ada", f"Before the bell. {long}", two, "corner"),
        worlds.event(2, "outcome", "Bo lies down.", witnesses=two, scene="corner", beat="day", **decided),
        _said(3, "ada", long, ("ada",), "corner", **thought),
    ]
    cue = GUIDED.model_copy(update={"things": ("a cold stove",), "options": ("asks {bo} for the key",)})
    given, tail = _brief(world, "ada", *before, cue=cue)
    told = "From the corner (Ada and Bo alone): "
    (scene,) = given.earlier
    assert [event.id for event in scene.told] == [0, 1, 2]  # the line, and then what came of it
    assert "Open since then: Ada promised Bo to wake Bo at six." in tail
    assert f"{told}Bo: Will you wake me?" in tail
    _, short = _brief(world, "ada", *before, cue=cue, profile=worlds.LARGE.refined({"brief_tokens": 64}))
    assert f"{told}Bo lies down." in short
    assert "Ada promised Bo to wake Bo at six." in short
    assert "a cold stove" not in short
    assert "asks Bo for the key" not in short


def test_after_a_dream_somebody_knows_which_image_was_their_own_and_of_no_other(tmp_path: Path) -> None:
    world = _world(tmp_path)
    ledger = [
        {"role": role, "fear": f"CANARY-{role.capitalize()}-fear stands on the stairs.", "wish": "A bed."}
        for role in ALL
    ]
    dream = worlds.event(0, "dream", "Water on the stairs.", witnesses=ALL, scene="square", beat="day", ledger=ledger)
    given, tail = _brief(world, "ada", dream)
    assert given.dreamt == "CANARY-Ada-fear stands on the stairs."
    assert tail.count(given.dreamt) == 1
    assert f"all dreamt it, nobody knows whose): {given.dreamt}" in tail
    assert "CANARY-Bo" not in tail
    assert _brief(world, "ada")[0].dreamt == ""


def test_somebody_knows_what_they_think_of_those_present_and_what_they_thought_last(tmp_path: Path) -> None:
    world = _world(tmp_path)
    events = [
        _said(0, "ada", "I trust nobody.", ("ada",), kind="reflection", attitudes={"bo": 1.0, "cyrus": -1.0}),
        _said(
            1,
            "ada",
            "I trust Cyrus.",
            ("ada",),
            kind="reflection",
            attitudes={"cyrus": 0.4},
            why={"cyrus": "he came back."},
            wants="to leave with Cyrus",
        ),
        _said(2, "bo", "I trust myself.", ("bo",), kind="reflection", attitudes={"ada": -0.4}),
        _said(3, "ada", "I should go.", ("ada",), kind="thought"),
        _said(4, "bo", "I should stay.", ("bo",), kind="thought"),
    ]
    given, tail = _brief(world, "ada", *events)
    assert [(each.name, each.attitude) for each in given.regards] == [("Bo", 1.0), ("Cyrus", 0.4)]
    assert "Ada now sees Bo as a close friend, Cyrus as a friend (he came back)." in tail
    assert (given.reflected, given.thought) == ("I trust Cyrus.", "I should go.")
    assert "After the last scene Ada thought: I trust Cyrus. What Ada wants now: to leave with Cyrus." in tail
    assert not any(words in tail for words in ("I trust myself", "I should stay", "beware"))
    assert [each.name for each in _brief(world, "ada", *events, present=("ada", "bo"))[0].regards] == ["Bo"]


def test_a_whisper_says_who_will_hear_it_and_what_it_is_about(tmp_path: Path) -> None:
    cue = GUIDED.model_copy(update={"hears": ("bo",), "aside": True, "material": "the key is under the mat"})
    _, tail = _brief(_world(tmp_path), "ada", cue=cue)
    assert "Ada now whispers, and only Bo will hear it: that the key is under the mat." in tail


@pytest.mark.parametrize(
    ("want", "sentence"),
    [
        ("to have the last word", "Ada wants to have the last word."),
        ("She wants the last word.", "She wants the last word."),
        ("{bo}'s hat", "{bo}'s hat"),
    ],
)
def test_what_somebody_wants_reads_as_a_sentence(want: str, sentence: str) -> None:
    assert wanted("Ada", want) == sentence


def test_somebody_without_a_private_sheet_or_a_past_is_given_no_empty_line(tmp_path: Path) -> None:
    story, cast, scene = _world(tmp_path)
    bare = Cast({role: each.model_copy(update={"private": None}) for role, each in cast.personas.items()})
    _, tail = _brief((story, bare, scene), "ada")
    assert tail.splitlines() == ["For Ada alone:", "Now Ada."]


def test_of_a_scene_that_not_all_lived_through_as_many_of_the_last_lines_are_told_as_fit(tmp_path: Path) -> None:
    said = [_said(n, ("ada", "bo")[n % 2], f"Line {n}. {'word ' * 20}", ("ada", "bo"), "corner") for n in range(8)]
    given, _ = _brief(_world(tmp_path), "ada", *said, _said(8, "cyrus", "Good morning."))
    size = lambda event: tokens(event.text)  # noqa: E731
    told = {room: [event.id for past in given.within(room, size).earlier for event in past.told] for room in (1000, 0)}
    assert told == {1000: [2, 3, 4, 5, 6, 7], 0: []}
    some = [event.id for past in given.within(220, size).earlier for event in past.told]
    assert some == [*range(8 - len(some), 8)]
    assert 2 <= len(some) < 6


def test_what_matters_least_is_left_out_of_a_brief_that_is_too_long(tmp_path: Path) -> None:
    world, long = _world(tmp_path, _rich), "word " * 60
    events = [
        _said(0, "bo", f"Ada, who has the key? {long}", ("ada", "bo"), "corner"),
        _said(1, "ada", f"I thought of it. {long}", ("ada",), "corner", kind="reflection", attitudes={"bo": 1.0}),
        _said(2, "cyrus", "Good morning."),
    ]
    recalled = [RetrievedMemory(event=None, when="long ago", text=f"I had a key. {long}", score=1.0)]
    cue = GUIDED.model_copy(update={"things": ("a cold stove",)})
    given, _ = _brief(world, "ada", *events, cue=cue, recalled=recalled)
    assert given.earlier
    assert given.reflected
    size = lambda event: tokens(event.text)  # noqa: E731
    assert given.within(10_000, size) == given
    short = given.within(200, size)
    assert not short.earlier
    assert not short.reflected
    assert not short.recalled
    assert (short.aim, short.sheet, short.reveals, short.things) == (
        given.aim, given.sheet, given.reveals, given.things,
    )  # fmt: skip
    assert isinstance(short.sheet, PrivateSheet)


@pytest.mark.parametrize("think", [True, False])
def test_a_line_that_is_not_led_may_have_several_sentences_and_a_thought(think: bool, tmp_path: Path) -> None:
    story, cast, scene = _world(tmp_path)
    desk = PromptBuilder(story, cast, worlds.LARGE.refined({"think": think}))
    prompt = desk.line(*worlds.turn(Script(), scene, "ada", GUIDED), again=True)
    assert prompt.stop == ()
    assert prompt.max_tokens >= 140
    assert ("<private>" in prompt.system) == think
    assert prompt.prefill == ("" if think else "Ada:")


def test_nobody_who_decides_reflects_or_tells_is_asked_to_speak_aloud(tmp_path: Path) -> None:
    """One system message serves all tasks: what it says of lines has to be said of lines alone."""
    story, cast, _ = _world(tmp_path)
    for profile in (worlds.LARGE, worlds.SMALL):
        desk = PromptBuilder(story, cast, profile)
        system = desk.ahead(Script().common_view(ALL)).system
        rule = system.rpartition("\n\n")[2]
        assert rule.startswith(("While they talk, ", "When one of them is asked to speak, "))
