"""Studies on a Dask cluster: a scheduler and workers within this process, and clusters in files."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import fake_queue
import pytest
import served
import worlds
from dreamplay import settings
from dreamplay.errors import DreamplayError, LibraryError, UsageError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.schema.address import Address
from dreamplay.studies import planning, study
from dreamplay.studies.engines import clusters, dask_worker, jobs
from dreamplay.studies.engines import dask as on_dask
from dreamplay.studies.engines.base import Outcome
from dreamplay.studies.engines.dask import Dask
from dreamplay.studies.engines.here import Here
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Worker, Workplace
from fake_kubernetes import FakeKubernetes
from fake_queue import FakeQueue

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
CommClosedError = distributed.comm.core.CommClosedError
STUDY = {
    "title": "Who leaves", "story": "story.yaml", "length": "short", "seeds": 3, "model": "scripted",
    "baseline": "base", "conditions": {"base": {}, "gone": {"drop": "cyrus"}},
}  # fmt: skip
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning",
    "ignore:Creating scratch directories is taking",  # on a busy machine
)  # fmt: skip


class Watched:
    """Keeps what an engine tells."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.told: list[str] = []

    def began(self, name: str, worker: str) -> None: ...

    def over(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def lost(self, worker: str, names: Sequence[str]) -> None: ...

    def said(self, text: str) -> None:
        self.told.append(text)

    @property
    def states(self) -> list[str]:
        return [outcome.state for outcome in self.outcomes]


@pytest.fixture
def tasks(tmp_path: Path) -> tuple[Task, ...]:
    worlds.write(tmp_path)
    return planning.tasks(study.read(worlds.dump(tmp_path / "study.yaml", STUDY)), settings.load())


@pytest.fixture
async def scheduler() -> AsyncIterator[distributed.Scheduler]:
    """A scheduler with two workers, all on the event loop of the test."""
    here: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    async with contextlib.AsyncExitStack() as held:
        made = await held.enter_async_context(distributed.Scheduler(port=0, **here))
        for _ in range(2):
            await held.enter_async_context(distributed.Worker(made.address, nthreads=1, **here))
        yield made


def place(folder: Path, jobs: int = 4) -> Workplace:
    return Workplace(store=str(folder), jobs=jobs, all_jobs=jobs)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob("*/transcript.jsonl")}


async def test_every_task_is_played_once_and_as_in_this_process(
    tasks: tuple[Task, ...], scheduler: distributed.Scheduler, tmp_path: Path
) -> None:
    watch = Watched()
    await Dask(scheduler.address, place(tmp_path / "there")).run(tasks, watch)
    assert sorted(outcome.name for outcome in watch.outcomes) == sorted(task.name for task in tasks)
    assert not [outcome.why for outcome in watch.outcomes if outcome.why]
    assert set(watch.states) == {"finished"}
    await Here(place(tmp_path / "here")).run(tasks, Watched())
    assert kept(tmp_path / "there") == kept(tmp_path / "here")
    assert not dask_worker._processes


async def test_a_stop_lets_lines_end_and_cancels_what_waits(
    tasks: tuple[Task, ...], scheduler: distributed.Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, engine, calls = ScriptedModel.complete, Dask(scheduler.address, place(tmp_path, 2)), []
    loop, here = asyncio.get_running_loop(), dask_worker._processes

    async def answer(
        self: ScriptedModel, prompt: Prompt, *, seed: int, on_token: OnToken | None = None
    ) -> Reply:  # fmt: skip
        calls.append(seed)
        if len(calls) == 5:
            loop.call_soon_threadsafe(engine.stop)
        if len(calls) >= 5:
            await asyncio.to_thread(served.until, lambda: any(p.worker.stopping for p in here.values()))
        return await complete(self, prompt, seed=seed, on_token=on_token)

    monkeypatch.setattr(ScriptedModel, "complete", answer)
    watch = Watched()
    await engine.run(tasks, watch)
    assert engine.stopping
    assert set(watch.states) == {"stopped"}
    assert len(calls) <= 7
    for name in kept(tmp_path):
        assert transcript.read(tmp_path / name).end is None
    monkeypatch.setattr(ScriptedModel, "complete", complete)
    await Dask(scheduler.address, place(tmp_path)).run(tasks, watch)
    assert watch.states.count("finished") == len(tasks)


async def test_a_stop_does_not_wait_for_a_worker(
    tasks: tuple[Task, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "_PATIENCE", 0.01)
    async with distributed.Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        watch, engine = Watched(), Dask(scheduler.address, place(tmp_path, 2))
        monkeypatch.setattr(watch, "said", lambda text: engine.stop())
        await asyncio.wait_for(engine.run(tasks, watch), 30)
    assert set(watch.states) == {"stopped"}
    assert not kept(tmp_path)


async def test_what_fails_on_one_worker_is_tried_on_another(
    tasks: tuple[Task, ...], scheduler: distributed.Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play, bad = Worker.play, tasks[0].name
    failures = []

    async def broken(self: Worker, task: Task) -> Outcome:
        if task.name == bad or (task.name not in failures and task.seed == 2):
            failures.append(task.name)
            return Outcome(name=task.name, state="failed", why="no key")
        return await play(self, task)

    monkeypatch.setattr(Worker, "play", broken)
    watch = Watched()
    await Dask(scheduler.address, place(tmp_path)).run(tasks, watch)
    assert {outcome.name for outcome in watch.outcomes if outcome.state != "finished"} == {bad}
    assert {outcome.why.partition(" (on tcp://")[0] for outcome in watch.outcomes} == {"", "no key"}
    assert sorted(failures) == sorted([bad, bad, *(task.name for task in tasks if task.seed == 2)])


@pytest.mark.slow
async def test_the_plays_of_a_worker_that_is_killed_go_on_elsewhere(
    tasks: tuple[Task, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short form of tests/benchmarks/endurance.py."""
    async with distributed.Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        options = ["--host", "127.0.0.1", "--no-nanny", "--nthreads", "1", "--no-dashboard"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler.address, *options]
        workers = [
            await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=DEVNULL, stderr=DEVNULL)
            for _ in range(2)
        ]
        try:
            await asyncio.wait_for(asyncio.to_thread(served.until, lambda: len(scheduler.workers) == 2, 60), 70)
            watch, over = Watched(), Watched.over

            def kill(outcome: Outcome) -> None:
                over(watch, outcome)
                if len(watch.outcomes) == 1:
                    workers[0].kill()

            monkeypatch.setattr(watch, "over", kill)
            await Dask(scheduler.address, place(tmp_path / "there", 6)).run(tasks, watch)
        finally:
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await worker.wait()
    assert {outcome.name: outcome.state for outcome in watch.outcomes} == {task.name: "finished" for task in tasks}
    await Here(place(tmp_path / "here")).run(tasks, Watched())
    assert kept(tmp_path / "there") == kept(tmp_path / "here")


async def test_a_scheduler_that_is_lost_is_said_and_the_same_command_goes_on(
    tasks: tuple[Task, ...], scheduler: distributed.Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, engine = Watched(), Dask(scheduler.address, place(tmp_path, 2))
    over, gone = watch.over, []

    def close(outcome: Outcome) -> None:
        over(outcome)
        gone.append(asyncio.ensure_future(scheduler.close()))

    monkeypatch.setattr(watch, "over", close)
    with pytest.raises(DreamplayError, match=r"the scheduler at tcp://.* is gone; .* same command again"):
        await engine.run(tasks, watch)
    await asyncio.gather(*gone)


async def test_a_scheduler_that_is_lost_while_an_answer_is_on_the_way_is_said_too(
    tasks: tuple[Task, ...], scheduler: distributed.Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(future: distributed.Future) -> None:
        raise CommClosedError("in ConnectionPool.gather: Stream is closed")

    monkeypatch.setattr(distributed.Future, "__await__", lambda future: cut(future).__await__())
    with pytest.raises(DreamplayError, match=r"the scheduler at tcp://.* is gone; .* same command again"):
        await Dask(scheduler.address, place(tmp_path, 2)).run(tasks, Watched())


def test_neither_keys_nor_passwords_are_sent(tmp_path: Path) -> None:
    hidden = place(tmp_path).model_copy(update={"addresses": (Address.parse("https://me:open-sesame@host/v1"),)})
    with pytest.raises(UsageError, match="OPENAI_API_KEY where the workers run") as error:
        Dask("tcp://host:8786", hidden)
    assert "open-sesame" not in str(error.value)
    pytest.importorskip("psycopg")
    kept = place(tmp_path).model_copy(update={"store": "postgresql://me:open-sesame@host/plays?sslmode=require"})
    sent = Dask("tcp://host:8786", kept)._place.model_dump_json()
    assert "postgresql://me@host/plays?sslmode=require" in sent


async def test_where_nobody_is_the_address_and_the_next_step_are_named(
    tasks: tuple[Task, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_REACHED", 0.2)
    with pytest.raises(DreamplayError, match=r"cannot reach a Dask scheduler at tcp://127.0.0.1:9 .*`dask scheduler`"):
        await Dask("tcp://127.0.0.1:9", place(tmp_path)).run(tasks, Watched())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("workers: 2\n", "exactly one section that says where the workers run: slurm"),
        ("workers: 2\nslurm: {}\npbs: {}\n", "exactly one section"),
        ("workers: 0\nslurm: {}\n", r"cluster.yaml:1: workers: must be at least 1"),
        ("workers: 2\nslrum: {}\n", r"cluster.yaml:2: slrum: unknown key \(did you mean 'slurm'\?\)"),
    ],
)
async def test_a_file_of_a_cluster_is_checked(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(LibraryError, match=says):
        async with clusters.connect(str(file)):
            pass


async def test_jobs_that_wait_for_ever_are_named_and_taken_back(
    tasks: tuple[Task, ...], queue: FakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "_PATIENCE", 0.1)
    engine, watch = Dask(queue.make("echo Submitted batch job 4000017"), place(tmp_path)), Watched()

    def stop(text: str) -> None:
        watch.told.append(text)
        engine.stop()

    monkeypatch.setattr(watch, "said", stop)
    await engine.run(tasks, watch)
    assert "waiting for one; ask the queue about job 4000017, job 4000017" in watch.told[0]
    assert set(watch.states) <= {"stopped"}
    assert queue.told == ["sbatch", "sbatch", "scancel", "scancel"]


async def test_it_is_said_each_time_that_the_last_worker_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    here: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    watch, looks, workers = Watched(), [], on_dask._workers
    monkeypatch.setattr(on_dask, "_PATIENCE", 0.01)
    monkeypatch.setattr(on_dask, "_workers", lambda client: looks.append(client) or workers(client))

    async def looked(times: int) -> None:
        before = len(looks)
        await asyncio.to_thread(served.until, lambda: len(looks) > before + times)

    async with (
        distributed.Scheduler(port=0, **here) as scheduler,
        clusters.connect(scheduler.address) as client,
        asyncio.TaskGroup() as group,
    ):
        looking = group.create_task(on_dask._look(client, "there", watch))
        for already in (0, 1):
            await looked(3)
            assert watch.told == ["no worker of there is there; waiting for one"] * (already + 1)
            async with distributed.Worker(scheduler.address, nthreads=1, **here):
                await looked(3)
        looking.cancel()


async def test_a_queue_that_refuses_a_job_is_heard(tasks: tuple[Task, ...], queue: FakeQueue, tmp_path: Path) -> None:
    file = queue.make("echo invalid partition specified: nosuch >&2; exit 1")
    says = r"cluster.yaml:2: slurm: .* does not start \(sbatch: invalid partition specified: nosuch\); put it"
    with pytest.raises(DreamplayError, match=says):
        await Dask(file, place(tmp_path)).run(tasks, Watched())


async def test_dask_jobqueue_does_not_take_ctrl_c(queue: FakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("dask_jobqueue")]:
        monkeypatch.delitem(sys.modules, name)
    before = signal.getsignal(signal.SIGINT)
    await asyncio.to_thread(clusters._jobqueue, "slurm")  # from Python it is not the main thread that plays
    clusters._jobqueue("pbs")
    assert signal.getsignal(signal.SIGINT) is before


async def test_jobs_that_all_end_at_once_stop_the_study(
    tasks: tuple[Task, ...], queue: FakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LOOK", 0.01)
    engine = Dask(queue.make(fake_queue.ENDS, fake_queue.LISTS_ONCE), place(tmp_path))
    with pytest.raises(DreamplayError, match=r"cluster.yaml:2: slurm: 8 jobs ended before .* the same command again"):
        await engine.run(tasks, Watched())
    assert queue.told.count("sbatch") == 2 * (jobs.TRIES + 1)


async def test_a_stop_does_not_wait_for_pods(
    tasks: tuple[Task, ...], kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    engine = Dask(kubernetes.make(), place(tmp_path))

    async def starts() -> None:
        engine.stop()
        await asyncio.Event().wait()

    kubernetes.starts = starts
    await asyncio.wait_for(engine.run(tasks, Watched()), 30)
    assert engine.stopping
    assert kubernetes.closed == 1
