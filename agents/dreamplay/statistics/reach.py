"""What a study of a given size can tell at the very best, before anything is played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics import power
from dreamplay.statistics.permutation import LEVEL, shown
from dreamplay.statistics.power import Design
from dreamplay.statistics.spread import Spread

_COIN = Spread(within=0.25, between=0.0, freedom=0, yes_no=True, scale=0.25)
_HALF = 0.5
"""Of a yes or no that half of the runs give, where the wording makes no difference: the best case for a test."""


class Reached(FrozenModel):
    """The best that the comparison of a condition with the baseline can come to."""

    condition: str
    base: int
    """Phrasings of the baseline."""
    changed: int
    """Phrasings of the condition; those that branch off the same wording of the baseline count as one."""
    written: int
    """Phrasings of the condition, all of them."""
    seeds: int
    tests: int
    """How many tests are corrected for: for a control or the placebo those among themselves."""
    least: float
    """The smallest p that it can reach after Holm's correction, if it is the only change."""
    control: bool
    """Whether it is tested to see whether the study holds."""
    detectable: float | None
    """The smallest change of a choice that half of the runs of the baseline take, as a difference of shares, that
    would be found four times in five if the wording made no difference: it is never less. None if there is none."""
    needed: int | None
    """If nothing can be told: how many phrasings of both, or, where each side has one, how many seeds it takes."""
    more: int | None
    """If something can be told, and not even the largest change of such a choice would be found four times in five: how
    many more phrasings of both, or, where each side has one, how many more seeds find that. None if none known do."""

    @property
    def single(self) -> bool:
        """Whether each side has one phrasing, so that the result would hold for this wording only."""
        return self.base == self.changed == 1


class Reach(FrozenModel):
    """What a study of this size can tell at the very best."""

    tests: int
    """Conditions x measures."""
    rows: tuple[Reached, ...]
    says: tuple[str, ...]
    """The same in sentences."""


def reach(
    *,
    base: int,
    conditions: Mapping[str, int],
    seeds: int,
    measures: int,
    placebo: str | None = None,
    controls: int = 0,
    written: Mapping[str, int] | None = None,
) -> Reach:
    """What a study of this size can tell at the very best.

    Args:
        base: phrasings of the baseline.
        conditions: phrasings of each other condition, the placebo too, by name. Those that branch off the same wording
            of the baseline count as one.
        seeds: seeds that every phrasing is played with.
        measures: how many measures are asked for.
        placebo: the name of the condition that should change nothing.
        controls: how many measures are controls.
        written: phrasings of each of these conditions, all of them; None: as many as count.
    """
    all_of = written or conditions
    main = [name for name in conditions if name != placebo]
    tests = len(main) * measures
    checks = len(main) * controls + (measures + controls if placebo in conditions else 0)
    rows = [_row(name, base, conditions[name], all_of[name], seeds, tests, control=False) for name in main if measures]
    if checks:
        rows += [_row(name, base, number, all_of[name], seeds, checks, control=True)
                 for name, number in conditions.items() if name == placebo or controls]  # fmt: skip
    says = list(dict.fromkeys(_says(row, placebo) for row in rows))
    if not measures:
        says.insert(0, "No measure is asked for, so nothing will be tested; name some under measures.")
    if not checks:
        says.append(
            "There is neither a placebo nor a control, so nothing would show that something else than the change is at "
            "work; name a placebo, or a control that the change cannot touch."
        )
    return Reach(tests=tests, rows=tuple(rows), says=tuple(says))


def _row(name: str, base: int, changed: int, written: int, seeds: int, tests: int, *, control: bool) -> Reached:
    design = Design(base, changed, seeds, tests)
    detectable = None if control else power.detectable(design, _COIN, _HALF)
    weak = design.able and not control and detectable is None
    more = power.more_seeds if design.paired else power.more_phrasings
    return Reached(
        condition=name, base=base, changed=changed, written=written, seeds=seeds, tests=tests, control=control,
        least=min(1.0, design.least * tests), detectable=detectable, needed=None if design.able else _needed(design),
        more=more(design, _COIN, 1 - _HALF, _HALF) if weak else None,
    )  # fmt: skip


def _needed(design: Design) -> int | None:
    if design.paired:
        return next((n for n in range(2, 200) if replace(design, seeds=n).able), None)
    return next((n for n in range(2, 200) if replace(design, base=n, changed=n).able), None)


def _says(row: Reached, placebo: str | None) -> str:
    merged = row.written > row.changed
    if row.single and merged:
        sizes = (
            f"{row.seeds} pairs of seeds, since its {row.written} phrasings branch off the same wording of the "
            "baseline and count as one,"
        )
    elif row.single:
        sizes = f"{row.seeds} pairs of seeds in a single wording"
    else:
        sizes = f"{row.changed} phrasing{'s' * (row.changed > 1)} against {row.base} of the baseline"
        if merged:
            sizes += f" ({row.written}, of which those that branch off the same wording of the baseline count as one)"
    many = f"{row.tests} tests" if row.tests > 1 else "one test"
    what = row.condition
    if row.control:
        what = f"the placebo, {what}" if row.condition == placebo else f"the controls in {what}"
    told = f"{what}: {sizes} can reach p = {shown(row.least)} at the smallest after the correction for {many}"
    if row.needed is not None or row.least > LEVEL:
        takes = f"; it takes {row.needed} {'seeds' if row.single else 'phrasings of each'}" if row.needed else ""
        end = "they cannot raise an alarm" if row.control else "nothing can be told from chance"
        return f"{told}, so {end}{takes}."
    if row.control:
        return f"{told}, so they can raise an alarm."
    wordings = "these wordings" if merged else "this wording"
    only = f" What is found would hold for {wordings} only." if row.single else ""
    if row.detectable is None:
        takes = f": that takes {row.more} more {'seeds' if row.single else 'phrasings of both'}" if row.more else ""
        return (
            f"{told}. That is too small a study to find any change of a choice reliably. Even if half of the runs of "
            "the baseline take it, and all or none of the condition, it would be found less than four times in five"
            f"{takes}.{only}"
        )
    return (
        f"{told}. A choice that half of the runs of the baseline take would have to change by at least "
        f"{abs(row.detectable) * 100:.0f} points to be found four times in five; more if the wording matters.{only}"
    )
