"""A Kubernetes that is two modules: what a study asks of dask-kubernetes and of its client, without either."""

from __future__ import annotations

import asyncio
import copy
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PODS = "pods"
DEPLOYMENTS = "deployments"
_CONFIG = {
    "name": "dask-{user}-{uuid}", "namespace": None, "image": "dask", "env": {}, "resources": {}, "idle-timeout": None,
    "worker-command": "dask-worker", "scheduler-service-type": "ClusterIP", "scheduler-jupyter": False,
    "custom-cluster-spec": None, "count": {"start": 0},
}  # fmt: skip


class FakeKubernetes:
    """Puts the modules where they are imported, and knows what was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = folder / "kubernetes.yaml"
        self.spec: dict[str, Any] = {}
        """Of the cluster that was asked for."""
        self.closed = 0
        """How often it was taken back."""
        self.there: dict[str, list[dict[str, Any]]] = {PODS: [], DEPLOYMENTS: []}
        self.log = ["", "no such module", ""]
        """Of every pod."""
        self.starts: Callable[[], Coroutine[Any, Any, object]] = asyncio.Event().wait
        """What goes on until the scheduler is there: nothing for ever, unless it is set."""
        self.ends: Callable[[], object] = bool
        """What happens when it is taken back."""
        self.scheduler_address = ""
        import dask

        monkeypatch.setitem(dask.config.config, "kubernetes", copy.deepcopy(_CONFIG))
        made = {"make_cluster_spec": _spec, "KubeCluster": lambda **given: _Cluster(self, **given)}
        for name, parts in {
            "dask_kubernetes": {}, "dask_kubernetes.operator": made, "kr8s": {}, "kr8s.asyncio": {"get": self._get},
            "kr8s.asyncio.objects": {"Pod": self},
        }.items():  # fmt: skip
            module = ModuleType(name)
            module.__dict__.update(parts)
            monkeypatch.setitem(sys.modules, name, module)
            above, _, last = name.rpartition(".")
            if above:
                setattr(sys.modules[above], last, module)

    def make(self, more: str = "", above: str = "") -> str:
        """Write the file of a cluster of two pods, and return where that is.

        Args:
            more: lines of the section.
            above: lines before it.
        """
        self._file.write_text(f"{above}workers: 2\nkubernetes:\n  image: dreamplay\n  namespace: studies\n{more}")
        return str(self._file)

    def add(self, name: str, **status: Any) -> None:
        """Add a pod, or only its deployment if it has no status."""
        name = f"{self.spec['metadata']['name']}-{name}"
        self.there[DEPLOYMENTS].append({"metadata": {"name": name}})
        if status:
            self.there[PODS].append({"metadata": {"name": f"{name}-x1"}, "status": status})

    async def get(self, name: str, **asked: Any) -> FakeKubernetes:
        """A pod, which has the log."""
        return self

    async def logs(self, **asked: Any) -> AsyncIterator[str]:
        for line in self.log:
            yield line

    async def _get(self, kind: str, **asked: Any) -> AsyncIterator[dict[str, Any]]:
        for each in self.there[kind]:
            yield each


class _Cluster:
    """A `KubeCluster`."""

    def __init__(self, kubernetes: FakeKubernetes, *, custom_cluster_spec: dict[str, Any], **given: Any) -> None:
        from distributed.core import Status

        kubernetes.spec = custom_cluster_spec
        self._kubernetes = kubernetes
        self.name = custom_cluster_spec["metadata"]["name"]
        self.namespace = "studies"
        self.scheduler_info: dict[str, Any] = {}
        self.scheduler_address = kubernetes.scheduler_address
        self.security = None
        self.status = Status.running

    def __await__(self) -> Generator[Any, None, _Cluster]:
        yield from self._kubernetes.starts().__await__()
        return self

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109  # as it is there
        self._kubernetes.closed += 1
        self._kubernetes.ends()


def _spec(name: str, **given: Any) -> dict[str, Any]:
    """What dask-kubernetes 2026.3 makes of its arguments, in short."""
    scheduler = {"spec": {"containers": [{"args": ["dask-scheduler", "--host", "0.0.0.0"]}]}}
    worker = {"spec": {"containers": [{"args": given["worker_command"].split()}]}}
    return {
        "metadata": {"name": name},
        "spec": {"idleTimeout": given["idle_timeout"], "scheduler": scheduler, "worker": worker},
    }


def waiting(reason: str, message: str = "", **last: Any) -> list[dict[str, Any]]:
    """The status of a container that does not run."""
    state = {"waiting": {"reason": reason, "message": message}}
    return [{"state": state, "lastState": {"terminated": last} if last else {}, "restartCount": 3}]


def no(condition: str, reason: str, message: str) -> list[dict[str, Any]]:
    """The conditions of a pod of which one does not hold."""
    return [{"type": condition, "status": "False", "reason": reason, "message": message}]
