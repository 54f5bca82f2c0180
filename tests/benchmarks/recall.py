"""How long does it take to remember? Recall over many memories, the first one and those after it.

    uv run python tests/benchmarks/recall.py [--memories 10000] [--times 50]

The first recall reads and embeds all of them, which a play does as it goes; each later one embeds a line that is new
and the query. Once few memories are near the matter, once all of them are, which is the worst case for the ranking.
"""

from __future__ import annotations

import argparse
import statistics
import time

from bench import kept, machine, table
from dreamplay import casting
from dreamplay.memory import embeddings
from dreamplay.memory.base import default_embedder
from dreamplay.memory.retrieval import RetrievalMemory
from dreamplay.schema.event import LineEvent
from dreamplay.schema.script import Script

BAR = 5.0  # milliseconds


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure recall against its bar.")
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=50)
    chosen = parser.parse_args()
    where = machine()
    embeddings.ready(default_embedder())
    print(f"{where}; recall over {chosen.memories:,} memories, milliseconds\n")
    rows = [measured(near, chosen.memories, chosen.times) for near in (False, True)]
    print(table(("memories near the matter", "first", "after it, median", "slowest", "bar", "kept?"), rows))


def measured(near: bool, memories: int, times: int) -> tuple[str, ...]:
    """One row: recall over a script of so many lines."""
    story = casting.load_story("mindsync")
    cast = casting.cast(story)
    matters = [cast.fill(text) for persona in cast.personas.values() for text in persona.material]
    matters = matters[:1] if near else matters
    events = (
        LineEvent(id=n, speaker="mira", text=f"{matters[n % len(matters)]}, said for the {n}th time",
              witnesses=cast.roles, beat="launch", scene="roof")
        for n in range(memories + times)
    )  # fmt: skip
    script, leo, took = Script(), RetrievalMemory(story, cast, "leo", default_embedder()), []
    for event in events:
        script.append(event)
        if event.id + 1 >= memories:
            shown = list(script)[-60:]
            start = time.perf_counter()
            found = leo.recall(script.common_view(["leo"]), matters[0], scene="kitchen", shown=shown, limit=3)
            took.append((time.perf_counter() - start) * 1000)
            assert len(found) == 3
    first, *later = took
    figures = (first, statistics.median(later), max(later))
    what = "all" if near else f"one in {len(matters)}, or more"
    return (what, *(f"{figure:.1f}" for figure in figures), f"{BAR:.0f}", kept(figures[1] <= BAR))


if __name__ == "__main__":
    main()
