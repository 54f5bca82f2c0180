"""The lineage of runs: which one branched off which, where, and with what change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dreamplay.errors import RecordError
from dreamplay.runs.run_summary import RunSummary


@dataclass(frozen=True)
class Lineage:
    """A run, and what branched off it."""

    run: RunSummary
    children: tuple[Lineage, ...]

    def __iter__(self) -> Iterator[RunSummary]:
        """The run and all that descend from it."""
        left = [self]
        while left:
            here = left.pop()
            yield here.run
            left += reversed(here.children)


def families(known: Sequence[RunSummary], member: str | None = None) -> list[Lineage]:
    """A family for each run that descends from none that is here, oldest first; or only the one that has a member.

    Raises:
        RecordError: the member is not among the runs, or is damaged; the message says where.
    """
    by_name = {each.name: each for each in known if each.state != "damaged"}
    children: dict[str | None, list[RunSummary]] = {}
    for each in by_name.values():
        children.setdefault(each.parent, []).append(each)
    grown = dict[str, list[RunSummary]]()
    """Each run that is in a family, with what branched off it; parents come first."""

    def grow(root: RunSummary) -> RunSummary:
        left = [root]
        while left:
            run = left.pop()
            grown[run.name] = []  # which is not its own child
            grown[run.name] = ordered(each for each in children.get(run.name, ()) if each.name not in grown)
            left += grown[run.name]
        return root

    roots = [grow(each) for each in ordered(each for each in by_name.values() if each.parent not in by_name)]
    # What is left descends from itself: no run that was played does, but a header may say so.
    roots += [grow(each) for each in ordered(by_name.values()) if each.name not in grown]
    lineages = dict[str, Lineage]()
    for name, own in reversed(grown.items()):
        lineages[name] = Lineage(by_name[name], tuple(lineages[each.name] for each in own))
    made = [lineages[root.name] for root in roots]
    if member is None:
        return made
    for each in known:
        if each.name == member and each.state == "damaged":
            raise RecordError(each.why)
    if member not in by_name:
        others = f"the newest are {', '.join(list(by_name)[:5])}" if by_name else "and no other that can be read"
        raise RecordError(f"no run {member!r}; {others}")
    return [family for family in made if any(each.name == member for each in family)]


def ordered(runs: Iterable[RunSummary]) -> list[RunSummary]:
    """Runs by the point at which they branched, then by change and seed."""
    return sorted(runs, key=lambda each: (each.point or 0, each.changes, each.seed or 0, each.name))
