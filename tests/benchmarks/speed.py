"""Is dreamplay as fast as it is meant to be? Plays the whole story on the embedded model and prints a table.

    uv run python tests/benchmarks/speed.py [--seed N] [--story mindsync] [--runs 1] [--candidates 2]

A story has four minutes where each line is asked for once, and five where the best of several candidates is kept.

Run it when the cores are free: llama.cpp's threads spin, and two engines on two cores fall to a tenth of
their speed.

The whole story is played by the installed console script, started with empty slots, as on a user's first run.
The first spoken token cannot be seen from outside (tokens are shown on a terminal only, until the line
stands), so `first_token.py` runs the same command line in a process of its own and says when the model first
speaks. Our own time is taken in this process, with the scripted model, whose share is some microseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import fresh_start, kept, machine, table
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.models import profile_table
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.schema.event import PROLOGUE, Event, Token, TurnEvent
from dreamplay.schema.scene import TurnContract

LONG = 1000  # lines of the long run
MORE = 2  # lines by which a scene may be longer, for an open question
EARLY, LATE = slice(10, 60), slice(950, 1000)
FLAT = 1.5  # times slower that a late line may be: above the noise of 50 lines, below any growth with length
SCRIPT = Path(sys.executable).with_name("dreamplay")
FIRST_TOKEN = Path(__file__).with_name("first_token.py")

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Played:
    """One whole run: wall-clock seconds from command to finished transcript, and its events."""

    seconds: float
    events: tuple[Event, ...]

    @property
    def spoken(self) -> list[Event]:
        """The turns that the model was asked for, those too that ended in silence."""
        return [event for event in self.events if isinstance(event, TurnEvent) and event.beat != PROLOGUE]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure dreamplay against the bars of its design.")
    parser.add_argument("--seed", type=int, default=7, help="seed of the first run; each next run adds one")
    parser.add_argument("--story", default="mindsync")
    parser.add_argument("--runs", type=int, default=1, help="whole stories to play; the slowest counts")
    parser.add_argument(
        "--candidates", type=int, default=profile_table.look_up("embedded", "").candidates, help="of each line of those"
    )
    chosen = parser.parse_args()
    story = str(Path(chosen.story).resolve()) if Path(chosen.story).is_file() else chosen.story
    where = machine()
    rows = [*_help(), *_own_time(run_config.make_run_config(story, {}, seed=chosen.seed, reflect=False))]
    rows += _first_tokens(story, chosen.seed)
    runs = [_whole(story, chosen.seed + number, chosen.candidates) for number in range(chosen.runs)]
    rows += _story(runs, bar=240 if chosen.candidates == 1 else 300)
    print(f"{where}; story {chosen.story}, seed {chosen.seed}, {chosen.runs} whole run(s)\n")
    print(table(("what", "at most", "measured", "kept?"), rows))
    for run in runs:
        silences = sum(event.kind == "silence" for event in run.spoken)
        refused = sum(len(event.provenance.refused) for event in run.events)
        said = f"{len(run.spoken)} turns, {silences} silent, {refused} candidates refused"
        print(f"\n{run.seconds:.0f} s with --candidates {chosen.candidates}: {said}")


def _whole(story: str, seed: int, candidates: int) -> Played:
    """Play a story as a user does on the first run, and read its transcript."""
    with fresh_start() as folder:
        begun = time.monotonic()
        command = [str(SCRIPT), "run", "--json", "--story", story, "--seed", str(seed),
                   "--candidates", str(candidates), "--out", str(folder / "run")]  # fmt: skip
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - begun
        record = transcript.read(folder / "run")
    if record.end is None:
        raise SystemExit("the run ended without an end in its transcript")
    return Played(seconds, tuple(record.script))


def _story(runs: Sequence[Played], bar: int) -> list[Row]:
    """The rows of whole runs, of which the slowest has `bar` seconds."""
    wall = max(run.seconds for run in runs)
    spoken = [event for run in runs for event in run.spoken]
    read = statistics.median(event.provenance.usage.evaluated for event in spoken)
    # A line's tokens are only known as a sum over its tries, so each of its calls gets an equal share.
    shares = [event.provenance.usage for event in spoken]
    per_call = statistics.median(u.evaluated / u.calls for u in shares for _ in range(u.calls))
    calls = sum(event.provenance.usage.calls for run in runs for event in run.events) / len(spoken)
    return [
        ("whole story, empty slots", f"{bar} s", f"{wall:.0f} s", kept(wall <= bar)),
        ("prompt tokens evaluated per spoken line, median", "60", f"{read:.0f}", kept(read <= 60)),
        ("the same per call, median", "-", f"{per_call:.0f}", ""),
        ("model calls per spoken line, all calls counted", "1.6", f"{calls:.2f}", kept(calls <= 1.6)),
    ]


def _first_tokens(story: str, seed: int) -> list[Row]:
    """The first run finds no saved slot and saves one; the later ones find it."""
    with fresh_start() as folder:
        first, *later = [_first_token(story, seed, folder, number) for number in range(4)]
    second = statistics.median(later)
    return [
        ("first spoken token, first run", "-", f"{first:.1f} s", ""),
        ("first spoken token, second run onward (median of 3)", "5 s", f"{second:.1f} s", kept(second <= 5)),
    ]


def _first_token(story: str, seed: int, folder: Path, number: int) -> float:
    """Seconds from the start of the process to the first token that the model speaks."""
    command = [sys.executable, str(FIRST_TOKEN), "run", "--quiet", "--story", story, "--seed", str(seed),
               "--out", str(folder / f"run-{number}")]  # fmt: skip
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        seconds = time.monotonic() - begun
    if said.strip() != "token" or process.returncode:
        raise SystemExit(f"no first token: {' '.join(command)} ended with {process.returncode}")
    return seconds


def _own_time(plan: RunConfig) -> list[Row]:
    """Play a thousand lines with the scripted model: the time between two lines is ours."""
    with fresh_start() as folder:
        moments, run = asyncio.run(_long_run(plan, folder / "long"))
        size = sum(path.stat().st_size for path in (folder / "long").iterdir()) / 1e6
    if not LONG <= transcript.total(run.script).calls <= LONG + MORE:
        raise SystemExit("the editor refused scripted lines: some of the lines measured took two tries")
    gaps = [(after - before) * 1000 for before, after in itertools.pairwise(moments)]
    early, late = statistics.median(gaps[EARLY]), statistics.median(gaps[LATE])
    flat = FLAT * early
    return [
        ("own time per line, at line 10", "10 ms", f"{early:.1f} ms", kept(early <= 10)),
        ("own time per line, at line 1,000", "10 ms, flat", f"{late:.1f} ms", kept(late <= min(10, flat))),
        ("folder of a run of 1,000 lines", "10 MB", f"{size:.1f} MB", kept(size <= 10)),
    ]


async def _long_run(plan: RunConfig, folder: Path) -> tuple[list[float], Runner]:
    """The moments at which each line stood, director and speaker both counted in the time between."""
    moments: list[float] = []

    def watch(seen: Event | Token) -> None:
        if isinstance(seen, TurnEvent) and seen.beat != PROLOGUE:
            moments.append(time.perf_counter())

    run = Runner(_long(plan), ScriptedModel(_sentences(plan)), folder, {})
    await run.play(watch)
    return moments, run


def _long(plan: RunConfig) -> RunConfig:
    """The story's first scene of plain talk, a thousand turns long, with nothing happening in between."""
    beat, scene = next((beat, scene) for beat, scene in plan.story.scenes if scene.kind == "waking")
    scene = scene.model_copy(update={"turns": TurnContract(min=LONG, max=LONG), "pressures": ()})
    story = plan.story.model_copy(update={"beats": (beat.model_copy(update={"scenes": (scene,)}),)})
    return replace(plan, story=story, beats=(beat.id,))


def _sentences(plan: RunConfig) -> list[str]:
    """Lines of usual length, none a copy of another: left to itself the scripted model would repeat itself
    within a thousand lines, and a refused line takes two tries.
    """
    dice = random.Random(plan.seed)
    matter = " ".join(text for persona in plan.cast.personas.values() for text in persona.material)
    words = sorted(set(re.findall(r"\b[a-z]{3,}\b", matter)))
    return [f"I say {' '.join(dice.sample(words, 14))}." for _ in range(LONG + MORE)]


def _help() -> list[Row]:
    def once() -> float:
        begun = time.monotonic()
        subprocess.run([str(SCRIPT), "--help"], stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - begun

    best = min(once() for _ in range(5))
    return [("dreamplay --help, best of 5", "0.3 s", f"{best:.2f} s", kept(best <= 0.3))]


if __name__ == "__main__":
    main()
