"""The jobs of a queueing system in which the workers of a cluster run: those that end are submitted again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay.errors import DreamplayError
from dreamplay.studies.engines.queues import QUEUES, Listing

if TYPE_CHECKING:
    from distributed import Client

TRIES = 3
"""So many times in a row, jobs that ended before a worker of theirs came are submitted again. That gets past a bad
node, or a file system that was away for a minute. What is wrong in the job itself stays wrong: this way whoever waits
at the command hears of it within some minutes, before the queue has started hundreds of jobs for nothing."""
_LOOK = 30.0
"""Seconds after which the jobs are looked at again."""
_log = logging.getLogger(__name__)


class Jobs:
    """The jobs that were asked for, of which there should be as many all the time.

    Args:
        cluster: the `JobQueueCluster` that submits them.
        queue: the section of the cluster's file that says where they run: "slurm".
        asked: how many there should be.
        place: where that section stands, for a message.
    """

    def __init__(self, cluster: Any, queue: str, asked: int, place: str) -> None:
        self._cluster = cluster
        self._queue = QUEUES.get(queue)
        self._asked = self._left = asked
        self._place = place
        self._names: set[str] = set()
        """Of the workers that came since the last look."""
        self._came: set[str] = set()
        """The jobs of which a worker came."""
        self._missed: set[str] = set()
        """Those of them of which none was there at the last look."""
        self._gone: set[str] = set()
        """Those without a worker that the queue did not list at the last look: it may list a new one late."""
        self._listed = False
        """Whether the queue has listed one of them; if not, they may be in another queue than the one that we ask."""
        self._tries = 0
        self._in_vain = 0
        """Jobs that ended since the last worker came, before one of theirs did."""
        self._changing = asyncio.Lock()
        """Held while jobs are taken back and submitted: Dask cannot close a cluster in which that is cancelled."""

    async def submit(self) -> None:
        """Submit as many as there should be.

        Raises:
            RuntimeError: the queue refuses them.
        """
        self._cluster.scale(jobs=self._left)
        await self._cluster

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Submit those again that end meanwhile. If none is left, whatever goes on meanwhile is cancelled.

        Raises:
            DreamplayError: all ended before a worker of theirs came, again and again.
        """
        async with beside(self._keep(), self._changing):
            yield

    async def _keep(self) -> None:
        from distributed.diagnostics.plugin import SchedulerPlugin

        names = self._names

        class Came(SchedulerPlugin):
            """Notes the name of each worker that comes: one may be gone before anybody looks."""

            def add_worker(self, scheduler: Any, worker: str) -> None:
                names.add(str(scheduler.workers[worker].name))

        self._cluster.scheduler.add_plugin(Came())
        while True:
            await self._look()
            await asyncio.sleep(_LOOK)

    async def _look(self) -> None:
        """Submit those again that are over: their time was over, or they ended before a worker of theirs came."""
        listed = await self._queue.listed() if self._queue else None
        jobs = {name: str(job.job_id) for name, job in self._cluster.workers.items() if job.job_id}
        here = {str(worker.name) for worker in self._cluster.scheduler.workers.values()}
        came = {job for name, job in jobs.items() if any_of(name, self._names | here)}
        self._names.clear()
        if came - self._came:  # so it is not all jobs that something is wrong with
            self._tries, self._in_vain, self._left = 0, 0, self._asked
        self._came = (self._came | came) & set(jobs.values())  # the next job may have the name of one that is over
        # Dask does not notice that a job of several processes is over. One that is missed once may be restarting.
        missing = {job for name, job in jobs.items() if job in self._came and not any_of(name, here)}
        over, self._missed = missing & self._missed, missing
        ended = self._ended(set(jobs.values()), listed)
        if ended:
            await self._count(ended, listed.refused if listed else set())
        async with self._changing:
            with contextlib.suppress(Exception):  # a queue that takes no job now may take it later
                await self._cluster.scale_down({name for name, job in jobs.items() if job in over | ended})
                await self.submit()

    def _ended(self, jobs: set[str], listed: Listing | None) -> set[str]:
        """Those that ended before a worker of theirs came: at two looks in a row, the queue has not listed them, or it
        could not start them.
        """
        if listed is None:
            return set()
        self._listed = self._listed or not jobs.isdisjoint(listed.alive | listed.refused)
        gone = jobs - self._came - listed.alive if self._listed else set()
        ended, self._gone = gone & self._gone, gone
        return ended

    async def _count(self, ended: set[str], refused: set[str]) -> None:
        """Give jobs up that ended before a worker of theirs came, if that was so too many times in a row.

        Raises:
            DreamplayError: none is left.
        """
        self._tries += 1
        self._in_vain += len(ended)
        if self._tries <= TRIES:
            return
        self._left -= len(ended)
        last = max(ended, key=int)
        why = await self._refusal(last) if last in refused else self._output(last)
        told = f"{self._place}: {self._in_vain} jobs ended before a worker of theirs came; {why}"
        if self._left > 0:
            _log.warning("%s; %d of %d jobs are left", told, self._left, self._asked)
            return
        raise DreamplayError(f"{told}; put it right, and give the same command again: what was played is kept")

    async def _refusal(self, last: str) -> str:
        """Why the queue could not start the last of some jobs."""
        assert self._queue
        why = await self._queue.why(last)
        return f"the queue could not start job {last}, the last of them{f' ({why})' if why else ''}"

    def _output(self, last: str) -> str:
        """Where to read what the last of some jobs has said."""
        assert self._queue
        job = next(job for job in self._cluster.workers.values() if str(job.job_id) == last)
        if job.log_directory:
            return f"the output of job {last}, the last of them, is in {Path(job.log_directory).absolute()}"
        file = self._queue.output.format(name=job.job_name, job=last)
        return f"the output of the last of them is in {file} in this folder, unless the queue was told otherwise"


def numbers(client: Client) -> list[str]:
    """The numbers that a queue has given to the jobs of a cluster; none where no queue was asked."""
    asked = getattr(client.cluster, "workers", {}).values()
    return [str(job.job_id) for job in asked if getattr(job, "job_id", None)]


@contextlib.asynccontextmanager
async def beside(keeping: Coroutine[Any, Any, None], whole: asyncio.Lock | None = None) -> AsyncIterator[None]:
    """Have something go on meanwhile. If it fails, whatever else goes on is cancelled, and its error is raised. At the
    end it is cancelled itself, but not while it holds the lock.
    """
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(keeping)
            try:
                yield
            finally:
                async with whole or contextlib.nullcontext():
                    task.cancel()
    except ExceptionGroup as errors:
        error = errors.exceptions[0]
        raise error from error.__cause__


def any_of(job: str, workers: Iterable[str]) -> bool:
    """Whether one of some workers is of a job, by their names."""
    return any(name == job or name.startswith(f"{job}-") for name in workers)
