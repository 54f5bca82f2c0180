"""How quick is a list of a thousand runs? Prints the seconds of `dreamplay.list_runs`, for runs that no list has read,
and for runs that one has.

    uv run python tests/benchmarks/many_runs.py
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import dreamplay as dp
from dreamplay.runs import summary_store, transcript

RUNS = 1_000


def make(home: Path, count: int = RUNS) -> None:
    """Fill a folder with so many runs, each fourth of them a branch, each tenth stopped in the middle."""
    one = dp.play("mindsync", model="scripted", seed=7, out=home / "run-0000").folder
    head, *rest = (one / transcript.FILE).read_bytes().splitlines(keepends=True)
    header = json.loads(head)
    text = (one / "transcript.md").read_bytes()
    for number in range(1, count):
        changed = header | {"seed": number}
        if number % 4 == 3:
            changed |= {"parent": f"run-{number - 1:04}", "point": 20, "changes": ["from event 20 on, drop elara"]}
        folder = home / f"run-{number:04}"
        folder.mkdir()
        kept = rest[:60] if number % 10 == 5 else rest
        (folder / transcript.FILE).write_bytes(b"".join([json.dumps(changed).encode(), b"\n", *kept]))
        (folder / "transcript.md").write_bytes(text)


def taken(home: Path, within: float | None) -> float:
    """Seconds that a list takes."""
    begun = time.perf_counter()
    dp.list_runs(home, within=within)
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "transcripts"
        make(home)
        print(f"{RUNS:,} runs at a first look: {taken(home, 0):.2f} s (bar: 1 s)")
        print(f"once more: {taken(home, 0):.2f} s")
        (home / summary_store.FILE).unlink()
        print(f"read as a whole: {taken(home, None):.1f} s, once")
        print(f"once more: {taken(home, None):.2f} s (bar: 1 s)")


if __name__ == "__main__":
    main()
