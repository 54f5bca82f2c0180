"""What a test deals: the means of phrasings, or, where each side has one phrasing, the pairs of seeds.

Whoever words a change chooses one wording of many, and another one might have done something else. So the wording is
drawn, as the seed is: a random factor, whose levels are the units of the test. Tests that take the runs themselves as
units answer another question, and are wrong for this one, however many seeds there are. Sources: Clark, "The
language-as-fixed-effect fallacy", Journal of Verbal Learning and Verbal Behavior 12, 1973, 335 to 359; Judd, Westfall
and Kenny, "Treating stimuli as a random factor in social psychology", Journal of Personality and Social Psychology 103,
2012, 54 to 69.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from dreamplay.errors import UsageError
from dreamplay.statistics.table import Row, Table

Cells = Mapping[str, Mapping[int, list[float]]]
"""Unit to seed to the values that were measured: none where there was nothing to measure, several where phrasings are
one unit."""


@dataclass(frozen=True)
class Sides:
    """One measure in the runs of the baseline and of a condition that can be compared: those with the seeds that
    every phrasing of both was played with, to the end. Each phrasing has the same seeds, so that nothing but its
    condition tells one from another if the change changes nothing: that is what the test rests on."""

    base: Cells
    changed: Cells
    seeds: tuple[int, ...]
    left_out: int
    """Runs with other seeds, or that were not played to their end."""
    merged: int
    """Phrasings of the condition that were put together with others, since they branch off one wording of the
    baseline."""

    @property
    def single(self) -> bool:
        """Whether each side has one unit, so that the seeds have to be dealt."""
        return len(self.base) == len(self.changed) == 1

    def means(self) -> tuple[list[float], list[float]]:
        """The mean of each unit over its runs, of the baseline and of the condition. A phrasing in none of whose runs
        there was anything to measure has none.

        Of phrasings, the mean is taken over what there is: it depends on the phrasing's own runs alone, so that the
        test holds even if values are missing more often here than there.
        """
        return _means(self.base), _means(self.changed)

    def pairs(self) -> tuple[list[float], list[float]]:
        """The values of the seeds that both sides have, if each has one unit."""
        (base,), (changed,) = self.base.values(), self.changed.values()
        both = [seed for seed in self.seeds if base[seed] and changed[seed]]
        return [fmean(base[seed]) for seed in both], [fmean(changed[seed]) for seed in both]

    @property
    def same(self) -> bool:
        """Whether each seed has one value in every phrasing of both, as where the plays are one up to some point."""
        every = [unit for side in (self.base, self.changed) for unit in side.values()]
        found = [{value for unit in every for value in unit[seed]} for seed in self.seeds]
        return any(found) and all(len(values) <= 1 for values in found)

    def values(self) -> tuple[list[float], list[float]]:
        """All the values of the runs."""
        one, other = (
            [value for unit in side.values() for cell in unit.values() for value in cell]
            for side in (self.base, self.changed)
        )
        return one, other


def sides(table: Table, measure: str, base: str, changed: str) -> Sides:
    """The two sides of a comparison.

    Raises:
        UsageError: the table has no such condition or measure.
    """
    _check(table, measure, base, changed)
    groups = [[row for row in table.rows if row.condition == name] for name in (base, changed)]
    played = [_played(group) for group in groups]
    seeds = sorted(set.intersection(*(set(each) for group in played for each in group.values())))
    after = {row.after for row in groups[1]}
    one = {name: _cells([rows], measure, seeds) for name, rows in played[0].items()}
    if "" in after or len(after) == len(played[1]):
        other: Cells = {name: _cells([rows], measure, seeds) for name, rows in played[1].items()}
    else:
        other = _merged(played[1], measure, seeds)
    kept = sum(len(group) for group in played) * len(seeds)
    return Sides(
        base=one, changed=other, seeds=tuple(seeds), left_out=sum(map(len, groups)) - kept,
        merged=len(played[1]) - len(other),
    )  # fmt: skip


def _check(table: Table, measure: str, *conditions: str) -> None:
    if measure not in table.measures:
        raise UsageError(f"the table has no measure {measure!r}; it has {', '.join(table.measures)}")
    for name in conditions:
        if name not in table.conditions:
            raise UsageError(f"the table has no condition {name!r}; it has {', '.join(table.conditions)}")


def _played(rows: Iterable[Row]) -> dict[str, dict[int, Row]]:
    """Phrasing to seed to the run, of runs that were played to their end. A phrasing of which none was has no seed."""
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        own = found.setdefault(row.phrasing, {})
        if row.finished:
            own[row.seed] = row
    return found


def _merged(played: Mapping[str, Mapping[int, Row]], measure: str, seeds: Iterable[int]) -> Cells:
    """The phrasings that branch off the same wording of the baseline as one unit: what came before the point is the
    same play, and a test that took them for separate draws would count that wording's own effect several times."""
    groups: dict[str, list[Mapping[int, Row]]] = {}
    for rows in played.values():
        after = next((row.after for row in rows.values()), "")
        groups.setdefault(after, []).append(rows)
    return {name: _cells(group, measure, seeds) for name, group in groups.items()}


def _cells(group: Iterable[Mapping[int, Row]], measure: str, seeds: Iterable[int]) -> dict[int, list[float]]:
    group = list(group)
    return {seed: [value for rows in group if (value := rows[seed].values.get(measure)) is not None] for seed in seeds}


def _means(side: Cells) -> list[float]:
    means = []
    for unit in side.values():
        values = [fmean(cell) for cell in unit.values() if cell]
        if values:
            means.append(fmean(values))
    return means
