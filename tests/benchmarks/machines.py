"""A cluster of processes on this machine: a Dask scheduler and its workers, which are killed and come back, and the
command that plays a study on them.

As root on Linux, where network namespaces are allowed, every start of a worker is a machine of its own: it has its own
network, and can be cut off.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORKERS = ("w1", "w2", "w3")
_BRIDGE = "dp-bridge"
_NET = "10.213.77"
_BACK = 2.0
"""Seconds after which what was killed is started again."""
_COMMAND = "from dreamplay.cli.main import main; main()"
_OTHERS = ("DREAMPLAY_", "OPENAI_", "DASK_", "PG")
"""Beginnings of variables that no process inherits."""


@contextlib.contextmanager
def network(*, wanted: bool) -> Iterator[str | None]:
    """A bridge to which networks of workers are tied, and its address; None where that is not wanted or allowed."""
    if not (wanted and sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip")):
        yield None
        return
    if _ip("link", "add", _BRIDGE, "type", "bridge", check=False):
        yield None
        return
    try:
        _ip("addr", "add", f"{_NET}.1/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        yield f"{_NET}.1"
    finally:
        _ip("link", "del", _BRIDGE)


class Machines:
    """Scheduler and workers.

    Args:
        home: a folder for what they write.
        host: the address of the network that ties them together; None: they are on this machine's own.
        environment: of each worker, and of the command.
    """

    def __init__(self, home: Path, host: str | None, environment: dict[str, str]) -> None:
        self._home, self._apart, self._host = home, host is not None, host or "127.0.0.1"
        self._environment = {key: text for key, text in os.environ.items() if not key.startswith(_OTHERS)}
        self._environment |= {"DASK_CONFIG": str(home), "XDG_CONFIG_HOME": str(home)} | environment
        with socket.create_server((self._host, 0)) as free:
            self._port = free.getsockname()[1]
        self._numbers = itertools.count(11)
        self._networks: dict[str, str] = {}
        """Of what runs now."""
        self._left: list[str] = []
        """The networks of machines that were cut off: nobody hears that they are gone."""
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._dead: dict[str, float] = {}
        """What is dead, and from when it may be started again."""

    @property
    def scheduler(self) -> str:
        """The address of the scheduler."""
        return f"tcp://{self._host}:{self._port}"

    def pid(self, name: str) -> int | None:
        """The process of a worker or of the scheduler; None while it is dead."""
        return None if name in self._dead else self._running[name].pid

    def start(self) -> None:
        """Start all."""
        for name in ("scheduler", *WORKERS):
            self._start(name)

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Give a command of dreamplay; `said` is what it says."""
        (self._home / "command.log").unlink(missing_ok=True)
        self._running["command"] = self._run("command", "-c", _COMMAND, *arguments)
        return self._running["command"]

    @property
    def said(self) -> str:
        """The last line of the last command."""
        lines = (self._home / "command.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def kill(self, name: str, *, cut: bool = False) -> bool:
        """Kill one of them; whether its network was cut first, as in a power cut."""
        cut = cut and self._apart
        if cut:
            self._left.append(self._networks.pop(name))
            _ip("link", "set", self._left[-1], "down")
        self._running[name].send_signal(signal.SIGKILL)
        self._running[name].wait()
        self._dead[name] = time.monotonic() + _BACK
        return cut

    def revive(self) -> None:
        """Start again what is dead. Without their scheduler, workers end by themselves."""
        for name, process in self._running.items():
            if name != "command" and process.poll() is not None:
                self._dead.setdefault(name, time.monotonic())
        for name in [name for name, at in self._dead.items() if time.monotonic() > at]:
            del self._dead[name]
            self._start(name)

    def end(self) -> None:
        """Stop all that runs."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        for network in (*self._networks.values(), *self._left):
            _ip("netns", "del", network)

    def _start(self, name: str) -> None:
        here = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
        if name == "scheduler":
            port = ["--host", self._host, "--port", str(self._port)]
            self._running[name] = self._run(name, "-m", "distributed.cli.dask_scheduler", *port, *here)
            return
        if name in self._networks:
            _ip("netns", "del", self._networks.pop(name))
        within: tuple[str, ...] = ()
        if self._apart:
            self._networks[name] = self._network()
            within = ("ip", "netns", "exec", self._networks[name])
        options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(self._home / name), *here]
        worker = ("-m", "distributed.cli.dask_worker", self.scheduler)
        self._running[name] = self._run(name, *worker, *options, within=within)

    def _network(self) -> str:
        number = next(self._numbers)
        name = f"dp{os.getpid()}-{number}"  # the link of a network that was deleted may be there for a while
        _ip("netns", "add", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", name, "master", _BRIDGE, "up")
        _ip("-n", name, "addr", "add", f"{_NET}.{number}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", name, "link", "set", device, "up")
        return name

    def _run(self, name: str, *arguments: str, within: tuple[str, ...] = ()) -> Any:
        with (self._home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*within, sys.executable, *arguments], env=self._environment, cwd=self._home,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip


def _ip(*arguments: str, check: bool = True) -> int:
    return subprocess.run(["ip", *arguments], check=check, capture_output=not check).returncode
