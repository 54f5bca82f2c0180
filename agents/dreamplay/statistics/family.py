"""All tests of a study: what cannot have moved is tested first, then all conditions in all measures, by Holm's method.

A control is a measure that the change cannot have touched, such as one of what came before it. A placebo is a condition
that should change nothing, such as a sheet in other words with the same meaning. If one of them moves, something else
than the change is at work, and no difference is put down to the change. Source: Lipsitch, Tchetgen Tchetgen and Cohen,
"Negative controls: a tool for detecting confounding and bias in observational studies", Epidemiology 21, 2010, 383 to
388.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dreamplay.errors import UsageError
from dreamplay.schema.base import FrozenModel
from dreamplay.statistics.holm import holm
from dreamplay.statistics.permutation import LEVEL
from dreamplay.statistics.phrasings import Difference, compare_phrasings
from dreamplay.statistics.table import Rows, read


class Tested(FrozenModel):
    """A difference, with all tests of its family looked at together."""

    difference: Difference
    adjusted: float
    """The p after Holm's correction; 1 where nothing could be tested."""

    @property
    def small(self) -> bool:
        """Whether it is smaller than chance explains."""
        return self.adjusted <= LEVEL


class Family(FrozenModel):
    """The tests of a study. Controls and placebo are corrected for among themselves, and so are the others."""

    controls: tuple[Tested, ...]
    tests: tuple[Tested, ...]

    @property
    def moved(self) -> tuple[Tested, ...]:
        """The tests of controls and placebo that found a difference: if there is any, nothing can be concluded."""
        return tuple(each for each in self.controls if each.small)

    @property
    def found(self) -> tuple[Tested, ...]:
        """The differences that are called a change."""
        return () if self.moved else tuple(each for each in self.tests if each.small)

    def of(self, changed: str, measure: str) -> Tested:
        """The test of one condition in one measure.

        Raises:
            UsageError: there is none.
        """
        for each in (*self.controls, *self.tests):
            if (each.difference.changed, each.difference.measure) == (changed, measure):
                return each
        raise UsageError(f"condition {changed!r} was not tested in {measure!r}")


def compare_all(
    rows: Rows,
    measures: Sequence[str],
    *,
    base: str,
    conditions: Sequence[str],
    placebo: str | None = None,
    controls: Sequence[str] = (),
) -> Family:
    """Test every condition against the baseline in every measure.

    Args:
        rows: a table, or the file of one.
        measures: the measures that were asked for before the study was played.
        base: the name of the baseline.
        conditions: the names of the other conditions, without the placebo.
        placebo: the name of a condition that should change nothing.
        controls: measures that no condition can have changed.

    Raises:
        UsageError: see `compare_phrasings`.
    """
    table = read(rows)
    first = [(placebo, measure) for measure in (*measures, *controls)] if placebo else []
    first += [(condition, measure) for condition in conditions for measure in controls]
    main = [(condition, measure) for condition in conditions for measure in measures]

    def tested(pairs: Iterable[tuple[str, str]]) -> tuple[Tested, ...]:
        found = [compare_phrasings(table, measure, base=base, changed=condition) for condition, measure in pairs]
        adjusted = holm([1.0 if each.p is None else each.p for each in found])
        return tuple(Tested(difference=each, adjusted=p) for each, p in zip(found, adjusted, strict=True))

    return Family(controls=tested(first), tests=tested(main))
