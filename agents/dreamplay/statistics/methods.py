"""How the numbers of a study's report were made, in words for a reader who wants to check them, with the sources."""

from __future__ import annotations

from collections.abc import Mapping

from dreamplay.statistics.family import Family, Tested
from dreamplay.statistics.permutation import DRAWN, LEVEL, shown
from dreamplay.statistics.phrasings import Difference

REFERENCES = (
    "Clark, H. H. (1973). The language-as-fixed-effect fallacy: a critique of language statistics in psychological "
    "research. Journal of Verbal Learning and Verbal Behavior 12(4), 335-359.",
    "Cliff, N. (1993). Dominance statistics: ordinal analyses to answer ordinal questions. Psychological Bulletin "
    "114(3), 494-509.",
    "Dempster, E. R. and Lerner, I. M. (1950). Heritability of threshold characters. Genetics 35(2), 212-236.",
    "Gelman, A. and Carlin, J. (2014). Beyond power calculations: assessing type S (sign) and type M (magnitude) "
    "errors. Perspectives on Psychological Science 9(6), 641-651.",
    "Hartigan, J. A. (1969). Using subsample values as typical values. Journal of the American Statistical Association "
    "64(328), 1303-1317.",
    "Helm, H. and Priebe, C. E. (2026). When prompt perturbations break your A/B test: a valid statistical test for "
    "generative surveying. arXiv:2605.27463.",
    "Hoenig, J. M. and Heisey, D. M. (2001). The abuse of power: the pervasive fallacy of power calculations for data "
    "analysis. The American Statistician 55(1), 19-24.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics "
    "6(2), 65-70.",
    "Judd, C. M., Westfall, J. and Kenny, D. A. (2012). Treating stimuli as a random factor in social psychology: a "
    "new and comprehensive solution to a pervasive but largely ignored problem. Journal of Personality and Social "
    "Psychology 103(1), 54-69.",
    "Lin, V., Yun, T., Matari\N{LATIN SMALL LETTER C WITH ACUTE}, M., Canny, J., Gretton, A. and D'Amour, A. (2026). "
    "The illusion of intervention: your LLM-simulated experiment is an observational study. arXiv:2605.20767.",
    "Lipsitch, M., Tchetgen Tchetgen, E. and Cohen, T. (2010). Negative controls: a tool for detecting confounding and "
    "bias in observational studies. Epidemiology 21(3), 383-388.",
    "Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero: calculating exact p-values when "
    "permutations are randomly drawn. Statistical Applications in Genetics and Molecular Biology 9(1), article 39.",
)
"""What the methods are taken from."""


def how(tested: Tested, tests: int) -> dict[str, str]:
    """How each number of a test was made, by its name."""
    found = tested.difference
    unit = "the pairs of seeds" if found.unit == "seeds" else "the means of the phrasings over their seeds"
    number = f"{found.base_units} of the baseline and {found.changed_units} of the condition"
    return {
        "base_mean": f"The mean of {_units(found, base=True)}.",
        "changed_mean": f"The mean of {_units(found, base=False)}.",
        "difference": "The mean of the condition less that of the baseline.",
        "low": f"Lower end of the 95% interval: {_interval(found)}",
        "high": f"Upper end of the 95% interval: {_interval(found)}",
        "dominance": "Cliff's delta: " + (
            "the share of pairs of seeds in which the condition lies higher, less the share in which it lies lower."
            if found.unit == "seeds" else
            f"of all pairs of a phrasing of the condition and one of the baseline ({number}), the share in which that "
            "of the condition has the higher mean, less the share in which it has the lower one."
        ),
        "p": f"Two-sided permutation test of the difference of means, over {unit}: {_test(found)}",
        "least": "The smallest p that a test of so many units can give.",
        "adjusted": f"Holm's correction for {tests} test{'s' * (tests > 1)}.",
        "detectable": (
            "The smallest change that this test, at Holm's first level, would find four times in five in studies of "
            "this size, simulated with the variances between phrasings and within them that the table shows. Of a yes "
            "or no: from the share that the baseline had."
        ),
        "phrasings": (
            "How many more phrasings of both conditions it takes to find a change of the size that was seen four times "
            "in five, by the same simulation."
        ),
        "seeds": (
            "How many more seeds of every phrasing it takes to find a change of the size that was seen four times in "
            "five, by the same simulation."
        ),
    }  # fmt: skip


def methods(family: Family, meanings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """How the numbers were made: what, and how."""
    every = [each.difference for each in (*family.controls, *family.tests)]
    told = (
        [("measures", "; ".join(f"{name}: {meaning}" for name, meaning in meanings.items()) + ".")] if meanings else []
    )
    told += [("unit", _UNIT)]
    if any(each.unit == "seeds" for each in every):
        told += [("single wordings", _SINGLE)]
    if any(each.merged for each in every):
        told += [("branches", _BRANCHES)]
    told += [
        ("p", _P),
        ("adjusted p", _adjusted(family)),
        ("controls", _CONTROLS if family.controls else _NO_CONTROLS),
        ("interval", _INTERVAL),
        ("effect size", _SIZE),
        ("power", _POWER),
        ("runs that are left out", _LEFT_OUT),
        ("limits", _LIMITS),
    ]
    return tuple(told)


_UNIT = (
    "A condition is played in several phrasings, each with the same seeds. The unit of analysis is the mean of a "
    "phrasing over its seeds, since the wording of a change is a random factor as the seed is (Clark 1973; Judd, "
    "Westfall and Kenny 2012; Helm and Priebe 2026): tests that take single runs for units say nothing of another "
    "wording."
)
_SINGLE = (
    "Where condition and baseline have one phrasing each, the two runs of a seed are a pair, and the test exchanges "
    "them within the pairs (a sign-flip test). Such a result holds for this wording only."
)
_BRANCHES = (
    "Phrasings that branch off the same wording of the baseline share what came before the point, and count as one "
    "unit."
)
_P = (
    "The labels of the units are dealt between the condition and the baseline in every possible way, and p is twice "
    "the share of ways whose difference of means lies at least as far to the side of the one that was seen. Of more "
    f"than 65,536 ways, {DRAWN:,} are drawn with a fixed seed, and the share is (b + 1) / (m + 1), b of m draws lying "
    "as far (Phipson and Smyth 2010). The test supposes that, if the change changes nothing, any phrasing of the one "
    "could as well have been one of the other; it makes no assumption about the distribution of the values."
)
_CONTROLS = (
    "A placebo is a condition, and a control a measure, that cannot have changed (Lipsitch, Tchetgen Tchetgen and "
    "Cohen 2010; for simulations with language models Lin and others 2026). They are tested before all others, with a "
    "correction of their own. If one moves, no difference of the study is called a change."
)
_NO_CONTROLS = "The study has neither a placebo nor a control (Lipsitch, Tchetgen Tchetgen and Cohen 2010)."
_INTERVAL = (
    "Intervals are for 95% and for one measure alone. They hold the differences that the same test does not reject, "
    "if the change adds the same to every phrasing, and their ends are typical values (Hartigan 1969). Below 4 "
    "phrasings of each, or 6 pairs of seeds, there is none. Differences of shares are in percentage points."
)
_SIZE = (
    "The standardized size is Cliff's delta (Cliff 1993), from -1 to 1: it needs no normal distribution, is the same "
    "for numbers and for shares, and is not thrown by one odd phrasing. Since it compares means over seeds, more "
    "seeds make it larger where there is a change."
)
_POWER = (
    "What a study can tell is found by simulating the same test, 1,000 times with a fixed seed, at the level of "
    "Holm's first step: it is the power for a change that is the only one, if placebo and controls stay still, and if "
    "several things changed each is found more often. The variances between phrasings and within them are estimated "
    "from all conditions of the table (method of moments). A yes or no is simulated as a hidden normal number that "
    "stays below a threshold or not (Dempster and Lerner 1950), whose variances do not depend on how common a yes is; "
    "what it says is meant from the share that the baseline had, and from another share another change is found four "
    "times in five. The size that was seen is used to plan a next study, not "
    "to excuse this one (Hoenig and Heisey 2001); in a small study, what is found is too large on average (Gelman and "
    "Carlin 2014)."
)
_LEFT_OUT = (
    "Only seeds that every phrasing of both conditions was played with, to the end, are compared. Where there was "
    "nothing to measure in a run, the mean of its phrasing is taken over the others."
)
_LIMITS = (
    "'No change was found' is no proof that nothing changed: the interval says which changes remain possible. A p "
    "says that the two conditions differ, and not that they differ in their mean alone. What is found holds for this "
    "story, cast, model and settings, and for wordings like those that were played. Measures and number of runs have "
    "to be fixed before the first look at the results; whoever stops as soon as p is small finds changes where there "
    "are none."
)


def _adjusted(family: Family) -> str:
    numbers = [f"{len(family.tests)} test{'s' * (len(family.tests) != 1)} of conditions and measures"]
    if family.controls:
        numbers.append(f"{len(family.controls)} of placebo and controls among themselves")
    return (
        f"Holm's method (1979), over {' and '.join(numbers)}, all asked for before the first run. If nothing had "
        f"changed, at most one such study in twenty would report any change. A difference is called a change if its "
        f"adjusted p is at most {LEVEL}. A test that could not be made counts as p = 1."
    )


def _units(found: Difference, *, base: bool) -> str:
    number, runs = (found.base_units, found.base_runs) if base else (found.changed_units, found.changed_runs)
    if found.unit == "seeds":
        return f"{number} runs, one for each seed that has a value on both sides"
    return f"{number} phrasings, each the mean of its runs; {runs} runs in all"


def _interval(found: Difference) -> str:
    if found.low is None:
        return "there are too few units for one."
    return "the differences that the same test does not reject at 0.05, for this measure alone."


def _test(found: Difference) -> str:
    if found.why:
        return f"none, since {found.why}."
    least = f"the smallest p possible is {shown(found.least)}."
    if found.exact:
        return f"all {found.ways:,} ways to deal them were counted; {least}"
    return f"{DRAWN:,} of {found.ways:,} ways to deal them were drawn with a fixed seed; {least}"
