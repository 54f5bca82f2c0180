"""Clusters whose scheduler and workers are pods of Kubernetes, started by the operator of dask-kubernetes."""

from __future__ import annotations

import getpass
import logging
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dreamplay.errors import UsageError
from dreamplay.studies.engines.cluster_file import NAME, ClusterFile, configure

if TYPE_CHECKING:
    from distributed.deploy.cluster import Cluster

_KEYS = (
    "custom-cluster-spec", "env", "idle-timeout", "image", "name", "namespace",
    "port-forward-cluster-ip", "resource-timeout", "resources", "scheduler-forward-port", "scheduler-jupyter",
    "scheduler-service-type", "shutdown-on-close", "worker-command",
)  # fmt: skip
"""The keys of dask-kubernetes' configuration that its operator heeds; the others are for what it had before."""

_IDLE = 240
"""Seconds after which the operator takes pods back whose scheduler has nothing to do: those of a command that was
killed. It may make the scheduler end after 300, which then starts again and counts from the beginning."""


def cluster(file: ClusterFile, section: dict[str, Any]) -> Cluster:
    """A scheduler and workers that are pods of Kubernetes, not started yet.

    Raises:
        UsageError: a key is unknown or does not fit.
    """
    try:
        from dask_kubernetes.operator import KubeCluster
    except ImportError:
        raise UsageError(f"{file.place('kubernetes')}: install dask-kubernetes to play there") from None
    from tornado.ioloop import IOLoop

    for quiet in ("dask_kubernetes", "kr8s"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").addFilter(_not_of_a_port)
    configure(file, "kubernetes", "kubernetes", section, _KEYS)
    try:
        made: Any = KubeCluster(custom_cluster_spec=_spec(file), asynchronous=True, quiet=True, loop=IOLoop.current())
    except Exception as error:  # it has some of its own
        raise UsageError(f"{file.place('kubernetes')}: {' '.join(str(error.__cause__ or error).split())}") from error
    # It waits for the operator to say that the cluster runs, which that may take back at once, and in vain.
    made._wait_for_controller = _at_once
    started: Cluster = made
    return started


def _spec(file: ClusterFile) -> dict[str, Any]:
    """What the operator is asked for."""
    import dask
    from dask_kubernetes.operator import make_cluster_spec

    of = dask.config.get("kubernetes")
    if of["custom-cluster-spec"]:
        asked = of["custom-cluster-spec"]
        spec: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(asked)) if isinstance(asked, str) else asked
    else:
        name = f"{NAME}-{{uuid}}" if of["name"] == "dask-{user}-{uuid}" else of["name"]  # the default
        command = "dask worker" if of["worker-command"] == "dask-worker" else of["worker-command"]
        spec = make_cluster_spec(
            name.format(user=getpass.getuser(), uuid=uuid.uuid4().hex[:10]), image=of["image"], env=of["env"],
            resources=of["resources"], worker_command=command, scheduler_service_type=of["scheduler-service-type"],
            idle_timeout=_IDLE if of["idle-timeout"] is None else of["idle-timeout"], jupyter=of["scheduler-jupyter"],
        )  # fmt: skip
        for container in spec["spec"]["scheduler"]["spec"]["containers"]:
            if container["args"][0] == "dask-scheduler":  # a program that Dask does not have any more
                container["args"][:1] = ["dask", "scheduler"]
    spec["spec"]["worker"]["replicas"] = file.workers
    return spec


def _not_of_a_port(record: logging.LogRecord) -> bool:
    """Leave out that a connection could not be handed on to a scheduler that is gone: that is told in other words."""
    return "client_connected_cb" not in record.getMessage()


async def _at_once() -> None:
    """Wait for nothing: `Pods` sees what comes."""
