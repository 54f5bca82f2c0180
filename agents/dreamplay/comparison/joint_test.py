"""All measures of a comparison tested together: the chance of any false alarm stays below `LEVEL`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamplay.schema.base import FrozenModel
from dreamplay.statistics.permutation import EQUAL, LEVEL, PermutationTest, Vector


class Tested(FrozenModel):
    """A measure that may have been tested."""

    p: float | None = None
    """Of this measure alone; None where it was not tested."""
    adjusted: float | None = None
    """The same, with all measures of the comparison looked at together."""

    @property
    def found(self) -> bool:
        """Whether the difference is more than chance explains."""
        return self.adjusted is not None and self.adjusted <= LEVEL


@dataclass(frozen=True)
class Draft:
    """A measure before it is tested."""

    row: Tested
    figures: Vector | None = None
    """How different the groups are in each way of dealing; None for what is reported and not tested."""


def settle(deals: PermutationTest, drafts: Sequence[Draft]) -> tuple[Tested, ...]:
    """Test all measures of a comparison together, and write into each its p."""
    columns = [draft.figures for draft in drafts if draft.figures is not None]
    if not columns:
        return tuple(draft.row for draft in drafts)
    figures = np.stack(columns, axis=1)
    found = iter(zip(deals.p(figures), step_down(figures), strict=True))
    settled = []
    for draft in drafts:
        p, adjusted = (None, None) if draft.figures is None else next(found)
        settled.append(draft.row.model_copy(update={"p": p, "adjusted": adjusted}))
    return tuple(settled)


def step_down(figures: Vector) -> list[float]:
    """The p of each measure, with all of them looked at together.

    Args:
        figures: a row for each way to deal, the actual one first, a column for each measure; larger is more different.

    Source: the step-down max-T of Westfall and Young ("Resampling-Based Multiple Testing", 1993, section 2.6; as
    an algorithm in Ge, Dudoit and Speed, Test 12, 2003, 1 to 77). It goes down the measures as Holm's method does,
    but takes from the runs how the measures hang together. Holm's multiplies the smallest p by the number of
    measures: with 30 of them no study of fewer than 12 pairs could find anything.
    """
    spread = figures.std(axis=0)
    moves = spread > EQUAL
    scaled = np.full(figures.shape, -np.inf)
    np.divide(figures - figures.mean(axis=0), spread, out=scaled, where=moves)
    order = np.argsort(scaled[0], kind="stable")  # the least different first
    largest = np.maximum.accumulate(scaled[:, order], axis=1)
    shares = np.mean(largest >= scaled[0, order] - EQUAL, axis=0)
    found = np.empty(len(order))
    found[order] = np.maximum.accumulate(shares[::-1])[::-1]
    return [round(float(share), 8) for share in np.where(moves, found, 1.0)]
