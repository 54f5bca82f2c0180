"""Runs that are copied between stores."""

from __future__ import annotations

import shutil
from pathlib import Path

import dreamplay as dp
import pytest
import worlds
from dreamplay.errors import RecordError, UsageError
from dreamplay.runs import prompt_records
from dreamplay.runs.transcript import FILE
from dreamplay.storage.folders import FolderStore, at
from dreamplay.storage.store import Store


@pytest.fixture
async def home(small: Path) -> Path:
    """A finished run, with a note, and one that was stopped."""
    home = Path("home")
    await worlds.play(small, home / "one")
    dp.label_run(home / "one", title="Tea")
    shutil.copytree(home / "one", home / "two")
    raw = (home / "one" / FILE).read_bytes().splitlines(keepends=True)
    (home / "two" / FILE).write_bytes(b"".join(raw[:9]))
    return home


def _states(done: list[dp.Copied]) -> dict[str, str]:
    return {each.name: each.state for each in done}


def test_a_copy_is_the_same_and_what_is_there_is_not_copied_again(home: Path, store: Store) -> None:
    assert _states(dp.copy_runs(store=home, to=store)) == {"one": "copied", "two": "copied"}
    for name in ("one", "two"):
        place = store.place(name)
        for file in (FILE, prompt_records.FILE, "about.json", "transcript.md"):
            assert place.read(file) == (home / name / file).read_bytes()
        assert dp.Run.read(place).events == dp.load_run(name, home).events
    assert dp.Run.read(store.place("one")).label.title == "Tea"
    dp.label_run(store.place("one"), title="Another")
    assert _states(dp.copy_runs(["one", home / "two"], store=home, to=store)) == {"one": "there", "two": "there"}
    assert dp.load_run("one", store).label.title == "Another"
    # There and back again.
    assert _states(dp.copy_runs(store=store, to="back")) == {"one": "copied", "two": "copied"}
    assert Path("back/one", FILE).read_bytes() == (home / "one" / FILE).read_bytes()


def test_what_was_played_on_meanwhile_is_added_and_another_run_is_left_alone(home: Path, store: Store) -> None:
    dp.copy_runs("two", store=home, to=store)
    dp.play(dp.load_run("two", home), model="scripted")
    assert _states(dp.copy_runs("two", store=home, to=store)) == {"two": "extended"}
    whole = (home / "two" / FILE).read_bytes()
    assert store.place("two").read(FILE) == whole
    (home / "two" / FILE).write_bytes(b"".join(whole.splitlines(keepends=True)[:9]))
    (further,) = dp.copy_runs("two", store=home, to=store)
    assert (further.state, "was played further" in further.why) == ("failed", True)
    (home / "two" / FILE).write_bytes(whole.replace(b"Tea is tea", b"Tea is not", 1))
    (another,) = dp.copy_runs("two", store=home, to=store)
    assert (another.state, "is another run" in another.why) == ("failed", True)
    assert store.place("two").read(FILE) == whole


def test_what_is_being_played_is_refused_and_the_others_are_copied(home: Path, store: Store) -> None:
    with at(home / "one").hold():
        done = dp.copy_runs(store=home, to=store)
    assert _states(done) == {"one": "failed", "two": "copied"}
    assert "is being played by process" in done[0].why
    assert not store.place("one").exists()
    with store.place("two").hold():
        assert _states(dp.copy_runs("two", store=home, to=store)) == {"two": "failed"}


def test_what_cannot_be_copied_at_all(home: Path) -> None:
    with pytest.raises(UsageError, match="is in home already; choose another store with `to`"):
        dp.copy_runs(store=home, to=home)
    with pytest.raises(RecordError, match="no run 'three'"):
        dp.copy_runs(["three"], store=home, to="other")
    with pytest.raises(UsageError, match="no store is reached by mysql://; name a folder, or a postgresql:// address"):
        dp.copy_runs(store=home, to="mysql://localhost/plays")
    assert dp.copy_runs(store="nowhere", to="other") == []
    assert FolderStore(Path("other")).places(FILE) == []
