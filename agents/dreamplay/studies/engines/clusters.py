"""Connections to Dask clusters: to a scheduler that runs, or to one that is started for the study, whose workers are
jobs of a queueing system or pods of Kubernetes.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
import signal
import warnings
from collections.abc import AsyncIterator
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

from ruamel.yaml import YAML

from dreamplay.errors import DreamplayError, UsageError
from dreamplay.studies.engines import kubernetes
from dreamplay.studies.engines.cluster_file import NAME, QUEUE_CLASSES, ClusterFile, configure, read
from dreamplay.studies.engines.jobs import Jobs
from dreamplay.studies.engines.pods import Pods

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy.cluster import Cluster

_REACHED = 10.0
"""Seconds in which a scheduler has to answer."""
_DASHBOARD = "127.0.0.1:8787"
"""Where the scheduler of a queue shows what it does; a free port if that is taken. Dask itself would show it to every
machine, and has no password and no TLS for it."""
_REPORT = re.compile(
    r"Command exited .*\nCommand:\n(?P<command>\S+).*\nstdout:\n(?P<out>.*)\nstderr:\n(?P<err>.*)\n", re.DOTALL
)
"""How dask-jobqueue tells of a command of the queue that failed."""


@contextlib.asynccontextmanager
async def connect(cluster: str) -> AsyncIterator[Client]:
    """A client of a cluster. What is started for it ends with it.

    Args:
        cluster: the address of a scheduler, `tcp://HOST:PORT` or `tls://HOST:PORT`, or the path of a `ClusterFile`.

    Raises:
        LibraryError: the file cannot be read, or does not fit.
        UsageError: something has to be installed first, or a key is unknown to it.
        DreamplayError: the scheduler cannot be reached, the cluster does not start, or its jobs or pods end before a
            worker of theirs came.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("a cluster needs Dask: install `dreamplay[dask]`") from None
    _quiet()
    async with contextlib.AsyncExitStack() as held:
        file = read(cluster)
        to: Any = await held.enter_async_context(_started(file)) if file else cluster
        try:
            client = await Client(to, asynchronous=True, timeout=_REACHED, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise DreamplayError(
                f"cannot reach a Dask scheduler at {cluster} ({_short(error)}); start one with `dask scheduler`, and "
                "workers with `dask worker`"
            ) from error
        held.push_async_callback(_closed, client)
        yield client


async def _closed(client: Client) -> None:
    """Close a client, and do not wait for a scheduler that is gone."""
    with contextlib.suppress(Exception):
        await client.close(timeout=5)


@contextlib.asynccontextmanager
async def _started(file: ClusterFile) -> AsyncIterator[Cluster]:
    """The cluster of a file, with its workers asked for."""
    (name,) = file.sections
    # What was read and checked has texts for values; Dask takes numbers, and true and false, for what they are.
    section: dict[str, Any] = YAML(typ="safe", pure=True).load(file.path)[name] or {}
    async with contextlib.AsyncExitStack() as held:
        if name == "kubernetes":
            pods = Pods(kubernetes.cluster(file, section), file.place(name))
            held.push_async_callback(pods.end)
            await held.enter_async_context(pods.kept())
            await pods.start()
            yield pods.cluster
            return
        try:
            made = _queue(file, name, section)
            held.push_async_callback(_ended, made)
            await made
            jobs = Jobs(made, name, file.workers, file.place(name))
            await jobs.submit()
            await held.enter_async_context(jobs.kept())
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise DreamplayError(
                f"{file.place(name)}: the cluster does not start ({_short(error)}); put it right, and give the same "
                "command again"
            ) from error
        yield made


async def _ended(cluster: Any) -> None:
    """Close a cluster, whatever became of its workers."""
    with contextlib.suppress(Exception):
        await cluster.close()


def _queue(file: ClusterFile, name: str, section: dict[str, Any]) -> Cluster:
    """A scheduler in this process, whose workers are jobs of a queueing system."""
    try:
        module = _jobqueue(name)
    except ImportError:
        raise UsageError(f"{file.place(name)}: install dask-jobqueue to play there") from None
    import dask

    if dask.config.get(f"jobqueue.{name}.name", None) == "dask-worker":  # the default of dask-jobqueue
        section = {"name": NAME} | section
    configure(file, name, f"jobqueue.{name}", section)
    asked = dask.config.get(f"jobqueue.{name}.scheduler-options", None) or {}
    options = {"dashboard_address": _DASHBOARD} | asked
    made: Cluster = getattr(module, QUEUE_CLASSES[name])(
        asynchronous=True, security=file.tls or None, scheduler_options=options
    )
    return made


def _jobqueue(name: str) -> ModuleType:
    """A module of dask-jobqueue, which at its import makes Ctrl-C end the process. It is for us to say what that does,
    and outside of the main thread nobody may say it."""
    with mock.patch.object(signal, "signal"):
        return importlib.import_module(f"dask_jobqueue.{name}")


def _quiet() -> None:
    """Let Dask say nothing of its own: what matters is told in other words."""
    for name in logging.root.manager.loggerDict:
        if name.startswith(("distributed", "tornado")):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="distributed|dask_jobqueue|dask_kubernetes|kr8s")


def _short(error: Exception) -> str:
    """What an error says, in one line; of a report of dask-jobqueue on a command that failed, what that has said."""
    report = _REPORT.fullmatch(str(error))
    told = f"{report['command']}: {report['err'] or report['out']}" if report else str(error)
    return " ".join(told.split())[:300]
