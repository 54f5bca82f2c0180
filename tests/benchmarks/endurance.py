"""What a study on a Dask cluster endures: a scheduler, three workers, a PostgreSQL and the fake endpoint with latency,
on this machine. Every so often a worker is killed and comes back, once the scheduler, and once PostgreSQL crashes. In
the end nothing may be lost or played twice, and every transcript must be what an undisturbed run leaves, byte for byte
but for the seconds that calls took.

    uv run python tests/benchmarks/endurance.py
    uv run python tests/benchmarks/endurance.py --seconds 60 --every 10 --seeds 16

As root on Linux, each worker is in a network of its own, and every other one that dies is cut off first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import bench
from dreamplay.models import scripted
from dreamplay.runs.transcript import FILE
from dreamplay.storage import opening
from machines import WORKERS, Machines, network

sys.path.append(str(Path(__file__).parents[1]))  # the server is one of the tests' own modules, as is the fake endpoint
import postgres_server

AT_ONCE = 4
"""Calls of one play at the same time, at most: all roles are asked for their stances at once."""
_STUDY = """\
title: What endures
story: mindsync
length: short
seeds: {seeds}
model: fake
baseline: base
conditions:
  base: {{}}
  believer: {{swaps: {{leo: leo_believer}}}}
"""
_SECONDS = re.compile(rb'"seconds":[\d.e-]+')
_PLAYERS = (
    "SELECT player FROM dreamplay.runs WHERE EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND classid = 'dreamplay.runs'::regclass AND objid = run::bigint::oid AND objsubid = 2)"
)


@dataclass
class Ledger:
    """What was done to the study."""

    kills: int = 0
    cuts: int = 0
    schedulers: int = 0
    databases: int = 0
    commands: int = 1
    plays: int = 0
    """Plays that ran in what was killed."""


def main() -> None:
    """Play, disturb, and print a table."""
    parser = argparse.ArgumentParser(description="A study on a cluster that falls apart.")
    parser.add_argument("--seconds", type=float, default=300, help="for which it is disturbed")
    parser.add_argument("--every", type=float, default=20, help="seconds between two deaths of a worker")
    parser.add_argument("--seeds", type=int, default=60, help="of each of two conditions: enough to outlast that time")
    parser.add_argument("--jobs", type=int, default=24, help="plays at once")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds before each answer begins")
    parser.add_argument("--logs", type=Path, help="a folder for what all of them say, which is kept")
    parser.add_argument("--one-network", action="store_true", help="no networks of their own for workers")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _ended)
    if not postgres_server.programs():
        sys.exit("no PostgreSQL server is installed")
    with network(wanted=not chosen.one_network) as host, tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as home:
        rows = measure(Path(home), host, chosen)
        where = "each worker in a network of its own" if host else "all on one network"
    print(f"{chosen.seconds:.0f} s, {chosen.jobs} plays at once, {where}; {bench.machine()}\n")
    print(bench.table(("what", "bar", "measured", "kept"), rows))
    sys.exit(any(row[3] == bench.kept(False) for row in rows))


def measure(home: Path, host: str | None, chosen: argparse.Namespace) -> list[tuple[str, ...]]:
    """Play the study on the cluster, and then undisturbed in one process, and compare."""
    study = home / "endurance.yaml"
    study.write_text(_STUDY.format(seeds=chosen.seeds))
    listen = host or "127.0.0.1"
    with fake(listen, chosen.latency) as model, postgres_server.running(listen=listen, durable=True) as server:
        url, counts = model
        machines = Machines(home, host, {"PGPASSWORD": postgres_server.PASSWORD, "DREAMPLAY_BASE_URL": url})
        disturbed, quiet = server.database("disturbed"), server.database("quiet")
        run = ("study", "run", str(study), "--jobs")
        try:
            machines.start()
            begun = time.monotonic()
            ledger = disturb(machines, server, (*run, str(chosen.jobs), "--store", _open(disturbed)), chosen)
            took, asked = time.monotonic() - begun, counts()
            bench.say("the same undisturbed")
            if machines.command(*run, str(4 * chosen.jobs), "--processes", "2", "--store", _open(quiet)).wait():
                sys.exit(f"the command says: {machines.said}")
        finally:
            machines.end()
            if chosen.logs:
                shutil.copytree(home, chosen.logs, ignore=lambda _, names: [n for n in names if n[-4:] != ".log"])
        again, there, here = asked - counts(), kept(disturbed), kept(quiet)
    plays = 2 * chosen.seeds
    ended = sum(bool(lines) and json.loads(lines[-1])["record"] == "end" for lines in there.values())
    same = sum(there.get(name) == lines for name, lines in here.items())
    lines = len({line for line, _ in again if line})
    most, once = ledger.plays, ledger.schedulers == ledger.databases == 1
    return [
        ("plays finished", f"{plays}", f"{ended}", bench.kept(ended == plays)),
        ("runs in the store", f"{plays}", f"{len(there)}", bench.kept(len(there) == plays)),
        ("transcripts as undisturbed", f"{plays}", f"{same}", bench.kept(same == plays == len(here))),
        ("workers killed, of these cut off", "", f"{ledger.kills}, {ledger.cuts}", ""),
        ("scheduler killed, PostgreSQL crashed", "1, 1", f"{ledger.schedulers}, {ledger.databases}", bench.kept(once)),
        ("commands given", "2", f"{ledger.commands}", bench.kept(ledger.commands == 2)),
        ("plays that were killed", "", f"{most}", ""),
        ("lines asked for twice", f"at most {most}", f"{lines}", bench.kept(lines <= most)),
        ("calls, made twice", f"at most {AT_ONCE * most}", f"{asked.total()}, {again.total()}",
         bench.kept(again.total() <= AT_ONCE * most)),
        ("seconds, plays a minute", "", f"{took:.0f}, {plays / took * 60:.0f}", ""),
    ]  # fmt: skip


def disturb(
    machines: Machines, server: postgres_server.Server, run: tuple[str, ...], chosen: argparse.Namespace
) -> Ledger:
    """Play the study to its end on the cluster, and disturb it for so many seconds."""
    ledger, workers = Ledger(), count()
    run = (*run, "--cluster", machines.scheduler)
    playing = machines.command(*run)
    while playing.poll() is None and not _players(server.url("disturbed")):
        time.sleep(0.5)
    begun = time.monotonic()
    kill, scheduler, database, told = chosen.every, chosen.seconds / 2, chosen.seconds * 3 / 4, 0.0

    def dies(name: str, *, cut: bool = False) -> None:
        held = _players(server.url("disturbed"))
        mine = [who for who in held if name == "scheduler" or f"process {machines.pid(name)} on " in who]
        ledger.plays += len(mine)
        off = machines.kill(name, cut=cut)
        ledger.cuts += off
        bench.say(f"{now:4.0f} s: {name} {'is cut off' if off else 'dies'}, and with it {len(mine)} plays")

    while True:
        time.sleep(0.1)
        now = time.monotonic() - begun
        machines.revive()
        if playing.poll() == 0:
            if now < chosen.seconds:
                bench.say(f"played to its end after {now:.0f} s; ask for more --seeds to disturb it for longer")
            return ledger
        if playing.poll() is not None:
            bench.say(f"{now:4.0f} s: the command says: {machines.said}")
            if ledger.commands > ledger.schedulers:
                sys.exit("it should have gone on")
            ledger.commands += 1
            playing = machines.command(*run)
        if now > told:
            told += 20
            bench.say(f"{now:4.0f} s: {machines.said}; {len(_players(server.url('disturbed')))} are played")
        if now > 3 * chosen.seconds + 120:
            sys.exit(f"it does not come to its end; the command says: {machines.said}")
        if now > chosen.seconds:
            continue
        if now > kill:
            kill += chosen.every
            name = WORKERS[next(workers) % len(WORKERS)]
            if machines.pid(name):
                ledger.kills += 1
                dies(name, cut=ledger.kills % 2 == 0)
        if now > scheduler:
            scheduler = float("inf")
            ledger.schedulers += 1
            dies("scheduler")
        if now > database:
            database = float("inf")
            ledger.databases += 1
            bench.say(f"{now:4.0f} s: PostgreSQL crashes, and starts again")
            server.restart("immediate")


def kept(address: str) -> dict[str, list[bytes]]:
    """The transcripts of a store, without the seconds that calls took."""
    found = {place.name: place.lines(FILE) for place, _ in opening.open_store(address).places(FILE)}
    return {
        name: [re.sub(rb'"seconds":[\d.e-]+', b'"seconds":0', line) for line in lines] for name, lines in found.items()
    }


@contextmanager
def fake(host: str, latency: float) -> Iterator[tuple[str, Any]]:
    """The fake endpoint in a process of its own: its address, and what says how often each call was made since that was
    last said, each by the line that it asks for and by all that is in it. From then on it answers at once.
    """
    here, there = multiprocessing.get_context("spawn").Pipe()
    serving = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, host, latency))
    serving.start()
    try:

        def counts() -> Counter[tuple[str, str]]:
            here.send("counts")
            return here.recv()

        yield here.recv(), counts
    finally:
        here.send("over")
        serving.join()


def _serve(pipe: Connection, host: str, latency: float) -> None:
    sys.path.append(str(Path(__file__).parents[1]))
    from fake_endpoint import FakeEndpoint

    asked = Counter[tuple[str, str]]()
    with FakeEndpoint(latency=latency, host=host) as fake:

        def seen(request: dict[str, Any]) -> None:
            fake.seen.clear()
            asked[_line(request), _digest(request)] += 1

        fake.refuses = seen
        pipe.send(fake.base_url)
        while pipe.recv() == "counts":
            pipe.send(asked)
            asked.clear()
            fake.latency = 0.0  # what is undisturbed has not to last


def _line(request: dict[str, Any]) -> str:
    """What stands before the line that is asked for, which is the same in each attempt at it; empty for JSON."""
    system, user = (message["content"] for message in request["messages"][:2])
    note = scripted._NOTE_AT_END.search(user) or scripted._BRIEF.search(user)
    return "" if "response_format" in request else _digest([system, user[: note.start()] if note else user])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _ended(*_: object) -> None:
    """End, and leave nothing running."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _players(address: str) -> list[str]:
    """Who plays each of the runs that are played now, in words."""
    import psycopg

    try:
        with psycopg.connect(address) as connection:
            return [row[0] for row in connection.execute(_PLAYERS)]
    except psycopg.errors.UndefinedTable:
        return []


def _open(address: str) -> str:
    """An address without its password, which is in the environment."""
    return re.sub(r":[^:@/]+@", "@", address)


if __name__ == "__main__":
    main()
