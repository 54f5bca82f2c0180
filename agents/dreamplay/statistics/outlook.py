"""What a comparison of this size can tell, and what it would take to tell a change of the size that was seen."""

from __future__ import annotations

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics import power
from dreamplay.statistics.phrasings import Difference, compare_phrasings
from dreamplay.statistics.power import Design
from dreamplay.statistics.spread import spread
from dreamplay.statistics.table import Rows, read


class Outlook(FrozenModel):
    """What can be told of one condition in one measure.

    The size that was seen is no estimate of the true one that a next study could rely on: what is found in a small
    study is too large on average. Sources: Hoenig and Heisey, "The abuse of power", The American Statistician 55, 2001,
    19 to 24; Gelman and Carlin, "Beyond power calculations", Perspectives on Psychological Science 9, 2014, 641 to 651.
    """

    level: float
    """The p that was asked for: 0.05 by the number of tests."""
    share: float | None
    """Of a yes or no: the share of the baseline."""
    detectable: float | None
    """The smallest difference that would be found four times in five; None if not even the largest would. Of a yes or
    no, its sign says in which direction."""
    seen: float
    """The difference that was seen."""
    phrasings: int | None
    """How many more phrasings of both would be enough to find a difference of the size that was seen four times in
    five; None if 60 would not be. None, too, where a phrasing has no other one beside it."""
    seeds: int | None
    """The same for more seeds of every phrasing; None if 1,000 would not be enough."""
    freedom: int
    """Phrasings less conditions, by which the spread between phrasings is known. With fewer than about 10 it is known
    roughly, and so is all of this."""


def outlook(rows: Rows, measure: str, *, base: str, changed: str, tests: int = 1) -> Outlook | None:
    """What a comparison can tell, from the variance components of the table, by simulation of the test.

    Args:
        rows: a table, or the file of one.
        measure: the name of its column.
        base: the name of the baseline.
        changed: the name of the condition.
        tests: how many tests are corrected for.

    Returns:
        None if nothing was tested, or the values do not differ at all.

    Raises:
        UsageError: see `compare_phrasings`, or too few runs have a value.
    """
    table = read(rows)
    return looked_out(compare_phrasings(table, measure, base=base, changed=changed), table, tests)


def looked_out(found: Difference, rows: Rows, tests: int) -> Outlook | None:
    """The same for a difference that was tested already."""
    if found.difference is None or found.seeds < 2:
        return None
    apart = spread(rows, found.measure)
    share = found.base_mean if apart.yes_no else None
    paired = found.unit == "seeds"
    design = (
        Design(1, 1, found.base_units, tests) if paired else
        Design(found.base_units, found.changed_units, found.seeds, tests)
    )  # fmt: skip
    if not (apart.within or apart.between):
        return None
    seen = found.difference
    worth = abs(seen) > 1e-12
    return Outlook(
        level=design.level,
        share=share,
        detectable=power.detectable(design, apart, share),
        seen=seen,
        phrasings=power.more_phrasings(design, apart, seen, share) if worth and not paired else None,
        seeds=power.more_seeds(design, apart, seen, share) if worth else None,
        freedom=apart.freedom,
    )
