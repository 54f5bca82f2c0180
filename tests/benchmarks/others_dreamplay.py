"""Plays for `others.py` with dreamplay: a study in one process, with the defaults for a model at an address. Half of
the plays have somebody else in the cast. Every event is on disk before the next is asked for.
"""

from __future__ import annotations

import gc
import json
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
        measure("dreamplay", lambda seeds: _play(order, seeds, Path(home) / f"from-{seeds.start}"))


def _play(order: Order, seeds: range, home: Path) -> int:
    """Play a study of as many plays as there are seeds, at least four, and say how many lines were spoken."""
    home.mkdir()
    study = {
        "title": "Many plays", "story": order.story, "model": "fake", "base_url": order.base_url,
        "seeds": max(len(seeds) // 2, 2), "baseline": "base",
        "conditions": {"base": {}, "other": {"swaps": {"elara": "elara_sleepless"}}},
    }  # fmt: skip
    file = home / "study.yaml"
    file.write_text(json.dumps(study), encoding="utf-8")
    dp.load_study(file, store=home / "runs").run(jobs=order.jobs, processes=1)
    transcripts = home.glob("runs/*/transcript.jsonl")
    return sum(json.loads(line).get("kind") == "line" for path in transcripts for line in path.open(encoding="utf-8"))


if __name__ == "__main__":
    main()
