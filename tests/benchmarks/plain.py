"""What does dreamplay's prompt layout save? Plays the same scene in the plain layout too, and compares.

    uv run python tests/benchmarks/plain.py [--lines 12] [--roles 4,7] [--whole] [--cache both] [--seed N]

The plain layout is the usual one, a chat history for each character; see `layout.py`. It gets the same embedded
model and sampling, and plays after the events of the dreamplay run before it. How the lines of the two read is
measured by `lines.py`.

What is counted is the tokens that llama.cpp says it evaluated (`timings.prompt_n`), for dreamplay the refused
tries too. «Later lines» leaves out the first line of each character, for which the plain layout reads a whole
new prompt: with twelve lines and seven roles those are most of them. Both start with nothing saved, once with
llama.cpp's host-side prompt cache, which is on in llama.cpp by default, and once without, for both layouts.
Outside this benchmark dreamplay has it off, since it mixes callers up (`crosstalk.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import TIMEOUT, fresh_start, kept, machine, table
from dreamplay import casting
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.models import llamacpp, profile_table
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event, TurnEvent
from dreamplay.schema.scene import TurnContract
from layout import Plain, PlainModel, default_cache, host_cache

EXTRAS = ("nurse", "teenager", "lawyer")
"""Roles, and personas, that join the four friends on the roof."""


@dataclass(frozen=True)
class Line:
    """What a spoken line cost, in tokens."""

    speaker: str
    evaluated: int
    output: int


async def play_ours(plan: RunConfig, mib: int) -> list[Event]:
    """The run as dreamplay plays it."""
    with fresh_start() as folder, host_cache(mib):
        profile = profile_table.look_up("embedded", "").refined({"candidates": 1})
        run = Runner(plan, llamacpp.LocalModel(timeout=TIMEOUT, profile=profile), folder / "run", {})
        await run.play(lambda _: None)
        return list(run.script)


async def play_plain(plan: RunConfig, events: Sequence[Event], mib: int) -> list[Event]:
    """The same run in the plain layout."""
    with fresh_start(), host_cache(mib):
        plain = Plain(plan, events, PlainModel())
        await plain.play()
        return list(plain.script)


def on_the_roof(seed: int, lines: int, roles: int) -> RunConfig:
    """The launch scene alone, for so many lines and roles; above four, with others present on the roof."""
    plan = run_config.make_run_config("mindsync", {}, seed=seed, reflect=False)
    extras = EXTRAS[: max(0, roles - len(plan.cast.roles))]
    cast = Cast({**plan.cast.personas, **{name: casting.load_persona(name) for name in extras}})
    beat, scene = next(iter(plan.story.scenes))
    scene = scene.model_copy(update={
        "present": (*scene.present, *extras), "turns": TurnContract(min=lines, max=lines)
    })  # fmt: skip
    story = plan.story.model_copy(update={
        "cast": plan.story.cast | {name: name for name in extras},
        "beats": (beat.model_copy(update={"scenes": (scene,)}),),
    })  # fmt: skip
    return replace(plan, story=story, cast=cast, beats=(beat.id,))


def compare(what: str, plan: RunConfig, mib: int) -> list[tuple[str, ...]]:
    """Play both layouts, and put them into two rows of the table."""
    events = asyncio.run(play_ours(plan, mib))
    gc.collect()  # an engine ends with its last reference, and two of them would share the cores
    ours = _lines(events)
    plain = _lines(asyncio.run(play_plain(plan, events, mib)))
    gc.collect()
    bar = 4.0 if not mib else 2.0 if len(plan.cast.roles) <= 4 else 2.5
    mine, theirs = _figures(ours), _figures(plain)
    ratios = [b / a for a, b in zip(mine, theirs, strict=True)]
    cache = "on" if mib else "off"
    shown = [(what, cache, layout, str(len(lines)), *(f"{f:.0f}" for f in figures),
              f"{statistics.mean(line.output for line in lines):.0f}", "", "")
             for layout, lines, figures in (("plain", plain, theirs), ("dreamplay", ours, mine))]  # fmt: skip
    ratio = (what, cache, "plain / dreamplay", "", *(f"{r:.1f}x" for r in ratios), "")
    return [*shown, (*ratio, f"{bar}x", kept(min(ratios) >= bar))]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Compare dreamplay's prompt layout with the plain one.")
    parser.add_argument("--lines", type=int, default=12, help="lines of the scene")
    parser.add_argument("--roles", default="4,7", help="sizes of the cast, 4 to 7, with commas")
    parser.add_argument("--whole", action="store_true", help="the whole story with its own cast instead")
    parser.add_argument("--cache", choices=("on", "off", "both"), default="both")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    where = machine()
    plans = {"whole story": run_config.make_run_config("mindsync", {}, seed=chosen.seed, reflect=False)}
    if not chosen.whole:
        sizes = [int(size) for size in chosen.roles.split(",")]
        plans = {f"roof, {n} roles": on_the_roof(chosen.seed, chosen.lines, n) for n in sizes}
    room = [mib for mib, name in ((default_cache(), "on"), (0, "off")) if chosen.cache in (name, "both")]
    rows = [row for what, plan in plans.items() for mib in room for row in compare(what, plan, mib)]
    print(f"{where}; prompt tokens evaluated per spoken line, seed {chosen.seed}\n")
    head = ("play", "cache", "layout", "lines", "median", "mean", "later lines", "spoken", "bar", "kept?")
    print(table(head, rows))
    print("\nlater lines: median without each character's first line; spoken: mean output tokens per line")
    print("A bar is kept if all three ratios hold it.")


def _lines(events: Sequence[Event]) -> list[Line]:
    turns = [event for event in events if isinstance(event, TurnEvent) and event.beat != PROLOGUE]
    costs = [event.provenance.usage for event in turns]
    return [Line(turn.speaker or "", cost.evaluated, cost.output) for turn, cost in zip(turns, costs, strict=True)]


def _figures(lines: Sequence[Line]) -> tuple[float, float, float]:
    """Median and mean of all lines, and the median of those that are not a character's first."""
    later = [line for n, line in enumerate(lines) if line.speaker in {before.speaker for before in lines[:n]}]
    read, read_later = [[line.evaluated for line in some] for some in (lines, later or lines)]
    return statistics.median(read), statistics.mean(read), statistics.median(read_later)


if __name__ == "__main__":
    main()
