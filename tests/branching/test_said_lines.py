"""Lines that are said where a branch begins: what they count as, what they leave to the story, and what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.branching import batch, branch, said_lines
from dreamplay.branching.branch import Branch, Changes
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import LineEvent, StanceEvent

MOVES = [
    {"id": "noon", "role": "ada", "does": "tells {bo} that the cart leaves at noon with the stove on it",
     "opens": True, "favours": "go"},
    {"id": "boots", "role": "bo", "does": "tells {ada} that the stove heats his boots, and nobody else's",
     "answers": "noon", "favours": "stay"},
    {"role": "cyrus", "does": "tells {ada} that a cold house is no house, so the stove belongs here",
     "answers": "boots", "favours": "stay"},
]  # fmt: skip
BESIDE = ("cyrus", "Bo, your sister has written to us from the harbour. Will you read it?")
NOON = ("ada", "Bo, the cart leaves at noon, and the stove is on it.")
SEEDS = (1, 2, 3, 4)


def _moved(story: dict[str, Any]) -> None:
    porch = story["beats"][2]["scenes"][0]
    porch |= {"topics": [{"id": "stove", "about": "the stove", "moves": MOVES}], "turns": {"min": 3, "max": 5}}
    porch |= {"pressures": [], "material": []}


@pytest.fixture
async def parent(tmp_path: Path) -> RunLog:
    return await worlds.play(worlds.write(tmp_path / "story", change=_moved), tmp_path / "parent")


async def _play(made: Branch, home: Path, model: ScriptedModel | None = None) -> RunLog:
    model = model or ScriptedModel()
    job = batch.job(made, model, {}, home)
    await job.run(model, {}).play(lambda seen: None)
    return job.record()


def _lines(record: RunLog) -> list[LineEvent]:
    return record.script.in_scene("porch", LineEvent)


def _moves(record: RunLog) -> list[int | None]:
    return [line.cue.move if line.cue and line.cue.topic else None for line in _lines(record)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_line_beside_the_story_leaves_its_turns_to_the_moves(parent: RunLog, seed: int, tmp_path: Path) -> None:
    child = await _play(branch.branch(parent, "parent", "porch", Changes(say=[BESIDE]), seed), tmp_path)
    assert _lines(child)[0].cue is None
    assert [move for move in _moves(child) if move is not None] == [0, 1, 2]
    chosen = {event.speaker: event.choice for event in child.script.of_kind(StanceEvent)}
    assert chosen == {"ada": "go", "bo": "stay", "cyrus": "stay"}
    replies = [line for line in _lines(child) if line.cue and line.cue.answers == _lines(child)[0].id]
    assert all("?" not in line.text for line in replies if not line.cue or not line.cue.topic)
    (note,) = said_lines.notes([child])
    assert note.startswith("nobody in porch has a move that answers “Bo, your sister has written to us from…”")


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_line_that_says_a_move_is_that_move(parent: RunLog, seed: int, tmp_path: Path) -> None:
    child = await _play(branch.branch(parent, "parent", "porch", Changes(say=[NOON]), seed), tmp_path)
    said, answer = _lines(child)[:2]
    assert said.placed
    assert _moves(child)[:3] == [0, 1, 2]
    assert answer.cue
    assert answer.cue.answers == said.id
    mine = next(event for event in child.script.of_kind(StanceEvent) if event.speaker == "ada")
    assert (mine.choice, mine.said) == ("go", said.id)
    assert said_lines.notes([child]) == [
        "“Bo, the cart leaves at noon, and the…” counts as the story's move "
        "“Ada tells Bo that the cart leaves at noon with the stove on it”"
    ]


async def test_a_move_of_somebody_else_or_one_that_was_made_is_not_said_again(parent: RunLog, tmp_path: Path) -> None:
    said = branch.branch(parent, "parent", "porch", Changes(say=[("bo", NOON[1]), NOON, NOON])).events[-3:]
    assert [event.cue is not None for event in said if isinstance(event, LineEvent)] == [False, True, False]


async def test_nothing_is_told_of_lines_in_a_play_that_is_not_led_or_of_an_earlier_branch(
    parent: RunLog, tmp_path: Path
) -> None:
    made = branch.branch(parent, "parent", "porch", Changes(say=[BESIDE, NOON]))
    large = await _play(made, tmp_path / "large", ScriptedModel(profile=worlds.LARGE))
    assert said_lines.notes([large]) == []
    child = await _play(made, tmp_path)
    assert len(said_lines.notes([child])) == 2
    grand = await _play(branch.branch(child, "child", "road", Changes(), seed=9), tmp_path)
    assert any(line.placed for line in _lines(grand))
    assert said_lines.notes([grand]) == []


async def test_a_line_that_says_a_deciding_move_decides_where_the_play_is_led(tmp_path: Path) -> None:
    def change(story: dict[str, Any]) -> None:
        square = story["beats"][0]["scenes"][0]
        worlds.plot(square)
        square["topics"][0]["moves"][1]["does"] = "says that he sails from the harbour tonight"

    path = worlds.write(tmp_path / "story", change=change)
    parent = await worlds.play(path, tmp_path / "parent")
    opening = parent.script.in_scene("square")[0].id
    made = branch.branch(parent, "parent", f"{opening + 1}", Changes(say=[("bo", "Tonight I sail from the harbour.")]))
    said = made.events[-1]
    assert isinstance(said, LineEvent)
    assert said.cue
    assert said.cue.move == 1
    for name, profile, at_once in (("small", worlds.SMALL, True), ("large", worlds.LARGE, False)):
        child = await _play(made, tmp_path / name, ScriptedModel(profile=profile))
        assert (list(child.script)[said.id + 1].kind == "outcome") is at_once
