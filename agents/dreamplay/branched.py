"""A branch in Python: what it changes and costs, before `dreamplay.play` plays it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamplay.branching.branch import Branch
    from dreamplay.run import Run
    from dreamplay.schema.provenance import Usage


@dataclass(frozen=True, repr=False)
class Branched:
    """A branch that has yet to be played, or that was stopped."""

    parent: Run
    branch: Branch

    @property
    def notes(self) -> tuple[str, ...]:
        """What the change has left out of the story, in words."""
        return self.branch.notes

    @property
    def cost(self) -> Usage:
        """What it will cost, about: what the rest of its parent did, or, if that was stopped, what its turns would."""
        from dreamplay.branching import branch as whatif

        return whatif.cost(self.parent.record, [self.branch])

    def __repr__(self) -> str:
        changes = "; ".join(self.branch.plan.changes) or "nothing changed"
        return f"<Branch of {self.parent.place.name}: {changes}, seed {self.branch.plan.seed}>"
