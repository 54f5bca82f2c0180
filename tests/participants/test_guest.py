"""A guest: what they type waits until the play asks, and what cannot be done is said and holds up what is behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.engine.run_config import RunConfig
from dreamplay.participants.actions import Action, StanceChoice, Whisper
from dreamplay.participants.base import Stance, Undo
from dreamplay.participants.guest import Guest
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

DONE = {"kind": "action", "speaker": VISITOR, "text": "waits.", "provenance": {"by": "person"}}


class _Stage:
    """A guest in the first scene of a small story, and what they brought about."""

    def __init__(self, plan: RunConfig) -> None:
        self.plan, self.changes, self.undone = plan, 0, list[int]()
        self.guest = Guest(plan.cast, plan.story, self._changed, self.undone.append)

    def _changed(self) -> None:
        self.changes += 1

    def turn(self, *, task: Any = "line", away: bool = False) -> tuple[Turn, View]:
        beat, scene = self.plan.scenes[0]
        here = scene.present[:-1] if away else scene.present
        script = Script([worlds.event(0, scene=scene.id, witnesses=scene.present, **DONE)])
        return Turn(beat.id, scene, VISITOR, here, task=task), script.joint_view([VISITOR], here)

    async def asked(self, **turn: Any) -> asyncio.Task[Any]:
        """Ask the guest, and come back when they have taken up what they can."""
        asking = asyncio.ensure_future(self.guest.take_turn(*self.turn(**turn), lambda text: None))
        for _ in range(3):
            await asyncio.sleep(0)
        return asking


@pytest.fixture
def stage(small: Path) -> _Stage:
    return _Stage(worlds.plan(small, guest="Noor"))


async def test_what_is_typed_while_others_speak_is_taken_up_in_order(stage: _Stage) -> None:
    guest = stage.guest
    assert not guest.wants_turn(*stage.turn())
    guest.give("First.")
    guest.give(Action(whisper=Whisper(to="Bo", text="Second.")))
    assert guest.wants_turn(*stage.turn())
    assert await (await stage.asked()) == Action(say="First.")
    assert list(guest.typed) == [Action(whisper=Whisper(to="Bo", text="Second."))]
    assert await (await stage.asked()) == Action(whisper=Whisper(to="bo", text="Second."))
    assert not guest.wants_turn(*stage.turn())


async def test_nothing_is_to_listen_and_needs_a_question(stage: _Stage) -> None:
    for nothing in ("", "  ", Action()):
        stage.guest.give(nothing)
        assert not stage.guest.typed
        asking = await stage.asked()
        assert stage.guest.asked
        stage.guest.give(nothing)
        assert await asking == Action()
        assert stage.guest.asked is None


async def test_what_cannot_be_done_holds_up_what_is_behind_it(stage: _Stage) -> None:
    guest = stage.guest
    guest.give("/dance")
    guest.give("Good evening, Bo.")
    asking = await stage.asked()
    assert guest.refused
    assert (guest.refused.line, guest.refused.why[:17]) == ("/dance", "no command /dance")
    assert not asking.done()
    assert list(guest.typed) == ["Good evening, Bo."]
    guest.give("/do dances.")
    assert await asking == Action(do="dances.")
    assert guest.refused is None
    assert await (await stage.asked()) == Action(say="Good evening, Bo.")


async def test_what_waits_can_be_withdrawn(stage: _Stage) -> None:
    stage.guest.give("/dance")
    stage.guest.give("Good evening, Bo.")
    asking = await stage.asked()
    stage.guest.withdraw()
    assert (list(stage.guest.typed), stage.guest.refused) == ([], None)
    stage.guest.give("Well?")
    assert await asking == Action(say="Well?")


async def test_a_choice_is_asked_for_and_nothing_else_is_taken(stage: _Stage) -> None:
    stage.guest.give(Action(do="shrugs."))
    asking = await stage.asked(task="stance")
    assert stage.guest.refused
    assert "a choice is asked for now" in stage.guest.refused.why
    stage.guest.give(Action(stance=StanceChoice(choice="flee", because="I must.")))
    await asyncio.sleep(0)
    assert "no choice 'flee'" in stage.guest.refused.why
    stage.guest.give(Action(stance=StanceChoice(choice="go", because="I must.")))
    assert await asking == Stance("go", "I must.", Provenance(by="person"))
    asking = await stage.asked(task="stance")
    stage.guest.give(Action())
    assert await asking == Stance(None, "", Provenance(by="person"))


async def test_what_is_chosen_from_fields_is_checked_like_what_is_typed(stage: _Stage) -> None:
    refused = {
        "nobody is called 'Zed'": Action(whisper=Whisper(to="Zed", text="hm")),
        "nobody is called 'visitor'": Action(whisper=Whisper(to=VISITOR, text="hm")),
        "you do not play Ada": Action(hand_back="ada"),
        "you are with them": Action(come=True),
        "nothing is to be chosen now": Action(stance=StanceChoice(choice="go", because="I must.")),
    }
    asking = await stage.asked()
    for why, act in refused.items():
        stage.guest.give(act)
        await asyncio.sleep(0)
        assert stage.guest.refused
        assert why in stage.guest.refused.why
    stage.guest.give(Action(play="Ada"))
    assert await asking == Action(play="ada")


async def test_who_is_away_does_not_see_who_is_there(stage: _Stage) -> None:
    asking = await stage.asked(away=True)
    assert stage.guest.asked
    assert (stage.guest.asked.here, stage.guest.asked.away) == ((), True)
    stage.guest.give(Action(come=True))
    assert await asking == Action(come=True)


async def test_after_an_undo_they_are_asked_again(stage: _Stage) -> None:
    stage.guest.give("/undo")
    taken = await (await stage.asked())
    assert isinstance(taken, Undo)
    assert taken.event == stage.turn()[1].events[0]
    assert stage.undone == [0]
    assert stage.guest.wants_turn(*stage.turn())


async def test_a_pause_takes_the_question_back_and_keeps_what_waits(stage: _Stage) -> None:
    stage.guest.give("/dance")
    stage.guest.give("Well?")
    asking = await stage.asked()
    before = stage.changes
    asking.cancel()
    await asyncio.wait([asking])
    assert stage.guest.asked is None
    assert stage.changes > before
    assert list(stage.guest.typed) == ["Well?"]
