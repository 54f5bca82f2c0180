"""What runs are measured by: two groups of them compared, several side by side, and how well each was played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dreamplay.run import Run

if TYPE_CHECKING:
    from dreamplay.comparison.compare import Comparison
    from dreamplay.comparison.side_by_side import SideBySide
    from dreamplay.scoring.score import Scorecard


def compare(base: Run | Sequence[Run], changed: Run | Sequence[Run]) -> Comparison:
    """Compare two runs, or two groups of runs, of one story. Runs with the same seed make a pair.

    Raises:
        UsageError: they cannot be compared.
    """
    from dreamplay.comparison import compare

    return compare.compare(*([run.record for run in _runs(side)] for side in (base, changed)))


def two_groups(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Divide runs into a base and a changed group, to compare them. Two runs are taken in order. Of more, the base is
    the runs with the same story, cast, model, settings and what-ifs as the first; if that is all of them, it is the
    first half.

    Raises:
        UsageError: there are fewer than two runs, more than two kinds, or an odd number of one kind.
    """
    from dreamplay.comparison import alignment

    base, _ = alignment.groups([(run.place.name, run.record) for run in runs])
    first = {id(record) for record in base}
    return [run for run in runs if id(run.record) in first], [run for run in runs if id(run.record) not in first]


def side_by_side(runs: Sequence[Run]) -> SideBySide:
    """Put runs of one story side by side: what they share once, and from the first difference on what each has of its
    own.

    Raises:
        UsageError: there are fewer than two runs, or they play different stories.
    """
    from dreamplay.comparison import side_by_side

    return side_by_side.side_by_side([run.record for run in runs])


def score(runs: Run | Sequence[Run]) -> Scorecard:
    """Measure how well runs were played: each run alone in `.runs`, all together in `.pooled`, and the bounds that they
    should keep in `.bars`."""
    from dreamplay.scoring import score

    return score.card({str(run.place): run.record for run in _runs(runs)})


def _runs(given: Run | Sequence[Run]) -> Sequence[Run]:
    return [given] if isinstance(given, Run) else given
