"""The family of runs: which branched off which, where, and with what change."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from dreamplay.errors import RecordError
from dreamplay.record.runs import Standing


def trees(known: Sequence[Standing], member: str | None = None) -> list[Tree]:
    """A tree for each run that descends from none that is here, oldest first; or only the one that has a member.

    Raises:
        RecordError: the member is not among the runs.
    """
    by_name = {each.name: each for each in known if each.state != "damaged"}
    roots = [each for each in by_name.values() if each.parent not in by_name]
    if member is not None:
        if member not in by_name:
            raise RecordError(f"no run {member!r} that can be read; dreamplay runs lists them")
        root = by_name[member]
        while root.parent in by_name and root.parent is not None:
            root = by_name[root.parent]
        roots = [root]
    children: dict[str | None, list[Standing]] = {}
    for each in by_name.values():
        children.setdefault(each.parent, []).append(each)
    return [_tree(root, children, ()) for root in _ordered(roots)]


def show(drawn: Iterable[Tree]) -> None:
    """Print the trees, in a pipe as wide as they must be."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 1000)
    for tree in drawn:
        console.print(tree)


def _tree(run: Standing, children: dict[str | None, list[Standing]], before: tuple[str, ...]) -> Tree:
    tree = Tree(_label(run, before))
    for child in _ordered(children.get(run.name, ())):
        tree.children.append(_tree(child, children, run.changes))
    return tree


def _label(run: Standing, before: tuple[str, ...]) -> Text:
    own = run.changes[len(before) :]
    where = "" if run.point is None else f"from event {run.point} on" if run.point else "from the start"
    what = "; ".join(text.removeprefix(f"{where}, ") for text in own) or "nothing changed"
    branched = f" {where}: {what}" if run.point is not None else ""
    return Text.assemble((run.name, "bold"), f"  seed {run.seed},", f"{branched}, " if branched else " ",
                         (run.state, "dim"))  # fmt: skip


def _ordered(runs: Iterable[Standing]) -> list[Standing]:
    return sorted(runs, key=lambda each: (each.point or 0, each.changes, each.seed or 0, each.name))
