"""How the figures of a comparison were computed, in one paragraph."""

from __future__ import annotations

from dreamplay.statistics.permutation import DRAWN, LEVEL, PermutationTest, shown

_LIMITS = (
    "'No change was found' is no proof that nothing changed: the interval says which effects remain possible. Costs "
    "(calls, tokens, seconds) and hidden fears are reported and not tested. What is found holds for this story, cast, "
    "model and settings."
)


def methods(deals: PermutationTest, base: int, changed: int, measures: int, *, paired: bool) -> str:
    """The paragraph for the given numbers of runs and of tested measures."""
    told = (_design(base, changed, paired=paired), _test(deals, paired=paired), _many(measures, tell=deals.tell),
            _intervals(paired=paired), _LIMITS)  # fmt: skip
    return " ".join(told)


def _design(base: int, changed: int, *, paired: bool) -> str:
    if paired:
        return f"Two runs of the same seed make a pair; there {'is 1 pair' if base == 1 else f'are {base} pairs'}."
    return f"No seed is in both groups, so the {base} and {changed} runs are compared as unpaired groups."


def _test(deals: PermutationTest, *, paired: bool) -> str:
    how = ("exchange base and changed within the pairs (a sign-flip test)" if paired else
           "assign the runs to two groups of these sizes (a permutation test)")  # fmt: skip
    if deals.exact:
        return (
            f"For each measure, p is the share of all {deals.ways:,} ways to {how} that give a difference at least as "
            f"large as the one seen. It is two-sided and, since all ways were counted, exact; the smallest p "
            f"possible is {shown(deals.least)}."
        )
    return (
        f"For each measure, p is estimated from {DRAWN:,} of the {deals.ways:,} ways to {how}, drawn at random with a "
        f"fixed seed: p = (b + 1) / ({DRAWN:,} + 1), where b of them give a difference at least as large as the one "
        f"seen (Phipson and Smyth 2010). It is two-sided and not exact; the smallest p that this can show is "
        f"{shown(deals.least)}."
    )


def _many(measures: int, *, tell: bool) -> str:
    if not tell:
        return f"No p can reach {LEVEL}, so nothing is concluded from any of them."
    if measures < 2:
        return f"A difference is called a change if p is at most {LEVEL}."
    return (
        f"{measures} measures are tested at once. The adjusted p allows for that by a step-down method (Westfall and "
        "Young 1993), which is Holm's method with the dependence between the measures taken from the runs: if nothing "
        f"had changed, at most one such study in twenty would report any change. A difference is called a change if "
        f"its adjusted p is at most {LEVEL}."
    )


def _intervals(*, paired: bool) -> str:
    shares = f"by Newcombe's method {'for pairs ' * paired}(1998)"
    over = "pairs" if paired else "runs"
    return (
        "Intervals, in square brackets, are for 95% and for one measure alone. Those of differences of means are the "
        "differences that the same test does not reject; those of differences of shares are "
        f"{shares}; those of single shares are Wilson's (1927); those of distances are from a percentile bootstrap "
        f"over the {over}."
    )
