"""What each role chose at the crossroads, in two groups of runs, and whether chance alone explains the difference."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.joint_test import Draft, Tested
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.statistics import proportions
from dreamplay.statistics.permutation import LEVEL, Effect, PermutationTest, shown


class Count(FrozenModel):
    """The number of runs in which a choice was taken, and the 95% interval of its share."""

    runs: int
    whole: int
    """Number of runs in which the role took a stance."""
    low: float
    high: float


class StanceDifference(Tested):
    """The choices of one role. All choices are tested together."""

    role: str
    base: dict[str, Count]
    """The count of each choice."""
    changed: dict[str, Count]
    base_absent: int
    """Number of runs that reached the crossroads without the role; `changed_absent` likewise."""
    changed_absent: int
    effects: dict[str, Effect]
    """Choice to the difference of its shares; empty where a group has no stance of the role."""
    taken: tuple[tuple[str | None, str | None], ...]
    """The choices in each pair; empty for runs that are not paired."""

    @property
    def turned(self) -> int:
        """Pairs in which both took a stance, and the choices differ."""
        return sum(one != other for one, other in self.both)

    @property
    def both(self) -> tuple[tuple[str, str], ...]:
        """Pairs in which both took a stance."""
        return tuple((one, other) for one, other in self.taken if one and other)


def stances(matched: Pairing, deals: PermutationTest) -> list[Draft]:
    """Count how often each role took each choice.

    The test's figure is the distance between the groups' shares of all choices (Euclid's). In pairs, with two choices,
    it is McNemar's exact test (Psychometrika 12, 1947): only pairs in which the choices differ can tell. A role that
    took no stance in some run, since it was absent or the run was stopped, is counted and not tested.
    """
    header = matched.base[0].header
    groups = [[_taken(run) for run in group] for group in (matched.base, matched.changed)]
    there = [[bool(taken) or run.end is not None for taken, run in zip(*each, strict=True)]
             for each in zip(groups, (matched.base, matched.changed), strict=True)]  # fmt: skip
    runs = [taken for group in groups for taken in group]
    roles = [role for role in {**header.cast, **matched.changed[0].header.cast} if any(role in taken for taken in runs)]
    choices = list(dict.fromkeys([*(choice.id for choice in header.story.choices),
                                  *(taken[role] for taken in runs for role in roles if role in taken)]))  # fmt: skip
    drafts = []
    for role in roles:
        figures = None
        if all(role in taken for taken in runs):
            shares = np.asarray([[taken[role] == each for each in choices] for taken in runs], dtype=np.float64)
            figures = np.sqrt((deals.gaps(shares) ** 2).sum(axis=1))
        taken = [[each.get(role) for each in group] for group in groups]
        absent = [sum(was and each is None for was, each in zip(*both, strict=True))
                  for both in zip(there, taken, strict=True)]  # fmt: skip
        base, changed = ({choice: _count(group, choice) for choice in choices} for group in taken)
        pairs = tuple(zip(*taken, strict=True)) if matched.paired else ()
        drafts.append(Draft(StanceDifference(
            role=role, base=base, changed=changed, base_absent=absent[0], changed_absent=absent[1], taken=pairs,
            effects=_effects(base, changed, pairs),
        ), figures))  # fmt: skip
    return drafts


def says(
    found: Sequence[StanceDifference], swapped: Collection[str], names: Mapping[str, str], deals: PermutationTest
) -> list[str]:
    """Sentences that name the roles whose stance changed, and the result for roles with another persona."""
    missing = {each.role: word for each in found if not each.effects and (word := _missing(each))}
    if len(missing) == len(found) > 1 and len(set(missing.values())) == 1:  # as where only earlier beats were played
        return [f"Nobody took a stance in {missing[found[0].role]} runs, so there are none to compare."]
    said = [f"{names[role]} was absent from the crossroads in {word} runs, so there is no stance to compare."
            for role, word in missing.items()]  # fmt: skip
    compared = [each for each in found if each.effects]
    if not deals.tell:
        other = [f"{names[each.role]} ({counts})" for each in compared if (counts := _counts(each))]
        if not compared:
            return said
        return [*said, f"Stances that differ: {', '.join(other)}." if other else "The same stances were taken."]
    quiet = []
    for each in compared:
        name = names[each.role]
        if each.p is None:
            said.append(f"{name} took no stance in some runs: counted, and not tested.")
        elif each.found:
            said.append(f"{name}'s stance changed ({_detail(each)}; adjusted p = {shown(each.adjusted)}).")
        elif each.role in swapped:
            alone = "Taken alone it would pass for a change, among all measures it does not: that"
            alone = alone if each.p <= LEVEL else "That"
            said.append(
                f"{name}, with another persona: {_detail(each) or 'the same stances'} (p = {shown(each.p)}, "
                f"adjusted {shown(each.adjusted)}). {alone} is compatible with no effect on the stance, and with one "
                f"of up to {_most([each])} points."
            )
        else:
            quiet.append(each)
    if quiet:
        who = "anybody" if len(quiet) == len(compared) else ", ".join(names[each.role] for each in quiet)
        said.append(f"No change was found in the stance of {who}; effects of up to {_most(quiet)} points remain "
                    "possible.")  # fmt: skip
    return said


def _missing(found: StanceDifference) -> str:
    """In which runs nobody could ask the role, if in all of a group; empty if those runs were stopped before."""
    words = [word for word, absent, counts in (("all base", found.base_absent, found.base),
                                               ("all changed", found.changed_absent, found.changed))
             if absent and not any(count.whole for count in counts.values())]  # fmt: skip
    return " and ".join(words)


def _counts(found: StanceDifference) -> str:
    """Which counts differ."""
    return ", ".join(f"{choice} {was.runs} to {found.changed[choice].runs}" for choice, was in found.base.items()
                     if was.runs != found.changed[choice].runs)  # fmt: skip


def _detail(found: StanceDifference) -> str:
    """The shares that differ, with the difference and its interval."""
    return ", ".join(
        f"{choice} {_of(found.base[choice])} to {_of(found.changed[choice])}, {points(effect)}"
        for choice, effect in found.effects.items()
        if effect.value
    )


def _of(count: Count) -> str:
    return f"{count.runs} of {count.whole}"


def points(effect: Effect) -> str:
    """A difference of shares in percentage points, with its interval."""
    ends = "" if effect.low is None or effect.high is None else f" [{effect.low * 100:+.0f}, {effect.high * 100:+.0f}]"
    return f"{effect.value * 100:+.3g} points{ends}"


def _most(found: Sequence[StanceDifference]) -> str:
    return f"{100 * max(effect.most for each in found for effect in each.effects.values()):.0f}"


def _taken(run: RunLog) -> dict[str, str]:
    """The last stance of each role."""
    return {event.speaker: event.choice for event in run.script
            if event.kind == "stance" and event.speaker and event.choice}  # fmt: skip


def _count(taken: Sequence[str | None], choice: str) -> Count:
    number, whole = taken.count(choice), len(taken) - taken.count(None)
    low, high = proportions.share(number, whole)
    return Count(runs=number, whole=whole, low=low, high=high)


def _effects(
    base: Mapping[str, Count], changed: Mapping[str, Count], pairs: Sequence[tuple[str | None, str | None]]
) -> dict[str, Effect]:
    """The difference of each choice's shares, in pairs in which both took a stance, or between the groups."""
    both = [(one, other) for one, other in pairs if one and other]
    if pairs:
        return {choice: proportions.paired_difference([(one == choice, other == choice) for one, other in both])
                for choice in base} if both else {}  # fmt: skip
    return {
        choice: proportions.difference(was.runs, was.whole, changed[choice].runs, changed[choice].whole)
        for choice, was in base.items()
        if was.whole and changed[choice].whole
    }
