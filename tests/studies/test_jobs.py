"""The jobs of a cluster: those that end are submitted again, unless nothing ever comes of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import served
from dreamplay.errors import DreamplayError
from dreamplay.studies.engines import clusters, jobs
from fake_queue import ENDS, GRID_ENDS, LISTS_ALL, LISTS_ONCE, RUNS, FakeQueue

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning",
    "ignore:Creating scratch directories is taking",  # on a busy machine
)  # fmt: skip


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_LOOK", 0.01)


async def until(true: Callable[[], bool], seconds: float = 30) -> None:
    await asyncio.to_thread(served.until, true, seconds)


@contextlib.asynccontextmanager
async def worker(cluster: Any, job: str) -> AsyncIterator[None]:
    """A worker of a job, within this process."""
    options: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "nthreads": 1}
    async with distributed.Worker(cluster.scheduler.address, name=job, **options):
        yield


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ("", r"the output of the last of them is in slurm-\d+.out in this folder"),
        ("  log-directory: {folder}/logs\n", r"the output of job \d+, the last of them, is in {folder}/logs"),
    ],
)
async def test_jobs_that_all_end_at_once_are_submitted_again_a_few_times(
    more: str, where: str, queue: FakeQueue, tmp_path: Path
) -> None:
    file = queue.make(ENDS, LISTS_ONCE, more=more.format(folder=tmp_path))
    with pytest.raises(DreamplayError, match=f"cluster.yaml:2: slurm: 8 jobs ended .*{where.format(folder=tmp_path)}"):
        async with asyncio.timeout(60), clusters.connect(file):
            await asyncio.Event().wait()
    assert queue.told.count("sbatch") == 2 * (jobs.TRIES + 1)


async def test_jobs_that_the_queue_cannot_start_are_submitted_again_a_few_times_and_it_is_said_why(
    queue: FakeQueue,
) -> None:
    refused = """case $1 in
        -j) echo 'error reason          1:      11/28/2026 02:33:21 [1001:29360]: error: the disk is full';;
        -u) while read job; do echo "     $job 0.5 dreamplay  player       Eqw   11/28/2026 02:33:16    1"; done <jobs;;
    esac"""
    file = queue.make(GRID_ENDS, refused, queue="sge")
    says = r"cluster.yaml:2: sge: 8 jobs ended .*; the queue could not start job \d+, .*\(the disk is full\); put it"
    with pytest.raises(DreamplayError, match=says):
        async with asyncio.timeout(60), clusters.connect(file):
            await asyncio.Event().wait()
    assert queue.told.count("qsub") == queue.told.count("qdel") == 2 * (jobs.TRIES + 1)


async def test_where_a_worker_is_there_the_other_jobs_are_given_up_and_that_is_said(
    queue: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dreamplay")
    async with asyncio.timeout(60), clusters.connect(queue.make(ENDS, "cat jobs")) as client:
        cluster = client.cluster
        async with worker(cluster, f"{min(cluster.workers)}-0"):
            await until(lambda: len(client.scheduler_info()["workers"]) == 1)
            queue.make(ENDS, LISTS_ONCE)
            await until(lambda: bool(caplog.messages) and len(cluster.workers) == 1)
    assert caplog.messages[0].endswith("1 of 2 jobs are left")
    assert "slurm: 4 jobs ended before a worker of theirs came" in caplog.messages[0]
    assert queue.told.count("sbatch") == 2 + jobs.TRIES


@pytest.mark.parametrize("says", ["echo 17", "echo slurm_load_jobs error >&2; exit 1", "exit 0"])
async def test_jobs_of_which_the_queue_says_nothing_are_waited_for(says: str, queue: FakeQueue, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    async with asyncio.timeout(60), clusters.connect(queue.make(ENDS, f"echo >>asked; {says}")):
        await until(lambda: asked.exists() and asked.stat().st_size > 3)
        assert queue.told == ["sbatch", "sbatch"]


async def test_jobs_that_the_queue_forgets_to_list_once_are_not_taken_back(queue: FakeQueue, tmp_path: Path) -> None:
    asked, lapse = tmp_path / "asked", tmp_path / "lapse"
    listing = f"echo >>asked; if [ -e lapse ]; then rm lapse; else {LISTS_ALL}; fi"
    async with asyncio.timeout(60), clusters.connect(queue.make(ENDS, listing)):
        await until(lambda: asked.exists() and asked.stat().st_size > 1)
        lapse.touch()
        await until(lambda: not lapse.exists())
        looks = asked.stat().st_size
        await until(lambda: asked.stat().st_size > looks + 2)
        assert queue.told == ["sbatch", "sbatch"]


async def test_a_job_that_waits_in_the_place_of_one_whose_time_was_over_is_not_taken_back(
    queue: FakeQueue, tmp_path: Path
) -> None:
    import dask

    asked = tmp_path / "asked"
    file = queue.make(ENDS, f"echo >>asked; {LISTS_ALL}", processes=1)
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}):
        async with asyncio.timeout(60), clusters.connect(file) as client:
            async with worker(client.cluster, min(client.cluster.workers)):
                pass
            await until(lambda: queue.told.count("sbatch") == 3)
            before, looks = queue.told, asked.stat().st_size
            await until(lambda: asked.stat().st_size > looks + 4)
            assert queue.told == before


async def test_the_end_waits_until_a_job_that_is_being_submitted_can_be_taken_back(
    queue: FakeQueue, tmp_path: Path
) -> None:
    waits, go = tmp_path / "waits", tmp_path / "go"
    async with asyncio.timeout(60), clusters.connect(queue.make(ENDS, LISTS_ONCE)):
        queue.make(f"touch waits; until [ -e go ]; do sleep 0.01; done; {ENDS}", LISTS_ONCE)
        await until(waits.exists)
        asyncio.get_running_loop().call_later(0.1, go.touch)
    assert queue.told.count("sbatch") == queue.told.count("scancel") == 4


@pytest.mark.parametrize(
    ("more", "name", "seconds"),
    [("", "dreamplay", "60"), ("  name: mine\n  death-timeout: 300\n", "mine", "300")],
)
async def test_a_job_can_be_told_in_the_queue_and_ends_soon_where_no_scheduler_is(
    more: str, name: str, seconds: str, queue: FakeQueue, tmp_path: Path
) -> None:
    async with asyncio.timeout(60), clusters.connect(queue.make(f'cp "$1" script; {ENDS}', more=more)):
        script = (tmp_path / "script").read_text()
    assert f"#SBATCH -J {name}\n" in script
    assert f" --death-timeout {seconds}" in script


@pytest.mark.slow
@pytest.mark.parametrize("ended", [0, -1])
async def test_a_job_of_several_processes_that_has_ended_is_submitted_again(
    ended: int, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LOOK", 0.2)
    async with asyncio.timeout(300), clusters.connect(queue.make(RUNS)) as client:
        await client.wait_for_workers(4)
        of = {name: str(job.job_id) for name, job in client.cluster.workers.items()}
        name = sorted(of)[ended]  # the job that comes in the place of the last has its name
        os.killpg(int(of[name]), signal.SIGKILL)
        await until(lambda: of[name] not in jobs.numbers(client), 200)
        await client.wait_for_workers(4)
        assert set(of.values()) - {of[name]} < set(jobs.numbers(client))
    assert queue.told.count("sbatch") == 3
