"""Moves that personas bring of their own: they are said in place of the story's, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.errors import LibraryError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.spoken_for import spoken_for
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import digest
from dreamplay.schema.event import LineEvent, StanceEvent
from dreamplay.schema.script import Script


def _crossroads(data: dict[str, Any]) -> None:
    """Let Ada speak for one choice where they decide."""
    porch = data["beats"][2]["scenes"][0]
    worlds.plot(porch)
    porch["topics"][0]["moves"][0]["favours"] = "go"


def _swap(folder: Path, moves: dict[str, Any]) -> str:
    """A file of somebody who is swapped in for Ada."""
    return str(worlds.dump(folder / "zoe.yaml", worlds.persona("Zoe", "parrot") | {"moves": moves}))


def _chosen(run: RunLog) -> tuple[str, str]:
    """What the first role says of the door, and what it chooses."""
    said = next(e for e in run.script if isinstance(e, LineEvent) and e.speaker == "ada" and e.cue and e.cue.topic)
    assert said.cue
    return said.cue.material, next(e for e in run.script if isinstance(e, StanceEvent) and e.speaker == "ada").choice


STAYS = {"porch.door.why": {"does": "asks {bo} to keep the door shut", "act": "offer", "favours": "stay"}}


async def test_another_persona_says_and_chooses_otherwise_and_the_former_one_what_the_author_wrote(
    tmp_path: Path,
) -> None:
    path = worlds.write(tmp_path / "small", change=_crossroads)
    plain = await worlds.play(path, tmp_path / "plain")
    changed = await worlds.play(path, tmp_path / "changed", swaps={"ada": _swap(tmp_path, STAYS)})
    assert _chosen(plain) == ("asks {bo} why the door is shut", "go")
    assert _chosen(changed) == ("asks {bo} to keep the door shut", "stay")
    assert changed.header.story == plain.header.story
    assert changed.header.story_hash == digest(plain.header.story)
    back = branch.branch(changed, "changed", None, Changes({"ada": str(path.parent / "ada.yaml")}))
    job = batch.job(back, ScriptedModel(), {}, tmp_path)
    await job.run(ScriptedModel(), {}).play(lambda seen: None)
    assert _chosen(job.record()) == _chosen(plain)


async def test_a_leo_who_believes_in_it_chooses_otherwise(tmp_path: Path) -> None:
    runs = [
        await worlds.play("mindsync", tmp_path / str(len(swaps)), swaps=swaps, beats=["reconciliation"])
        for swaps in ({}, {"leo": "leo_believer"})
    ]
    chosen = [{e.speaker: e.choice for e in run.script if isinstance(e, StanceEvent)}["leo"] for run in runs]
    assert chosen == ["campaign", "mindsync"]


def test_what_is_said_in_its_place_is_answered_as_the_move_was(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small", change=_crossroads)
    plain = worlds.plan(path)
    asks = {"does": "asks {bo} for the key"}
    changed = worlds.plan(path, swaps={"ada": _swap(tmp_path, {"porch.door.why": asks})})
    was, now = (next(s for _, s in plan.scenes if s.id == "porch").topics[0].moves for plan in (plain, changed))
    assert dict(now[0]) == dict(was[0]) | asks | {"favours": None, "written": was[0].does}
    assert now[1:] == was[1:]
    # Whoever plays another role, or brings moves for another story, says what the role says.
    for role, moves in (("bo", STAYS), ("ada", {"quay.boat.whose": {"does": "asks {dee} for tea", "favours": "sink"}})):
        assert worlds.plan(path, swaps={role: _swap(tmp_path, moves)}).scenes == plain.scenes


def _plotted(data: dict[str, Any]) -> None:
    """Let Bo and Ada talk about the door in the first scene, at which Bo may give something away."""
    square = data["beats"][0]["scenes"][0]
    worlds.plot(square)
    square["topics"][0]["moves"][1] |= {"id": "goes"}
    square["topics"][0]["moves"][2] |= {"id": "broken", "favours": "go"}
    square["turns"] = {"min": 3, "max": 6}


def _swapped(folder: Path, name: str, does: str) -> str:
    """A file of somebody who is swapped in for Bo, and gives it away in words of their own."""
    moves = {"square.door.broken": {"does": does, "favours": "stay"}}
    return str(worlds.dump(folder / f"{name.lower()}.yaml", worlds.persona(name, "violin") | {"moves": moves}))


def _secrets(run: RunLog) -> list[int]:
    return [thread.since for thread in run.ledger(run.script).threads if thread.kind == "secret"]


@pytest.mark.parametrize(("before", "now"), [("bo", "zoe"), ("zoe", "bo"), ("zoe", "yan")])
async def test_what_was_given_away_stays_so_when_another_persona_plays_on(
    tmp_path: Path, before: str, now: str
) -> None:
    path = worlds.write(tmp_path / "plotted", change=_plotted)
    files = {
        "bo": str(path.parent / "bo.yaml"),
        "zoe": _swapped(tmp_path, "Zoe", "says that the bolt has rusted through"),
        "yan": _swapped(tmp_path, "Yan", "says that nobody has a key"),
    }
    runs = [await worlds.play(path, tmp_path / f"{seed}", seed=seed, swaps={"bo": files[before]}) for seed in range(10)]
    parent = next(run for run in runs if _secrets(run))
    (told,) = _secrets(parent)
    made = branch.branch(parent, "parent", f"{told + 1}", Changes({"bo": files[now]}))
    job = batch.job(made, ScriptedModel(), {}, tmp_path)
    await job.run(ScriptedModel(), {}).play(lambda seen: None)
    assert _secrets(job.record()) == [told]
    # Whoever plays the role now is bound to no choice by what the former persona said.
    view = Script(made.events).common_view(("bo",))
    assert spoken_for(worlds.plan(path, swaps={"bo": files[before]}).played, "bo", view)
    assert spoken_for(made.plan.played, "bo", view) is None


def test_an_own_move_to_somebody_who_is_dropped_is_left_out(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "plotted", change=lambda data: worlds.plot(data["beats"][0]["scenes"][0]))
    parent = worlds.record()
    own = {"square.door.why": {"does": "asks {cyrus} why the door is shut"}}
    zoe = worlds.dump(tmp_path / "zoe.yaml", worlds.persona("Zoe", "parrot") | {"moves": own})
    plan = worlds.plan(path)
    header = parent.header.model_copy(update={"story": plan.story, "settings": {"length": "full", "beats": ["day"]}})
    parent = RunLog(header, parent.script, None)
    for drop, left in ((["cyrus"], []), (["bo"], [])):
        made = branch.branch(parent, "parent", None, Changes({"ada": str(zoe)}, drop=drop))
        square = next(scene for _, scene in made.plan.scenes if scene.id == "square")
        assert [move.does for topic in square.topics for move in topic.moves] == left
    kept = branch.branch(parent, "parent", None, Changes(drop=["cyrus"])).plan
    assert len(next(scene for _, scene in kept.scenes if scene.id == "square").topics[0].moves) == 4


async def test_moves_that_a_branch_has_lost_are_no_slips_in_its_branches(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small", change=_crossroads)
    parent = await worlds.play(path, tmp_path / "parent")
    moves = STAYS | {"porch.tea.cup": {"does": "asks {bo} for tea"}}
    with pytest.raises(LibraryError, match=r"no move 'porch.tea.cup'"):
        branch.branch(parent, "parent", "porch", Changes({"ada": _swap(tmp_path, moves)}))
    for at, said in ((None, []), ("porch", [("ada", "Tea?")])):
        dropped = branch.branch(parent, "parent", at, Changes(say=said, drop=["cyrus"]))
        child = RunLog(dropped.plan.header("scripted", parent.header.settings), parent.script, None)
        made = branch.branch(child, "child", at, Changes({"ada": _swap(tmp_path, moves)}))
        assert made.plan.cast.personas["ada"].moves.keys() == moves.keys()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no choice": (
        {"porch.door.why": STAYS["porch.door.why"] | {"favours": "stray"}},
        "moves.porch.door.why.favours: the story has no choice 'stray' (did you mean 'stay'?); it has go, stay",
    ),
    "no such move beside one that is there": (
        STAYS | {"porch.door.whi": {"does": "asks {bo} for tea"}},
        "moves.porch.door.whi: the story has no move 'porch.door.whi' (did you mean 'porch.door.why'?); rename it, or "
        "delete it",
    ),
    "a slip in the only one": (
        {"porch.door.whi": {"does": "asks {bo} for tea"}},
        "moves.porch.door.whi: the story has no move 'porch.door.whi' (did you mean 'porch.door.why'?)",
    ),
    "no address": ({"why": {"does": "asks {bo} for tea"}}, "a move of a story is called SCENE.TOPIC.MOVE"),
    "no words": ({"porch.door.why": {"favours": "stay"}}, "moves.porch.door.why.does: this key is missing"),
    "what stays as in the story": (
        {"porch.door.why": {"does": "asks {bo} for tea", "decides": "yes"}},
        "moves.porch.door.why.decides: unknown key",
    ),
    "a role that is not there": (
        {"porch.door.why": {"does": "asks {dee} for tea"}},
        "moves.porch.door.why.does: 'asks {dee} for tea' names 'dee', who is not in the cast (ada, bo, cyrus)",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_move_that_does_not_fit_is_refused_in_a_line(tmp_path: Path, what: str) -> None:
    path = worlds.write(tmp_path / "small", change=_crossroads)
    parent = await worlds.play(path, tmp_path / "parent")
    moves, says = REFUSED[what]
    file = _swap(tmp_path, moves)

    def refused(act: Callable[[], object]) -> None:
        with pytest.raises(LibraryError) as caught:
            act()
        assert str(caught.value).startswith(f"{file}:")
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)

    refused(lambda: casting.cast(casting.load_story(str(path)), {"ada": file}))
    refused(lambda: branch.branch(parent, "parent", "porch", Changes({"ada": file})))
    said = branch.branch(parent, "parent", "porch", Changes(say=[("ada", "Drop it; never drop bo.")]))
    child = RunLog(said.plan.header("scripted", parent.header.settings), parent.script, None)
    refused(lambda: branch.branch(child, "child", "porch", Changes({"ada": file})))


def test_of_those_shipped_for_a_what_if_each_chooses_otherwise() -> None:
    """They speak for another choice in the last scene, by moves of their own role, all of which the story has."""
    story = casting.load_story("mindsync")
    for role, name in (("leo", "leo_believer"), ("elara", "elara_sleepless"), ("mira", "mira_regrets"),
                       ("sam", "sam_bought")):  # fmt: skip
        moves = {
            f"{scene.id}.{topic.id}.{move.id}": move
            for _, scene in story.scenes
            for topic in scene.topics
            for move in topic.moves
            if move.role == role
        }
        own = casting.load_persona(name).moves
        assert own.keys() <= moves.keys(), name
        favoured = {address: move.favours for address, move in moves.items() if move.favours}
        (theirs,) = {move.favours for move in own.values() if move.favours}
        for address, choice in favoured.items():
            assert choice == theirs or own[address].favours == theirs, (name, address)
