"""Several runs at once: bounded, each for itself, stopped and gone on with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.branching import batch
from dreamplay.branching import branch as whatif
from dreamplay.branching.batch import BatchRunner, Job
from dreamplay.branching.branch import Changes
from dreamplay.branching.point import find
from dreamplay.errors import ModelError, RecordError, UsageError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.storage.folders import folder_of

SEEDS = range(7, 13)


class Failing(ScriptedModel):
    """Gives up at one call."""

    def __init__(self, at: int, error: Exception | None = None) -> None:
        super().__init__()
        self._at: int | None = at
        self._error = error or ModelError("the endpoint is down")

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if len(self.seen) == self._at:
            self._at = None
            raise self._error
        return await super().complete(prompt, seed=seed, on_token=on_token)


@pytest.fixture
async def parent(small: Path, tmp_path: Path) -> RunLog:
    return await worlds.play(small, tmp_path / "parent")


def _jobs(parent: RunLog, home: Path, model: ScriptedModel) -> list[Job]:
    made = [whatif.branch(parent, "parent", "night", Changes(say=[("bo", "I am off.")]), seed) for seed in SEEDS]
    return [batch.job(branch, model, {}, home) for branch in made]


async def _play(parent: RunLog, home: Path, model: ScriptedModel, jobs: int = 3, watch: Any = None) -> BatchRunner:
    missing = [each for each in _jobs(parent, home, model) if not each.done()]
    playing = BatchRunner(missing, [model] * jobs, {})
    await playing.play(watch(playing) if watch else lambda job, seen: None)
    return playing


def _files(home: Path) -> dict[str, bytes]:
    pages = [*home.glob(f"*/{FILE}"), *home.glob("*/transcript.md")]
    return {str(path.relative_to(home)): path.read_bytes() for path in pages}


async def test_so_many_are_played_at_once_and_give_the_same_files_each_time(parent: RunLog, tmp_path: Path) -> None:
    most = []

    def counting(playing: BatchRunner) -> Any:
        under_way: set[str] = set()
        most.append(0)

        def watch(job: Job, seen: object) -> None:
            (under_way.discard if seen is None else under_way.add)(job.place.name)
            most[-1] = max(most[-1], len(under_way))

        return watch

    homes = [tmp_path / "one", tmp_path / "two"]
    for home, jobs in zip(homes, (1, 4), strict=True):
        await _play(parent, home, ScriptedModel(), jobs, counting)
    assert most == [1, 4]
    files = _files(homes[0])
    assert files == _files(homes[1])
    assert len(files) == 2 * len(SEEDS)


async def test_what_was_stopped_goes_on_and_what_is_done_is_not_played_again(parent: RunLog, tmp_path: Path) -> None:
    await _play(parent, tmp_path / "whole", ScriptedModel())
    whole = _files(tmp_path / "whole")
    begun: set[str] = set()

    def stopping(playing: BatchRunner) -> Any:
        def watch(job: Job, seen: object) -> None:
            begun.add(job.place.name)
            if len(begun) > 3:  # so one of the first three is over
                playing.stop()

        return watch

    home = tmp_path / "stopped"
    asked = ScriptedModel()
    first = await _play(parent, home, asked, 3, stopping)
    assert first.stopped
    standing = [transcript.read(path) for path in home.glob("*")]
    assert 1 <= sum(record.end is not None for record in standing) < len(standing)
    model = ScriptedModel()
    again = await _play(parent, home, model)
    assert not again.stopped
    assert _files(home) == whole
    shared = transcript.total(list(parent.script)[: find(parent, "parent", "night")]).calls
    total = sum(transcript.total(list(transcript.read(path).script)).calls for path in home.glob("*"))
    assert len(asked.seen) + len(model.seen) == total - shared * len(SEEDS)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ModelError("the endpoint is down"), "the endpoint is down"),
        (KeyError("zed"), "KeyError: 'zed'"),
        (ValueError("first\nsecond"), "ValueError: first second"),
        (ExceptionGroup("several", [AssertionError()]), "AssertionError"),
        ("\ud83d", "UnicodeEncodeError: 'utf-8' codec can't encode"),
    ],
    ids=["of ours", "a bug", "two lines", "several", "half an emoji"],
)
async def test_one_that_is_broken_off_does_not_stop_the_others(
    parent: RunLog, tmp_path: Path, error: Exception | str, says: str
) -> None:
    if isinstance(error, str):
        with pytest.raises(UnicodeEncodeError) as caught:
            error.encode()
        error = caught.value
    model = Failing(20, error)
    broken = await _play(parent, tmp_path / "home", model)
    (why,) = broken.failed.values()
    assert str(why).startswith(says)
    assert "\n" not in str(why)
    assert sum(each.done() for each in _jobs(parent, tmp_path / "home", model)) == len(SEEDS) - 1
    assert not (await _play(parent, tmp_path / "home", model)).failed
    assert all(each.done() for each in _jobs(parent, tmp_path / "home", model))


async def test_a_folder_that_holds_something_else_is_not_touched(parent: RunLog, tmp_path: Path) -> None:
    first = _jobs(parent, tmp_path / "home", ScriptedModel())[0]
    folder = folder_of(first.place)
    folder.mkdir(parents=True)
    raw = (tmp_path / "parent" / FILE).read_bytes()
    (folder / FILE).write_bytes(raw)
    with pytest.raises(RecordError, match="holds a run of something else"):
        first.done()
    assert (folder / FILE).read_bytes() == raw
    with pytest.raises(RecordError, match="already holds a run"):
        transcript.begin(first.place, first.header, first.branch.events)


async def test_stances_that_were_decided_when_it_was_stopped_are_not_asked_for_again(
    parent: RunLog, tmp_path: Path
) -> None:
    class Stopping(ScriptedModel):
        playing: BatchRunner | None = None

        async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
            if self.playing and prompt.kind == "stance":
                self.playing.stop()
            return await super().complete(prompt, seed=seed, on_token=on_token)

    model = Stopping()
    job = _jobs(parent, tmp_path / "home", model)[0]
    model.playing = BatchRunner([job], [model], {})
    await model.playing.play(lambda job, seen: None)
    assert model.playing.stopped
    assert not worlds.kinds(job.record().script, "stance")
    asked = len(worlds.kinds(parent.script, "stance"))
    assert sum(prompt.kind == "stance" for prompt in model.seen) == asked
    model.playing = None
    await BatchRunner([job], [model], {}).play(lambda job, seen: None)
    assert job.done()
    assert sum(prompt.kind == "stance" for prompt in model.seen) == asked


async def test_who_breaks_it_off_breaks_off_all_of_them(parent: RunLog, tmp_path: Path) -> None:
    playing = BatchRunner(_jobs(parent, tmp_path / "home", ScriptedModel()), [ScriptedModel()] * 2, {})
    task = asyncio.create_task(playing.play(lambda job, seen: task.cancel() and None))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not playing.failed
    assert not any(each.done() for each in playing.waiting)


def test_so_many_runs_as_the_system_has_files_for(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    limits = [256, 1024]
    monkeypatch.setattr(resource, "getrlimit", lambda what: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda what, wanted: limits.__setitem__(slice(None), wanted))
    batch.check(8, 4)
    assert limits == [256, 1024]
    batch.check(100, 4)
    assert limits == [batch.OTHERS + 100 * (batch.FILES + 4), 1024]
    with pytest.raises(
        UsageError, match=r"^`jobs=200`: .* 1024 files open, room for 120 runs at once; ask for `jobs=120`"
    ):
        batch.check(200, 4)
    limits[:] = [resource.RLIM_INFINITY] * 2
    batch.check(500, 40)
