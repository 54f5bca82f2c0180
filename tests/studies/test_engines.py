"""The engines: what is handed out when, what comes back, and that nothing is lost or played twice."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.models.base import Reply
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.storage import lock
from dreamplay.storage.folders import FolderPlace
from dreamplay.studies.engines import backlog as backlogs
from dreamplay.studies.engines import processes
from dreamplay.studies.engines.backlog import Backlog
from dreamplay.studies.engines.base import Outcome, Unwatched
from dreamplay.studies.engines.here import OBJECTS, Here
from dreamplay.studies.engines.processes import Processes
from dreamplay.studies.loaded import load_study
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Worker, Workplace

Write = Callable[..., Path]


class Heard(Unwatched):
    """Keeps what is told, and does something when a task is over."""

    def __init__(self, then: Callable[[Outcome], object] = lambda outcome: None) -> None:
        self.begun: list[str] = []
        self.outcomes: list[Outcome] = []
        self.gone: list[str] = []
        self._then = then

    def began(self, name: str, worker: str) -> None:
        self.begun.append(name)

    def over(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._then(outcome)

    def lost(self, worker: str, names: Sequence[str]) -> None:
        self.gone += names

    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.outcomes}


@pytest.fixture
def tasks(write: Write) -> tuple[Task, ...]:
    return load_study(write()).tasks


def place(home: str = "plays", **rest: Any) -> Workplace:
    return Workplace(store=home, **({"jobs": 3, "all_jobs": 3} | rest))


def _stopped_at_once(play: Callable[..., Any]) -> Callable[..., Any]:
    async def stopped(self: Runner, *args: Any) -> None:
        self.stop()
        await play(self, *args)

    return stopped


def transcripts(home: str) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in Path(home).glob(f"*/{transcript.FILE}")}


async def test_a_task_that_branches_off_another_is_handed_out_after_it(tasks: tuple[Task, ...]) -> None:
    heard = Heard()
    waiting = Backlog(tasks[:4], heard)
    taken = [await waiting.take("w") for _ in range(3)]
    assert [each and each.condition for each in taken] == ["base", "calm", "calm"]
    for each in taken[1:]:
        assert each
        waiting.over(Outcome(name=each.name, state="finished"))
    assert waiting.left
    waiting.over(Outcome(name=tasks[0].name, state="finished"))
    assert await waiting.take("w") == tasks[3]
    waiting.over(Outcome(name=tasks[3].name, state="finished"))
    assert await waiting.take("w") is None
    assert not waiting.left


async def test_what_branches_off_a_failed_task_fails_with_it(tasks: tuple[Task, ...]) -> None:
    heard = Heard()
    waiting = Backlog([tasks[0], tasks[3]], heard)
    await waiting.take("w")
    waiting.over(Outcome(name=tasks[0].name, state="failed", why="no"))
    assert [(each.name, each.branches) for each in heard.outcomes] == [(tasks[0].name, (tasks[3].name,))]
    assert await waiting.take("w") is None


async def test_a_task_that_is_played_elsewhere_comes_again_after_a_while(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlogs, "PAUSE", 0.0)
    waiting = Backlog(tasks[:1], Heard())
    await waiting.take("w")
    waiting.over(Outcome(name=tasks[0].name, state="elsewhere", why="somebody"))
    assert await waiting.take("w") == tasks[0]


@pytest.mark.parametrize("begun", [False, True])
async def test_a_task_that_another_has_finished_since_we_looked_comes_again(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    play, other, raced = Runner.play, Worker(place()), []

    async def late(self: Runner, *args: Any) -> None:
        if self.place.name not in raced:
            raced.append(self.place.name)
            assert (await other.play(tasks[0])).state == "finished"
        await play(self, *args)

    worker = Worker(place())
    if begun:
        monkeypatch.setattr(Runner, "play", _stopped_at_once(play))
        assert (await worker.play(tasks[0])).state == "stopped"
    monkeypatch.setattr(Runner, "play", late)
    assert [(await worker.play(tasks[0])).state for _ in range(2)] == ["elsewhere", "finished"]


async def test_a_store_that_is_gone_is_the_outcome_of_a_task(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> Any:
        raise RecordError("it is gone")

    monkeypatch.setattr(Runner, "play", gone)
    monkeypatch.setattr(FolderPlace, "holder", gone)
    outcome = await Worker(place()).play(tasks[0])
    assert (outcome.state, outcome.why) == ("failed", "it is gone")


async def test_a_task_with_which_three_workers_were_lost_is_given_up(tasks: tuple[Task, ...]) -> None:
    heard = Heard()
    waiting = Backlog(tasks[:1], heard)
    for _ in range(3):
        assert await waiting.take("w") == tasks[0]
        waiting.lose("w", [tasks[0].name], "its process was killed (SIGKILL)")
    assert [(each.state, each.why) for each in heard.outcomes] == [
        ("failed", "its process was killed (SIGKILL), 3 times")
    ]
    assert await waiting.take("w") is None


async def test_a_study_that_was_stopped_is_gone_on_with_and_ends_as_undisturbed(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    await Here(place("whole")).run(tasks, Heard())
    engine, heard, calls, complete = Here(place()), Heard(), itertools.count(), ScriptedModel.complete

    async def counted(self: ScriptedModel, *args: Any, **rest: Any) -> Reply:
        if next(calls) == 40:
            engine.stop()
        return await complete(self, *args, **rest)

    monkeypatch.setattr(ScriptedModel, "complete", counted)
    await engine.run(tasks, heard)
    assert "stopped" in heard.states().values()
    again = Heard()
    await Here(place()).run(tasks, again)
    assert again.states() == {each.name: "finished" for each in tasks}
    assert transcripts("plays") == transcripts("whole")


@pytest.mark.parametrize("own", [(700, 10, 10), (0, 10, 10), (900_000, 5, 5)], ids=["usual", "off", "seldom"])
async def test_garbage_is_seldom_collected_during_a_study_and_then_as_before(
    own: tuple[int, int, int], tasks: tuple[Task, ...]
) -> None:
    before = gc.get_threshold()
    gc.set_threshold(*own)
    seen: list[int] = []
    try:
        await Here(place()).run(tasks[:1], Heard(lambda outcome: seen.append(gc.get_threshold()[0])))
        assert (seen, gc.get_threshold()) == ([OBJECTS if own[0] == 700 else own[0]], own)
    finally:
        gc.set_threshold(*before)


async def test_a_process_that_is_killed_is_replaced_and_its_plays_go_on(
    tasks: tuple[Task, ...], caplog: pytest.LogCaptureFixture
) -> None:
    await Here(place("whole")).run(tasks, Heard())
    gc.collect()  # what other tests have left
    caplog.clear()

    def kill(outcome: Outcome) -> None:
        if not heard.gone and not killed:
            killed.append(outcome.name)
            child = next(iter(engine._children))
            os.kill(child._process.pid, signal.SIGKILL)

    killed: list[str] = []
    engine, heard = Processes(place(jobs=4, all_jobs=4), 2), Heard(kill)
    await engine.run(tasks, heard)
    assert killed
    gc.collect()
    assert not caplog.records, "of asyncio, which the user would see"
    assert heard.states() == {each.name: "finished" for each in tasks}
    assert transcripts("plays") == transcripts("whole")


async def test_processes_that_cannot_start_are_said_once(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_MODULE", "dreamplay.nothing_of_that_name")
    with pytest.raises(DreamplayError, match=r"no process can be started .* ended with code 1, saying: .*No"):
        await Processes(place(), 1).run(tasks, Heard())


async def test_a_play_that_somebody_else_plays_is_left_to_them(tasks: tuple[Task, ...]) -> None:
    worker = Worker(place())
    with lock.hold(Path("plays") / tasks[0].name):
        outcome = await worker.play(tasks[0])
    assert (outcome.state, f"process {os.getpid()}" in outcome.why) == ("elsewhere", True)
    assert (await worker.play(tasks[0])).state == "finished"
    await worker.close()


async def test_a_worker_refuses_what_it_would_play_otherwise(
    tasks: tuple[Task, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    header = tasks[0].header
    older = tasks[0].model_copy(update={"header": header.model_copy(update={"versions": {"dreamplay": "0.0.1"}})})
    outcome = await Worker(place()).play(older)
    assert (outcome.state, "planned by dreamplay 0.0.1" in outcome.why) == ("failed", True)
    monkeypatch.setenv("DREAMPLAY_TEMPERATURE", "1.9")
    outcome = await Worker(place()).play(tasks[0])
    assert outcome.why == (
        "this worker would play with profile.temperature 1.9, and the study was planned with None; give it the same "
        "environment and plug-ins"
    )
    assert transcripts("plays") == {}


async def test_a_damaged_play_fails_alone(tasks: tuple[Task, ...]) -> None:
    folder = Path("plays") / tasks[1].name
    folder.mkdir(parents=True)
    (folder / transcript.FILE).write_text("{}\n")
    heard = Heard()
    await asyncio.wait_for(Here(place()).run(tasks, heard), 60)
    states = heard.states()
    assert states.pop(tasks[1].name) == "failed"
    assert set(states.values()) == {"finished"}
