"""A study of many plays in several processes, against the fake endpoint with latency in a process of its own: whether
all are finished and none is played twice, how near to the ideal it comes, what it takes of memory and of the processor,
and how much faster two processes are than one. The ideal is the time that the calls of the plays take if nothing else
took any; see jobs.py.

    uv run python tests/benchmarks/study.py --plays 1000 --jobs 200 --processes 2
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import bench
from dreamplay.cli.main import OBJECTS
from dreamplay.runs import transcript
from dreamplay.studies.engines.base import Outcome, Unwatched
from dreamplay.studies.loaded import LoadedStudy, load_study
from ruamel.yaml import YAML

SHARE = 0.6
MEGABYTES = 1500
FASTER = 1.8
"""How much faster two processes are than one."""


def main() -> None:
    """Play, and print a table."""
    parser = argparse.ArgumentParser(description="A study in several processes.")
    parser.add_argument("--plays", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each answer begins")
    parser.add_argument("--story", default="mindsync")
    parser.add_argument("--beats", nargs="*", default=[], help="play only these")
    parser.add_argument("--against-one", action="store_true", help="play the same in one process, too")
    chosen = parser.parse_args()
    gc.set_threshold(OBJECTS)  # as the command line does
    here, there = multiprocessing.get_context("spawn").Pipe()
    serving = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, chosen.latency))
    serving.start()
    try:
        url, rows = here.recv(), []
        took = _measure(url, here, chosen, chosen.processes, rows)
        if chosen.against_one:
            one = _measure(url, here, chosen, 1, [])
            faster = one / took
            bar = f"{FASTER}" if chosen.processes == 2 else ""
            rows.append(("times as fast as one process", bar, f"{faster:.2f}", bench.kept(faster >= FASTER)))
    finally:
        here.send("over")
        serving.join()
    print(f"{chosen.plays} plays, {chosen.jobs} at once, {chosen.processes} processes, {chosen.latency} s of latency; "
          f"{bench.machine()}\n")  # fmt: skip
    print(bench.table(("what", "bar", "measured", "kept"), rows))


def _serve(pipe: Connection, latency: float) -> None:
    sys.path.append(str(Path(__file__).parents[1]))  # the fake endpoint is one of the tests' own modules
    from fake_endpoint import FakeEndpoint

    asked = 0

    def count(request: dict[str, Any]) -> None:
        nonlocal asked
        asked += 1
        fake.seen.clear()  # a thousand plays ask for a gigabyte of prompts

    with FakeEndpoint(latency=latency) as fake:
        fake.refuses = count
        pipe.send(fake.base_url)
        while pipe.recv() == "asked":
            pipe.send((asked, time.process_time()))
            asked = 0


def _measure(url: str, fake: Any, chosen: argparse.Namespace, processes: int, rows: list[tuple[str, ...]]) -> float:
    """Play a study, add what was measured, and return how long it took."""
    with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as name:
        found = _study(Path(name), url, chosen)
        playing = found.prepare(chosen.jobs, processes)
        watch = _Moments()
        memory = _Memory()
        fake.send("asked")
        _, served = fake.recv()
        begun, used, before = time.monotonic(), time.process_time(), _processor()
        with memory:
            asyncio.run(playing.play(watch))
        ended, after = time.monotonic(), _processor()
        took, own = ended - begun, time.process_time() - used + memory.children
        fake.send("asked")
        asked, serving = fake.recv()
        records = [transcript.read(path.parent) for path in Path(name).glob(f"plays/*/{transcript.FILE}")]
    for why in set(playing.failed.values()):
        bench.say(why)
    totals = [transcript.total(record.script) for record in records]
    calls = sum(total.calls for total in totals)
    chains = [_chain(list(record.script)) for record in records]
    ideal = max(sum(chains) / chosen.jobs, max(chains)) * chosen.latency
    finished = sum(record.end is not None for record in records)
    busy, idle = after[0] - before[0], after[1] - before[1]
    shares = [own, serving - served, busy - own - (serving - served), idle]
    at_end = sum(ended - each for each in watch.over_at[-chosen.jobs :])
    rows += [
        ("plays to their end", f"{chosen.plays}", f"{finished}", bench.kept(finished == chosen.plays)),
        ("calls in the transcripts, and at the endpoint", "the same", f"{calls}, {asked}", bench.kept(calls == asked)),
        ("throughput against the ideal", f"{SHARE:.0%}", f"{ideal / took:.0%}", bench.kept(ideal / took >= SHARE)),
        ("time, ideal", "", f"{took:.1f} s, {ideal:.1f} s", ""),
        ("until the first play began", "", f"{(watch.first or ended) - begun:.1f} s", ""),
        ("places left empty at the end, on average", "", f"{at_end / chosen.jobs:.1f} s", ""),
        ("calls a second, ideal", "", f"{calls / took:.0f}, {calls / ideal:.0f}", ""),
        ("own time of the processor, a call", "", f"{own / calls * 1000:.1f} ms", ""),
        ("the same of the endpoint, on the same cores", "", f"{(serving - served) / calls * 1000:.1f} ms", ""),
        ("of all cores: plays, endpoint, other work, nothing", "",
         ", ".join(f"{share / (busy + idle):.0%}" for share in shares), ""),
        ("memory of all processes at its peak", f"{MEGABYTES} MB", f"{memory.peak:.0f} MB",
         bench.kept(memory.peak <= MEGABYTES)),
    ]  # fmt: skip
    return took


def _study(folder: Path, url: str, chosen: argparse.Namespace) -> LoadedStudy:
    data = {
        "title": "A benchmark", "story": chosen.story, "length": "short", "seeds": str(chosen.plays // 2),
        "model": "fake", "baseline": "base",
        "conditions": {"base": {}, "changed": {"swaps": {"leo": "leo_believer"}}},
    } | ({"beats": chosen.beats} if chosen.beats else {})  # fmt: skip
    with (folder / "bench.yaml").open("w") as file:
        YAML(typ="safe").dump(data, file)
    return load_study(folder / "bench.yaml", store=folder / "plays", base_url=url)


def _chain(events: list[Any]) -> int:
    """Calls of a play that had to wait for one another: stances and reflections are asked for all at once."""
    together: dict[tuple[str, str], list[int]] = {}
    alone = 0
    for event in events:
        calls = event.provenance.usage.calls
        if event.kind in ("stance", "reflection"):
            together.setdefault((event.scene, event.kind), []).append(calls)
        else:
            alone += calls
    return alone + sum(map(max, together.values()))


class _Moments(Unwatched):
    """When the first play was finished with its start, and each with its end."""

    first: float | None = None

    def __init__(self) -> None:
        self.over_at: list[float] = []

    def began(self, name: str, worker: str) -> None:
        """See `Watch`."""
        self.first = self.first or time.monotonic()

    def over(self, outcome: Outcome) -> None:
        """See `Watch`."""
        self.over_at.append(time.monotonic())


class _Memory:
    """Looks now and then at what this process and those that it has started have in memory, and have used."""

    def __init__(self) -> None:
        self.peak = self.children = 0.0
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._looking.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._looking.join()
        used = os.times()
        self.children = used.children_user + used.children_system - self._before

    def _look(self) -> None:
        used = os.times()
        self._before = used.children_user + used.children_system
        while not self._over.wait(2.0):  # a look at a process of 400 MB takes 5 ms
            own = [os.getpid(), *(pid for pid, command in _children() if "dreamplay.studies" in command)]
            self.peak = max(self.peak, sum(map(_resident, own)))


def _processor() -> tuple[float, float]:
    """Seconds that all cores together have worked, whoever for, and that they have not."""
    user, nice, system, idle, waiting, *interrupts = map(int, Path("/proc/stat").read_text().split()[1:8])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + sum(interrupts)) / tick, (idle + waiting) / tick


def _children() -> list[tuple[int, str]]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            pids = (task / "children").read_text().split()
        except OSError:
            continue
        for pid in pids:
            try:
                found.append((int(pid), Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")))
            except OSError:
                continue
    return found


def _resident(pid: int) -> float:
    """Megabytes of a process that are its own, or its share of what it has in common with others."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
