"""What a Python user sees: the names of the package, and a play in a script, in a coroutine and in a notebook."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.models.scripted import ScriptedModel


def test_every_public_name_is_there_and_nothing_heavy_is_loaded_for_the_import() -> None:
    code = (
        "import sys, dreamplay as dp; print(*{name.partition('.')[0] for name in sys.modules}); "
        "print(*(getattr(dp, name).__doc__ is None for name in dp.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, undocumented = done.stdout.splitlines()
    assert {"pydantic", "langgraph", "openai", "numpy", "rich", "typer"} & set(loaded.split()) == set()
    assert "True" not in undocumented
    assert (Path(dp.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'plya'"):
        dp.plya  # noqa: B018


@pytest.fixture
def run(small: Path) -> dp.Run:
    return dp.play(small, model="scripted", seed=7)


def test_a_run_can_be_read(run: dp.Run) -> None:
    assert run.finished
    assert [event.id for event in run.events] == list(range(len(run.events)))
    assert {line.speaker for line in run.lines} == {"ada", "bo", "cyrus"}
    assert all(line.text and line.beat != "prologue" for line in run.lines)
    assert set(run.stances) == {"ada", "bo", "cyrus"}
    assert (run.header.seed, run.name("ada"), run.folder.parent.name) == (7, "Ada", "transcripts")
    rows = run.to_records()
    assert json.loads(json.dumps(rows)) == rows
    assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
    assert [row["text"] for row in rows if row["kind"] == "line" and row["turn"]] == [line.text for line in run.lines]
    assert dp.load_run(run.folder.name).events == dp.load_run().events == run.events


def test_a_play_from_python_is_the_play_of_the_command_line(run: dp.Run, small: Path) -> None:
    code = "from dreamplay.cli.main import main; main()"
    words = ["run", "--story", small, "--model", "scripted", "--seed", "7", "--out", "transcripts/cli", "--quiet"]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True)
    assert (run.folder / "transcript.jsonl").read_bytes() == Path("transcripts/cli/transcript.jsonl").read_bytes()


def test_a_branch_is_played_beside_its_parent_and_compared(run: dp.Run) -> None:
    branch = run.branch(at="night", drop=["bo"], say=[("bo", "I am off.")])
    other = dp.play(branch)
    assert other.folder.parent == run.folder.parent.resolve()
    assert other.header.parent == run.folder.name
    assert other.header.model == "scripted"
    assert set(other.stances) == {"ada", "cyrus"}
    made = dp.compare(run, other)
    assert made.findings
    with pytest.raises(dp.DreamplayError, match="two base runs have the seed 7"):
        dp.compare([run, run], [other])


async def test_in_a_coroutine_events_come_as_they_happen(small: Path) -> None:
    playing = dp.stream(small, model="scripted", seed=7)
    seen = [event async for event in playing]
    assert playing.run
    assert tuple(seen) == playing.run.events
    whole = dp.play(small, model="scripted", seed=7, out="transcripts/again")  # as in a notebook, where a loop runs
    assert whole.events == playing.run.events


async def test_who_breaks_off_can_go_on_with_what_was_played(small: Path) -> None:
    playing = dp.stream(small, model="scripted", seed=7, out="transcripts/broken")
    async for event in playing:
        if event.id == 8:
            playing.stop()
    stopped = playing.run
    assert stopped
    assert not stopped.finished
    assert 8 < len(stopped.events) < 14
    whole = await asyncio.to_thread(dp.play, stopped)
    assert whole.finished
    assert whole.events[: len(stopped.events)] == stopped.events


def test_one_model_plays_several_times(small: Path) -> None:
    model = dp.get_model("scripted", window=4096)
    runs = [dp.play(small, model=model, seed=seed, length="short") for seed in (1, 2)]
    assert [run.header.settings["window"] for run in runs] == [4096, 4096]
    own = ScriptedModel()
    told: list[dp.Event] = []
    dp.play(small, model=own, seed=3, beats=["day"], on_event=told.append)
    assert own.seen
    assert [event.beat for event in told if event.beat != "prologue"] == ["day"] * (len(told) - 1)


def test_what_cannot_be_played_is_an_error_that_leaves_nothing(small: Path) -> None:
    with pytest.raises(dp.DreamplayError, match="no file and no shipped story called 'nope'"):
        dp.play("nope", model="scripted")
    with pytest.raises(TypeError, match="unexpected keyword argument 'modle'"):
        dp.play(small, modle="scripted")
    with pytest.raises(dp.DreamplayError, match="no beat 'lunch'"):
        dp.play(small, model="scripted", beats=["lunch"])
    with pytest.raises(dp.DreamplayError, match="no run 'x'"):
        dp.load_run("x")
    assert not Path("transcripts").exists()
    assert dp.load_story(small).title == "Small Hours"
    assert dp.load_persona("leo").name == "Leo"
