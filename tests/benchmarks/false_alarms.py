"""Do the statistics of a study hold? Prints how often studies without any true effect raise an alarm, and how often a
planted change is found, beside the power that was promised.

    uv run python tests/benchmarks/false_alarms.py
    uv run python tests/benchmarks/false_alarms.py --only planted "10 phrasings" --studies 200

Made-up studies have random effects of phrasings and of seeds, numbers and yes or no, that hang together. Played ones
deal runs of the scripted model at random: each phrasing is another cast, so that the wording has an effect, and the
condition has none.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
from dreamplay.statistics import compare_all, power, spread
from dreamplay.statistics.family import Family
from dreamplay.statistics.power import Design
from dreamplay.statistics.table import Table, read
from dreamplay.studies import measures

sys.path.append(str(Path(__file__).parents[1]))  # made-up stories are one of the tests' own modules
import worlds

Rows = list[dict[str, Any]]
MEASURES = ("number", "other", "yes", "rare")
CONTROL = "before"


@dataclass(frozen=True)
class Shape:
    """What made-up studies look like."""

    name: str
    phrasings: Mapping[str, int]
    """Condition to its number; the first is the baseline, and `reworded` the placebo."""
    seeds: int
    between: float = 0.6
    """The standard deviation of the effects of phrasings; that of seeds is 1, and of the rest 1."""
    lost: float = 0.0
    """The share of runs in which there is nothing to measure."""

    @property
    def base(self) -> str:
        """The name of the baseline."""
        return next(iter(self.phrasings))

    @property
    def conditions(self) -> list[str]:
        """The names of the others, without the placebo."""
        return [name for name in self.phrasings if name not in (self.base, "reworded")]

    @property
    def placebo(self) -> str | None:
        """The name of the placebo, if there is one."""
        return "reworded" if "reworded" in self.phrasings else None


SHAPES = (
    Shape("6 phrasings each, 10 seeds", {"base": 6, "a": 6, "b": 6, "c": 6, "reworded": 6}, 10),
    Shape("10 phrasings each, 4 seeds", {"base": 10, "a": 10, "b": 10, "c": 10, "reworded": 10}, 4),
    Shape("8 against 4 and 12, a tenth missing", {"base": 8, "a": 4, "b": 12, "reworded": 6}, 6, lost=0.1),
    Shape("one wording each that makes no difference, 30 seeds", {"base": 1, "a": 1, "b": 1, "reworded": 1}, 30, 0.0),
)


def made_up(shape: Shape, dice: np.random.Generator, shift: Mapping[tuple[str, str], float] | None = None) -> Rows:
    """The runs of one study. Measures hang together: half of each effect is common to all of them.

    Args:
        shape: what it looks like.
        dice: its chance.
        shift: what is added to a measure in a condition; of a yes or no, to what decides it.
    """
    names = (*MEASURES, CONTROL)

    def effects(*size: int) -> Any:
        common = dice.standard_normal((*size, 1))
        return (common + dice.standard_normal((*size, len(names)))) / 2**0.5

    of_seed, rows = effects(shape.seeds), []
    for condition, number in shape.phrasings.items():
        for phrasing, own in enumerate(effects(number) * shape.between):
            for seed, rest in enumerate(effects(shape.seeds)):
                values = {name: float(value) for name, value in zip(names, own + of_seed[seed] + rest, strict=True)}
                for name in values:
                    values[name] += (shift or {}).get((condition, name), 0.0)
                row: dict[str, Any] = {"condition": condition, "phrasing": str(phrasing), "seed": seed, **values}
                row |= {"other": float(np.exp(values["other"])), "yes": float(values["yes"] > 0)}
                row |= {"rare": float(values["rare"] > 1.4)}
                lost = dice.random(len(names)) < shape.lost
                rows.append(row | {name: None for name, gone in zip(names, lost, strict=True) if gone})
    return rows


def tested(shape: Shape, rows: Rows | Table) -> Family:
    """All tests of one study."""
    return compare_all(rows, MEASURES, base=shape.base, conditions=shape.conditions, placebo=shape.placebo,
                       controls=[CONTROL])  # fmt: skip


@dataclass
class Alarms:
    """How many studies raised one."""

    studies: int = 0
    small: int = 0
    """With any adjusted p of at most 0.05 among conditions and measures."""
    reported: int = 0
    """That reported a change."""
    blocked: int = 0
    """In which a placebo or a control moved."""

    def add(self, made: Family) -> None:
        """Count one study."""
        self.studies += 1
        self.small += any(each.small for each in made.tests)
        self.reported += bool(made.found)
        self.blocked += bool(made.moved)

    def __str__(self) -> str:
        told = (
            (self.small, "any false alarm"),
            (self.blocked, "placebo or control moved"),
            (self.reported, "reported"),
        )
        return ", ".join(f"{word} {number / self.studies:.1%}" for number, word in told)


def without_effect(shape: Shape, studies: int, seed: int) -> Alarms:
    """Made-up studies in which no condition changes anything."""
    dice, alarms = np.random.default_rng(seed), Alarms()
    for _ in range(studies):
        alarms.add(tested(shape, made_up(shape, dice)))
    return alarms


@dataclass
class Found:
    """How often a planted change was found."""

    found: list[bool] = field(default_factory=list)
    still: list[bool] = field(default_factory=list)
    """Whether placebo and controls stayed still."""

    def add(self, family: Family, condition: str, measure: str) -> None:
        """Count one study."""
        self.found.append(family.of(condition, measure) in family.found)
        self.still.append(not family.moved)

    @property
    def rate(self) -> float:
        """Among the studies in which placebo and controls stayed still."""
        return sum(self.found) / max(1, sum(self.still))

    def beside(self, promised: float) -> str:
        """Beside what was promised; the bar is 5 points."""
        bar = "ok" if abs(self.rate - promised) <= 0.05 else "OUTSIDE 5 points"
        return f"found in {self.rate:.1%} of {sum(self.still):,} ({fmean(self.found):.1%} of all), {bar}"


@dataclass
class Planted:
    """How often a planted change was found, and how often it was promised to be."""

    measure: str
    effect: float
    planned: float
    """By the true spread."""
    same: Found = field(default_factory=Found)
    """The same change in every study."""
    own: Found = field(default_factory=Found)
    """The change that the report of another study has said would be found four times in five."""
    promised: list[float] = field(default_factory=list)
    """Of the same change, by the spread in each study, from the share that the baseline has in truth."""
    mute: int = 0
    """Reports that said that no change would be found four times in five."""

    def __str__(self) -> str:
        promised = fmean(self.promised)
        low, high = (sorted(self.promised)[round(part * (len(self.promised) - 1))] for part in (0.1, 0.9))
        return (
            f"{self.measure} by {self.effect:+.3f}: promised {promised:.1%} ({low:.0%} to {high:.0%} by the spread of "
            f"each study, four of five; {self.planned:.1%} by the true one), {self.same.beside(promised)}; what a "
            f"report promises for four in five, planted in the next study: {self.own.beside(power.OFTEN)}; "
            f"{self.mute} reports promise nothing"
        )


def planted(shape: Shape, measure: str, studies: int, seed: int) -> Planted:
    """Made-up studies in which one condition changes one measure: by what the true spread promises to be found four
    times in five, and by what the report of the study before promises, from the share that it has seen. The true
    spread is the one of a study of 400 phrasings and 50 seeds."""
    dice = np.random.default_rng(seed)
    apart = spread(made_up(Shape("", {"base": 200, "a": 200}, 50, shape.between), dice), measure)
    condition = shape.conditions[0]
    tests = len(MEASURES) * len(shape.conditions)
    design = Design(shape.phrasings["base"], shape.phrasings[condition], shape.seeds, tests)
    share = _share(shape, measure, 0.0) if apart.yes_no else None
    effect = power.detectable(design, apart, share)
    assert effect, "a study of this shape finds nothing"
    shift = effect if share is None else _shift(shape, measure, share + effect)
    made = Planted(measure, effect, power.power(design, apart, effect, share))
    for _ in range(studies):
        own = read(made_up(shape, dice, {(condition, measure): shift}))
        family = tested(shape, own)
        made.same.add(family, condition, measure)
        known = spread(own, measure)
        made.promised.append(power.power(design, known, effect, share))
        seen = family.of(condition, measure).difference.base_mean if known.yes_no else None
        told = power.detectable(design, known, seen)
        if told is None:
            made.mute += 1
            continue
        onward = {(condition, measure): told}
        if seen is not None:
            onward = dict.fromkeys(((name, measure) for name in shape.phrasings), _shift(shape, measure, seen))
            onward[condition, measure] = _shift(shape, measure, seen + told)
        made.own.add(tested(shape, made_up(shape, dice, onward)), condition, measure)
    return made


def _share(shape: Shape, measure: str, shift: float) -> float:
    """The share of yes, if so much is added to what decides it."""
    bound = 0.0 if measure == "yes" else 1.4
    return NormalDist(0, (shape.between**2 + 2) ** 0.5).cdf(shift - bound)


def _shift(shape: Shape, measure: str, share: float) -> float:
    """What has to be added to what decides a yes or no for a share of yes."""
    bound = 0.0 if measure == "yes" else 1.4
    return bound + NormalDist(0, (shape.between**2 + 2) ** 0.5).inv_cdf(max(0.001, min(share, 0.999)))


THINGS = (
    "kettle", "ladder", "postman", "harbour", "lantern", "orchard", "violin", "anchor", "bakery", "candle", "drawer",
    "engine", "fiddle", "garden", "hammer", "island", "jacket", "kitchen", "letter", "mirror", "needle", "oven",
    "parcel", "quarry",
)  # fmt: skip
PLAYED = ("stance.ada=go", "stance.bo=go", "words.ada", "lines.bo", "score.echo.by_others")


def pool(folder: Path, wordings: Sequence[str], seeds: int) -> dict[str, list[dict[str, float | None]]]:
    """Runs of the scripted model: for each wording, what was measured with each seed."""
    asked = [measures.parse(name) for name in (*PLAYED, "lines.ada@square")]
    found: dict[str, list[dict[str, float | None]]] = {}
    for number, thing in enumerate(wordings):
        home = folder / thing
        reference = worlds.write(home, 3)
        for place, name in enumerate(worlds.NAMES[:3]):
            own = THINGS[(number + 7 * place) % len(THINGS)]
            worlds.dump(home / f"{name.lower()}.yaml", worlds.persona(name, own))
        found[thing] = []
        for seed in range(seeds):
            log = asyncio.run(worlds.play(reference, home / f"run-{seed}", seed=seed))
            found[thing].append(measures.values(asked, log))
    return found


def dealt(played: Mapping[str, Sequence[Mapping[str, float | None]]], dice: random.Random) -> Rows:
    """A study from the pool: its wordings, in any order, for a baseline, two conditions and a placebo."""
    order = dice.sample(list(played), len(played))
    size = len(order) // 4
    names = ("base", "a", "b", "reworded")
    return [
        {"condition": names[place // size], "phrasing": thing, "seed": seed, **values}
        for place, thing in enumerate(order[: 4 * size])
        for seed, values in enumerate(played[thing])
    ]


def of_played(studies: int, seed: int, seeds: int = 8) -> Alarms:
    """Studies of played runs, dealt at random."""
    alarms, dice = Alarms(), random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        played = pool(Path(scratch), THINGS, seeds)
    for _ in range(studies):
        alarms.add(compare_all(dealt(played, dice), PLAYED, base="base", conditions=["a", "b"], placebo="reworded",
                               controls=["lines.ada@square"]))  # fmt: skip
    return alarms


def parts(studies: int, seed: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """All that is simulated: what, and how."""
    for shape in SHAPES:
        yield f"no effect, {shape.name}", partial(without_effect, shape, studies, seed)
    yield f"no effect, {len(THINGS)} wordings that were played, dealt", partial(of_played, studies, seed)
    for shape in (SHAPES[0], SHAPES[1], SHAPES[3]):
        for measure in ("number", "yes"):
            yield f"planted, {shape.name}, {measure}", partial(planted, shape, measure, studies, seed)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORDS", help="rows with all of these in their name")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    begun = time.perf_counter()
    wanted = [each for each in parts(given.studies, given.seed) if all(words in each[0] for words in given.only)]
    with ProcessPoolExecutor(given.processes) as workers:
        running = [(what, workers.submit(make)) for what, make in wanted]
        for what, made in running:
            print(f"{what}: {made.result()}", flush=True)
    print(f"{given.studies:,} studies each, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
