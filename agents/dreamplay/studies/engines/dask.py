"""Plays the tasks of a study on a Dask cluster: one Dask task for each play.

What travels is text: to the workers a task and a workplace, as JSON, and back what became of it. No key is sent, no
password of a store, and no file. Dask itself sends pickles, and whoever reaches a scheduler can have anything executed
on its workers: see docs/clusters.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay.engine.run_config import versions
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.schema.error_messages import listed
from dreamplay.storage import opening
from dreamplay.studies.engines import cluster_file, clusters, dask_worker, jobs
from dreamplay.studies.engines.backlog import Backlog
from dreamplay.studies.engines.base import Outcome, Watch
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Workplace

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_IN_ONE = 100
"""Plays at once in one process of a worker: about as many as one core is enough for. Others wait for another worker."""
_PATIENCE = 10.0
"""Seconds without a worker before that is said."""
_AGAIN = 2.0
"""Seconds after which the workers are told again to stop: one may have come in the place of another."""


class Dask:
    """An engine: the workers of a Dask cluster, each with its own event loop for plays.

    Args:
        cluster: the address of a scheduler, or the path of a YAML file; see `clusters.connect`.
        place: where and how the workers play.

    Raises:
        LibraryError: the file cannot be read, or does not fit.
    """

    def __init__(self, cluster: str, place: Workplace) -> None:
        cluster_file.read(cluster)  # what is wrong with it is said before anything is played, and in an estimate
        self._cluster = cluster
        self._place = _for_others(place, cluster)
        self._run = uuid.uuid4().hex
        self._backlog: Backlog | None = None
        self._stop = asyncio.Event()
        self._asked: set[Future[Any]] = set()
        self._seen = False
        self._starting: asyncio.Timeout | None = None
        """Ends the start of the cluster, while that goes on."""

    def __str__(self) -> str:
        return f"{self._place.all_jobs} at once on the cluster {self._cluster}"

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Begin no more tasks; see `Engine.stop`."""
        self._stop.set()
        if self._starting:
            self._starting.reschedule(0)
        if self._backlog:
            self._backlog.stop()

    async def run(self, tasks: Sequence[Task], watch: Watch) -> None:
        """Have all tasks played; see `Engine.run`.

        Raises:
            DreamplayError: the scheduler cannot be reached or is lost, or its workers cannot load dreamplay.
            UsageError: the workers keep what they play where this machine does not see it.
        """
        backlog = self._backlog = Backlog(tasks, watch)
        if self.stopping:
            return
        async with contextlib.AsyncExitStack() as held:
            if not (client := await self._connected(held)):
                return
            beside = [asyncio.create_task(each) for each in (self._tell(client), _look(client, self._cluster, watch))]
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self._place.all_jobs, len(tasks))):
                        group.create_task(self._serve(client, backlog))
            except ExceptionGroup as errors:
                raise _first(errors) from None
            finally:
                for each in beside:
                    each.cancel()
                if client.status == "running":
                    with contextlib.suppress(Exception):  # else the workers tidy up when the next command comes
                        await asyncio.wait_for(client.run(dask_worker.leave, self._run, on_error="ignore"), _AGAIN)

    async def _connected(self, held: contextlib.AsyncExitStack) -> Client | None:
        """A client of the cluster; None if it was asked to stop before that was there: pods may take long."""
        try:
            async with asyncio.timeout(None) as self._starting:
                return await held.enter_async_context(clusters.connect(self._cluster))
        except TimeoutError:
            if not self.stopping:
                raise
            return None
        finally:
            self._starting = None

    async def _serve(self, client: Client, backlog: Backlog) -> None:
        """Hand out one task after the other."""
        while task := await backlog.take(self._cluster):
            await self._one(client, task, backlog)

    async def _one(self, client: Client, task: Task, backlog: Backlog) -> None:
        from distributed.scheduler import KilledWorker

        try:
            outcome, worker = await self._sent(client, task)
            if outcome.state == "failed" and (others := await _others(client, worker)):
                # It may be the worker that is wrong: a key, a plug-in or a network that only this machine lacks.
                outcome, _ = await self._sent(client, task, others)
        except KilledWorker:
            backlog.lose(self._cluster, [task.name], "the worker that played it died")
            return
        self._check_seen(outcome)
        backlog.over(outcome)

    async def _sent(self, client: Client, task: Task, workers: Sequence[str] | None = None) -> tuple[Outcome, str]:
        """What became of a task, and on which worker; on one of some workers, if they are named.

        Raises:
            KilledWorker: several workers died with it, one after the other.
            DreamplayError: the scheduler is lost, or no worker can load dreamplay.
        """
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        sent = task.model_dump_json(), self._place.model_dump_json(), self._run
        # All have one group, of which Dask keeps what no worker has room for at the scheduler, where a worker that
        # comes later finds it.
        key = (f"dreamplay-{self._run}", f"{task.name}-{uuid.uuid4().hex}")
        future = client.submit(dask_worker.play, *sent, key=key, workers=workers)
        self._asked.add(future)
        try:
            told, worker = await future
            return Outcome.model_validate_json(told), worker
        except (FutureCancelledError, CommClosedError):  # the latter where its answer was on the way
            if not self.stopping or client.status != "running":
                again = "start it and its workers again, and " if "://" in self._cluster else ""
                raise DreamplayError(
                    f"the scheduler at {self._cluster} is gone; what was played is kept: {again}give the same command "
                    "again"
                ) from None
            return Outcome(name=task.name, state="stopped"), ""
        except KilledWorker:
            raise
        except Exception as error:
            raise DreamplayError(
                f"the workers of {self._cluster} cannot play ({type(error).__name__}: {_short(error)}); install "
                f"`dreamplay[dask]` {versions()['dreamplay']} where they run"
            ) from error
        finally:
            self._asked.discard(future)
            future.release()

    async def _tell(self, client: Client) -> None:
        """Once it is asked to stop, have the workers stop, and cancel what none of them has begun."""
        await self._stop.wait()
        while True:
            with contextlib.suppress(OSError, ValueError):
                await client.run(dask_worker.stop, self._run, on_error="ignore")
                begun = {key for keys in (await client.processing()).values() for key in keys}
                waiting = [each for each in self._asked if each.key not in begun and not each.cancelled()]
                await client.cancel(waiting, force=True)
            await asyncio.sleep(_AGAIN)

    def _check_seen(self, outcome: Outcome) -> None:
        """See that what a worker has kept in a folder is in that folder here, too."""
        if self._seen or outcome.state != "finished" or opening.is_url(self._place.store):
            return
        self._seen = True
        if not opening.open_store(self._place.store).place(outcome.name).exists():
            raise UsageError(
                f"the workers of {self._cluster} write into a folder {self._place.store} of their own; name one that "
                "all machines share, or a database: `store=postgresql://...`"
            )


async def _workers(client: Client) -> list[str] | None:
    """The addresses of all workers; None if the scheduler does not say."""
    if client.scheduler is not None:
        with contextlib.suppress(OSError):
            return list((await client.scheduler.identity(n_workers=-1))["workers"])
    return None


async def _others(client: Client, worker: str) -> list[str]:
    """The addresses of the other workers; none if the scheduler does not say."""
    return [address for address in await _workers(client) or () if address != worker]


async def _look(client: Client, cluster: str, watch: Watch) -> None:
    """Say it as long as no worker is there."""
    told = False
    while True:
        await asyncio.sleep(_PATIENCE)
        there = await _workers(client)
        if there is None:
            continue
        if not there and not told:
            asked = [f"job {number}" for number in jobs.numbers(client)]
            about = f"; ask the queue about {listed(asked)}" if asked else ""
            watch.said(f"no worker of {cluster} is there; waiting for one{about}")
        told = not there


def _for_others(place: Workplace, cluster: str) -> Workplace:
    """A workplace as it is sent to other machines.

    Raises:
        UsageError: the address of a model has a password or a key in it.
    """
    for address in place.addresses:
        if address.hides:
            raise UsageError(
                f"the address {address} has a password or a key in it, which is not sent to {cluster}: name it without "
                "them, and set OPENAI_API_KEY where the workers run"
            )
    if opening.is_url(place.store):
        from dreamplay.storage.postgres.address import Address

        store = Address.read(place.store).open
    else:
        store = str(Path(place.store).absolute())
    return place.model_copy(update={"store": store, "jobs": min(place.jobs, MOST_IN_ONE)})


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, ExceptionGroup) else found


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
