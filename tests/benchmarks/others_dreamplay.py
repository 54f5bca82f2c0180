"""Plays for `others.py` with dreamplay: an event loop with so many plays at once, as `dreamplay.stream` offers them,
with the defaults for a model at an address. Every event is on disk before the next is asked for.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from pathlib import Path

import dreamplay as dp
from dreamplay.cli.main import OBJECTS
from others_play import Order, measure, told


def main() -> None:
    """Play as asked for."""
    order = told()
    gc.set_threshold(OBJECTS)  # as the command line does
    with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as home:
        measure("dreamplay", lambda seeds: asyncio.run(_play(order, seeds, Path(home))))


async def _play(order: Order, seeds: range, home: Path) -> int:
    slots = asyncio.Semaphore(order.jobs)
    story = dp.load_story(order.story)
    with dp.get_model("fake", base_url=order.base_url) as model:

        async def one(seed: int) -> int:
            async with slots:
                run = await dp.stream(story, model=model, seed=seed, out=home / f"{len(seeds)}-{seed}")
            return len(list(run.lines))

        return sum(await asyncio.gather(*map(one, seeds)))


if __name__ == "__main__":
    main()
