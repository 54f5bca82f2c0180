"""The pods of a cluster: what they wait for is said, and those of which nothing comes are given up."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
import served
from dreamplay.errors import DreamplayError, LibraryError, UsageError
from dreamplay.studies.engines import clusters, pods
from fake_kubernetes import FakeKubernetes, no, waiting

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
NO_IMAGE = {"phase": "Pending", "containerStatuses": waiting("ImagePullBackOff", 'Back-off pulling\nimage "nowhere"')}
CRASHES = {"phase": "Running", "containerStatuses": waiting("CrashLoopBackOff", "back-off 40s", exitCode=3)}
KILLED = {"phase": "Running", "containerStatuses": [
    {"state": {"running": {}}, "lastState": {"terminated": {"exitCode": 137}}, "restartCount": 2}
]}  # fmt: skip
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}
NO_NODE = {"phase": "Pending", "conditions": no("PodScheduled", "Unschedulable", "1 Insufficient cpu.")}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(pods, "_LOOK", 0.01)
    caplog.set_level(logging.WARNING, "dreamplay")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up what is wrong at the first look."""
    monkeypatch.setattr(pods, "_IN_VAIN", 0.0)


async def connected(file: str) -> None:
    async with asyncio.timeout(30), clusters.connect(file):
        await asyncio.Event().wait()


async def until_told(caplog: pytest.LogCaptureFixture, connecting: asyncio.Task[None]) -> None:
    """Wait until something was said, and give up the cluster then."""
    await asyncio.to_thread(served.until, lambda: bool(caplog.messages), 30)
    connecting.cancel()
    await asyncio.wait([connecting])


async def test_a_cluster_is_asked_for_with_the_programs_that_dask_has(kubernetes: FakeKubernetes) -> None:
    async with distributed.Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0") as scheduler:
        kubernetes.scheduler_address, kubernetes.starts = scheduler.address, lambda: asyncio.sleep(0)
        async with asyncio.timeout(30), clusters.connect(kubernetes.make()) as client:
            assert client.scheduler_info()["address"] == scheduler.address
    spec = kubernetes.spec["spec"]
    assert kubernetes.spec["metadata"]["name"].startswith("dreamplay-")
    assert spec["scheduler"]["spec"]["containers"][0]["args"] == ["dask", "scheduler", "--host", "0.0.0.0"]
    assert spec["worker"]["spec"]["containers"][0]["args"] == ["dask", "worker"]
    assert spec["worker"]["replicas"] == 2
    assert spec["idleTimeout"] == 240
    assert kubernetes.closed == 1


async def test_a_whole_specification_gets_as_many_workers_as_the_file_says(
    kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("metadata: {name: mine}\nspec: {worker: {replicas: 1, spec: {}}}\n")
    kubernetes.starts = fails(RuntimeError("over"))
    with pytest.raises(DreamplayError, match="over"):
        await connected(kubernetes.make(f"  custom-cluster-spec: {own}\n"))
    assert kubernetes.spec == {"metadata": {"name": "mine"}, "spec": {"worker": {"replicas": 2, "spec": {}}}}


@pytest.mark.parametrize(
    ("scheduler", "worker", "says"),
    [
        (NO_IMAGE, NO_IMAGE, r"scheduler-x1: ImagePullBackOff: Back-off pulling image \"nowhere\""),
        (CRASHES, NO_NODE, "scheduler-x1: CrashLoopBackOff: the last run ended with exit code 3"),
        (READY, KILLED, "worker-1-x1: restarted 2 times: the last run ended with exit code 137"),
        (READY, EVICTED, "worker-1-x1: Evicted: low on memory"),
    ],
)
@pytest.mark.usefixtures("at_once")
async def test_pods_of_which_nothing_comes_are_given_up_and_taken_back(
    scheduler: dict[str, Any], worker: dict[str, Any], says: str, kubernetes: FakeKubernetes
) -> None:
    file, connecting = kubernetes.make(), asyncio.Event().wait

    async def starts() -> None:
        kubernetes.add("scheduler", **scheduler)
        kubernetes.add("default-worker-1", **worker)
        await connecting()

    kubernetes.starts = starts
    words = "its log ends: no such module; put it right, and give the same command again"
    with pytest.raises(DreamplayError, match=f"kubernetes.yaml:2: kubernetes: given up .*{says}.*; {words}"):
        await connected(file)
    assert kubernetes.closed == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("worker", "says"),
    [
        (NO_NODE, "default-worker-1-x1: Unschedulable: 1 Insufficient cpu.; see `kubectl describe pod dreamplay-"),
        ({"phase": "Running"}, "default-worker-1-x1: Running; see `kubectl logs dreamplay-"),
        ({}, "default-worker-1: no pod yet; see `kubectl describe deployment dreamplay-"),
    ],
)
async def test_pods_that_wait_are_waited_for_and_that_is_said_once(
    worker: dict[str, Any], says: str, kubernetes: FakeKubernetes, caplog: pytest.LogCaptureFixture
) -> None:
    async def starts() -> None:
        kubernetes.add("scheduler", **READY)
        kubernetes.add("default-worker-1", **worker)
        await asyncio.Event().wait()

    kubernetes.starts = starts
    await until_told(caplog, asyncio.create_task(connected(kubernetes.make())))
    assert len(caplog.messages) == 1
    assert says in caplog.messages[0]
    assert caplog.messages[0].endswith(" -n studies`")
    assert kubernetes.closed == 1


@pytest.mark.usefixtures("at_once")
async def test_a_deployment_that_may_have_no_pod_is_given_up_with_the_reason(kubernetes: FakeKubernetes) -> None:
    async def starts() -> None:
        kubernetes.add("scheduler")
        told = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: q"}
        kubernetes.there["deployments"][0]["status"] = {"conditions": [told]}
        await asyncio.Event().wait()

    kubernetes.starts = starts
    with pytest.raises(DreamplayError, match=r"given up .*-scheduler: FailedCreate: exceeded quota: q"):
        await connected(kubernetes.make())


@pytest.mark.usefixtures("at_once")
async def test_an_operator_that_does_nothing_is_given_up(kubernetes: FakeKubernetes) -> None:
    with pytest.raises(DreamplayError, match=r"given up .* the operator of dask-kubernetes does nothing"):
        await connected(kubernetes.make())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError("refused"), r"\(refused\); see what `kubectl get daskclusters,pods -n studies` says here"),
        (Exception("404 Not\nFound"), r"\(404 Not Found\); install the operator of dask-kubernetes there, and give"),
        (Exception(), r"\(Exception\)"),
    ],
)
async def test_a_cluster_that_does_not_start_is_said_in_a_line(
    error: Exception, says: str, kubernetes: FakeKubernetes, caplog: pytest.LogCaptureFixture
) -> None:
    kubernetes.starts, kubernetes.ends = fails(error), lambda: 1 / 0
    with pytest.raises(DreamplayError, match=f"kubernetes.yaml:2: kubernetes: the cluster does not start .*{says}"):
        await connected(kubernetes.make())
    assert not caplog.messages  # nothing was there to take back


async def test_how_to_take_pods_back_is_said_where_that_fails(
    kubernetes: FakeKubernetes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods, "_LOOK", 30.0)

    def ends() -> None:
        raise TimeoutError("it took too long")

    kubernetes.ends = ends
    connecting = asyncio.create_task(connected(kubernetes.make()))
    await asyncio.to_thread(served.until, lambda: bool(kubernetes.spec), 30)
    connecting.cancel()
    await asyncio.wait([connecting])
    name = kubernetes.spec["metadata"]["name"]
    assert f"(it took too long); take them back: `kubectl delete daskcluster {name} -n studies`" in caplog.messages[0]


async def test_who_may_not_list_pods_is_told_so_once(
    kubernetes: FakeKubernetes, caplog: pytest.LogCaptureFixture
) -> None:
    del kubernetes.there["pods"]
    await until_told(caplog, asyncio.create_task(connected(kubernetes.make())))
    assert [text.partition("(")[0] for text in caplog.messages] == [
        f"{kubernetes.make()}:2: kubernetes: cannot see what the pods wait for "
    ]


async def test_keys_that_the_operator_does_not_heed_are_refused(kubernetes: FakeKubernetes) -> None:
    with pytest.raises(UsageError, match=r"kubernetes.yaml:5: kubernetes.count: unknown key.*; valid are custom-"):
        await connected(kubernetes.make("  count: {start: 3}\n"))
    with pytest.raises(LibraryError, match="tls: it is for queues"):
        await connected(kubernetes.make(above="tls: true\n"))


def fails(error: Exception) -> Any:
    async def failing() -> None:
        raise error

    return failing
