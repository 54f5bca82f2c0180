"""The pods of Kubernetes in which the scheduler and the workers of a cluster run. What they wait for is said, and it is
an error if nothing ever comes of them: Kubernetes itself would try for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from dreamplay.errors import DreamplayError
from dreamplay.studies.engines.jobs import any_of, beside

_LOOK = 10.0
"""Seconds after which the pods are looked at again."""
_IN_VAIN = 180.0
"""Seconds for which something may be wrong with the scheduler, or with all workers. That gets past a registry of images
that was away for a minute, and a container that is restarted a few times. What is wrong in the image stays wrong."""
_ENDED = 60.0
"""Seconds in which the operator has to take the pods back."""
_BEGINS = ("ContainerCreating", "PodInitializing")
"""Why a container waits with which nothing is wrong."""
_log = logging.getLogger(__name__)

_Raw = Mapping[str, Any]
"""An object of Kubernetes, as its API has it."""


class _Wait(NamedTuple):
    """Why the scheduler or a worker is not there."""

    name: str
    """Of its pod, or of its deployment if it has none."""
    reason: str
    """In the words of Kubernetes: "ImagePullBackOff"."""
    more: str = ""
    wrong: bool = False
    """Whether it takes more than time."""
    see: str = "describe pod"
    """What kubectl has to be asked to learn more."""

    def __str__(self) -> str:
        return f"{self.name}: {': '.join(filter(None, (self.reason, ' '.join(self.more.split())[:300])))}"


class Pods:
    """The pods of a cluster, none of which is there yet.

    Args:
        cluster: the `KubeCluster` that asks for them.
        place: where the section stands that says what they are, for a message.
    """

    def __init__(self, cluster: Any, place: str) -> None:
        self.cluster = cluster
        self._place = place
        self._scheduler = f"{cluster.name}-scheduler"
        self._left = False
        """Whether there is something to take back."""
        self._told: set[tuple[bool, str]] = set()
        """What was waited for at the last look: whether the scheduler is, and why."""
        self._blind = False
        self._since: float | None = None
        """From when on something has been wrong with all that count."""

    async def start(self) -> None:
        """Start the scheduler, and ask for the workers.

        Raises:
            DreamplayError: Kubernetes cannot be reached or refuses it, its operator does nothing, or the scheduler
                ends again and again.
        """
        self._left = True
        try:
            await self.cluster
        except Exception as error:  # of clients of Kubernetes and of HTTP, which are not installed everywhere
            self._left = bool(self._told)
            told = f"{self._place}: the cluster does not start ({_short(error)})"
            raise DreamplayError(f"{told}; {self._next(error)}, and give the same command again") from error

    def _next(self, error: Exception) -> str:
        """What to do if the cluster does not start."""
        if "404" in str(error):
            return "install the operator of dask-kubernetes there"
        return f"see what {self._kubectl('get daskclusters,pods')} says here"

    async def end(self) -> None:
        """Take the pods back."""
        try:
            await self.cluster.close(timeout=_ENDED)
        except Exception as error:
            if self._left:
                command = self._kubectl("delete daskcluster", self.cluster.name)
                _log.warning("%s: pods may be left (%s); take them back: %s", self._place, _short(error), command)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Say meanwhile what the pods wait for. If nothing comes of them, whatever goes on is cancelled.

        Raises:
            DreamplayError: something has been wrong for too long with the scheduler, or with all workers.
        """
        async with beside(self._keep()):
            yield

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            try:
                waits = await self._waits()
            except Exception as error:  # as above: the pods may be there all the same
                if not self._blind:
                    _log.warning("%s: cannot see what the pods wait for (%s)", self._place, _short(error))
                self._blind = True
                continue
            self._say([wait for wait in waits.values() if wait])
            if wrong := self._in_vain(waits):
                raise DreamplayError(
                    f"{self._place}: given up after {_IN_VAIN / 60:.0f} minutes; {wrong}{await self._last_words(wrong)}"
                    "; put it right, and give the same command again: what was played is kept"
                )

    async def _waits(self) -> dict[str, _Wait | None]:
        """By deployment, of which the scheduler and each worker have one: why it is not there; None if it is."""
        pods = await self._listed("pods")
        here = {str(worker["name"]) for worker in self.cluster.scheduler_info.get("workers", {}).values()}
        found: dict[str, _Wait | None] = {}
        for each in await self._listed("deployments"):
            name = each["metadata"]["name"]
            mine = [pod for pod in pods if pod["metadata"]["name"].startswith(f"{name}-")]
            came = any(map(_ready, mine)) if name == self._scheduler else any_of(name, here)
            found[name] = None if came else _of_pod(mine[-1]) if mine else _of_deployment(each)
        silent = _Wait(
            self.cluster.name, "the operator of dask-kubernetes does nothing", wrong=True, see="describe daskcluster"
        )
        return found or {self._scheduler: silent}

    async def _listed(self, kind: str) -> list[_Raw]:
        import kr8s.asyncio

        of = {"dask.org/cluster-name": self.cluster.name}
        asked = kr8s.asyncio.get(kind, namespace=self.cluster.namespace, label_selector=of, raw=True)
        return [each async for each in asked]

    def _say(self, waits: list[_Wait]) -> None:
        """Say what was not so at the last look."""
        # A container that is restarted waits now for this and now for that.
        kinds = {(wait.name.startswith(self._scheduler), "" if wait.wrong else wait.reason): wait for wait in waits}
        for kind, wait in kinds.items():
            if kind not in self._told:
                _log.warning("%s: waiting for %s; see %s", self._place, wait, self._kubectl(wait.see, wait.name))
        self._told = set(kinds)

    def _in_vain(self, waits: Mapping[str, _Wait | None]) -> _Wait | None:
        """What has been wrong for too long."""
        scheduler = waits.get(self._scheduler)
        workers = [wait for name, wait in waits.items() if name != self._scheduler]
        if not (scheduler and scheduler.wrong) and not (workers and all(wait and wait.wrong for wait in workers)):
            self._since = None
            return None
        self._since = self._since or time.monotonic()
        return (scheduler or workers[0]) if time.monotonic() - self._since >= _IN_VAIN else None

    async def _last_words(self, wait: _Wait) -> str:
        """The last line of a pod's log, which is deleted with it."""
        from kr8s.asyncio.objects import Pod

        with contextlib.suppress(Exception):
            pod = await Pod.get(wait.name, namespace=self.cluster.namespace)
            lines = [line.strip() async for line in pod.logs(tail_lines=5)]
            return f"; its log ends: {[line for line in lines if line][-1][:300]}"
        return ""

    def _kubectl(self, *words: str) -> str:
        within = ("-n", self.cluster.namespace) if self.cluster.namespace else ()
        return f"`kubectl {' '.join((*words, *within))}`"


def _of_pod(pod: _Raw) -> _Wait:
    """Why a pod has not come to what it is for."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = container["state"].get("waiting", {})
        ended = container["state"].get("terminated") or container.get("lastState", {}).get("terminated") or {}
        said = ended.get("message") or (ended and f"the last run ended with exit code {ended['exitCode']}") or ""
        see = "logs" if ended else "describe pod"
        if waiting and waiting.get("reason") not in _BEGINS:
            return _Wait(name, waiting["reason"], said or waiting.get("message", ""), wrong=True, see=see)
        if ended and ended["exitCode"]:
            return _Wait(name, f"restarted {container['restartCount']} times", said, wrong=True, see=see)
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _Wait(name, condition.get("reason", "Pending"), condition.get("message", ""))
    phase = status.get("phase", "Pending")
    see = "logs" if phase == "Running" else "describe pod"
    return _Wait(name, status.get("reason", phase), status.get("message", ""), wrong=phase == "Failed", see=see)


def _of_deployment(deployment: _Raw) -> _Wait:
    """Why a deployment has no pod: a quota, a policy."""
    name = deployment["metadata"]["name"]
    for condition in deployment.get("status", {}).get("conditions", ()):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            told = condition.get("reason", "ReplicaFailure"), condition.get("message", "")
            return _Wait(name, *told, wrong=True, see="describe deployment")
    return _Wait(name, "no pod yet", see="describe deployment")


def _ready(pod: _Raw) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))


def _short(error: Exception) -> str:
    told = " ".join(" ".join(str(part) for part in error.args).split())
    return told[:300] or type(error).__name__
