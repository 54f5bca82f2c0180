"""How fast a store takes what many plays append: `python tests/benchmarks/stores.py [ADDRESS...]`.

Without an address it measures a folder, and a PostgreSQL server of its own with its data on the same disk. Each play
appends a turn, and a prompt beside it, and waits until the turn is durable. Printed are turns a second, the processor's
time of this process for each, and how long a turn waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dreamplay.storage.opening import open_store
from dreamplay.storage.store import Store

sys.path.append(str(Path(__file__).parents[1]))  # the server is one of the tests' own modules
import postgres_server

PLAYS = 100
SECONDS = 8.0
_EVENT = b'{"id":%d,"kind":"line","speaker":"leo","text":"' + b"A line as it is said in a play. " * 20 + b'"}\n'
_PROMPT = b'{"record":"prompt","digest":"%d-%d","rest":"' + b"What was asked for it. " * 60 + b'"}\n'


async def _play(store: Store, name: str, until: float, waits: list[float]) -> None:
    place = store.place(name)
    with place.hold():
        transcript = place.journal("transcript.jsonl", forced=True)
        prompts = place.journal("prompts.jsonl", forced=False)
        number = 0
        while time.monotonic() < until:
            prompts.append(_PROMPT % (id(place), number))
            transcript.append(_EVENT % number)
            begun = time.perf_counter()
            await transcript.settled()
            waits.append(time.perf_counter() - begun)
            number += 1
        transcript.close()
        prompts.close()


async def _measure(store: Store, plays: int) -> str:
    waits: list[float] = []
    used, begun = time.process_time(), time.perf_counter()
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(_play(store, f"play-{plays}-{number}", until, waits) for number in range(plays)))
    used, took = time.process_time() - used, time.perf_counter() - begun
    waits.sort()
    return (
        f"{plays:4} plays: {len(waits) / took:7,.0f} turns/s, {used / len(waits) * 1000:6.3f} ms of ours each, waits "
        f"{statistics.median(waits) * 1000:6.1f} ms (99%: {waits[len(waits) * 99 // 100] * 1000:6.1f})"
    )


def main() -> None:
    """Measure each store, with one play and with many."""
    with contextlib.ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory())
        addresses = sys.argv[1:] or [folder]
        if not sys.argv[1:] and postgres_server.programs():
            addresses.append(held.enter_context(postgres_server.running(durable=True)).database("measured"))
        for address in addresses:
            store = open_store(Path(address) if address == folder else address)
            for plays in (1, PLAYS):
                print(
                    f"{'a folder' if address == folder else store}: {asyncio.run(_measure(store, plays))}", flush=True
                )


if __name__ == "__main__":
    main()
