from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.errors import RecordError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.rendering import run_tables
from dreamplay.runs import run_index, run_summary, summary_store
from dreamplay.runs.run_summary import RunSummary
from dreamplay.runs.transcript import FILE, Transcript
from dreamplay.storage import disk, lock
from dreamplay.storage.folders import FolderPlace, FolderStore


@pytest.fixture
async def home(small: Path, tmp_path: Path) -> Path:
    """Four runs: one finished, one that was stopped in its first scene, one that is empty, and one of a newer form."""
    home = tmp_path / "home"
    await worlds.play(small, home / "finished")
    run = Runner(worlds.plan(small), ScriptedModel(), home / "stopped", {})
    await run.play(lambda seen: run.stop() if len(run.script) >= 6 else None)
    for name, raw in (("empty", b""), ("newer", b'{"schema_version": 99}\n')):
        (home / name).mkdir()
        (home / name / FILE).write_bytes(raw)
    (home / "notes").mkdir()
    for age, name in enumerate(("newer", "finished", "stopped", "empty")):
        os.utime(home / name / FILE, (1e9 - age, 1e9 - age))
    return home


def test_where_runs_stand(home: Path) -> None:
    newer, finished, stopped, empty = run_index.standings(home)
    assert [each.name for each in (newer, finished, stopped, empty)] == ["newer", "finished", "stopped", "empty"]
    assert [each.state for each in (newer, finished, stopped, empty)] == ["damaged", "finished", "stopped", "damaged"]
    assert "newer dreamplay" in newer.why
    assert "stopped before it began" in empty.why
    assert (stopped.story, stopped.cast, stopped.models) == ("story", ("Ada", "Bo", "Cyrus"), ("scripted",))
    assert (stopped.beat, stopped.scene, stopped.turn) == ("day", "square", stopped.lines)
    assert stopped.events in (6, 7)
    assert (finished.beat, finished.scene) == ("dawn", "road")
    assert finished.events > finished.lines > stopped.lines
    assert finished.size == sum(path.stat().st_size for path in (home / "finished").iterdir())
    assert finished.when.timestamp() == 1e9 - 1


def test_one_that_is_playing_says_who_plays_it(home: Path) -> None:
    with lock.hold(home / "stopped"):
        (playing,) = [each for each in run_index.standings(home) if each.state == "playing"]
        assert playing.name == "stopped"
        assert f"process {os.getpid()} on " in playing.why
        with pytest.raises(RecordError, match="stopped is being played by process"):
            run_index.newest_stopped(home)
    assert run_index.newest_stopped(home) == FolderPlace(home / "stopped")


def test_the_newest_that_was_stopped_is_none_that_is_broken(home: Path) -> None:
    shutil.copytree(home / "stopped", home / "broken")
    head, first, *rest = (home / "broken" / FILE).read_bytes().splitlines(keepends=True)
    (home / "broken" / FILE).write_bytes(b"".join([head, first, first, *rest]))
    assert [each.state for each in run_index.standings(home, 0) if each.name == "broken"] == ["stopped"]
    assert run_index.newest_stopped(home) == FolderPlace(home / "stopped")


def test_there_may_be_none(tmp_path: Path) -> None:
    assert run_index.standings(tmp_path / "nowhere") == []
    with pytest.raises(RecordError, match=r"no run in .* was stopped .*dreamplay.play"):
        run_index.newest_stopped(tmp_path)


@pytest.fixture
def begun(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, of which `second` is newer, and an empty folder in which one is."""
    for age, name in enumerate(("second", "run")):
        with Transcript(tmp_path / name, worlds.plan(small).header("scripted", {})):
            pass
        os.utime(tmp_path / name / FILE, (1e9 - age, 1e9 - age))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_runs_are_found_by_path_by_name_or_as_the_newest(begun: Path) -> None:
    assert run_index.find(None, begun) == FolderPlace(begun / "second")
    run = FolderPlace(begun / "run")
    assert run_index.find("run", begun) == run_index.find(str(begun / "run"), Path("elsewhere")) == run
    with pytest.raises(RecordError, match=r"no run 'third'; the newest in .* are second, run"):
        run_index.find("third", begun)
    with pytest.raises(RecordError, match=r"no run 'third'; and none at all in .*empty"):
        run_index.find("third", begun / "empty")
    with pytest.raises(RecordError, match=r"no runs in .*dreamplay.play"):
        run_index.find(None, begun / "empty")


def test_a_run_by_name_wins_over_what_holds_none(begun: Path) -> None:
    here = begun / "here" / "run"
    for make, unmake in ((Path.mkdir, Path.rmdir), (Path.touch, Path.unlink)):
        make(here)
        assert run_index.find("run", begun) == FolderPlace(begun / "run")
        unmake(here)
    shutil.copytree(begun / "run", here)
    assert run_index.find("run", begun) == FolderPlace(Path("run"))
    here.with_name("other").touch()
    assert run_index.find("other", begun) == FolderPlace(Path("other"))  # to be told what is wrong with it


def test_a_table_has_a_row_for_each(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_tables.show_runs(run_index.standings(home))
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "run", "state", "change", "seed", "model", "story", "written", "stands", "at", "lines", "cast", "size",
    ]  # fmt: skip
    assert [row.split()[:2] for row in rows] == [
        ["newer", "damaged"], ["finished", "finished"], ["stopped", "stopped"], ["empty", "damaged"],
    ]  # fmt: skip
    assert "day, square, turn " in rows[2]
    assert "Ada, Bo, Cyrus" in rows[1]
    assert "newer dreamplay" in rows[0]


async def test_runs_that_differ_in_their_seed_alone_are_one_study(small: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name, rest in {"a": {"seed": 1}, "b": {"seed": 2}, "c": {"seed": 1, "length": "short"}}.items():
        with Transcript(home / name, worlds.plan(small, **rest).header("scripted", {})):
            pass
    studies = {run.name: run.study for run in run_index.standings(home)}
    assert studies["a"] == studies["b"] != studies["c"]


def _without(run: RunSummary, *fields: str) -> dict[str, object]:
    return run.model_dump(exclude={"whole", *fields})


async def test_a_first_look_tells_the_same_without_what_takes_the_whole_transcript(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_index.standings(home, 0)
    assert [run.whole for run in first] == [True, False, False, True]
    monkeypatch.setattr(run_summary, "glance", lambda folder: pytest.fail("there is a summary"))
    assert run_index.standings(home, 0) == first
    second = run_index.standings(home)
    assert all(run.whole for run in second)
    rough = ("lines", "events", "usage")
    assert [_without(run, *rough) for run in first] == [_without(run, *rough) for run in second]
    assert _without(first[1]) == _without(second[1])
    assert second[1].usage.calls > second[2].usage.calls > 0
    monkeypatch.setattr(run_summary, "read", lambda folder: pytest.fail("there is a summary"))
    assert run_index.standings(home) == run_index.standings(home, 0) == second


def test_a_run_is_read_again_when_its_transcript_has_changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "stopped" / FILE
    before = run_index.standings(home)[2]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[2])
    damaged = next(run for run in run_index.standings(home) if run.name == "stopped")
    assert (before.state, damaged.state) == ("stopped", "damaged")
    assert f"{path}:4: " in damaged.why
    monkeypatch.chdir(home)
    assert f"{Path('stopped') / FILE}:4: " in {run.name: run for run in run_index.standings(Path())}["stopped"].why


@pytest.mark.parametrize("raw", [b"", b"{", b'{"form": 1}', b"[" * 100_000], ids=["empty", "cut", "other", "deep"])
def test_kept_summaries_that_cannot_be_read_are_made_again(home: Path, raw: bytes) -> None:
    before = run_index.standings(home)
    (home / summary_store.FILE).write_bytes(raw)
    assert run_index.standings(home) == before
    assert len(summary_store.SummaryStore(FolderStore(home))._runs) == len(before)


def test_runs_in_a_folder_that_cannot_be_written_to_are_listed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "replace", lambda path, content: (_ for _ in ()).throw(PermissionError(path)))
    assert len(run_index.standings(home)) == 4
    assert not (home / summary_store.FILE).exists()


def test_a_folder_whose_name_is_no_text_is_left_out(home: Path) -> None:
    shutil.copytree(home / "stopped", home / os.fsdecode(b"st\xff"))
    assert [run.name for run in run_index.standings(home)] == ["newer", "finished", "stopped", "empty"]
