"""What each role chose at the crossroads, in two groups of runs, and whether it moved beyond chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dreamplay.comparison.beside import Match
from dreamplay.comparison.chance import LEVEL, Deals, interval, shown
from dreamplay.record.transcript import Record
from dreamplay.value import Value


class Count(Value):
    """In how many runs a choice was taken, and the 95% interval of its share."""

    runs: int
    low: float
    high: float


class Stance(Value):
    """What one role chose."""

    role: str
    base: dict[str, Count]
    """Choice to count."""
    changed: dict[str, Count]
    taken: tuple[tuple[str | None, str | None], ...]
    """The choices in each pair; empty for runs that are not paired."""
    p: float
    """Exact, of the difference between the counts, all roles looked at together."""

    @property
    def turned(self) -> int:
        """Pairs in which the choices differ."""
        return sum(one != other for one, other in self.taken)


def stances(matched: Match, deals: Deals) -> tuple[Stance, ...]:
    """Count how often each role took each choice.

    The test's figure is the sum, over the choices, of the squared difference of their shares. In pairs, with two
    choices, it is McNemar's exact test (Psychometrika 12, 1947): only pairs in which the choices differ can tell.
    A run in which the role took no stance counts as an answer of its own.
    """
    header = matched.base[0].header
    groups = [[_taken(run) for run in group] for group in (matched.base, matched.changed)]
    runs = [taken for group in groups for taken in group]
    roles = [role for role in header.cast if any(role in taken for taken in runs)]
    answers = [*(choice.id for choice in header.story.choices), None]
    if not roles:
        return ()
    tables = [np.asarray([[run.get(role) == each for each in answers] for run in runs], float) for role in roles]
    ps = deals.p(np.stack([(deals.gaps(table) ** 2).sum(axis=1) for table in tables], axis=1))
    return tuple(
        Stance(
            role=role, p=p, base=_counts(groups[0], role, answers), changed=_counts(groups[1], role, answers),
            taken=tuple((one.get(role), other.get(role)) for one, other in zip(*groups, strict=True))
            if matched.paired else (),
        )
        for role, p in zip(roles, ps, strict=True)
    )  # fmt: skip


def says(found: Sequence[Stance], swapped: Collection[str], names: Mapping[str, str], deals: Deals) -> list[str]:
    """In plain sentences, whose stance moved; and of those with another persona, whether it can be told at all."""
    told = {stance.role: _told(stance) for stance in found}
    if not deals.tell:
        other = [f"{names[role]} ({counts})" for role, counts in told.items() if counts]
        if not found:
            return []
        return [f"Stances that differ: {', '.join(other)}." if other else "The same stances were taken."]
    said = []
    for stance in found:
        name, counts = names[stance.role], f"{told[stance.role] or 'the same counts'}; p = {shown(stance.p)}"
        if stance.p <= LEVEL:
            said.append(f"{name}'s stance moved beyond chance ({counts}).")
        elif stance.role in swapped:
            said.append(
                f"{name}'s stance did not move beyond chance ({counts}): as far as {deals.base.shape[1]} runs can "
                "tell, this model does not follow the persona to another stance."
            )
    quiet = [names[stance.role] for stance in found if stance.p > LEVEL and stance.role not in swapped]
    if quiet and len(quiet) == len(found):
        said.append("Nobody's stance moved beyond chance.")
    elif quiet:
        said.append(f"Not beyond chance: the stance of {', '.join(quiet)}.")
    return said


def _told(stance: Stance) -> str:
    """Which counts differ."""
    return ", ".join(f"{choice} {was.runs} to {stance.changed[choice].runs}" for choice, was in stance.base.items()
                     if was.runs != stance.changed[choice].runs)  # fmt: skip


def _taken(run: Record) -> dict[str, str]:
    """The last stance of each role."""
    return {event.speaker: event.choice for event in run.script
            if event.kind == "stance" and event.speaker and event.choice}  # fmt: skip


def _counts(group: Sequence[Mapping[str, str]], role: str, answers: Sequence[str | None]) -> dict[str, Count]:
    found = {}
    for choice in answers:
        if choice is not None:
            number = sum(taken.get(role) == choice for taken in group)
            low, high = interval(number, len(group))
            found[choice] = Count(runs=number, low=low, high=high)
    return found
