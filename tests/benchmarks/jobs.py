"""How near to the ideal many runs at once come: so many what-if runs, `--jobs` at once, against the fake endpoint with
latency, in a process of its own. The ideal is the time that the calls of the runs take if nothing else took any:
the longest chain of calls that must wait for each other, times the latency, for so many runs one after the other.

    uv run python tests/benchmarks/jobs.py --runs 200 --jobs 100

On the embedded model, the same runs are played again, one after another, on an engine for one:

    uv run python tests/benchmarks/jobs.py --embedded --runs 4 --jobs 4 --at reconciliation
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import bench
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.cli.main import OBJECTS
from dreamplay.engine import run_config
from dreamplay.engine.runner import Runner
from dreamplay.models import registry
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.model_choice import ModelSpec
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.address import Address
from dreamplay.settings import load

SHARE = 0.85
MEGABYTES = 600
AT_ONCE = 0.7
"""Of the time that the same runs take one after another."""


def main() -> None:
    """Play, and print a table."""
    parser = argparse.ArgumentParser(description="Many what-if runs at once.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each answer begins")
    parser.add_argument("--at", default="nightmare")
    parser.add_argument("--embedded", action="store_true", help="on the embedded model, against one run at a time")
    chosen = parser.parse_args()
    gc.set_threshold(OBJECTS)  # as the command line does
    if chosen.embedded:
        _on_the_engine(chosen)
        return
    here, there = multiprocessing.get_context("spawn").Pipe()
    serving = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, chosen.latency))
    serving.start()
    try:
        with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as home:
            rows = asyncio.run(_measure(Path(home), here.recv(), here, chosen))
    finally:
        here.send("over")
        serving.join()
    print(f"{chosen.runs} runs, {chosen.jobs} at once, {chosen.latency} s of latency; {bench.machine()}\n")
    print(bench.table(("what", "bar", "measured", "kept"), rows))


def _on_the_engine(chosen: argparse.Namespace) -> None:
    """Play the same branches at once, and one after another, each time on an engine without a prompt of theirs."""
    took = {}
    for jobs in (chosen.jobs, 1):
        with bench.fresh_start() as home:
            took[jobs] = asyncio.run(_seconds(home, jobs, chosen))
    share = took[chosen.jobs] / took[1]
    print(f"{chosen.runs} runs from {chosen.at} on; {bench.machine()}\n")
    print(bench.table(("what", "bar", "measured", "kept"), [
        (f"{chosen.jobs} at once, one after another", "", f"{took[chosen.jobs]:.0f} s, {took[1]:.0f} s", ""),
        ("share of the time", f"{AT_ONCE}", f"{share:.2f}", bench.kept(share <= AT_ONCE)),
    ]))  # fmt: skip


async def _seconds(home: Path, jobs: int, chosen: argparse.Namespace) -> float:
    """How long the branches take, from when the engine has loaded and read what they share."""
    parent = await _parent(home / "parent")
    models = LocalModel(timeout=bench.TIMEOUT, jobs=jobs).lanes()
    changes = Changes({"leo": "leo_believer"})
    branches = [branch.branch(parent, "parent", chosen.at, changes, seed) for seed in range(chosen.runs + 1)]
    first, *waiting = [batch.job(each, models[0], {}, home) for each in branches]
    await batch.BatchRunner([first], models[:1], {}).play(lambda job, seen: None)
    begun = time.monotonic()
    playing = batch.BatchRunner(waiting, models, {})
    await playing.play(lambda job, seen: None)
    took = time.monotonic() - begun
    await registry.close(models)
    for why in map(str, playing.failed.values()):
        bench.say(why)
    return took


def _serve(pipe: Connection, latency: float) -> None:
    sys.path.append(str(Path(__file__).parents[1]))  # the fake endpoint is one of the tests' own modules
    from fake_endpoint import FakeEndpoint

    with FakeEndpoint(latency=latency) as fake:
        pipe.send(fake.base_url)
        while pipe.recv() == "asked":
            pipe.send(time.process_time())


def _used(fake: Connection) -> float:
    """Seconds of the processor that the endpoint has taken."""
    fake.send("asked")
    used: float = fake.recv()
    return used


async def _measure(home: Path, url: str, fake: Connection, chosen: argparse.Namespace) -> list[tuple[str, ...]]:
    parent = await _parent(home / "parent")
    settings = load(model="fake", base_url=url)
    engine = ModelSpec("endpoint", "fake", Address.parse(url), "the bench")
    models = await registry.open_models(engine, settings, jobs=chosen.jobs)
    changes = Changes({"leo": "leo_believer"})
    branches = [branch.branch(parent, "parent", chosen.at, changes, seed) for seed in range(chosen.runs)]
    waiting = [batch.job(each, models[0], {}, home) for each in branches]
    served = _used(fake)
    begun, used = time.monotonic(), time.process_time()
    playing = batch.BatchRunner(waiting, models, {})
    await playing.play(lambda job, seen: None)
    took, busy = time.monotonic() - begun, time.process_time() - used
    served = _used(fake) - served
    await registry.close(models)
    records = [each.record() for each in waiting]
    calls = sum(transcript.total(list(record.script)[record.header.point or 0 :]).calls for record in records)
    chains = [_chain(record) for record in records]
    ideal = max(sum(chains) / chosen.jobs, max(chains)) * chosen.latency
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    ended = sum(record.end is not None for record in records)
    for why in set(map(str, playing.failed.values())):
        bench.say(why)
    return [
        ("runs played to their end", f"{chosen.runs}", f"{ended}", bench.kept(ended == chosen.runs)),
        ("throughput against the ideal", f"{SHARE:.0%}", f"{ideal / took:.0%}", bench.kept(ideal / took >= SHARE)),
        ("time, ideal", "", f"{took:.1f} s, {ideal:.1f} s", ""),
        ("calls, a second", "", f"{calls}, {calls / took:.0f}", ""),
        ("own time of the processor, a call", "", f"{busy / calls * 1000:.1f} ms", ""),
        ("the same of the endpoint, on the same cores", "", f"{served / calls * 1000:.1f} ms", ""),
        ("memory at its peak", f"{MEGABYTES} MB", f"{peak:.0f} MB", bench.kept(peak <= MEGABYTES)),
    ]


def _chain(record: RunLog) -> int:
    """Calls of a branch that had to wait for one another: the stances are asked for all at once."""
    own = list(record.script)[record.header.point or 0 :]
    stances = [event.provenance.usage.calls for event in own if event.kind == "stance"]
    return sum(event.provenance.usage.calls for event in own if event.kind != "stance") + max(stances, default=0)


async def _parent(folder: Path) -> RunLog:
    run = Runner(run_config.make_run_config("mindsync", {}, seed=7), ScriptedModel(), folder, {})
    await run.play(lambda seen: None)
    return transcript.read(folder)


if __name__ == "__main__":
    main()
