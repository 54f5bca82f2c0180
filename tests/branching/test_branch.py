"""Branching off: what a branch shares, what it changes, and that it knows nothing of what its parent did later."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.engine import run_config
from dreamplay.errors import LibraryError, RecordError, UsageError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.visit import Visit
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event, ReflectionEvent, StanceEvent, TurnEvent, turn_start
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.story import Story

MARK = "ZEBRA"
BELIEVER = {"ada": "leo_believer"}


@pytest.fixture
async def parent(small: Path, tmp_path: Path) -> RunLog:
    return await worlds.play(small, tmp_path / "parent")


async def _play(made: branch.Branch, home: Path, model: ScriptedModel | None = None) -> RunLog:
    model = model or ScriptedModel()
    job = batch.job(made, model, {}, home)
    await job.run(model, {}).play(lambda seen: None)
    return job.record()


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _first(record: RunLog, scene: str) -> int:
    return record.script.in_scene(scene)[0].id


def _of(events: list[Event], role: str) -> list[Event]:
    """What somebody perceived, besides their own thoughts about the scene that they have left."""
    mine = [event for event in events if role in (*event.witnesses, event.speaker)]
    return [event for event in mine if event.kind != "reflection"]


def _words(event: Event) -> tuple[object, ...]:
    return event.kind, event.speaker, event.text, event.scene, event.witnesses


async def test_a_twin_says_what_its_parent_said(parent: RunLog, tmp_path: Path) -> None:
    for at in (None, "night", "porch", "9"):
        twin = await _play(branch.branch(parent, "parent", at, Changes()), tmp_path)
        assert list(twin.script) == list(parent.script)
        assert twin.end == parent.end
        assert (twin.header.parent, twin.header.changes) == ("parent", ())


async def test_other_dice_share_the_events_before_the_point_and_part_after_it(parent: RunLog, tmp_path: Path) -> None:
    twin = await _play(branch.branch(parent, "parent", "9", Changes(), seed=8), tmp_path)
    assert list(twin.script)[:9] == list(parent.script)[:9]
    assert list(map(_words, twin.script)) != list(map(_words, parent.script))
    assert (twin.header.seed, twin.header.point) == (8, 9)
    pressures = [e.text for e in twin.script.in_scene("square") if e.kind == "narration"]
    assert len(set(pressures)) == len(pressures)


async def test_a_branch_never_divides_a_turn(small: Path, tmp_path: Path) -> None:
    parent = await worlds.play(small, tmp_path / "parent", worlds.Acting())
    events = list(parent.script)
    divided = [event.id for event in events if turn_start(events, event.id) < event.id]
    assert divided
    for at in divided:
        made = branch.branch(parent, "parent", str(at), Changes(), seed=8)
        assert made.plan.point == len(made.events) == turn_start(events, at)


async def test_a_branch_never_sees_what_its_parent_did_later(parent: RunLog, tmp_path: Path) -> None:
    point = _first(parent, "attic")
    lines = (tmp_path / "parent" / FILE).read_text().splitlines()
    marked = [re.sub(r'("text":")', rf"\1{MARK} ", line) if i > point else line for i, line in enumerate(lines)]
    assert sum(MARK in line for line in marked) > 10
    (tmp_path / "parent" / FILE).write_text("\n".join([*marked, ""]))
    before = {path: path.read_bytes() for path in (tmp_path / "parent").iterdir()}
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe", "parrot"))
    model = ScriptedModel(profile=worlds.LARGE)
    made = branch.branch(transcript.read(tmp_path / "parent"), "parent", "attic", Changes({"bo": "zoe.yaml"}))
    child = await _play(made, tmp_path, model)
    assert child.end
    assert model.seen
    assert MARK not in "".join(f"{prompt.system}{prompt.script}{prompt.tail}" for prompt in model.seen)
    assert not [event for event in child.script if MARK in event.model_dump_json()]
    assert {path: path.read_bytes() for path in (tmp_path / "parent").iterdir()} == before


async def test_a_branch_of_a_branch_tells_all_its_changes(parent: RunLog, tmp_path: Path) -> None:
    child = await _play(branch.branch(parent, "parent", "attic", Changes(say=[("bo", "I am off.")])), tmp_path)
    grand = await _play(branch.branch(child, "child", "porch", Changes(drop=["bo"])), tmp_path)
    point = _first(child, "porch")
    assert list(grand.script)[:point] == list(child.script)[:point]
    assert any(event.text == "I am off." for event in grand.script)
    plan = run_config.from_header(grand.header)
    assert plan.header("scripted", plan.recorded(ScriptedModel())) == grand.header
    assert grand.header.parent == "child"
    assert grand.header.changes == (
        f"from event {_first(parent, 'attic')} on, say bo: I am off.", f"from event {point} on, drop bo",
    )  # fmt: skip


async def test_who_is_swapped_later_keeps_the_name_that_the_others_know(parent: RunLog, tmp_path: Path) -> None:
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe", "parrot"))
    for at, name in ((None, "Zoe"), ("night", "Bo")):
        made = branch.branch(parent, "parent", at, Changes({"bo": "zoe.yaml"}))
        assert made.plan.cast.name("bo") == name
        assert "parrot" in made.plan.cast.personas["bo"].who
    child = await _play(made, tmp_path)
    dream = worlds.kinds(child.script, "dream")[0]
    assert [entry.fear for entry in dream.ledger] == [
        "CANARY-Ada-fear stands on the stairs.", "CANARY-Zoe-fear stands on the stairs.",
    ]  # fmt: skip


@pytest.mark.parametrize("at", [None, "night"])
async def test_a_role_that_is_swapped_for_itself_has_the_shipped_persona_of_the_story_back(
    at: str | None, tmp_path: Path
) -> None:
    parent = await worlds.play(worlds.write(tmp_path / "story", change=_of_leo), tmp_path / "run", swaps=BELIEVER)
    back = branch.branch(parent, "run", at, Changes(swaps={"ada": "ada"}))
    assert back.plan.cast.personas["ada"] == casting.load_persona("leo")
    assert not back.twin
    record = await _play(back, tmp_path)
    assert record.header.changes[-1].endswith("swap ada=ada")
    again = branch.branch(record, record.header.parent or "", at, Changes(swaps={"ada": "ada"}))
    assert again.twin


@pytest.mark.parametrize("at", ["corner", "12"])
async def test_a_line_is_said_to_those_present(parent: RunLog, tmp_path: Path, at: str) -> None:
    child = await _play(
        branch.branch(parent, "parent", at, Changes(say=[("bo", "I am off."), ("ada", "Go.")])), tmp_path
    )
    (said,) = [event for event in child.script if event.text == "I am off."]
    assert (said.kind, said.speaker, said.provenance.by) == ("line", "bo", "person")
    assert said.witnesses == next(scene.present for _, scene in child.header.story.scenes if scene.id == said.scene)
    turns = [event.turn for event in worlds.turns(child.script.in_scene(said.scene))]
    assert turns == list(range(1, len(turns) + 1))
    assert child.script.in_scene(said.scene)[0].kind == "narration"


async def test_a_line_is_said_between_two_stances(parent: RunLog, tmp_path: Path) -> None:
    first, second, *_ = worlds.kinds(parent.script, "stance")
    child = await _play(branch.branch(parent, "parent", str(second.id), Changes(say=[("bo", "Wait.")])), tmp_path)
    assert child.end
    assert [event.speaker for event in worlds.kinds(child.script, "stance")] == ["ada", "bo", "cyrus"]
    said = list(child.script)[second.id]
    assert (said.text, said.scene) == ("Wait.", first.scene)


async def test_who_is_dropped_is_absent_from_every_later_scene(parent: RunLog, tmp_path: Path) -> None:
    point = _first(parent, "attic")
    child = await _play(branch.branch(parent, "parent", "attic", Changes(drop=["bo"])), tmp_path)
    own = list(child.script)[point:]
    assert not [event for event in own if "bo" in event.witnesses or event.speaker == "bo"]
    assert [event.speaker for event in worlds.kinds(own, "stance")] == ["ada", "cyrus"]


@pytest.mark.parametrize("at", ["attic", "mid"])
async def test_who_says_a_last_word_and_is_dropped_leaves_after_it(parent: RunLog, tmp_path: Path, at: str) -> None:
    point = _first(parent, "attic") + 2 * (at == "mid")
    last_word = Changes(say=[("bo", "I am off."), ("ada", "Go."), ("bo", "Gone.")], drop=["bo"])
    child = await _play(branch.branch(parent, "parent", "attic" if at == "attic" else f"{point}", last_word), tmp_path)
    own = list(child.script)[point:]
    said = next(i for i, event in enumerate(own) if event.text == "Gone.")
    assert (own[said + 1].kind, own[said + 1].speaker) == ("exit", "bo")
    assert not _of(own[said + 2 :], "bo")
    assert [event.speaker for event in worlds.kinds(own, "stance")] == ["ada", "cyrus"]


async def test_who_is_dropped_in_the_middle_of_a_scene_leaves_there(parent: RunLog, tmp_path: Path) -> None:
    point = _first(parent, "square") + 3
    child = await _play(branch.branch(parent, "parent", f"{point}", Changes(drop=["cyrus"])), tmp_path)
    own = list(child.script)[point:]
    assert (own[0].kind, own[0].speaker) == ("exit", "cyrus")
    assert not _of(own[1:], "cyrus")


@pytest.mark.parametrize("at", [None, "2"])
async def test_an_aside_that_all_who_are_left_would_hear_is_left_out(tmp_path: Path, at: str | None) -> None:
    staged = worlds.write(tmp_path / "staged", change=worlds.stage)
    parent = await worlds.play(staged, tmp_path / "parent")
    child = await _play(branch.branch(parent, "parent", at, Changes(drop=["cyrus"])), tmp_path)
    assert not [event for event in child.script.of_kind(TurnEvent) if event.hears]


async def test_an_opening_goes_without_the_sentences_in_which_somebody_absent_is_there(
    small: Path, tmp_path: Path
) -> None:
    def change(story: dict[str, Any]) -> None:
        first, second = story["beats"][0]["scenes"][1], story["beats"][1]["scenes"][0]
        first["present"] = second["present"] = ["ada", "bo", "cyrus"]
        first["opening"] = "Rain in {bo}'s yard. {bo} sits on the wall. Nobody speaks."
        second["opening"] = "Bo has lit a lamp."

    story = worlds.write(tmp_path / "named", change=change)
    parent = await worlds.play(story, tmp_path / "transcripts" / "parent")
    made = branch.branch(parent, "parent", None, Changes(drop=["bo"]))
    scenes = {scene.id: scene for _, scene in made.plan.scenes}
    assert [scenes[name].opening for name in ("corner", "attic")] == [
        "Rain in Bo's yard. Nobody speaks.",
        scenes["attic"].place,
    ]
    assert [note.partition(" (")[0] for note in made.notes] == [
        "the opening of day/corner speaks of somebody absent; left out of it: Bo sits on the wall.",
        "the opening of night/attic speaks of somebody absent; left out of it: Bo has lit a lamp.",
    ]


def _plotted(story: dict[str, Any]) -> None:
    square, corner = story["beats"][0]["scenes"]
    worlds.plot(square)
    square["turns"] = {"min": 3, "max": 6}
    square["topics"].append({
        "id": "kettle", "about": "the kettle", "moves": [{"role": "ada", "does": "says that it boils", "opens": True}],
    })  # fmt: skip
    square["pressures"].append({"text": "It knocks.", "to": "bo", "opens": "door"})
    corner["present"] = ["ada", "bo", "cyrus"]
    corner["openings"] = [
        {"text": "{bo} is gone. It snows.", "when": "square.bo_goes == yes"},
        {"text": "{bo} is still here. It rains.", "when": "square.bo_goes == no"},
    ]


async def test_of_topics_aims_and_outcome_nothing_is_left_that_is_somebodys_who_is_absent(tmp_path: Path) -> None:
    """What depends on the outcome takes the answer that it has otherwise."""
    parent = await worlds.play(worlds.write(tmp_path / "plotted", change=_plotted), tmp_path / "parent")
    made = branch.branch(parent, "parent", None, Changes(drop=["bo"]))
    square, corner = (scene for _, scene in made.plan.scenes[:2])
    assert [topic.id for topic in square.topics] == ["kettle"]
    assert (square.reveals, [(each.to, each.opens) for each in square.pressures[2:]]) == ((), [(None, None)])
    assert (square.outcome, corner.opening, corner.openings) == (None, "It rains.", ())
    left_out = "what comes of day/square is about somebody absent; left out of it: Does Bo go?"
    assert f"{left_out} (what depends on it takes 'no')" in made.notes
    assert "what somebody absent could say or be told in day/square, left out of it: 4" in made.notes
    child = await _play(made, tmp_path)
    assert not worlds.kinds(child.script, "outcome")
    assert child.script.in_scene("corner")[0].text == "It rains."
    assert not [event for event in child.script if "Bo " in event.text]


async def test_a_promise_stays_open_whose_scene_or_outcome_is_left_out(tmp_path: Path) -> None:
    def change(story: dict[str, Any]) -> None:
        _plotted(story)
        square = story["beats"][0]["scenes"][0]
        square["topics"].append({"id": "oath", "about": "an oath", "moves": [
            {"role": "ada", "does": f"promises {{cyrus}} {what}", "opens": True, "act": "promise", "kept": once}
            for what, once in (("tea", "square.bo_goes == no"), ("sleep", "attic"), ("bread", "porch"))
        ]})  # fmt: skip

    parent = await worlds.play(worlds.write(tmp_path / "plotted", change=change), tmp_path / "parent")
    for at in (None, "attic"):
        made = branch.branch(parent, "parent", at, Changes(drop=["bo"]))
        oath = made.plan.scenes[0][1].topics[-1]
        outcome = [] if at is None else ["square.bo_goes == no"]
        assert [str(each) for move in oath.moves for each in move.kept] == [*outcome, "porch"]


async def test_whoever_has_left_is_not_spoken_to_in_the_scene_that_they_leave(tmp_path: Path) -> None:
    def change(story: dict[str, Any]) -> None:
        square = story["beats"][0]["scenes"][0]
        worlds.plot(square)
        square["turns"] = {"min": 3, "max": 6}

    parent = await worlds.play(worlds.write(tmp_path / "plotted", change=change), tmp_path / "parent")
    changes = Changes(say=[("bo", "I am off.")], drop=["bo"])
    child = await _play(branch.branch(parent, "parent", "square", changes), tmp_path)
    own = list(child.script.in_scene("square", TurnEvent))[1:]
    assert own
    assert not [event for event in own if event.cue and (event.cue.to == "bo" or "Bo" in event.cue.text)]


async def test_of_what_happens_and_comes_nothing_is_told_that_names_somebody_absent(tmp_path: Path) -> None:
    def change(story: dict[str, Any]) -> None:
        square = story["beats"][0]["scenes"][0]
        square["pressures"] = ["{bo}'s coat falls.", "It thunders."]
        answers = {"a": "{bo}'s lamp burns. It is late.", "b": "{bo}'s lamp is out."}
        square["outcome"] = {"id": "lamp", "question": "Is it lit?", "answers": answers, "otherwise": "a"}

    parent = await worlds.play(worlds.write(tmp_path / "named", change=change), tmp_path / "parent")
    made = branch.branch(parent, "parent", "square", Changes(drop=["bo"]))
    child = await _play(made, tmp_path)
    told = [event.text for event in child.script.in_scene("square") if not event.speaker]
    assert told == ["They meet: square.", "It thunders.", "It is late."]
    notes = [note.partition(" (")[0] for note in made.notes if "day/square" in note]
    assert notes == [
        "something that happens in day/square speaks of somebody absent; left out of it: Bo's coat falls.",
        "what comes of day/square speaks of somebody absent; left out of it: Bo's lamp burns. Bo's lamp is out.",
    ]


async def test_where_nobody_is_left_to_talk_to_nothing_is_played(parent: RunLog, tmp_path: Path) -> None:
    made = branch.branch(parent, "parent", "corner", Changes(drop=["bo"]))
    child = await _play(made, tmp_path)
    assert [note for note in made.notes if "only Ada" in note] == [
        "only Ada would be left in day/corner, which is not played",
        "only Ada would be left in night/attic, which is not played",
    ]
    assert child.end
    assert not {event.scene for event in child.script} & {"corner", "attic"}
    assert worlds.kinds(child.script, "stance")


async def test_a_scene_ends_when_nobody_is_left_to_talk_to(parent: RunLog, tmp_path: Path) -> None:
    made = branch.branch(parent, "parent", "corner", Changes(say=[("bo", "I am off.")], drop=["bo"]))
    child = await _play(made, tmp_path)
    assert "nobody is left in day/corner to talk to, so it ends there" in made.notes
    assert [event.text for event in child.script.in_scene("corner", TurnEvent)] == ["I am off."]


async def test_a_branch_goes_on_with_what_came_of_the_scenes_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "plotted"
    parent = await worlds.play(worlds.write(folder, change=_plotted), tmp_path / "parent")
    (outcome,) = worlds.kinds(parent.script, "outcome")
    for at, changes in (("corner", Changes(say=[("ada", "So.")])), (f"{outcome.id}", Changes(drop=["cyrus"]))):
        child = await _play(branch.branch(parent, "parent", at, changes), tmp_path)
        assert worlds.kinds(child.script, "outcome")[0].text == outcome.text
        assert child.script.in_scene("corner")[0].text == parent.script.in_scene("corner")[0].text
    other = worlds.write(folder, change=lambda story: (_plotted(story), _without_outcome(story)))
    with pytest.raises(UsageError, match=rf"square.bo_goes == {outcome.answer} was decided before the point"):
        branch.branch(parent, "parent", "corner", Changes(story=other))


async def test_where_an_edit_moves_what_was_said_it_decides_and_reveals_what_it_did(tmp_path: Path) -> None:
    def change(story: dict[str, Any]) -> None:
        square = story["beats"][0]["scenes"][0]
        worlds.plot(square)
        square["turns"] = {"min": 3, "max": 6}

    def edit(story: dict[str, Any]) -> None:
        change(story)
        moves = story["beats"][0]["scenes"][0]["topics"][0]["moves"]
        moves.insert(0, {"role": "bo", "does": "says that it is Friday", "joins": True})

    path = worlds.write(tmp_path / "plotted", change=change)
    parents = [await worlds.play(path, tmp_path / f"{seed}", seed=seed) for seed in range(10)]
    parent = next(run for run in parents if _secrets(run))
    told = _secrets(parent)
    # The move with the number of the one that gives the secret away now decides that Bo goes.
    edited = worlds.write(tmp_path / "edited", change=edit)
    child = await _play(branch.branch(parent, "parent", f"{told[0] + 1}", Changes(story=edited)), tmp_path)
    assert list(child.script)[told[0] + 1].kind != "outcome"
    assert _secrets(child) == told


def _secrets(record: RunLog) -> list[int]:
    """The events that gave something away."""
    return [thread.since for thread in record.ledger(record.script).threads if thread.kind == "secret"]


def _without_outcome(story: dict[str, Any]) -> None:
    square, corner = story["beats"][0]["scenes"]
    del square["outcome"], square["topics"][0]["moves"][1]["decides"], corner["openings"]


@pytest.mark.parametrize(
    ("at", "left"), [(None, ["cyrus"]), ("1", ["bo", "cyrus"]), ("day", ["bo", "bo", "ada", "cyrus"])]
)
async def test_a_prologue_goes_on_without_lines_by_or_about_somebody_absent(
    tmp_path: Path, at: str | None, left: list[str]
) -> None:
    def change(story: dict[str, Any]) -> None:
        said = [("bo", "{bo} says", "Tea."), ("bo", "{bo} says", "No."), ("ada", "{ada} asks {bo}", "Why?"),
                ("cyrus", "{cyrus} says", "It rains.")]  # fmt: skip
        story["prologue"] = [{"role": role, "cue": cue, "line": line} for role, cue, line in said]

    parent = await worlds.play(worlds.write(tmp_path / "led", change=change), tmp_path / "parent")
    made = branch.branch(parent, "parent", at, Changes(drop=["bo"]))
    child = await _play(made, tmp_path)
    assert [event.speaker for event in child.script.in_scene("prologue")] == left
    assert any("prologue" in note for note in made.notes) == (len(left) < 4)


async def test_a_story_is_edited_from_the_point_on(parent: RunLog, small: Path, tmp_path: Path) -> None:
    def edit(story: dict[str, Any]) -> None:
        story["beats"][0]["scenes"][0]["opening"] = "Nobody hears this."
        story["beats"][2]["scenes"][1]["opening"] = "It snows on the road."

    edited = worlds.write(tmp_path / "edited", change=edit)
    child = await _play(branch.branch(parent, "parent", "night", Changes(story=edited)), tmp_path)
    told = [event.text for event in child.script]
    assert "It snows on the road." in told
    assert "Nobody hears this." not in told


def _moved(story: dict[str, Any]) -> None:
    story["beats"][0]["scenes"][1]["present"] = ["ada", "cyrus"]


def _of_leo(story: dict[str, Any]) -> None:
    story["cast"]["ada"] = "leo"


def _lingering(story: dict[str, Any]) -> None:
    """They talk on after they have chosen."""
    scenes = story["beats"][-1]["scenes"]
    scenes.insert(1, story["beats"][0]["scenes"][0] | {"id": "stairs", "opening": "They meet: stairs."})


def _retitled(story: dict[str, Any]) -> None:
    story["title"] = "Large Hours"


BAD: dict[str, tuple[str | None, Changes, str]] = {
    "beyond the end": ("999", Changes(drop=["bo"]), r"`at=999`: parent ends with event \d+"),
    "no such place": ("cellar", Changes(drop=["bo"]), "no such beat or scene; there are day, square,"),
    "no such role to swap": ("night", Changes({"zed": "ada"}), "no role 'zed' in this story"),
    "no such persona": ("night", Changes({"bo": "zeb"}), "no file and no shipped persona called 'zeb'"),
    "no such role to drop": ("night", Changes(drop=["zed"]), "`drop=zed`: no such role"),
    "nobody left": ("night", Changes(drop=["ada", "bo"]), "nobody would be left to talk to; keep one of them"),
    "nobody left at the end": (None, Changes(drop=["ada", "bo", "cyrus"]), "nobody would be left in dawn/road"),
    "a line before nobody": ("attic", Changes(say=[("ada", "Hi.")], drop=["bo"]), "only Ada would be left in night/"),
    "an epilogue under way": ("road under way", Changes(drop=["bo"]), "`drop=bo`: an epilogue is told whole"),
    "an edit of an epilogue under way": (
        "road under way",
        Changes(story=Story.model_validate(worlds.story())),
        "`story_edit`: an epilogue is told whole",
    ),
    "a line of a stranger": ("square", Changes(say=[("zed", "Hi.")]), "`say=zed`: not in day/square"),
    "a line of one who is not there": ("attic", Changes(say=[("cyrus", "Hi.")]), "there are ada, bo"),
    "a line that nobody could say": ("square", Changes(say=[("bo", "x" * 5000)]), "`say=bo`: say: .*4000 characters"),
    "a point of 5,000 digits": ("9" * 5000, Changes(drop=["bo"]), r"`at=9{40}…`: parent ends with event \d+"),
    "a point of 5,000 letters": ("x" * 5000, Changes(drop=["bo"]), r"`at=x{40}…`: parent has no such beat"),
    "a line before the prologue": (None, Changes(say=[("ada", "Hi.")]), "nobody can speak at that point"),
    "a line in the epilogue": ("road", Changes(say=[("ada", "Hi.")]), "nobody can speak at that point"),
    "no such story": ("night", Changes(story=Path("no.yaml")), "no.yaml: No such file"),
}


@pytest.mark.parametrize("what", BAD)
async def test_bad_input_is_said_clearly(parent: RunLog, what: str) -> None:
    at, changes, said = BAD[what]
    at = f"{_first(parent, 'road') + 1}" if at == "road under way" else at
    with pytest.raises(UsageError, match=said):
        branch.branch(parent, "parent", at, changes)


@pytest.mark.parametrize(
    ("change", "said"), [(_retitled, "is another story: 'Large Hours'"), (_moved, "the run has played day/corner")]
)
async def test_another_story_is_refused(
    parent: RunLog, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    other = worlds.write(tmp_path / "other", change=change)
    with pytest.raises(UsageError, match=said):
        branch.branch(parent, "parent", "night", Changes(story=other))


async def test_a_parent_that_was_stopped_has_only_what_it_played(parent: RunLog, tmp_path: Path) -> None:
    path = tmp_path / "parent" / FILE
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:9]))
    stopped = transcript.read(path)
    with pytest.raises(UsageError, match=r"`at=night`: parent lies before it \(it has come to day, square\)"):
        branch.branch(stopped, "parent", "night", Changes())
    assert len(branch.branch(stopped, "parent", "8", Changes()).events) == 8
    assert branch.cost(stopped, [branch.branch(stopped, "parent", "8", Changes())]).calls > 5
    with pytest.raises(UsageError, match="ends with event 7"):
        branch.branch(stopped, "parent", "9", Changes())
    header = parent.header.model_copy(update={"settings": {}})
    with pytest.raises(RecordError, match="does not fit its story"):
        branch.branch(RunLog(header, parent.script, None), "parent", "8", Changes())


async def test_it_costs_what_the_rest_of_the_parent_did(parent: RunLog) -> None:
    made = [branch.branch(parent, "parent", at, Changes()) for at in ("attic", "porch")]
    rest = [event for at in ("attic", "porch") for event in list(parent.script)[_first(parent, at) :]]
    assert branch.cost(parent, made) == transcript.total(rest)


def test_a_name_tells_branches_apart_and_nothing_else() -> None:
    parent = worlds.record(worlds.said("ada", "One."), worlds.said("bo", "Two."))
    settings = {"length": "full", "beats": ["day", "night", "dawn"]}
    parent = RunLog(parent.header.model_copy(update={"settings": settings}), parent.script, None)
    cases = [("1", Changes()), ("2", Changes()), ("1", Changes(drop=["bo"])), ("1", Changes({"bo": "ada"}))]

    def name(at: str, changes: Changes, model: str = "m", seed: int = 1, parent: RunLog = parent) -> str:
        made = branch.branch(parent, "parent", at, changes, seed)
        return made.name(made.plan.header(model, {}))

    names = [*(name(*case) for case in cases), name(*cases[0], model="n"), name(*cases[0], seed=2)]
    assert names == [*(name(*case) for case in cases), name(*cases[0], model="n"), name(*cases[0], seed=2)]
    assert len(set(names)) == len(names)
    assert names[0][:-1] == names[-1][:-1]
    assert Cast(parent.header.cast).roles == ("ada", "bo", "cyrus")


@pytest.mark.parametrize(
    "story_id",
    [
        "/etc/cron.d/x",
        "../../x",
        "..",
        "",
        "a\x00b",
        "C:\\x",
        "con",
        "nul.txt",
        "-rf",
        ".hidden",
        "x" * 5000,
        "ü" * 300,
    ],
)
async def test_no_name_of_a_story_leaves_the_folder_of_the_runs(parent: RunLog, tmp_path: Path, story_id: str) -> None:
    theirs = RunLog(parent.header.model_copy(update={"story_id": story_id}), parent.script, parent.end)
    home = tmp_path / "home"
    child = await _play(branch.branch(theirs, "parent", "night", Changes(drop=["bo"])), home)
    assert child.end
    (folder,) = _names(home)
    assert re.fullmatch(r"\w[\w-]{0,59}-whatif-[0-9a-f]{8}-7", folder)
    assert _names(tmp_path) == {"home", "parent", "small"}


async def test_somebody_steps_in_and_has_not_heard_what_was_before(parent: RunLog, tmp_path: Path) -> None:
    at = _first(parent, "square") + 4
    made = branch.branch(parent, "parent", str(at), Changes(visitor="Noor", every_line=True))
    assert made.events[:-1] == tuple(parent.script)[:at]
    came = made.events[-1]
    assert (came.kind, came.speaker, came.text) == ("entrance", VISITOR, "Noor comes in and joins them.")
    assert set(came.witnesses) == {"ada", "bo", "cyrus", VISITOR}
    assert made.plan.visit == Visit(every_line=True)
    model = ScriptedModel()
    record = await _play(made, tmp_path, model)
    assert record.end
    assert record.header.changes == (f"from event {at} on, step in Noor",)
    assert [event.id for event in record.script if VISITOR in event.witnesses and event.id < at] == []
    assert all(VISITOR in event.witnesses for event in record.script.in_scene("porch") if event.kind == "line")
    # They are in the room, so what they have not heard stands in nobody's common script.
    before = [event.text for event in parent.script if event.id < at and event.kind == "line"]
    assert not [text for text in before for prompt in model.seen if text in prompt.script]
    assert any("Noor" in prompt.script + prompt.tail for prompt in model.seen)


async def test_who_steps_in_where_a_scene_begins_is_there_from_its_opening_on(parent: RunLog, tmp_path: Path) -> None:
    assert branch.branch(parent, "parent", None, Changes(visitor="Noor")).events == ()
    porch = _first(parent, "porch")
    for at in (porch, _first(parent, "attic"), parent.script.in_scene("square", ReflectionEvent)[1].id):
        made = branch.branch(parent, "parent", str(at), Changes(visitor="Noor"))
        assert made.events[:-1] == tuple(parent.script)[:at]
        opening = made.events[-1]
        meant = next(event for event in parent.script if event.id >= at and event.kind == "narration")
        assert (opening.text, opening.scene) == (meant.text, meant.scene)
        assert opening.witnesses == (*meant.witnesses, VISITOR)
    record = await _play(branch.branch(parent, "parent", str(porch), Changes(visitor="Noor")), tmp_path)
    assert record.end
    assert {event.scene for event in record.script if VISITOR in event.witnesses} == {"porch", "road"}
    assert branch.branch(record, "record", "road", Changes(swaps={VISITOR: VISITOR})).twin


@pytest.mark.parametrize("scope", ["story", "last_beat"])
async def test_the_end_is_told_of_what_was_chosen_though_somebody_has_stepped_in_since(
    scope: str, tmp_path: Path
) -> None:
    model = ScriptedModel(profile=worlds.SMALL.refined({"epilogue_scope": scope}))
    small = worlds.write(tmp_path / "small", change=_lingering)
    parent = await worlds.play(small, tmp_path / "parent", model)
    endings = {"They left.", "They stayed.", "They left and came back."}
    told = [event.text for event in parent.script.in_scene("road") if event.text in endings]
    assert told
    made = branch.branch(parent, "parent", str(_first(parent, "stairs") + 2), Changes(visitor="Noor"))
    record = await _play(made, tmp_path, model)
    assert [event.text for event in record.script.in_scene("road") if event.text in endings] == told


async def test_nobody_steps_in_where_the_end_is_told_or_under_a_name_that_is_taken(parent: RunLog) -> None:
    for at in (_first(parent, "road") + 1, _first(parent, "road"), parent.script.of_kind(StanceEvent)[-1].id):
        with pytest.raises(UsageError, match=r"`visitor`: nobody can step in at road"):
            branch.branch(parent, "parent", str(at), Changes(visitor="Noor"))
    with pytest.raises(LibraryError, match="Ada is in the cast already"):
        branch.branch(parent, "parent", "day", Changes(visitor="Ada"))


async def test_a_visitor_takes_part_anew_from_a_point_on(small: Path, tmp_path: Path) -> None:
    done = worlds.dump(tmp_path / "done.yaml", {"interventions": [{"beat": "day", "say": "Hm."}]})
    record = await worlds.visited(worlds.plan(small, guest="Noor", interventions=done), tmp_path / "visited")
    again = branch.branch(record, "visited", "day", Changes(visitor="noor"))
    assert (again.plan.visit, again.events) == (Visit(), tuple(record.script)[: again.plan.point])
    repeats = branch.branch(record, "visited", "day", Changes()).plan.visit
    assert repeats
    assert repeats.interventions
    with pytest.raises(UsageError, match="`visitor=Zed`: Noor is the visitor of this run already"):
        branch.branch(record, "visited", "day", Changes(visitor="Zed"))
