"""What a typed line means: an act, a way to leave, or a word on why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.engine.run_config import RunConfig
from dreamplay.participants.actions import Action
from dreamplay.participants.base import Stance, Undo
from dreamplay.participants.commands import CommandError, parse
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


@pytest.fixture
def plan(small: Path) -> RunConfig:
    return worlds.plan(small, guest="Noor")


def _ask(
    plan: RunConfig, *events: dict[str, Any], task: Any = "line", role: str = VISITOR, away: bool = False
) -> tuple[Turn, View]:
    beat, scene = plan.scenes[0]
    here = scene.present[:-1] if away else scene.present
    script = Script(
        worlds.event(i, scene=scene.id, **{"witnesses": (VISITOR,)} | made) for i, made in enumerate(events)
    )
    return Turn(beat.id, scene, role, here, task=task), script.joint_view([VISITOR], here)


HAND = {"kind": "control", "speaker": "bo", "controller": "visitor", "provenance": {"by": "person"}}
INSERTED = {"kind": "line", "speaker": "bo", "text": "Hm.", "provenance": {"by": "person"}}
"""A line that a what-if inserted: nobody who takes part has said it."""
MEANT = {
    "Hello there, Bo.": {"say": "Hello there, Bo."},
    "": {},
    "   ": {},
    "what /quit means": {"say": "what /quit means"},
    "/whisper bo the door": {"whisper": {"to": "bo", "text": "the door"}},
    "/whisper cyr: the door": {"whisper": {"to": "cyrus", "text": "the door"}},
    "/whisper Bo: the door": {"whisper": {"to": "bo", "text": "the door"}},
    "/do sits down.": {"do": "sits down."},
    "/fear the stairs": {"fear": "the stairs"},
    "/go": {"go": True},
    "Quit.": {"say": "Quit."},
    "help me": {"say": "help me"},
    "/play CYRUS": {"play": "cyrus"},
    "/hand back bo": {"hand_back": "bo"},
    "/hand back": {"hand_back": "bo"},
}


@pytest.mark.parametrize("line", MEANT)
def test_a_line_means_an_act(plan: RunConfig, line: str) -> None:
    act = parse(line, *_ask(plan, HAND), plan.cast, plan.story)
    assert isinstance(act, Action)
    assert act.model_dump(exclude_defaults=True) == MEANT[line]


def test_a_stance_is_a_number_and_a_reason(plan: RunConfig) -> None:
    asked, made = _ask(plan, task="stance"), Provenance(by="person")
    assert parse("2 because it rains", *asked, plan.cast, plan.story) == Stance("stay", "because it rains", made)
    assert parse("", *asked, plan.cast, plan.story) == Stance(None, "", made)
    for wrong in ("2", "3 no", "stay", "0 hm"):
        with pytest.raises(CommandError, match="a number from 1 to 2 and your reason"):
            parse(wrong, *asked, plan.cast, plan.story)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "/whisper nobody hm": ({}, "nobody is called 'nobody'; there are Ada, Bo, Cyrus"),
    "/whisper": ({}, "/whisper whom"),
    "/whisper bo": ({}, "the words are missing"),
    "/whisper noor hm": ({}, "nobody is called 'noor'"),
    "/play bo": ({}, "you already play Bo"),
    "/hand back ada": ({}, "you do not play Ada"),
    "/whisper a b": ({}, "nobody is called 'a'"),
    "/whisper cirus hm": ({}, r"nobody is called 'cirus' \(did you mean 'Cyrus'\?\); there are"),
    "/come": ({}, "you are with them"),
    "quit": ({}, "'quit' was not said: /quit stops"),
    "Undo": ({}, "'Undo' was not said: /undo takes back your last action; with a full stop behind it, you say it"),
    "/dance": ({}, "no command /dance"),
    "Hello?": ({"away": True}, "/come brings you back"),
    "/fear it": ({"role": "bo"}, "this is Bo's turn"),
    "x" * 4_001: ({}, "longer than 4,000 characters; nothing was said"),
    "a \x1b[2J b": ({}, r"control character '\\x1b' at position 2"),
}


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: line[:20])
def test_what_cannot_be_done_is_said_in_one_line(plan: RunConfig, line: str) -> None:
    rest, message = REFUSED[line]
    with pytest.raises(CommandError, match=message) as caught:
        parse(line, *_ask(plan, HAND, **rest), plan.cast, plan.story)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_who_could_be_meant_is_asked_where_two_names_begin_alike(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "alike")
    worlds.dump(tmp_path / "ruth.yaml", worlds.persona("Ruth Cypher", "violin"))
    plan = worlds.plan(path, guest="Noor", swaps={"bo": str(tmp_path / "ruth.yaml")})
    with pytest.raises(CommandError, match="'cy' may be Ruth Cypher or Cyrus; type more of the name"):
        parse("/whisper cy hm", *_ask(plan), plan.cast, plan.story)


def test_a_fear_for_which_no_dream_is_left_is_not_kept(plan: RunConfig, small: Path) -> None:
    dream = next(n for n, (_, scene) in enumerate(plan.scenes) if scene.kind == "dream")
    for n, (beat, scene) in enumerate(plan.scenes):
        turn, view = replace(_ask(plan)[0], beat=beat.id, scene=scene), _ask(plan)[1]
        if n < dream:
            assert parse("/fear heights", turn, view, plan.cast, plan.performed) == Action(fear="heights")
        else:
            with pytest.raises(CommandError, match="no dream is to come any more"):
                parse("/fear heights", turn, view, plan.cast, plan.performed)
    day = worlds.plan(small, guest="Noor", beats=["day"])
    with pytest.raises(CommandError, match="no dream is to come any more"):
        parse("/fear heights", *_ask(day), day.cast, day.performed)


def test_there_is_nothing_to_take_back_at_first(plan: RunConfig) -> None:
    with pytest.raises(CommandError, match="nothing yet that could be taken back"):
        parse("/undo", *_ask(plan, INSERTED), plan.cast, plan.story)
    turn, view = _ask(plan, HAND)
    assert parse("/undo", turn, view, plan.cast, plan.story) == Undo(view.events[0])
